//! What organization tells and what it is told, side by side.
//!
//! | it tells | when |
//! |---|---|
//! | `organization.organization_created`, `.member_added`, `.space_created` | a trial makes an organization |
//! | `organization.space_created` | a trial adds a product |
//! | `organization.invitation_created` | an address was invited, or is to be mailed again |
//! | `organization.invitation_accepted`, `.member_added` | somebody accepted |
//! | `organization.invitation_canceled`, `.invitation_expired` | an invitation is over |
//! | `organization.organization_handle_changed` | the Organization ID was set or changed |
//! | `organization.team_created` | a team was made |
//! | `organization.member_added`, `.member_removed` | identity adds or removes a Managed Account |
//! | `organization.member_removed`, `.invitation_canceled` | somebody deleted their Nulab Account (ACC-13) |
//! | `organization.managed_member_suspended`, `.managed_member_resumed` | it suspends or resumes one |
//!
//! | it is told | what it does |
//! |---|---|
//! | `identity.account_changed` | notes that the copy of the account's name and address may be old; a job asks identity |
//!
//! Everything that it tells is in order per organization.

use crate::{
    app::{By, Driver},
    domain::{
        invitation::Invitation,
        member::Member,
        organization::{Organization, Space},
        team::Team,
    },
    store,
};
use pass_events::{Event, Handler, HandlerError, Key};
use pass_proto::{
    convert::{FromWire, privileges_to_wire},
    events::v1::{
        self as wire, Envelope,
        envelope::Payload::{self, AccountChanged},
    },
};
use pass_types::{AccountId, Entropy, InvitationId, OrganizationId, SharedClock};
use sqlx::{Postgres, Transaction};

/// The consumer's queue.
pub const QUEUE: &str = "organization.directory";
/// What is bound to it.
pub const BINDINGS: &[&str] = &["identity.account_changed"];

/// An organization exists.
pub fn organization_created(by: &By, organization: &Organization) -> Event {
    let payload = Payload::OrganizationCreated(wire::OrganizationCreated {
        organization_id: organization.id.to_string(),
        space_key: organization.space_key.to_string(),
    });
    done(by, organization.id, payload)
}

/// A product's trial began.
pub fn space_created(by: &By, space: &Space) -> Event {
    let payload = Payload::SpaceCreated(wire::SpaceCreated {
        organization_id: space.organization.to_string(),
        product: space.product.to_wire().into(),
        space_id: space.id.to_string(),
        plan: space.plan.to_string(),
    });
    done(by, space.organization, payload)
}

/// An account became a member.
pub fn member_added(by: &By, member: &Member) -> Event {
    let payload = Payload::MemberAdded(wire::MemberAdded {
        organization_id: member.organization.to_string(),
        account_id: member.profile.account.to_string(),
        role: member.role.to_wire().into(),
        privileges: privileges_to_wire(&member.privileges),
    });
    done(by, member.organization, payload)
}

/// The mail of an invitation is due.
pub fn invitation_created(by: &By, invitation: &Invitation) -> Event {
    let payload = Payload::InvitationCreated(wire::InvitationCreated {
        organization_id: invitation.organization.to_string(),
        invitation_id: invitation.id.to_string(),
        attempt: invitation.attempt,
        role: invitation.role.to_wire().into(),
    });
    done(by, invitation.organization, payload)
}

/// An invitation made its acceptor a member.
pub fn invitation_accepted(by: &By, invitation: &Invitation) -> Event {
    let payload = Payload::InvitationAccepted(wire::InvitationAccepted {
        organization_id: invitation.organization.to_string(),
        invitation_id: invitation.id.to_string(),
        account_id: by.person.account.to_string(),
    });
    done(by, invitation.organization, payload)
}

/// An invitation was withdrawn.
pub fn invitation_canceled(by: &By, invitation: &Invitation) -> Event {
    let payload = Payload::InvitationCanceled(wire::InvitationCanceled {
        organization_id: invitation.organization.to_string(),
        invitation_id: invitation.id.to_string(),
    });
    done(by, invitation.organization, payload)
}

