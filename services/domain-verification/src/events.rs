//! What domain-verification tells. It is told nothing.
//!
//! | it tells | when |
//! |---|---|
//! | `domain-verification.domain_added` | an administrator added a domain |
//! | `domain-verification.domain_verified` | its record was found for the first time |
//! | `domain-verification.domain_removed` | an administrator removed it |
//!
//! Everything that it tells is in order per organization.

use crate::{app::By, domain::claim::Domain};
use pass_events::{Event, Key};
use pass_proto::events::v1::{self as wire, envelope::Payload};

/// A domain is in an organization's list.
pub fn domain_added(by: &By, domain: &Domain) -> Event {
    let payload = Payload::DomainAdded(wire::DomainAdded {
        organization_id: domain.organization.to_string(),
        domain_id: domain.id.to_string(),
        name: domain.name.to_string(),
    });
    done(by, domain, payload)
}

/// A domain is proven.
pub fn domain_verified(by: &By, domain: &Domain) -> Event {
    let payload = Payload::DomainVerified(wire::DomainVerified {
        organization_id: domain.organization.to_string(),
        domain_id: domain.id.to_string(),
        name: domain.name.to_string(),
    });
    done(by, domain, payload)
}

/// A domain is gone.
pub fn domain_removed(by: &By, domain: &Domain) -> Event {
    let payload = Payload::DomainRemoved(wire::DomainRemoved {
        organization_id: domain.organization.to_string(),
        domain_id: domain.id.to_string(),
        name: domain.name.to_string(),
    });
    done(by, domain, payload)
}

/// Something that a person did to an organization's domain.
fn done(by: &By, domain: &Domain, payload: Payload) -> Event {
    Event::new(Key::organization(domain.organization), payload)
        .by(&by.actor())
        .from(&by.origin)
        .organization(domain.organization)
}
