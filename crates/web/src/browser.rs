//! What is known of the browser behind a request. [`Web`](crate::Web) puts it there; handlers take it as
//! an argument.

use crate::{
    FormToken, Page, Refusal, Texts,
    language::{choosing, may_be_repeated},
    look::Look,
    refusal::error_page,
};
use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{StatusCode, request::Parts};
use pass_types::{Appearance, Entropy, Language, Origin};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// The browser behind a request.
#[derive(Debug, Clone)]
pub struct Browser(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub nonce: Nonce,
    pub form_token: FormToken,
    pub language: Option<Language>,
    pub origin: Origin,
    pub own_origin: Arc<str>,
    pub texts: Texts,
    /// How pages look to it: like those of whoever is signed in, or was last.
    pub look: Mutex<Option<Look>>,
    /// Somebody is signed in: how pages look is their account's.
    pub known: AtomicBool,
    /// The query of the page that is asked for; `None`: it posts something, or the like.
    pub asked: Option<String>,
}

impl Browser {
    /// Where the request came from, for the calls that it causes.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The language of whoever is signed in or was last, else the one that the browser prefers, if it is one of ours.
    pub fn language(&self) -> Option<Language> {
        self.look().map(|look| look.language).or(self.0.language)
    }

    /// The appearance of whoever is signed in or was last, else the browser's own.
    pub fn appearance(&self) -> Appearance {
        self.look().map_or(Appearance::System, |look| look.appearance)
    }

    /// Somebody is signed in to an account with these settings: pages look like that from now on, in this browser, and
    /// go on to when nobody is signed in any more (ACC-3).
    pub fn remember(&self, language: Language, appearance: Appearance) {
        let look = Look { language, appearance, chosen: false };
        *self.0.look.lock().unwrap_or_else(PoisonError::into_inner) = Some(look);
        self.0.known.store(true, Ordering::Relaxed);
    }

    pub(crate) fn look(&self) -> Option<Look> {
        *self.0.look.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The languages that a person may choose, and where the page is in each; none when that is their account's to say.
    pub(crate) fn languages(&self) -> Vec<(Language, String)> {
        let asked = self.0.asked.as_deref().filter(|query| may_be_repeated(query));
        let asked = asked.filter(|_| !self.0.known.load(Ordering::Relaxed));
        let each = |query| Language::ALL.iter().map(move |language| (*language, choosing(query, *language)));
        asked.into_iter().flat_map(each).collect()
    }

    /// The nonce of this response's Content-Security-Policy.
    pub fn nonce(&self) -> &Nonce {
        &self.0.nonce
    }

    /// What every form of the page must carry.
    pub fn form_token(&self) -> &FormToken {
        &self.0.form_token
    }

    /// A page for somebody who is not known: like those of whoever was signed in last, else in the browser's language.
    pub fn page(&self) -> Page {
        Page::new(self)
    }

    /// A whole page that says what was refused.
    pub fn refused(&self, refusal: Refusal) -> Response {
        error_page(self.page(), refusal)
    }

    /// A browser out of thin air, to render pages in tests.
    pub fn sample(texts: Texts) -> Self {
        Self(Arc::new(Inner {
            nonce: Nonce("nonce".to_owned()),
            form_token: FormToken::sample(),
            language: None,
            origin: Origin::default(),
            own_origin: Arc::from("https://pass.example"),
            texts,
            look: Mutex::default(),
            known: AtomicBool::default(),
            asked: None,
        }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("the route is not inside pass_web::Web");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        })
    }
}

/// 128 random bits that mark what a page's own scripts and styles are.
#[derive(Debug, Clone)]
pub struct Nonce(String);

impl Nonce {
    pub(crate) fn generate(entropy: &Entropy) -> Self {
        Self(URL_SAFE_NO_PAD.encode(entropy.bytes::<16>()))
    }

    /// For the `nonce` attribute.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
