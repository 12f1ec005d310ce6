//! Asks the owner of a mail's subject for all that the mail says, at the moment of sending: events
//! and deliveries carry neither address nor link.

use super::{Notification, credentials};
use crate::{
    domain::{Delivery, MailKind},
    render::{Content, Credential, Mail, Protection},
};
use pass_mesh::{CallContext, Failure};
use pass_proto::{
    billing::v1::{PrepareApplicationMailRequest, PrepareApplicationMailResponse},
    convert::{FromWire, instant},
    errors::v1::ErrorReason,
    identity::v1::{
        Account, BatchGetAccountsRequest, GetMailPreferencesRequest, GetMailPreferencesResponse,
        PrepareAccountDeletedMailRequest, PrepareAccountDeletedMailResponse, PrepareLoginAlertMailRequest,
        PrepareLoginAlertMailResponse, PrepareManagedInvitationMailRequest,
        PrepareManagedInvitationMailResponse, PrepareSignUpMailRequest, PrepareSignUpMailResponse,
    },
    organization::v1::{
        FindOrganizationRequest, ListAdministratorsRequest, ListAdministratorsResponse, Organization,
        PrepareInvitationMailRequest, PrepareInvitationMailResponse, find_organization_request,
    },
};
use pass_types::{Appearance, Invalid, Language, Role, TimeZone, device_name};
use tonic::Status;
use uuid::Uuid;

/// How many administrators are asked for at once: the most that organization gives.
const PAGE: i32 = 100;

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
    use MailKind as Kind;
    let told = async |path: &str, content: Content| {
        let owner = account(app, delivery.subject).await?;
        notice(owner, app.console(path), content).map_err(PrepareError::Answer)
    };
    match delivery.kind {
        Kind::SignUp => ask_sign_up(app, delivery).await,
        Kind::Invitation => ask_invitation(app, delivery).await,
        Kind::ManagedInvitation => ask_managed_invitation(app, delivery).await,
        Kind::LoginAlert | Kind::NewSecondFactor => ask_login_alert(app, delivery).await,
        Kind::ApplicationReceived | Kind::ApplicationApproved | Kind::ApplicationRejected => {
            ask_application(app, delivery).await
        }
        Kind::SamlActivated | Kind::SamlDisabled => ask_saml(app, delivery).await,
        Kind::PasswordReset => credentials::reset(app, delivery).await,
        Kind::EmailChange | Kind::EmailChangeNotice | Kind::EmailChanged | Kind::EmailChangedNotice => {
            credentials::email_change(app, delivery).await
        }
        Kind::AccountDeleted => ask_account_deleted(app, delivery).await,
        Kind::TokenReused => told("/sessions", Content::TokenReused).await,
        Kind::LoginAlertsOff => told("/account/security-events", Content::LoginAlertsOff).await,
        Kind::SignInLocked => told("/account/history", Content::SignInLocked).await,
        Kind::PasswordChanged => {
            told("/account/security-events", Content::Credential(Credential::PasswordChanged)).await
        }
        Kind::SecondFactorAdded
        | Kind::SecondFactorRemoved
        | Kind::SecondFactorsDisabled
        | Kind::RecoveryCodesMade
        | Kind::RecoveryCodesRemoved
        | Kind::RecoveryCodeUsed
        | Kind::SecondFactorLocked => {
            told("/account/security-events", Content::Protection(protection(delivery))).await
        }
    }
}

async fn ask_sign_up(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareSignUpMailRequest { sign_up_id: delivery.subject.to_string() };
    let answer = app.identity.clone().prepare_sign_up_mail(CallContext::system().request(request)).await?;
    sign_up(answer.into_inner()).map_err(PrepareError::Answer)
}

async fn ask_invitation(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareInvitationMailRequest {
        invitation_id: delivery.subject.to_string(),
        attempt: delivery.attempt,
    };
    let request = CallContext::system().request(request);
    let invitation = app.organization.clone().prepare_invitation_mail(request).await?.into_inner();
    let preferences = preferences(app, &invitation.email).await?;
    invite(invitation, preferences).map_err(PrepareError::Answer)
}