/// An open invitation went with the account of its address.
pub fn invitation_withdrawn(
    driver: &Driver,
    organization: OrganizationId,
    invitation: InvitationId,
) -> Event {
    let payload = Payload::InvitationCanceled(wire::InvitationCanceled {
        organization_id: organization.to_string(),
        invitation_id: invitation.to_string(),
    });
    driven(driver, organization, payload)
}

/// An invitation was not accepted in time: nobody's doing.
pub fn invitation_expired(organization: OrganizationId, invitation: InvitationId) -> Event {
    let payload = Payload::InvitationExpired(wire::InvitationExpired {
        organization_id: organization.to_string(),
        invitation_id: invitation.to_string(),
    });
    Event::new(Key::organization(organization), payload).organization(organization)
}

/// The Organization ID was set or changed.
pub fn organization_handle_changed(by: &By, organization: OrganizationId) -> Event {
    let payload = Payload::OrganizationHandleChanged(wire::OrganizationHandleChanged {
        organization_id: organization.to_string(),
    });
    done(by, organization, payload)
}

/// A team exists.
pub fn team_created(by: &By, team: &Team) -> Event {
    let payload = Payload::TeamCreated(wire::TeamCreated {
        organization_id: team.organization.to_string(),
        team_id: team.id.to_string(),
    });
    done(by, team.organization, payload)
}

/// An account is no member any more.
pub fn member_removed(driver: &Driver, organization: OrganizationId, account: AccountId) -> Event {
    let payload = Payload::MemberRemoved(wire::MemberRemoved {
        organization_id: organization.to_string(),
        account_id: account.to_string(),
    });
    driven(driver, organization, payload)
}

/// A Managed Account is suspended as a member, or is no more.
pub fn managed_member_suspended(
    driver: &Driver,
    organization: OrganizationId,
    account: AccountId,
    suspended: bool,
) -> Event {
    let (organization_id, account_id) = (organization.to_string(), account.to_string());
    let payload = if suspended {
        Payload::ManagedMemberSuspended(wire::ManagedMemberSuspended { organization_id, account_id })
    } else {
        Payload::ManagedMemberResumed(wire::ManagedMemberResumed { organization_id, account_id })
    };
    driven(driver, organization, payload)
}

/// Something that a person or identity did to an organization.
fn driven(driver: &Driver, organization: OrganizationId, payload: Payload) -> Event {
    match driver {
        Driver::Person(by) => done(by, organization, payload),
        Driver::Identity { actor, origin } => Event::new(Key::organization(organization), payload)
            .by(actor)
            .from(origin)
            .organization(organization),
    }
}

/// Something that a person did to an organization.
fn done(by: &By, organization: OrganizationId, payload: Payload) -> Event {
    Event::new(Key::organization(organization), payload)
        .by(&by.actor())
        .from(&by.origin)
        .organization(organization)
}

/// Notes which copies of identity's directory may be old.
pub struct DirectoryChanges {
    /// For the marks.
    pub clock: SharedClock,
    /// For the marks.
    pub entropy: Entropy,
}

impl Handler for DirectoryChanges {
    async fn handle(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        event: &Envelope,
    ) -> Result<(), HandlerError> {
        let Some(AccountChanged(wire::AccountChanged { account_id, fields: _ })) = &event.payload else {
            // A later version has bound the queue to it: it is not this one's to drop, and is put back with a redrive.
            return Err(HandlerError::Reject("a payload that this version does not know".to_owned()));
        };
        let account: AccountId = account_id
            .parse()
            .map_err(|_| HandlerError::Reject("the account_id is not a UUID".to_owned()))?;
        let mark = self.entropy.uuid(self.clock.now());
        Ok(store::directory::mark_copied(transaction, account, mark).await?)
    }
}
