//! What the pages of legacy spaces say, in English and Japanese. In a page, `words.say("…")`.

use axum::{extract::FromRequestParts, http::request::Parts};
use pass_types::Language;
use pass_web::{Texts, accepted};
use std::convert::Infallible;

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The texts in one language: that which the browser prefers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(Language);

impl Words {
    /// For the page's `lang`.
    pub(super) fn language(self) -> &'static str {
        self.0.as_str()
    }

    /// A text by its name.
    pub(super) fn say(self, name: &str) -> String {
        Texts::new(&TEXTS).say(self.0, name, &[])
    }
}

impl<S: Sync> FromRequestParts<S> for Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(accepted(&parts.headers).unwrap_or(Language::En)))
    }
}

#[cfg(test)]
mod tests {
    use pass_web::message_keys;
    use std::collections::BTreeSet;

    /// Every text that a page names is there in both languages, and there is no other.
    #[test]
    fn pages_say_what_there_is() {
        let pages = [
            include_str!("../../templates/space.html"),
            include_str!("../../templates/space_administration.html"),
            include_str!("../../templates/space_base.html"),
            include_str!("../../templates/space_login.html"),
            include_str!("../../templates/space_refused.html"),
            include_str!("../../templates/space_settings.html"),
        ];
        let named = |page: &'static str| {
            page.split("words.say(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(name, _)| name)
        };
        let mut said: BTreeSet<&str> = pages.into_iter().flat_map(named).collect();
        // Said by handlers.
        said.extend(["wrong", "locked"]);
        assert_eq!(message_keys(include_str!("../../locales/en/spaces.ftl")), said);
        assert_eq!(message_keys(include_str!("../../locales/ja/spaces.ftl")), said);
    }
}
