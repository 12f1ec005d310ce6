//! What the gateway asks identity: on behalf of the browser, or on its own.

use super::{
    broken,
    second_factor::{self, SignedIn},
};
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::{
    convert::{FromWire, instant},
    errors::v1::ErrorReason,
    identity::v1::{
        self as wire, account_service_client::AccountServiceClient,
        profile_service_client::ProfileServiceClient, session_service_client::SessionServiceClient,
    },
};
use pass_types::{
    AccountId, AccountKind, Appearance, Email, Invalid, Language, Origin, PersonName, SessionId, TimeZone,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Somebody's session, and what tokens and pages need to know of the account.
#[derive(Debug, Clone)]
pub struct Session {
    /// Which session.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// Which kind of account.
    pub kind: AccountKind,
    /// When the person signed in, here.
    pub auth_time: OffsetDateTime,
    /// They proved then who they are: by password, or at an identity provider that was asked for that. Another
    /// sign-in there may have been much earlier.
    pub anew: bool,
    /// When it ends at the latest.
    pub expire_time: OffsetDateTime,
    /// How the person signed in (RFC 8176).
    pub methods: Vec<String>,
    /// The account's name.
    pub name: PersonName,
    /// The account's address.
    pub email: Email,
    /// The unique ID.
    pub unique_id: String,
    /// The account's language.
    pub language: Language,
    /// The account's time zone.
    pub time_zone: TimeZone,
    /// How pages look.
    pub appearance: Appearance,
    /// Staff of the company that runs the suite.
    pub operator: bool,
    /// The image's id; empty: none (ACC-5).
    pub image: String,
}

/// A session that has just begun.
pub struct NewSession {
    /// Which.
    pub id: SessionId,
    /// The secret for the cookie.
    pub token: String,
    /// Where the person wanted to go on: a flow.
    pub continuation: Option<Uuid>,
}

/// What a sign-up link is for.
pub struct SignUp {
    /// The name that was given.
    pub name: String,
    /// The address that the link was sent to.
    pub email: String,
    /// The language of the sign-up.
    pub language: Language,
    /// The flow in which it began.
    pub continuation: Option<Uuid>,
}

/// What identity is told of a browser that signs in, beside where it comes from.
pub struct Visit {
    /// Of its device cookie (ACC-10).
    pub device_token: String,
    /// The name of the client that the person goes on to; empty: none.
    pub product: String,
}

impl From<Visit> for wire::Visit {
    fn from(Visit { device_token, product }: Visit) -> Self {
        Self { device_token, product }
    }
}

/// Identity, as the gateway calls it.
#[derive(Clone)]
pub struct Identity(pub(super) Channel);

impl Identity {
    /// Over a channel of the mesh.
    pub fn new(channel: Channel) -> Self {
        Self(channel)
    }

    fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.0.clone())
    }

    fn accounts(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.0.clone())
    }

    /// Signs in by password, up to a second factor if the account has one. `replaced` is the browser's session so
    /// far, which ends.
    pub async fn sign_in(
        &self,
        origin: &Origin,
        email: String,
        password: String,
        replaced: Option<&str>,
        visit: Visit,
    ) -> Result<SignedIn, Failure> {
        let replaced_token = replaced.unwrap_or_default().to_owned();
        let message = wire::SignInRequest { email, password, replaced_token, visit: Some(visit.into()) };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::SignInResponse { session, account_id: _, second_step } =
            self.sessions().sign_in(request).await?.into_inner();
        match second_step {
            Some(step) => second_factor::step(Some(step)).map(SignedIn::SecondStep).map_err(broken),
            None => begun(session, None).map(SignedIn::Session),
        }
    }

    /// The session of a browser's token; `None`: it is over. Counts as use.
    pub async fn resolve(&self, origin: &Origin, token: &str) -> Result<Option<Session>, Failure> {
        let message = wire::ResolveSessionRequest { token: token.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.sessions().resolve_session(request).await.map(|answer| {
            let wire::ResolveSessionResponse { session, account } = answer.into_inner();
            (session, account)
        });
        found(answer)
    }

    /// A session by its id; `None`: it is over. Counts as use where a product that somebody works in asks
    /// for tokens, so that its people are not idle.
    pub async fn session(&self, id: SessionId, used: bool) -> Result<Option<Session>, Failure> {
        let message = wire::GetSessionRequest { session_id: id.to_string(), used };
        let request = CallContext::system().request(message);
        let answer = self.sessions().get_session(request).await.map(|answer| {
            let wire::GetSessionResponse { session, account } = answer.into_inner();
            (session, account)
        });
        found(answer)
    }

    /// Ends the session of a browser's token.
    pub async fn sign_out(&self, origin: &Origin, token: &str) -> Result<(), Failure> {
        let message = wire::SignOutRequest { token: token.to_owned() };
        self.sessions().sign_out(CallContext::anonymous(origin.clone()).request(message)).await?;
        Ok(())
    }

    /// The PNG of an account's image in a size, for whoever was told its id.
    pub async fn image(&self, origin: &Origin, image_id: String, size: i32) -> Result<Vec<u8>, Failure> {
        let request =
            CallContext::anonymous(origin.clone()).request(wire::GetImageRequest { image_id, size });
        let answer = ProfileServiceClient::new(self.0.clone()).get_image(request).await?;
        Ok(answer.into_inner().content)
    }

    /// Asks for an account; a mail follows. Without a time zone, identity chooses one.
    pub async fn request_sign_up(
        &self,
        origin: &Origin,
        name: String,
        email: String,
        language: Language,
        time_zone: Option<TimeZone>,
        continuation: Option<Uuid>,
    ) -> Result<(), Failure> {
        let message = wire::RequestSignUpRequest {
            name,
            email,
            language: language.to_wire() as i32,
            time_zone: time_zone.map(|zone| zone.as_str().to_owned()).unwrap_or_default(),
            continuation: continuation.map(|flow| flow.to_string()).unwrap_or_default(),
        };
        self.accounts().request_sign_up(CallContext::anonymous(origin.clone()).request(message)).await?;
        Ok(())
    }

    /// What a sign-up link is for.
    pub async fn sign_up(&self, origin: &Origin, token: &str) -> Result<SignUp, Failure> {
        let message = wire::GetSignUpRequest { token: token.to_owned() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::GetSignUpResponse { name, email, language, continuation } =
            self.accounts().get_sign_up(request).await?.into_inner();
        let language = Language::from_wire(language).map_err(broken)?;
        Ok(SignUp { name, email, language, continuation: Uuid::try_parse(&continuation).ok() })
    }

    /// Makes the account with its first password, and signs it in. `replaced` is the browser's session so
    /// far, which ends.
    pub async fn complete_sign_up(
        &self,
        origin: &Origin,
        token: String,
        password: String,
        replaced: Option<&str>,
        visit: Visit,
    ) -> Result<NewSession, Failure> {
        let replaced_token = replaced.unwrap_or_default().to_owned();
        let message =
            wire::CompleteSignUpRequest { token, password, replaced_token, visit: Some(visit.into()) };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let wire::CompleteSignUpResponse { account: _, session, continuation } =
            self.accounts().complete_sign_up(request).await?.into_inner();
        begun(session, Uuid::try_parse(&continuation).ok())
    }
}

pub(super) fn begun(
    session: Option<wire::NewSession>,
    continuation: Option<Uuid>,
) -> Result<NewSession, Failure> {
    let wire::NewSession { session_id, token, expire_time: _ } =
        session.ok_or_else(|| broken(Invalid("session is missing")))?;
    Ok(NewSession { id: session_id.parse().map_err(broken)?, token, continuation })
}

type Answer = Result<(Option<wire::Session>, Option<wire::Account>), tonic::Status>;

fn found(answer: Answer) -> Result<Option<Session>, Failure> {
    match answer {
        Ok((session, account)) => convert(session, account).map(Some).map_err(broken),
        Err(status) => match Failure::of(&status) {
            failure if failure.reason == ErrorReason::SessionEnded => Ok(None),
            failure => Err(failure),
        },
    }
}

fn convert(session: Option<wire::Session>, account: Option<wire::Account>) -> Result<Session, Invalid> {
    let wire::Session {
        session_id,
        account_id,
        create_time,
        last_use_time: _,
        expire_time,
        methods,
        address: _,
        user_agent: _,
        second_factor_time: _,
        anew,
    } = session.ok_or(Invalid("session is missing"))?;
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
        etag: _,
        organization_id: _,
        operator,
        image_id,
    } = account.ok_or(Invalid("account is missing"))?;
    Ok(Session {
        id: session_id.parse()?,
        account: account_id.parse()?,
        kind: AccountKind::from_wire(kind)?,
        auth_time: instant(create_time)?,
        anew,
        expire_time: instant(expire_time)?,
        methods,
        name: name.parse()?,
        email: email.parse()?,
        unique_id,
        language: Language::from_wire(language)?,
        time_zone: time_zone.parse()?,
        appearance: Appearance::from_wire(appearance)?,
        operator,
        image: image_id,
    })
}
