//! What billing tells; it is told nothing.
//!
//! | it tells | when |
//! |---|---|
//! | `billing.application_submitted` | an organization applied for the trial |
//! | `billing.application_approved`, `.application_rejected` | an operator decided |
//! | `billing.trial_ended` | the trial is over: the clock ended it, this only says so |
//! | `billing.seat_taken`, `.seat_freed` | a seat changed hands |
//!
//! Everything that it tells is in order per organization.

use crate::{app::Author, domain::application::Application};
use pass_events::{Event, Key};
use pass_proto::events::v1::{self as wire, envelope::Payload};
use pass_types::{AccountId, OrganizationId};

/// An organization applied.
pub fn application_submitted(author: &Author, application: &Application) -> Event {
    let payload = Payload::ApplicationSubmitted(wire::ApplicationSubmitted {
        organization_id: application.organization.to_string(),
        application_id: application.id.to_string(),
    });
    done(author, application.organization, payload)
}

/// The trial runs.
pub fn application_approved(author: &Author, application: &Application) -> Event {
    let payload = Payload::ApplicationApproved(wire::ApplicationApproved {
        organization_id: application.organization.to_string(),
        application_id: application.id.to_string(),
    });
    done(author, application.organization, payload)
}

/// The reason is to be mailed.
pub fn application_rejected(author: &Author, application: &Application) -> Event {
    let payload = Payload::ApplicationRejected(wire::ApplicationRejected {
        organization_id: application.organization.to_string(),
        application_id: application.id.to_string(),
    });
    done(author, application.organization, payload)
}

/// The trial is over: nobody's doing.
pub fn trial_ended(organization: OrganizationId) -> Event {
    let payload = Payload::TrialEnded(wire::TrialEnded { organization_id: organization.to_string() });
    Event::new(Key::organization(organization), payload).organization(organization)
}

/// An account has a seat.
pub fn seat_taken(author: &Author, organization: OrganizationId, account: AccountId) -> Event {
    let payload = Payload::SeatTaken(wire::SeatTaken {
        organization_id: organization.to_string(),
        account_id: account.to_string(),
    });
    done(author, organization, payload)
}

/// An account has no seat any more.
pub fn seat_freed(author: &Author, organization: OrganizationId, account: AccountId) -> Event {
    let payload = Payload::SeatFreed(wire::SeatFreed {
        organization_id: organization.to_string(),
        account_id: account.to_string(),
    });
    done(author, organization, payload)
}

/// Something that somebody did in an organization.
fn done(author: &Author, organization: OrganizationId, payload: Payload) -> Event {
    Event::new(Key::organization(organization), payload)
        .by(&author.actor)
        .from(&author.origin)
        .organization(organization)
}
