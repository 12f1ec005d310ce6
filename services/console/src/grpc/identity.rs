//! The person's account and sessions, from identity.

use super::{AsPerson, refused, unusable};
use pass_proto::{
    convert::{FromWire, instant},
    identity::v1 as wire,
};
use pass_types::{AccountKind, Appearance, Invalid, Language, OrganizationId, SessionId, TimeZone};
use pass_web::Refusal;
use prost_types::FieldMask;
use time::OffsetDateTime;

/// The signed-in person's account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Which kind.
    pub kind: AccountKind,
    /// As typed.
    pub name: String,
    /// As typed.
    pub email: String,
    /// The suite-wide name.
    pub unique_id: String,
    /// Of pages and mails.
    pub language: Language,
    /// Of times in pages and mails.
    pub time_zone: TimeZone,
    /// Of pages.
    pub appearance: Appearance,
    /// The organization that owns a Managed Account (MAN-4).
    pub owner: Option<OrganizationId>,
    /// Staff of the company that runs the suite.
    pub operator: bool,
    /// The image's id; empty: none (ACC-5).
    pub image: String,
    /// Which state of it this is.
    pub etag: String,
}

/// What the person may change of it (ACC-3), as typed.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// The unique ID.
    pub unique_id: String,
    /// The language.
    pub language: Language,
    /// The time zone's IANA name.
    pub time_zone: String,
    /// The appearance.
    pub appearance: Appearance,
    /// The state that the person saw.
    pub etag: String,
}

/// A browser that the person is signed in with.
#[derive(Debug, Clone)]
pub struct SignedInBrowser {
    /// Its session.
    pub session: SessionId,
    /// When it signed in.
    pub create_time: OffsetDateTime,
    /// When it was used last.
    pub last_use_time: OffsetDateTime,
    /// Where from, at sign-in.
    pub address: String,
    /// What it said it is.
    pub user_agent: String,
}

impl AsPerson {
    /// The person's account.
    pub async fn account(&self) -> Result<Account, Refusal> {
        let request = self.context.request(wire::GetMyAccountRequest {});
        let answer = self.suite.accounts.clone().get_my_account(request).await.map_err(refused)?;
        let wire::GetMyAccountResponse { account } = answer.into_inner();
        account_of(account).map_err(unusable("account"))
    }

    /// Changes the person's profile. The name of a Managed Account is not the person's to change: `None`.
    pub async fn change_profile(&self, profile: &Profile, with_name: bool) -> Result<Account, Refusal> {
        let mut paths: Vec<String> =
            ["unique_id", "language", "time_zone", "appearance"].map(str::to_owned).to_vec();
        if with_name {
            paths.push("name".to_owned());
        }
        let account = wire::Account {
            name: profile.name.clone(),
            unique_id: profile.unique_id.clone(),
            language: profile.language.to_wire() as i32,
            time_zone: profile.time_zone.clone(),
            appearance: profile.appearance.to_wire() as i32,
            etag: profile.etag.clone(),
            ..wire::Account::default()
        };
        let message =
            wire::UpdateMyAccountRequest { account: Some(account), update_mask: Some(FieldMask { paths }) };
        let request = self.context.request(message);
        let answer = self.suite.accounts.clone().update_my_account(request).await.map_err(refused)?;
        let wire::UpdateMyAccountResponse { account } = answer.into_inner();
        account_of(account).map_err(unusable("account"))
    }

    /// A page of the person's sessions, latest first, and the token of the next one.
    pub async fn sessions(&self, page_token: &str) -> Result<(Vec<SignedInBrowser>, String), Refusal> {
        let message = wire::ListMySessionsRequest { page_size: 0, page_token: page_token.to_owned() };
        let request = self.context.request(message);
        let answer = self.suite.sessions.clone().list_my_sessions(request).await.map_err(refused)?;
        let wire::ListMySessionsResponse { sessions, next_page_token } = answer.into_inner();
        let sessions = sessions.into_iter().map(browser_of).collect::<Result<_, _>>();
        Ok((sessions.map_err(unusable("session"))?, next_page_token))
    }

    /// Ends one of the person's sessions (ACC-12).
    pub async fn end_session(&self, session: SessionId) -> Result<(), Refusal> {
        let request = self.context.request(wire::EndMySessionRequest { session_id: session.to_string() });
        self.suite.sessions.clone().end_my_session(request).await.map_err(refused)?;
        Ok(())
    }

    /// Ends all of the person's sessions but this one (ACC-12).
    pub async fn end_other_sessions(&self) -> Result<(), Refusal> {
        let request = self.context.request(wire::EndMyOtherSessionsRequest {});
        self.suite.sessions.clone().end_my_other_sessions(request).await.map_err(refused)?;
        Ok(())
    }
}

pub(super) fn account_of(account: Option<wire::Account>) -> Result<Account, Invalid> {
    let wire::Account {
        account_id: _,
        kind,
        name,
        email,
        unique_id,
        language,
        time_zone,
        appearance,
        create_time: _,
        etag,
        organization_id,
        operator,
        image_id,
    } = account.ok_or(Invalid("no account"))?;
    Ok(Account {
        kind: AccountKind::from_wire(kind)?,
        name,
        email,
        unique_id,
        language: Language::from_wire(language)?,
        // A zone that this build does not know is no reason to show no page.
        time_zone: time_zone.parse().unwrap_or_else(|_| TimeZone::utc()),
        appearance: Appearance::from_wire(appearance)?,
        owner: if organization_id.is_empty() { None } else { Some(organization_id.parse()?) },
        operator,
        image: image_id,
        etag,
    })
}

fn browser_of(session: wire::Session) -> Result<SignedInBrowser, Invalid> {
    let wire::Session {
        session_id,
        account_id: _,
        create_time,
        last_use_time,
        expire_time: _,
        methods: _,
        address,
        user_agent,
        second_factor_time: _,
        anew: _,
    } = session;
    Ok(SignedInBrowser {
        session: session_id.parse()?,
        create_time: instant(create_time)?,
        last_use_time: instant(last_use_time)?,
        address,
        user_agent,
    })
}
