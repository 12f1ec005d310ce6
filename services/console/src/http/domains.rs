//! Domains of an organization: adding, verifying, removing (DOM).

use super::{
    Console, Done, SignedIn,
    frame::{Frame, Head, Pages, View},
    organization::administered,
    sign_in::Nothing,
};
use crate::grpc::{Domain, Finding, FindingKind, Membership};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::StatusCode;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{DomainId, Kind, RequestId};
use pass_web::{Form, Page, Refusal, html_with};

/// The list, with a form to add one.
#[derive(Template)]
#[template(path = "domains.html")]
pub struct Domains {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub entries: Vec<Domain>,
    pub pages: Pages,
    /// Makes adding happen once.
    pub request_id: String,
    /// What is typed to be added.
    pub name: String,
    /// What was just found, and for which domain.
    pub found: Option<(DomainId, Finding)>,
    /// How many Managed Accounts use the domain that was to be removed.
    pub users: Option<String>,
}

impl Domains {
    /// What was just found for a domain.
    pub fn finding(&self, domain: &Domain) -> Option<&Finding> {
        self.found.as_ref().filter(|(id, _)| *id == domain.id).map(|(_, finding)| finding)
    }
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    request_id: String,
    name: String,
}

/// What a page of the list shows besides the list.
#[derive(Default)]
struct More {
    status: StatusCode,
    /// Typed before; else a new one.
    request_id: Option<String>,
    name: String,
    found: Option<(Domain, Finding)>,
    users: Option<String>,
}

/// Shows them.
pub async fn show(
    State(console): State<Console>,
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    page_of(&console, &me, view.noticed(me.page()), &membership, &view, More::default()).await
}

/// Adds one.
pub async fn add(
    State(console): State<Console>,
    me: SignedIn,
    Path(organization): Path<String>,
    Form(Fields { request_id, name }): Form<Fields>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    let added = match request_id.parse() {
        Ok(request) => me.suite.add_domain(id, request, name.trim()).await,
        Err(_) => Err(Refusal::malformed()),
    };
    match added {
        Ok(_) => Ok(Done::DomainAdded.then(&format!("/organizations/{id}/domains"))),
        Err(refusal) => {
            let (status, page) = me.again(about_domain(refusal))?;
            let more = More { status, request_id: Some(request_id), name, ..More::default() };
            page_of(&console, &me, page, &membership, &View::default(), more).await
        }
    }
}

/// Looks its record up; what was found is told on the page itself unless the domain is verified now.
pub async fn verify(
    State(console): State<Console>,
    me: SignedIn,
    Path((organization, domain)): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let domain = parse(&domain).map_err(|refusal| me.failed(refusal))?;
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    match me.suite.verify_domain(id, domain).await {
        Ok((_, finding)) if finding.kind == FindingKind::Match => {
            Ok(Done::DomainVerified.then(&format!("/organizations/{id}/domains")))
        }
        Ok(found) => {
            let more = More { found: Some(found), ..More::default() };
            page_of(&console, &me, me.page(), &membership, &View::default(), more).await
        }
        Err(refusal) => {
            let (status, page) = me.again(refusal)?;
            let more = More { status, ..More::default() };
            page_of(&console, &me, page, &membership, &View::default(), more).await
        }
    }
}

/// Removes one (DOM-6).
pub async fn remove(
    State(console): State<Console>,
    me: SignedIn,
    Path((organization, domain)): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let domain = parse(&domain).map_err(|refusal| me.failed(refusal))?;
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    match me.suite.remove_domain(id, domain).await {
        Ok(()) => Ok(Done::DomainRemoved.then(&format!("/organizations/{id}/domains"))),
        Err(refusal) => {
            let in_use = refusal.reason == ErrorReason::DomainInUse;
            let users = refusal.metadata.get("needed").filter(|_| in_use).cloned();
            let (status, page) = me.again(refusal)?;
            let more = More { status, users, ..More::default() };
            page_of(&console, &me, page, &membership, &View::default(), more).await
        }
    }
}

async fn page_of(
    console: &Console,
    me: &SignedIn,
    page: Page,
    membership: &Membership,
    view: &View,
    more: More,
) -> Result<Response, Response> {
    let id = membership.organization.id;
    let listed = me.suite.domains(id, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    let mut entries = listed.items;
    let found = more.found.map(|(domain, finding)| {
        let id = domain.id;
        // It may be on a later page of the list.
        if entries.iter().all(|entry| entry.id != id) {
            entries.insert(0, domain);
        }
        (id, finding)
    });
    let fresh = || RequestId::generate(&console.entropy, console.clock.now()).to_string();
    let domains = Domains {
        request_id: more.request_id.unwrap_or_else(fresh),
        page,
        frame: Frame::of(me, "organizations"),
        head: Head::of(membership, "nulab-pass"),
        entries,
        pages: view.pages(&format!("/organizations/{id}/domains"), &listed.next),
        name: more.name,
        found,
        users: more.users,
    };
    Ok(html_with(more.status, &domains))
}

fn parse(id: &str) -> Result<DomainId, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}

/// What is wrong with a domain's name is said otherwise than what is wrong with a person's.
fn about_domain(refusal: Refusal) -> Refusal {
    if refusal.kind != Kind::InvalidInput || refusal.reason != ErrorReason::InvalidArgument {
        return refusal;
    }
    let violations = refusal.violations.into_iter().map(|(path, problem)| {
        let path = if path == "name" { "domain".to_owned() } else { path };
        (path, problem)
    });
    Refusal { violations: violations.collect(), ..refusal }
}
