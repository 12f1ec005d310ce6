//! Nulab Pass of an organization: where it stands, applying for the trial (BIL-1, BIL-2), and what is set up.

use super::{
    Console, Done, SignedIn,
    frame::{Frame, Head, View},
    organization::of_path,
};
use crate::grpc::{Membership, NewApplication, NulabPass, NulabPassState, Space};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Privilege, RequestId};
use pass_web::{Form, Page, Refusal, html, html_with};

/// The page.
#[derive(Template)]
#[template(path = "nulab_pass.html")]
pub struct NulabPassPage {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub pass: NulabPass,
    /// Whether the organization has a product, which Nulab Pass is for.
    pub has_product: bool,
    /// What administrators set up; empty for others.
    pub steps: Vec<Step>,
    pub fields: Fields,
}

/// Something to set up.
pub struct Step {
    /// Its texts are `step-<name>` and `step-<name>-hint`.
    pub name: &'static str,
    /// Where it is done, under the organization's address.
    pub path: &'static str,
    /// Whether it is done; `None`: that can't be told now.
    pub done: Option<bool>,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    pub request_id: String,
    pub contact_name: String,
    pub plan_admin_email: String,
    pub company: String,
    pub space_key: String,
}

/// Shows it.
pub async fn show(
    State(console): State<Console>,
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let (membership, spaces) = entitled(&me, &organization).await?;
    let is_plan_admin = membership.privileges.has(Privilege::PlanAdmin);
    let fields = Fields {
        request_id: RequestId::generate(&console.entropy, console.clock.now()).to_string(),
        contact_name: me.account.name.clone(),
        plan_admin_email: if is_plan_admin { me.account.email.clone() } else { String::new() },
        company: membership.organization.name.clone(),
        space_key: membership.organization.space_key.clone(),
    };
    Ok(html(&page_of(&me, view.noticed(me.page()), &membership, &spaces, fields).await?))
}

/// Applies for the trial.
pub async fn apply(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let (membership, spaces) = entitled(&me, &organization).await?;
    let id = membership.organization.id;
    let applied = match application(&me, &fields) {
        Ok(application) => me.suite.apply(id, &application).await,
        Err(refusal) => Err(refusal),
    };
    match applied {
        Ok(()) => Ok(Done::Applied.then(&format!("/organizations/{id}/nulab-pass"))),
        Err(refusal) => {
            let (status, page) = me.again(refusal)?;
            Ok(html_with(status, &page_of(&me, page, &membership, &spaces, fields).await?))
        }
    }
}

/// The organization, if its Nulab Pass is the person's business.
async fn entitled(me: &SignedIn, id: &str) -> Result<(Membership, Vec<Space>), Response> {
    let (membership, spaces) = of_path(me, id).await?;
    if !membership.may_see_nulab_pass() {
        return Err(me.failed(Refusal::new(Kind::Forbidden, ErrorReason::RoleMissing)));
    }
    Ok((membership, spaces))
}

async fn page_of(
    me: &SignedIn,
    page: Page,
    membership: &Membership,
    spaces: &[Space],
    fields: Fields,
) -> Result<NulabPassPage, Response> {
    let pass = me.suite.nulab_pass(membership.organization.id).await.map_err(|refusal| me.failed(refusal))?;
    let steps = if pass.state == NulabPassState::Trial && membership.administers() {
        steps(me, membership, &pass).await
    } else {
        Vec::new()
    };
    Ok(NulabPassPage {
        page,
        frame: Frame::of(me, "organizations"),
        head: Head::of(membership, "nulab-pass"),
        pass,
        has_product: !spaces.is_empty(),
        steps,
        fields,
    })
}

/// What is to be set up, in order. A service that does not answer is no reason to show nothing.
async fn steps(me: &SignedIn, membership: &Membership, pass: &NulabPass) -> Vec<Step> {
    let id = membership.organization.id;
    let (domains, saml) = tokio::join!(me.suite.domains(id, ""), me.suite.saml(id));
    vec![
        Step {
            name: "handle",
            path: "organization-id",
            done: Some(!membership.organization.handle.is_empty()),
        },
        Step {
            name: "domains",
            path: "domains",
            done: domains.ok().map(|domains| domains.items.iter().any(|domain| domain.verified)),
        },
        Step { name: "saml", path: "saml", done: saml.ok().map(|settings| settings.active.is_some()) },
        Step { name: "managed", path: "members/new-managed", done: Some(pass.seats_used > 0) },
    ]
}

fn application(me: &SignedIn, fields: &Fields) -> Result<NewApplication, Refusal> {
    Ok(NewApplication {
        request: fields.request_id.parse().map_err(|_| Refusal::malformed())?,
        contact_name: fields.contact_name.trim().to_owned(),
        plan_admin_email: fields.plan_admin_email.trim().to_owned(),
        company: fields.company.trim().to_owned(),
        space_key: fields.space_key.trim().to_owned(),
        language: me.account.language,
    })
}
