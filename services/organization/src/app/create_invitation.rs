//! Inviting an address (ORG-5, ORG-6).

use super::{By, Organizations, Refused, authorize, quota};
use crate::{
    domain::{
        authority::{Inviter, Needed},
        invitation::{Invitation, LIFE, Message, State},
    },
    events,
    store::{self, quotas::Quota},
};
use pass_events::requests::{Claim, claim};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Email, InvitationId, Kind, Language, OrganizationId, RequestId, Role};
use sqlx::PgConnection;
use std::time::Duration;
use time::OffsetDateTime;

/// Whom to invite.
#[derive(Debug)]
pub struct CreateInvitation {
    /// The caller's name for this.
    pub request: RequestId,
    /// Into which organization.
    pub organization: OrganizationId,
    /// Whose address.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Shown in the mail.
    pub message: Message,
    /// Of the mail.
    pub language: Language,
}

/// An address can't be invited.
#[derive(Debug, thiserror::Error)]
pub enum CreateInvitationError {
    /// The person may not invite, or not with this role.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The `request_id` came with other content before.
    #[error("this request_id was used for something else")]
    RequestIdReused,
    /// The address is a member's.
    #[error("the address belongs to a member already")]
    AlreadyMember,
    /// The address is a Managed Account's.
    #[error("the address is a Managed Account's of this organization")]
    AddressIsManaged,
    /// The address has an open invitation.
    #[error("there is an open invitation for this address already")]
    AlreadyInvited,
    /// The organization has too many open invitations.
    #[error("the organization has as many open invitations as it may have")]
    TooManyOpen,
    /// Too many invitation mails today.
    #[error("no more invitations can be mailed today")]
    TooManyToday {
        /// When the next day begins.
        retry_after: Duration,
    },
    /// A fault of ours.
    #[error("the invitation could not be made")]
    Fault(#[source] Fault),
}

faults!(CreateInvitationError: sqlx::Error);
refusals!(CreateInvitationError: Refused);

impl From<Needed> for CreateInvitationError {
    fn from(needed: Needed) -> Self {
        Self::Refused(needed.into())
    }
}

impl Problem for CreateInvitationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::RequestIdReused | Self::AlreadyMember | Self::AddressIsManaged | Self::AlreadyInvited => {
                Kind::AlreadyExists
            }
            Self::TooManyOpen => Kind::Precondition,
            Self::TooManyToday { .. } => Kind::RateLimited,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::AlreadyMember => ErrorReason::AlreadyMember,
            Self::AddressIsManaged => ErrorReason::AddressIsManaged,
            Self::AlreadyInvited => ErrorReason::AlreadyInvited,
            Self::TooManyOpen => ErrorReason::InvitationLimit,
            Self::TooManyToday { .. } => ErrorReason::RateLimited,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyToday { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            _ => vec![],
        }
    }
}

impl Organizations {
    /// Invites; the mail follows the event. The same request again gives the same invitation.
    #[tracing::instrument(skip_all, fields(org.id = %create.organization))]
    pub async fn create_invitation(
        &self,
        by: &By,
        create: CreateInvitation,
    ) -> Result<Invitation, CreateInvitationError> {
        let mut tx = self.pool.begin().await?;
        let inviter = authorize::inviter(&mut tx, by, create.organization).await?;
        inviter.may_offer(create.role)?;
        let now = self.clock.now();
        let invitation = self.invitation(&inviter, &create, now);
        match claim_create(&mut tx, by, &create, invitation.id, now).await? {
            Claim::First => {}
            Claim::Reused => return Err(CreateInvitationError::RequestIdReused),
            Claim::Repeated(id) => {
                let earlier = store::invitations::find(&mut tx, id.into()).await?;
                return Ok(earlier.ok_or(Refused::NotFound)?);
            }
        }
        let organization = inviter.organization();
        let expired = store::invitations::expire_of(&mut tx, organization, &invitation.email, now).await?;
        not_a_members(&mut tx, organization, &invitation.email).await?;
        self.count_mail(&mut tx, &inviter, now).await?;
        self.leave_room(&mut tx, &inviter, now).await?;
        if !store::invitations::insert(&mut tx, &invitation).await? {
            return Err(CreateInvitationError::AlreadyInvited);
        }
        // Events come last in every use case: what they lock, the job that expires many locks too.
        if let Some(expired) = expired {
            self.outbox.publish(&mut tx, events::invitation_expired(organization, expired)).await?;
        }
        self.outbox.publish(&mut tx, events::invitation_created(by, &invitation)).await?;
        tx.commit().await?;
        Ok(invitation)
    }

    fn invitation(&self, inviter: &Inviter, create: &CreateInvitation, now: OffsetDateTime) -> Invitation {
        Invitation {
            id: InvitationId::generate(&self.entropy, now),
            organization: inviter.organization(),
            email: create.email.clone(),
            role: create.role,
            message: create.message.clone(),
            language: create.language,
            invited_by: inviter.account(),
            created_at: now,
            attempt: 1,
            state: State::Open,
            expires_at: now + LIFE,
            closed_at: None,
        }
    }

    /// Counts one more mail against the day's limits. Whoever else invites into this organization
    /// waits from here until this transaction ends.
    pub(super) async fn count_mail(
        &self,
        conn: &mut PgConnection,
        inviter: &Inviter,
        now: OffsetDateTime,
    ) -> Result<(), CreateInvitationError> {
        let limit = self.settings.invitation_mails_per_day;
        let quotas =
            [Quota::MailsOfOrganization(inviter.organization()), Quota::MailsOfAccount(inviter.account())];
        match quota::take(conn, &quotas, limit, now).await? {
            None => Ok(()),
            Some(retry_after) => Err(CreateInvitationError::TooManyToday { retry_after }),
        }
    }

    /// Refuses when there are as many open invitations as there may be.
    pub(super) async fn leave_room(
        &self,
        conn: &mut PgConnection,
        inviter: &Inviter,
        now: OffsetDateTime,
    ) -> Result<(), CreateInvitationError> {
        let open = store::invitations::count_open(conn, inviter.organization(), now).await?;
        if open < self.settings.open_invitations { Ok(()) } else { Err(CreateInvitationError::TooManyOpen) }
    }
}

/// Refuses an address that is a member's.
pub(super) async fn not_a_members(
    conn: &mut PgConnection,
    organization: OrganizationId,
    email: &Email,
) -> Result<(), CreateInvitationError> {
    match store::members::owner_of_email(conn, organization, email).await? {
        None => Ok(()),
        Some(AccountKind::Nulab) => Err(CreateInvitationError::AlreadyMember),
        Some(AccountKind::Managed) => Err(CreateInvitationError::AddressIsManaged),
    }
}

async fn claim_create(
    conn: &mut PgConnection,
    by: &By,
    create: &CreateInvitation,
    id: InvitationId,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let organization = create.organization.to_string();
    let content = [
        "CreateInvitation",
        &organization,
        create.email.as_str(),
        create.role.as_str(),
        create.message.as_str(),
        create.language.as_str(),
    ];
    claim(conn, by.person.account, create.request, &content, id.uuid(), now).await
}
