//! Messages to the domain and back. Every message is taken apart field by field, so that a new field
//! does not compile until somebody has decided about it.

use super::second_factor_convert;
use crate::{
    app::{Attempt, Browser, NewSession, SignUpMail, SignedIn, SignedUp, View},
    domain::{
        account::{self, Change, Version},
        deletion::Farewell,
        device::Visit,
        password::Password,
        session::Session,
        sign_up::{SignUp, Wish},
    },
};
use pass_proto::{
    convert::{FromWire, timestamp},
    identity::v1 as wire,
};
use pass_types::{AccountId, Appearance, Invalid, Language, TimeZone, Violation};
use std::str::FromStr;
use uuid::Uuid;

/// Most accounts that one question may be about.
const BATCH: usize = 100;

/// A value of a request's field.
pub fn parse<T: FromStr<Err = Invalid>>(text: &str, field: &'static str) -> Result<T, Violation> {
    text.parse().map_err(|problem: Invalid| problem.of(field))
}

/// An id of a request's field, written as we write it.
pub fn id<I: From<Uuid>>(text: &str, field: &'static str) -> Result<I, Violation> {
    match Uuid::try_parse(text) {
        Ok(id) if text.len() == 36 => Ok(id.into()),
        _ => Err(Invalid("must be a UUID").of(field)),
    }
}

pub fn wish(request: wire::RequestSignUpRequest) -> Result<Wish, Violation> {
    let wire::RequestSignUpRequest { name, email, language, time_zone, continuation } = request;
    let (name, email) = (parse(&name, "name")?, parse(&email, "email")?);
    let language = Language::from_wire(language).map_err(|problem| problem.of("language"))?;
    let usual = || Ok(TimeZone::usual(language));
    Ok(Wish {
        name,
        email,
        language,
        time_zone: if time_zone.is_empty() { usual() } else { parse(&time_zone, "time_zone") }?,
        continuation: parse(&continuation, "continuation")?,
    })
}

pub fn sign_up(sign_up: SignUp) -> wire::GetSignUpResponse {
    let Wish { name, email, language, time_zone: _, continuation } = sign_up.wish;
    wire::GetSignUpResponse {
        name: name.as_str().to_owned(),
        email: email.as_str().to_owned(),
        language: language.to_wire() as i32,
        continuation: continuation.as_str().to_owned(),
    }
}

pub fn signed_up(signed_up: SignedUp) -> wire::CompleteSignUpResponse {
    let SignedUp { account: new, session, continuation } = signed_up;
    wire::CompleteSignUpResponse {
        account: Some(account(new)),
        session: Some(new_session(&session)),
        continuation: continuation.as_str().to_owned(),
    }
}

/// A browser may send anything; what is no token is an unknown device's.
pub fn visit(shown: Option<wire::Visit>) -> Result<Visit, Violation> {
    let wire::Visit { device_token, product } = shown.unwrap_or_default();
    Ok(Visit { device: device_token.parse().ok(), product: parse(&product, "visit.product")? })
}

pub fn attempt(request: wire::SignInRequest) -> Result<Attempt, Violation> {
    let wire::SignInRequest { email, password, replaced_token, visit: shown } = request;
    Ok(Attempt {
        visit: visit(shown)?,
        email: parse(&email, "email")?,
        password: Password::typed(&password).map_err(|problem| problem.of("password"))?,
        // A browser may send anything; what is no token is no session's.
        replaced: replaced_token.parse().ok(),
    })
}

pub fn signed_in(signed_in: &SignedIn) -> wire::SignInResponse {
    match signed_in {
        SignedIn::Session(new) => wire::SignInResponse {
            session: Some(new_session(new)),
            account_id: new.session.account.to_string(),
            second_step: None,
        },
        SignedIn::SecondStep(account, step) => wire::SignInResponse {
            session: None,
            account_id: account.to_string(),
            second_step: Some(second_factor_convert::step(step)),
        },
    }
}

pub fn new_session(new: &NewSession) -> wire::NewSession {
    wire::NewSession {
        session_id: new.session.id.to_string(),
        token: new.token.reveal(),
        expire_time: Some(timestamp(new.session.expires_at)),
    }
}

pub fn session(session: Session) -> wire::Session {
    let Session {
        id,
        account,
        methods,
        anew,
        origin,
        created_at,
        last_used_at,
        expires_at,
        ended_at: _,
        second_factor_at,
    } = session;
    wire::Session {
        session_id: id.to_string(),
        account_id: account.to_string(),
        create_time: Some(timestamp(created_at)),
        last_use_time: Some(timestamp(last_used_at)),
        expire_time: Some(timestamp(expires_at)),
        methods: methods.iter().map(|method| method.as_str().to_owned()).collect(),
        address: origin.address,
        user_agent: origin.user_agent,
        second_factor_time: second_factor_at.map(timestamp),
        anew,
    }
}

