//! From messages to what use cases take, and back. Messages are taken apart exhaustively: a new field
//! does not compile until somebody decides about it.

use crate::{
    app::{AddDomain, ListDomains},
    domain::{
        claim::Domain,
        finding::{Finding, Kind},
        name::DomainName,
    },
};
use pass_mesh::violation;
use pass_proto::{
    convert::timestamp,
    domains::v1::{self as wire, domain::State, finding::Kind as WireKind},
};
use pass_types::{DomainId, Invalid, OrganizationId, Page, PageSize, Violation};
use std::str::FromStr;
use tonic::Status;

/// The longest page token that is looked at.
const PAGE_TOKEN: usize = 1024;

/// A field's value, or what is wrong with it.
fn field<T>(name: &'static str, value: Result<T, Invalid>) -> Result<T, Status> {
    value.map_err(|invalid| violation(invalid.of(name)))
}

fn parse<T: FromStr<Err = Invalid>>(name: &'static str, text: &str) -> Result<T, Status> {
    field(name, text.parse())
}

pub fn add_domain(request: &wire::AddDomainRequest) -> Result<AddDomain, Status> {
    let wire::AddDomainRequest { organization_id, name, request_id } = request;
    Ok(AddDomain {
        request: parse("request_id", request_id)?,
        organization: parse("organization_id", organization_id)?,
        name: parse("name", name)?,
    })
}

pub fn added(added: &Domain) -> wire::AddDomainResponse {
    wire::AddDomainResponse { domain: Some(domain(added)) }
}

pub fn list_domains(request: wire::ListDomainsRequest) -> Result<ListDomains, Status> {
    let wire::ListDomainsRequest { organization_id, page_size, page_token } = request;
    let size = field("page_size", PageSize::try_from(page_size))?;
    if page_token.len() > PAGE_TOKEN {
        return Err(violation(Violation { field: "page_token", problem: Invalid("is too long") }));
    }
    Ok(ListDomains { organization: parse("organization_id", &organization_id)?, size, token: page_token })
}

pub fn domains(page: Page<Domain>) -> wire::ListDomainsResponse {
    let domains = page.items.iter().map(domain).collect();
    wire::ListDomainsResponse { domains, next_page_token: page.next }
}

pub fn verify_domain(request: &wire::VerifyDomainRequest) -> Result<(OrganizationId, DomainId), Status> {
    let wire::VerifyDomainRequest { organization_id, domain_id } = request;
    Ok((parse("organization_id", organization_id)?, parse("domain_id", domain_id)?))
}

pub fn looked_up((looked_up, finding): (Domain, Finding)) -> wire::VerifyDomainResponse {
    let Finding { kind, codes } = finding;
    let kind = match kind {
        Kind::Match => WireKind::Match,
        Kind::NoSuchName => WireKind::NoSuchName,
        Kind::NoText => WireKind::NoTxt,
        Kind::OtherCodes => WireKind::OtherCodes,
        Kind::Wildcard => WireKind::Wildcard,
        Kind::ResolverFailure => WireKind::ResolverFailure,
        Kind::Disagreement => WireKind::Disagreement,
    };
    let finding = wire::Finding { kind: kind.into(), codes };
    wire::VerifyDomainResponse { domain: Some(domain(&looked_up)), finding: Some(finding) }
}

pub fn remove_domain(request: &wire::RemoveDomainRequest) -> Result<(OrganizationId, DomainId), Status> {
    let wire::RemoveDomainRequest { organization_id, domain_id } = request;
    Ok((parse("organization_id", organization_id)?, parse("domain_id", domain_id)?))
}

/// Addresses have domains that are none of ours (`foo_bar.example`): nobody has verified those.
pub fn check_domain(
    request: &wire::CheckDomainRequest,
) -> Result<(OrganizationId, Option<DomainName>), Status> {
    let wire::CheckDomainRequest { organization_id, name } = request;
    Ok((parse("organization_id", organization_id)?, name.parse().ok()))
}

pub fn find_organizations(request: &wire::FindOrganizationsRequest) -> Option<DomainName> {
    let wire::FindOrganizationsRequest { name } = request;
    name.parse().ok()
}

pub fn organizations(ids: &[OrganizationId]) -> wire::FindOrganizationsResponse {
    wire::FindOrganizationsResponse { organization_ids: ids.iter().map(ToString::to_string).collect() }
}

/// A domain that is being removed shows what it is until it is gone.
fn domain(domain: &Domain) -> wire::Domain {
    let Domain { id, organization: _, name, code, created_at, state: _ } = domain;
    let verified_at = domain.verified_at();
    let state = if verified_at.is_some() { State::Verified } else { State::Unverified };
    wire::Domain {
        domain_id: id.to_string(),
        name: name.to_string(),
        unicode_name: name.unicode(),
        mixed_script: name.mixed_script(),
        state: state.into(),
        record_name: name.record_name(),
        record_text: code.record(),
        create_time: Some(timestamp(*created_at)),
        verify_time: verified_at.map(timestamp),
    }
}
