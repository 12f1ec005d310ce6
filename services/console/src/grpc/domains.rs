//! Domains of an organization, from domain-verification (DOM).

use super::{AsPerson, List, list, refused, unusable};
use pass_proto::{
    convert::instant,
    domains::v1::{self as wire, domain::State as WireDomainState, finding::Kind as WireFinding},
};
use pass_types::{DomainId, Invalid, OrganizationId, RequestId};
use pass_web::Refusal;
use time::OffsetDateTime;

/// A domain.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// As DNS has it.
    pub name: String,
    /// As people read it.
    pub unicode_name: String,
    /// Its labels mix scripts: a look-alike (DOM-4).
    pub mixed_script: bool,
    /// The record was found.
    pub verified: bool,
    /// Where the record goes.
    pub record_name: String,
    /// What it says.
    pub record_text: String,
    /// When it was found.
    pub verify_time: Option<OffsetDateTime>,
}

/// What a look-up found (DOM-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// The record is there.
    Match,
    /// There is no such name.
    NoSuchName,
    /// The name has no TXT record.
    NoTxt,
    /// There are other codes.
    OtherCodes,
    /// Every name answers.
    Wildcard,
    /// Nothing can be said.
    ResolverFailure,
    /// The resolvers do not agree.
    Disagreement,
}

impl FindingKind {
    /// The word for it in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoSuchName => "no-such-name",
            Self::NoTxt => "no-txt",
            Self::OtherCodes => "other-codes",
            Self::Wildcard => "wildcard",
            Self::ResolverFailure => "resolver-failure",
            Self::Disagreement => "disagreement",
        }
    }
}

/// What a look-up found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// In short.
    pub kind: FindingKind,
    /// Codes that were there instead.
    pub codes: Vec<String>,
}

impl AsPerson {
    /// A page of the organization's domains, by name.
    pub async fn domains(
        &self,
        organization: OrganizationId,
        page_token: &str,
    ) -> Result<List<Domain>, Refusal> {
        let message = wire::ListDomainsRequest {
            organization_id: organization.to_string(),
            page_size: 0,
            page_token: page_token.to_owned(),
        };
        let request = self.context.request(message);
        let answer = self.suite.domains.clone().list_domains(request).await.map_err(refused)?;
        let wire::ListDomainsResponse { domains, next_page_token } = answer.into_inner();
        list(domains, next_page_token, domain_of)
    }

    /// Adds a domain, as typed (DOM-1).
    pub async fn add_domain(
        &self,
        organization: OrganizationId,
        request: RequestId,
        name: &str,
    ) -> Result<Domain, Refusal> {
        let message = wire::AddDomainRequest {
            organization_id: organization.to_string(),
            name: name.to_owned(),
            request_id: request.to_string(),
        };
        let request = self.context.request(message);
        let answer = self.suite.domains.clone().add_domain(request).await.map_err(refused)?;
        known(answer.into_inner().domain)
    }

    /// Looks the record up (DOM-2).
    pub async fn verify_domain(
        &self,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<(Domain, Finding), Refusal> {
        let message = wire::VerifyDomainRequest {
            organization_id: organization.to_string(),
            domain_id: id.to_string(),
        };
        let request = self.context.request(message);
        let answer = self.suite.domains.clone().verify_domain(request).await.map_err(refused)?;
        let wire::VerifyDomainResponse { domain, finding } = answer.into_inner();
        Ok((known(domain)?, finding_of(finding).map_err(unusable("finding"))?))
    }

    /// Removes a domain (DOM-6).
    pub async fn remove_domain(&self, organization: OrganizationId, id: DomainId) -> Result<(), Refusal> {
        let message = wire::RemoveDomainRequest {
            organization_id: organization.to_string(),
            domain_id: id.to_string(),
        };
        let request = self.context.request(message);
        self.suite.domains.clone().remove_domain(request).await.map_err(refused)?;
        Ok(())
    }
}

fn known(domain: Option<wire::Domain>) -> Result<Domain, Refusal> {
    domain.ok_or(Invalid("no domain")).and_then(domain_of).map_err(unusable("domain"))
}

fn domain_of(domain: wire::Domain) -> Result<Domain, Invalid> {
    let wire::Domain {
        domain_id,
        name,
        unicode_name,
        mixed_script,
        state,
        record_name,
        record_text,
        create_time: _,
        verify_time,
    } = domain;
    let verified = match WireDomainState::try_from(state) {
        Ok(WireDomainState::Unverified) => false,
        Ok(WireDomainState::Verified) => true,
        Ok(WireDomainState::Unspecified) | Err(_) => return Err(Invalid("an unknown state of a domain")),
    };
    Ok(Domain {
        id: domain_id.parse()?,
        name,
        unicode_name,
        mixed_script,
        verified,
        record_name,
        record_text,
        verify_time: verify_time.map(|at| instant(Some(at))).transpose()?,
    })
}

fn finding_of(finding: Option<wire::Finding>) -> Result<Finding, Invalid> {
    let wire::Finding { kind, codes } = finding.ok_or(Invalid("no finding"))?;
    let kind = match WireFinding::try_from(kind) {
        Ok(WireFinding::Match) => FindingKind::Match,
        Ok(WireFinding::NoSuchName) => FindingKind::NoSuchName,
        Ok(WireFinding::NoTxt) => FindingKind::NoTxt,
        Ok(WireFinding::OtherCodes) => FindingKind::OtherCodes,
        Ok(WireFinding::Wildcard) => FindingKind::Wildcard,
        Ok(WireFinding::ResolverFailure) => FindingKind::ResolverFailure,
        Ok(WireFinding::Disagreement) => FindingKind::Disagreement,
        Ok(WireFinding::Unspecified) | Err(_) => return Err(Invalid("an unknown finding")),
    };
    Ok(Finding { kind, codes })
}