pub fn browser(browser: Browser) -> (Option<wire::Session>, Option<wire::Account>) {
    (Some(session(browser.session)), Some(account(browser.account)))
}

pub fn account(account: account::Account) -> wire::Account {
    let account::Account {
        id,
        kind,
        name,
        email,
        unique_id,
        language,
        time_zone,
        appearance,
        created_at,
        version,
        place,
        operator,
        image,
    } = account;
    wire::Account {
        account_id: id.to_string(),
        kind: kind.to_wire() as i32,
        name: name.as_str().to_owned(),
        email: email.as_str().to_owned(),
        unique_id: unique_id.as_str().to_owned(),
        language: language.to_wire() as i32,
        time_zone: time_zone.as_str().to_owned(),
        appearance: appearance.to_wire() as i32,
        create_time: Some(timestamp(created_at)),
        etag: version.0.to_string(),
        organization_id: place.map(|place| place.organization.to_string()).unwrap_or_default(),
        operator,
        image_id: image.map(|image| image.to_string()).unwrap_or_default(),
    }
}

/// Of others a product sees who they are and how to write to them, not how they like their pages.
pub fn view(view: View) -> wire::Account {
    match view {
        View::Own(own) => account(own),
        View::Fellow(other) => wire::Account {
            appearance: 0,
            create_time: None,
            etag: String::new(),
            operator: false,
            ..account(other)
        },
    }
}

pub fn change(owner: AccountId, request: wire::UpdateMyAccountRequest) -> Result<Change, Violation> {
    let wire::UpdateMyAccountRequest { account, update_mask } = request;
    let wire::Account {
        account_id,
        // Not the owner's to change.
        kind: _,
        email: _,
        create_time: _,
        organization_id: _,
        operator: _,
        image_id: _,
        name,
        unique_id,
        language,
        time_zone,
        appearance,
        etag,
    } = account.ok_or(Invalid("must be there").of("account"))?;
    if !account_id.is_empty() && account_id != owner.to_string() {
        return Err(Invalid("must be one's own").of("account.account_id"));
    }
    let paths = update_mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        return Err(Invalid("must name the fields to change").of("update_mask"));
    }
    let seen = match etag.as_str() {
        "" => None,
        // What we never gave out was seen by nobody.
        etag => Some(Version(etag.parse().unwrap_or(0))),
    };
    let mut change = Change { seen, ..Change::default() };
    for path in paths {
        match path.as_str() {
            "name" => change.name = Some(parse(&name, "account.name")?),
            "unique_id" => change.unique_id = Some(parse(&unique_id, "account.unique_id")?),
            "language" => change.language = Some(known(language, "account.language")?),
            "time_zone" => change.time_zone = Some(parse(&time_zone, "account.time_zone")?),
            "appearance" => change.appearance = Some(known(appearance, "account.appearance")?),
            _ => return Err(Invalid("must name only fields that can be changed").of("update_mask")),
        }
    }
    Ok(change)
}

fn known<T: FromWire>(value: i32, field: &'static str) -> Result<T, Violation> {
    T::from_wire(value).map_err(|problem| problem.of(field))
}

pub fn ids(request: wire::BatchGetAccountsRequest) -> Result<Vec<AccountId>, Violation> {
    let wire::BatchGetAccountsRequest { account_ids } = request;
    if account_ids.len() > BATCH {
        return Err(Invalid("must be at most 100 ids").of("account_ids"));
    }
    account_ids.iter().map(|text| id(text, "account_ids")).collect()
}

pub fn mail_preferences(
    preferences: Option<(Language, TimeZone, Appearance)>,
) -> wire::GetMailPreferencesResponse {
    preferences.map_or_else(wire::GetMailPreferencesResponse::default, |(language, time_zone, appearance)| {
        wire::GetMailPreferencesResponse {
            language: language.to_wire() as i32,
            time_zone: time_zone.as_str().to_owned(),
            appearance: appearance.to_wire() as i32,
        }
    })
}

pub fn account_deleted_mail(farewell: Farewell) -> wire::PrepareAccountDeletedMailResponse {
    let Farewell { email, language, time_zone, deleted_at } = farewell;
    wire::PrepareAccountDeletedMailResponse {
        email: email.as_str().to_owned(),
        language: language.to_wire() as i32,
        time_zone: time_zone.as_str().to_owned(),
        delete_time: Some(timestamp(deleted_at)),
    }
}

pub fn sign_up_mail(mail: SignUpMail) -> wire::PrepareSignUpMailResponse {
    let SignUpMail { sign_up, url, account_exists } = mail;
    let Wish { name, email, language, time_zone, continuation: _ } = sign_up.wish;
    wire::PrepareSignUpMailResponse {
        name: name.as_str().to_owned(),
        email: email.as_str().to_owned(),
        language: language.to_wire() as i32,
        time_zone: time_zone.as_str().to_owned(),
        url,
        expire_time: Some(timestamp(sign_up.expires_at)),
        account_exists,
    }
}
