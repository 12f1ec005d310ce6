//! An organization at a glance (ORG-13, ORG-14).

use super::{
    SignedIn,
    frame::{Frame, Head, View},
};
use crate::grpc::{Membership, Space, SpaceState};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, OrganizationId};
use pass_web::{Page, Refusal, html};

/// The overview.
#[derive(Template)]
#[template(path = "organization.html")]
pub struct Overview {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub membership: Membership,
    pub spaces: Vec<Space>,
}

impl Space {
    /// The plan's name for people; the product's own word for one that is not known here.
    pub fn plan_name(&self, page: &Page) -> String {
        page.t_or(&format!("plan-{}-{}", self.product, self.plan), &self.plan)
    }
}

/// Shows it.
pub async fn show(
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let (membership, spaces) = of_path(&me, &organization).await?;
    let head = Head::of(&membership, "overview");
    let (page, frame) = (view.noticed(me.page()), Frame::of(&me, "organizations"));
    Ok(html(&Overview { page, frame, head, membership, spaces }))
}

/// The organization that an address names, if the person is one of its administrators.
pub async fn administered(me: &SignedIn, id: &str) -> Result<Membership, Response> {
    let (membership, _) = of_path(me, id).await?;
    if !membership.administers() {
        return Err(me.failed(Refusal::new(Kind::Forbidden, ErrorReason::RoleMissing)));
    }
    Ok(membership)
}

/// The organization that an address names, if it is one of the person's.
pub async fn of_path(me: &SignedIn, id: &str) -> Result<(Membership, Vec<Space>), Response> {
    let id: OrganizationId = id.parse().map_err(|_| me.failed(Refusal::not_found()))?;
    me.suite.organization(id).await.map_err(|refusal| me.failed(refusal))
}
