//! Signing in: address and password on one page.

use super::{
    Site,
    authorize::{flow, with_flow},
    binding,
    device::Device,
    fault, pages, second_step, see_other, session, stuck,
    then::{Then, arrival, on_the_way},
};
use crate::{
    app::AuthorizeError,
    domain::{authorization::Flow, client::Client},
    grpc::{NewSession, SignedIn},
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use pass_mesh::Failure;
use pass_types::{Kind, SecretHash};
use pass_web::{Browser, Form, FormTargets, Page, Refusal, chosen, html_with, http_status};
use serde::Deserialize;
use uuid::Uuid;

/// The flow that a page belongs to, if any.
pub struct Stage {
    /// The flow's id.
    pub id: Option<Uuid>,
    /// The flow and whose it is.
    pub flow: Option<(Flow, Client)>,
    /// The flow and the browser that it belongs to, by its hash.
    pub bound: Option<(Uuid, SecretHash)>,
    /// The page of ours that sent the person here.
    pub then: Option<Then>,
}

impl Stage {
    /// The flow that the address names. One that is over, or another browser's, is a page of its own.
    pub async fn find(
        site: &Site,
        browser: &Browser,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Result<Self, Response> {
        let named = query.is_some_and(|query| query.starts_with("flow=") || query.contains("&flow="));
        let (Some(id), Some(hash)) = (flow(query), binding::known(headers)) else {
            let over = || stuck(browser, &AuthorizeError::FlowOver);
            let then = Then::of(query);
            return if named { Err(over()) } else { Ok(Self { id: None, flow: None, bound: None, then }) };
        };
        let flow = site.gateway.flow(id, &hash).await.map_err(|error| stuck(browser, &error))?;
        Ok(Self { id: Some(id), flow: Some(flow), bound: Some((id, hash)), then: None })
    }

    /// What the flow's client is called, if there is a flow.
    pub fn client_name(&self) -> Option<&str> {
        self.flow.as_ref().map(|(_, client)| client.name.as_str())
    }

    /// Whoever has just signed in goes on, with the new session.
    pub async fn arrived(
        &self,
        site: &Site,
        browser: &Browser,
        device: &Device,
        new: &NewSession,
    ) -> Response {
        let noted = match &self.bound {
            Some((flow, hash)) => site.gateway.signed_in(*flow, hash, new.id).await.map(drop),
            None => Ok(()),
        };
        let on = || see_other(&arrival(self.id, self.then));
        let on = noted.map_or_else(|error| fault(browser, &error), |()| on());
        device.keep(session::keep(on, &new.token))
    }

    /// A page in the language that the client asked for, else the browser's.
    pub fn page(&self, browser: &Browser) -> Page {
        let locales = self.flow.as_ref().and_then(|(flow, _)| flow.request.ui_locales.as_deref());
        browser.page().in_language(chosen(None, locales, browser.language()))
    }

    /// The address to begin with: the one that the client named, else that of whoever is to sign in anew. Nobody
    /// knowing it is no reason not to sign in.
    pub async fn hint(&self, site: &Site, browser: &Browser, headers: &HeaderMap) -> String {
        let named = self.flow.as_ref().and_then(|(flow, _)| flow.request.login_hint.clone());
        if let Some(named) = named {
            return named;
        }
        let signed_in = session::resolve(site, browser, headers).await.ok().flatten();
        signed_in.map(|it| it.session.email.as_str().to_owned()).unwrap_or_default()
    }

    /// Lets the page's form lead on to the client: browsers hold the redirects after it to the policy.
    pub fn leading(&self, site: &Site, mut response: Response) -> Response {
        let target = match &self.flow {
            Some((flow, _)) => flow.request.back.redirect_uri.url(),
            None => site.gateway.terms.home.clone(),
        };
        response.extensions_mut().insert(FormTargets(vec![target]));
        response
    }
}

/// `GET /`: whoever came from nowhere goes to the console, signed in.
pub async fn start(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let signed_in = session::resolve(&site, &browser, &headers).await?;
    Ok(match signed_in {
        Some(_) => see_other(site.gateway.terms.home.as_str()),
        None => see_other("/sign-in"),
    })
}

/// `GET /sign-in`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let hint = stage.hint(&site, &browser, &headers).await;
    Ok(show(&site, &stage, StatusCode::OK, stage.page(&browser), hint))
}

fn show(site: &Site, stage: &Stage, status: StatusCode, page: Page, email: String) -> Response {
    let page = pages::SignIn {
        page,
        client: stage.client_name().map(str::to_owned),
        then: stage.then.is_some(),
        action: on_the_way("/sign-in", stage.id, stage.then),
        email,
        sign_up: with_flow("/sign-up", stage.id),
        reset: with_flow("/reset-password", stage.id),
        managed: with_flow("/managed", stage.id),
        passkey: on_the_way("/sign-in/passkey", stage.id, stage.then),
    };
    stage.leading(site, html_with(status, &page))
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    email: String,
    password: String,
}

/// `POST /sign-in`
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let refuse = |refusal: Refusal| {
        let status = http_status(refusal.kind);
        show(&site, &stage, status, stage.page(&browser).refused(refusal), fields.email.clone())
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(refuse(too_many.into()), too_many.retry_after));
    }
    let (replaced, device) = (session::token(&headers), Device::of(&headers, &site.gateway.entropy));
    let visit = device.visit(stage.client_name());
    let identity = &site.gateway.identity;
    match identity.sign_in(browser.origin(), fields.email.clone(), fields.password, replaced, visit).await {
        Ok(SignedIn::SecondStep(token)) => Ok(second_step::lead(&stage, &token)),
        Ok(SignedIn::Session(new)) => Ok(stage.arrived(&site, &browser, &device, &new).await),
        Err(failure) => Err(refuse_call(failure, refuse)),
    }
}

/// The form again, with what another service said was wrong. Faults are logged here.
pub fn refuse_call(failure: Failure, show: impl Fn(Refusal) -> Response) -> Response {
    if matches!(failure.kind, Kind::Internal | Kind::Unavailable) {
        tracing::error!(error = &failure as &dyn std::error::Error, "asking identity");
    }
    let retry_after = failure.retry_after;
    let response = show(failure.into());
    match retry_after {
        Some(wait) => with_retry_after(response, wait),
        None => response,
    }
}

/// 429 and its like say when to come back.
pub fn with_retry_after(mut response: Response, wait: std::time::Duration) -> Response {
    response.headers_mut().insert(http::header::RETRY_AFTER, wait.as_secs().max(1).into());
    response
}
