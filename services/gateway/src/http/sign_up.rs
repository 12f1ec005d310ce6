//! Signing up (ACC-1): name and address, a mail, a password by its link; then on with the flow.

use super::{
    Site,
    authorize::{resume_at, with_flow},
    binding::Binding,
    device::Device,
    fault, pages, see_other, session,
    sign_in::{Stage, refuse_call, with_retry_after},
};
use crate::{
    domain::client::RegisteredUri,
    grpc::{NewSession, SignUp},
};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use pass_web::{Browser, Form, FormTargets, Page, Refusal, html, html_with, http_status};
use serde::Deserialize;

/// `GET /sign-up`
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let hint = stage.flow.as_ref().and_then(|(flow, _)| flow.request.login_hint.clone());
    let fields = Wish { name: String::new(), email: hint.unwrap_or_default(), time_zone: String::new() };
    Ok(show(&stage, StatusCode::OK, stage.page(&browser), fields))
}

fn show(stage: &Stage, status: StatusCode, page: Page, fields: Wish) -> Response {
    let page = pages::SignUp {
        page,
        action: with_flow("/sign-up", stage.id),
        typed_name: fields.name,
        email: fields.email,
        sign_in: with_flow("/sign-in", stage.id),
    };
    html_with(status, &page)
}

/// What the form has.
#[derive(Clone, Deserialize)]
pub struct Wish {
    name: String,
    email: String,
    /// The browser's, as its script says; empty without scripts.
    #[serde(default)]
    time_zone: String,
}

/// `POST /sign-up`: the answer is the same whether or not the address has an account.
pub async fn post(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Form(fields): Form<Wish>,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    let page = stage.page(&browser);
    let language = page.language;
    let refuse = |refusal: Refusal| {
        show(&stage, http_status(refusal.kind), page.clone().refused(refusal), fields.clone())
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(refuse(too_many.into()), too_many.retry_after));
    }
    let identity = &site.gateway.identity;
    let asked = identity.request_sign_up(
        browser.origin(),
        fields.name.clone(),
        fields.email.clone(),
        language,
        // One that is none is no reason to refuse: nobody typed it.
        fields.time_zone.parse().ok(),
        stage.id,
    );
    match asked.await {
        Ok(()) => {
            if let Some((flow, hash)) = &stage.bound {
                let waits = site.gateway.sign_up_requested(*flow, hash).await;
                waits.map_err(|error| fault(&browser, &error))?;
            }
            Ok(see_other(&with_flow("/sign-up/sent", stage.id)))
        }
        Err(failure) => Err(refuse_call(failure, refuse)),
    }
}

/// `GET /sign-up/sent`
pub async fn sent(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let stage = Stage::find(&site, &browser, &headers, query.as_deref()).await?;
    Ok(html(&pages::SignUpSent { page: stage.page(&browser), sign_up: with_flow("/sign-up", stage.id) }))
}

/// `GET /sign-up/{token}`: the link of the mail. Opening it changes nothing.
pub async fn password_page(
    State(site): State<Site>,
    browser: Browser,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    let sign_up = find(&site, &browser, &token).await?;
    let (targets, _) = destination(&site, &browser, &sign_up).await?;
    Ok(choose(targets, StatusCode::OK, browser.page().in_language(sign_up.language), &sign_up))
}

async fn find(site: &Site, browser: &Browser, token: &str) -> Result<SignUp, Response> {
    let found = site.gateway.identity.sign_up(browser.origin(), token).await;
    found.map_err(|failure| refuse_call(failure, |refusal| browser.refused(refusal)))
}

fn choose(targets: FormTargets, status: StatusCode, page: Page, sign_up: &SignUp) -> Response {
    let page = pages::ChoosePassword { page, name: sign_up.name.clone(), email: sign_up.email.clone() };
    let mut response = html_with(status, &page);
    response.extensions_mut().insert(targets);
    response
}

/// Where the form may lead on to: to the client whose flow the sign-up began in, or, when that is over, to the
/// start page; and what that client is called.
async fn destination(
    site: &Site,
    browser: &Browser,
    sign_up: &SignUp,
) -> Result<(FormTargets, Option<String>), Response> {
    let found = match sign_up.continuation {
        Some(flow) => site.gateway.leads_to(flow).await.map_err(|fault_| fault(browser, &fault_))?,
        None => None,
    };
    let (back, client) = found.unzip();
    let home = site.gateway.terms.home.clone();
    Ok((FormTargets(back.iter().map(RegisteredUri::url).chain([home]).collect()), client))
}

/// What the form has.
#[derive(Deserialize)]
pub struct Choice {
    password: String,
}

/// `POST /sign-up/{token}`: makes the account, signs it in, goes on where the person started.
pub async fn password(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(fields): Form<Choice>,
) -> Result<Response, Response> {
    let sign_up = find(&site, &browser, &token).await?;
    let (targets, client) = destination(&site, &browser, &sign_up).await?;
    let refuse = |refusal: Refusal| {
        let page = browser.page().in_language(sign_up.language);
        choose(targets.clone(), http_status(refusal.kind), page.refused(refusal), &sign_up)
    };
    if let Err(too_many) = site.limits.check(&browser, &headers) {
        return Err(with_retry_after(refuse(too_many.into()), too_many.retry_after));
    }
    let (identity, replaced) = (&site.gateway.identity, session::token(&headers));
    let device = Device::of(&headers, &site.gateway.entropy);
    let visit = device.visit(client.as_deref());
    match identity.complete_sign_up(browser.origin(), token, fields.password, replaced, visit).await {
        Ok(new) => Ok(device.keep(go_on(&site, &browser, &headers, &new).await)),
        Err(failure) => Err(refuse_call(failure, refuse)),
    }
}

/// Goes on with the flow in which the sign-up began, which now belongs to this browser; when that is over,
/// to the start page.
async fn go_on(site: &Site, browser: &Browser, headers: &HeaderMap, new: &NewSession) -> Response {
    let Some(flow) = new.continuation else { return session::keep(see_other(&resume_at(None)), &new.token) };
    let binding = Binding::of(headers, &site.gateway.entropy);
    let on = match site.gateway.signed_up(flow, &binding.hash(), new.id).await {
        Ok(moved) => see_other(&resume_at(moved.then_some(flow))),
        Err(error) => fault(browser, &error),
    };
    session::keep(binding.keep(on), &new.token)
}