async fn ask_managed_invitation(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareManagedInvitationMailRequest {
        account_id: delivery.subject.to_string(),
        attempt: delivery.attempt,
    };
    let request = CallContext::system().request(request);
    let invitation = app.identity.clone().prepare_managed_invitation_mail(request).await?.into_inner();
    let organization = organization(app, invitation.organization_id.clone()).await?;
    invite_managed(invitation, organization).map_err(PrepareError::Answer)
}

async fn ask_login_alert(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareLoginAlertMailRequest { login_alert_id: delivery.subject.to_string() };
    let request = CallContext::system().request(request);
    let answer = app.identity.clone().prepare_login_alert_mail(request).await?.into_inner();
    alert(delivery.kind, answer).map_err(PrepareError::Answer)
}

/// There is no account to ask about any more: identity keeps what the mail needs, for a while.
async fn ask_account_deleted(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareAccountDeletedMailRequest { account_id: delivery.subject.to_string() };
    let request = CallContext::system().request(request);
    let answer = app.identity.clone().prepare_account_deleted_mail(request).await?.into_inner();
    farewell(answer, app.contact_url.to_string()).map_err(PrepareError::Answer)
}

async fn ask_application(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareApplicationMailRequest { application_id: delivery.subject.to_string() };
    let request = CallContext::system().request(request);
    let answer = app.billing.clone().prepare_application_mail(request).await?.into_inner();
    let email = answer.application.as_ref().map(|it| it.plan_admin_email.clone()).unwrap_or_default();
    let preferences = preferences(app, &email).await?;
    decided(delivery.kind, answer, preferences).map_err(PrepareError::Answer)
}

async fn ask_saml(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let (Some(recipient), Some(about)) = (delivery.recipient, delivery.organization) else {
        return Err(PrepareError::Obsolete);
    };
    let organization = organization(app, about.to_string()).await?.name;
    let content = match delivery.kind {
        MailKind::SamlActivated => Content::SamlActivated { organization },
        _ => Content::SamlDisabled { organization },
    };
    let url = app.console(&format!("/organizations/{about}/saml"));
    notice(account(app, recipient).await?, url, content).map_err(PrepareError::Answer)
}

/// How the recipient wants mails to look (ACC-3); who has no account leaves it to the mail program.
pub async fn appearance(app: &Notification, email: &str) -> Result<Appearance, PrepareError> {
    let GetMailPreferencesResponse { language: _, time_zone: _, appearance } =
        preferences(app, email).await?;
    Ok(Appearance::from_wire(appearance).unwrap_or(Appearance::System))
}

/// How the account that has an address, if one does, wants to be written to.
async fn preferences(app: &Notification, email: &str) -> Result<GetMailPreferencesResponse, PrepareError> {
    let request = GetMailPreferencesRequest { email: email.to_owned() };
    let answer = app.identity.clone().get_mail_preferences(CallContext::system().request(request)).await?;
    Ok(answer.into_inner())
}

/// Who administers the organization that a mail is about: all of them, page by page.
pub async fn administrators(app: &Notification, delivery: &Delivery) -> Result<Vec<Uuid>, PrepareError> {
    let about = delivery.organization.ok_or(PrepareError::Obsolete)?;
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let organization_id = about.to_string();
        let request = ListAdministratorsRequest { organization_id, page_size: PAGE, page_token };
        let answer = app.members.clone().list_administrators(CallContext::system().request(request)).await?;
        let ListAdministratorsResponse { account_ids, next_page_token } = answer.into_inner();
        for id in &account_ids {
            let id = Uuid::try_parse(id).map_err(|_| PrepareError::Answer(Invalid("must be a UUID")))?;
            all.push(id);
        }
        if next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = next_page_token;
    }
}

async fn account(app: &Notification, id: Uuid) -> Result<Account, PrepareError> {
    let request = BatchGetAccountsRequest { account_ids: vec![id.to_string()] };
    let answer = app.identity.clone().batch_get_accounts(CallContext::system().request(request)).await?;
    answer.into_inner().accounts.pop().ok_or(PrepareError::Obsolete)
}

async fn organization(app: &Notification, id: String) -> Result<Organization, PrepareError> {
    let request = FindOrganizationRequest { by: Some(find_organization_request::By::OrganizationId(id)) };
    let answer = app.members.clone().find_organization(CallContext::system().request(request)).await?;
    answer.into_inner().organization.ok_or(PrepareError::Obsolete)
}

