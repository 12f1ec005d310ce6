//! Recovery codes on the way to the page that shows them this once (ACC-9). What posts a credential is answered with 303
//! (RFC 9700, 4.12), or reloading its answer would do it again; in between the browser keeps them, sealed for its
//! session and a minute.

use super::{Done, page_of, person};
use crate::http::{Site, pages, see_other, session::SignedIn};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header};
use pass_web::{Browser, HostCookie, html};
use time::Duration;

const COOKIE: HostCookie = HostCookie::new("__Host-pass-codes");
const LIFE: Duration = Duration::MINUTE;

/// On to the page, with the codes.
pub(super) fn lead(site: &Site, person: &SignedIn, codes: &[String], done: Option<Done>) -> Response {
    let until = (site.gateway.clock.now() + LIFE).unix_timestamp();
    let sealed = site.codes.seal(place(person, until), codes.join(" ").as_bytes(), &site.gateway.entropy);
    let cookie = format!("{until}.{}.{}", site.codes.sealing(), URL_SAFE_NO_PAD.encode(sealed));
    let mut answer = match done {
        Some(done) => see_other(&format!("/security/recovery-codes?done={}", done.name())),
        None => see_other("/security/recovery-codes"),
    };
    answer.headers_mut().append(header::SET_COOKIE, COOKIE.set(&cookie, Some(LIFE.unsigned_abs())));
    answer
}

/// `GET /security/recovery-codes`: whoever comes again is led to where new ones are made.
pub async fn page(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Response> {
    let person = person(&site, &browser, &headers).await?;
    let mut answer = match kept(&site, &person, &headers) {
        Some(codes) => {
            let page = page_of(&browser, &person);
            let page = match Done::of(query.as_deref()) {
                Some(done) => page.noticed(done.key()),
                None => page,
            };
            html(&pages::RecoveryCodes { page, codes })
        }
        None => Done::CodesGone.answer(),
    };
    answer.headers_mut().append(header::SET_COOKIE, COOKIE.clear());
    Ok(answer)
}

/// The codes that the browser kept for this session, if it is not too late.
fn kept(site: &Site, person: &SignedIn, headers: &HeaderMap) -> Option<Vec<String>> {
    let mut parts = COOKIE.read(headers)?.splitn(3, '.');
    let (until, sealed_by, sealed) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    if until <= site.gateway.clock.now().unix_timestamp() {
        return None;
    }
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let codes = site.codes.open(place(person, until), sealed_by, &sealed).ok()?;
    Some(String::from_utf8(codes).ok()?.split(' ').map(str::to_owned).collect())
}

fn place(person: &SignedIn, until: i64) -> String {
    format!("{} {until}", person.session.id)
}
