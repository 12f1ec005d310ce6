//! Changing the password (ACC-12), by whoever is signed in and knows the current one.

use super::{Done, page_of, person, refuse};
use crate::http::{Site, pages, see_other, session::SignedIn, sign_in::with_retry_after};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use pass_types::AccountKind;
use pass_web::{Browser, Form, Page, Refusal, html_with, http_status};
use serde::Deserialize;

/// `GET /security/password`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    // Who manages such an account is said there.
    if person.session.kind == AccountKind::Managed {
        return Ok(see_other("/security"));
    }
    Ok(show(StatusCode::OK, page_of(&browser, &person), &person))
}

fn show(status: StatusCode, page: Page, person: &SignedIn) -> Response {
    html_with(status, &pages::ChangePassword { page, email: person.session.email.as_str().to_owned() })
}

/// What the form has.
#[derive(Deserialize)]
pub struct Fields {
    current_password: String,
    password: String,
}

/// `POST /security/password`
pub async fn change(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Form(Fields { current_password, password }): Form<Fields>,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    let again = |refusal: Refusal| {
        let status = http_status(refusal.kind);
        show(status, page_of(&browser, &person).refused(refusal), &person)
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(again(too_many.into()), too_many.retry_after));
    }
    let identity = &site.gateway.identity;
    match identity.change_password(browser.origin(), &person.token, current_password, password).await {
        Ok(()) => Ok(Done::PasswordChanged.answer()),
        Err(failure) => Err(refuse(&site, &browser, &person, failure, again).await),
    }
}
