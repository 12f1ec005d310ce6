//! Asks the owner of a mail's subject for all that the mail says, at the moment of sending: events
//! and deliveries carry neither address nor link.

use super::Notification;
use crate::{
    domain::{Delivery, MailKind},
    render::{Content, Mail},
};
use pass_mesh::{CallContext, Failure};
use pass_proto::{
    convert::{FromWire, instant},
    errors::v1::ErrorReason,
    identity::v1::{
        Account, BatchGetAccountsRequest, GetMailPreferencesRequest, GetMailPreferencesResponse,
        PrepareSignUpMailRequest, PrepareSignUpMailResponse,
    },
    organization::v1::{PrepareInvitationMailRequest, PrepareInvitationMailResponse},
};
use pass_types::{Invalid, Language, Role, TimeZone};
use tonic::Status;

/// Why there is no mail to send.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// What the mail was about is over.
    #[error("the link of the mail is not wanted any more")]
    Obsolete,
    /// The owner does not answer, or not now.
    #[error("the mail's content can't be asked for")]
    Ask(#[source] Box<Status>),
    /// The owner's answer makes no sense.
    #[error("the mail's content is not understood")]
    Answer(#[source] Invalid),
}

impl From<Status> for PrepareError {
    fn from(status: Status) -> Self {
        match Failure::of(&status).reason {
            ErrorReason::LinkInvalid | ErrorReason::NotFound => Self::Obsolete,
            _ => Self::Ask(Box::new(status)),
        }
    }
}

/// All that a delivery's mail says.
pub async fn prepare(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    match delivery.kind {
        MailKind::SignUp => {
            let request = PrepareSignUpMailRequest { sign_up_id: delivery.subject.to_string() };
            let answer =
                app.identity.clone().prepare_sign_up_mail(CallContext::system().request(request)).await?;
            sign_up(answer.into_inner()).map_err(PrepareError::Answer)
        }
        MailKind::Invitation => {
            let request = PrepareInvitationMailRequest {
                invitation_id: delivery.subject.to_string(),
                attempt: delivery.attempt,
            };
            let invitation = app
                .organization
                .clone()
                .prepare_invitation_mail(CallContext::system().request(request))
                .await?
                .into_inner();
            let request = GetMailPreferencesRequest { email: invitation.email.clone() };
            let preferences =
                app.identity.clone().get_mail_preferences(CallContext::system().request(request)).await?;
            invite(invitation, preferences.into_inner()).map_err(PrepareError::Answer)
        }
        MailKind::TokenReused => {
            let request = BatchGetAccountsRequest { account_ids: vec![delivery.subject.to_string()] };
            let answer =
                app.identity.clone().batch_get_accounts(CallContext::system().request(request)).await?;
            let owner = answer.into_inner().accounts.pop().ok_or(PrepareError::Obsolete)?;
            let sessions = format!("{}/sessions", app.console_url.as_str().trim_end_matches('/'));
            warn(owner, sessions).map_err(PrepareError::Answer)
        }
    }
}

/// To the owner of an account, about their sessions.
fn warn(owner: Account, url: String) -> Result<Mail, Invalid> {
    Ok(Mail {
        email: owner.email,
        language: Language::from_wire(owner.language)?,
        time_zone: owner.time_zone.parse()?,
        url,
        content: Content::TokenReused,
    })
}

fn sign_up(answer: PrepareSignUpMailResponse) -> Result<Mail, Invalid> {
    let PrepareSignUpMailResponse {
        // Who typed it may be a stranger to the address: the mail does not say it.
        name: _,
        email,
        language,
        time_zone,
        url,
        expire_time,
        account_exists,
    } = answer;
    let content = if account_exists {
        Content::SignUpExists
    } else {
        Content::SignUp { expires: instant(expire_time)? }
    };
    Ok(Mail { email, language: Language::from_wire(language)?, time_zone: time_zone.parse()?, url, content })
}

/// The preferences of an account with the address, if there is one, beat the inviter's choice.
fn invite(
    invitation: PrepareInvitationMailResponse,
    preferences: GetMailPreferencesResponse,
) -> Result<Mail, Invalid> {
    let PrepareInvitationMailResponse {
        email,
        organization_name,
        inviter_name,
        role,
        message,
        language,
        url,
        expire_time,
    } = invitation;
    let GetMailPreferencesResponse { language: own_language, time_zone } = preferences;
    let language = Language::from_wire(own_language).or_else(|_| Language::from_wire(language))?;
    Ok(Mail {
        email,
        language,
        time_zone: time_zone.parse().unwrap_or_else(|_| TimeZone::utc()),
        url,
        content: Content::Invitation {
            inviter: inviter_name,
            organization: organization_name,
            role: Role::from_wire(role)?,
            message,
            expires: instant(expire_time)?,
        },
    })
}
