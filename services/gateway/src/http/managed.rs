//! Signing in with a Managed Account, up to leaving for the identity provider (SML-8): which organization,
//! then a page that leads there. A page and no redirect: browsers hold redirects after a form to `form-action`,
//! which can't name every organization's provider.

use super::{
    Site,
    authorize::with_flow,
    away, device, pages, saml,
    sign_in::{Stage, refuse_call, with_retry_after},
};
use crate::grpc::Departure;
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use pass_web::{Browser, Form, Page, Refusal, html, html_with, http_status};
use serde::Deserialize;

/// `GET /managed`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let hint = stage.hint(&site, &browser, &headers).await;
    Ok(show(&stage, StatusCode::OK, stage.page(&browser), hint))
}

fn show(stage: &Stage, status: StatusCode, page: Page, identifier: String) -> Response {
    let page = pages::Managed {
        page,
        client: stage.client_name().map(str::to_owned),
        action: with_flow("/managed", stage.id),
        identifier,
        sign_in: with_flow("/sign-in", stage.id),
    };
    html_with(status, &page)
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    identifier: String,
}

/// `POST /managed`: on to the organization's identity provider.
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
        show(&stage, status, stage.page(&browser).refused(refusal), fields.identifier.clone())
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(refuse(too_many.into()), too_many.retry_after));
    }
    let identity = &site.gateway.identity;
    // The flow says so, which the browser can't change: only by leaving it, and then it goes on with nothing.
    let anew = stage.flow.as_ref().is_some_and(|(flow, _)| flow.asks_anew());
    let identifier = fields.identifier.trim().to_owned();
    let product = device::product(stage.client_name());
    let begun = identity.begin_saml(browser.origin(), identifier, stage.id, product, anew).await;
    match begun {
        Ok(departure) => Ok(leave(stage.page(&browser), &headers, &departure, true)),
        Err(failure) => Err(refuse_call(failure, refuse)),
    }
}

/// `GET /saml/tests/{token}`: an administrator's test sign-in, begun in the console (SML-6).
pub async fn test(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    site.limits.check_flow(&browser, &headers).map_err(|refusal| browser.refused(refusal))?;
    let begun = site.gateway.identity.begin_saml_test(browser.origin(), token).await;
    let departure = begun.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))?;
    // Anybody may have sent the link, and its organization chose where it leads: only a click goes on.
    Ok(leave(browser.page(), &headers, &departure, false))
}

/// A page that goes on to the identity provider by its link, or by itself.
fn leave(page: Page, headers: &HeaderMap, departure: &Departure, by_itself: bool) -> Response {
    let host = departure.url.host_str().unwrap_or_default().to_owned();
    let leave = pages::Leave { page, host, url: departure.url.clone(), by_itself };
    away::keep(headers, html(&leave), &departure.browser_token)
}

/// `GET /managed/invitations/{token}`: the link of the mail to a new Managed Account (MAN-2). One that is over
/// bars nobody from signing in.
pub async fn invitation(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    site.limits.check_flow(&browser, &headers).map_err(|refusal| browser.refused(refusal))?;
    let found = site.gateway.identity.managed_invitation(browser.origin(), token).await;
    let over = |failure| saml::refuse(&browser, failure, "managed-invitation-over");
    let invitation = found.map_err(over)?;
    let page = browser.page().in_language(invitation.language);
    Ok(html(&pages::ManagedInvitation {
        page,
        name: invitation.name,
        organization: invitation.organization,
        handle: invitation.handle,
    }))
}