/// What became of an account's second factors.
fn protection(delivery: &Delivery) -> Protection {
    match delivery.kind {
        MailKind::SecondFactorRemoved => Protection::FactorRemoved,
        MailKind::SecondFactorsDisabled => Protection::Disabled,
        MailKind::RecoveryCodesMade => Protection::CodesMade,
        MailKind::RecoveryCodesRemoved => Protection::CodesRemoved,
        MailKind::RecoveryCodeUsed => Protection::CodeUsed { left: delivery.attempt },
        MailKind::SecondFactorLocked => Protection::Locked,
        _ => Protection::FactorAdded,
    }
}

/// To an account, about something that it has.
fn notice(owner: Account, url: String, content: Content) -> Result<Mail, Invalid> {
    Ok(Mail {
        email: owner.email,
        language: Language::from_wire(owner.language)?,
        time_zone: owner.time_zone.parse()?,
        url,
        content,
    })
}

/// About a sign-in, or what was added after it, to whoever owned the account then.
fn alert(kind: MailKind, answer: PrepareLoginAlertMailResponse) -> Result<Mail, Invalid> {
    let PrepareLoginAlertMailResponse {
        email,
        language,
        time_zone,
        sign_in_time,
        user_agent,
        url,
        expire_time,
    } = answer;
    let (at, expires) = (instant(sign_in_time)?, instant(expire_time)?);
    let content = match kind {
        MailKind::NewSecondFactor => Content::NewSecondFactor { at, expires },
        // Whoever signed in has chosen what the browser says; the mail says none of it.
        _ => Content::LoginAlert { at, device: device_name(&user_agent), expires },
    };
    Ok(Mail { email, language: Language::from_wire(language)?, time_zone: time_zone.parse()?, url, content })
}

/// About an account that is gone, to whoever owned it.
fn farewell(answer: PrepareAccountDeletedMailResponse, url: String) -> Result<Mail, Invalid> {
    let PrepareAccountDeletedMailResponse { email, language, time_zone, delete_time } = answer;
    let content = Content::AccountDeleted { at: instant(delete_time)? };
    Ok(Mail { email, language: Language::from_wire(language)?, time_zone: time_zone.parse()?, url, content })
}

fn invite_managed(
    invitation: PrepareManagedInvitationMailResponse,
    organization: Organization,
) -> Result<Mail, Invalid> {
    let PrepareManagedInvitationMailResponse {
        // An administrator of the organization typed it; the mail greets nobody by name.
        name: _,
        email,
        language,
        time_zone,
        organization_id: _,
        url,
        expire_time,
    } = invitation;
    let content = Content::ManagedInvitation {
        organization: organization.name,
        handle: organization.handle,
        expires: instant(expire_time)?,
    };
    Ok(Mail { email, language: Language::from_wire(language)?, time_zone: time_zone.parse()?, url, content })
}

/// About an application, to the Plan Admin whom it names, whose preferences beat the application's.
fn decided(
    kind: MailKind,
    answer: PrepareApplicationMailResponse,
    preferences: GetMailPreferencesResponse,
) -> Result<Mail, Invalid> {
    let PrepareApplicationMailResponse { application, language, trial_end_time, url } = answer;
    let application = application.ok_or(Invalid("must name the application"))?;
    let content = match kind {
        MailKind::ApplicationApproved => Content::ApplicationApproved { until: instant(trial_end_time)? },
        MailKind::ApplicationRejected => {
            Content::ApplicationRejected { reason: application.rejection_reason }
        }
        _ => Content::ApplicationReceived,
    };
    let GetMailPreferencesResponse { language: own_language, time_zone, appearance: _ } = preferences;
    let language = Language::from_wire(own_language).or_else(|_| Language::from_wire(language))?;
    let time_zone = time_zone.parse().unwrap_or_else(|_| TimeZone::utc());
    Ok(Mail { email: application.plan_admin_email, language, time_zone, url, content })
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
    let GetMailPreferencesResponse { language: own_language, time_zone, appearance: _ } = preferences;
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
