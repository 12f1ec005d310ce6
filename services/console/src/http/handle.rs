//! The Organization ID, which Managed Accounts type to sign in (ORG-3).

use super::{
    Done, SignedIn,
    frame::{Frame, Head},
    organization::administered,
};
use crate::grpc::Membership;
use askama::Template;
use axum::{extract::Path, response::Response};
use pass_web::{Form, Page, html, html_with};

/// The form.
#[derive(Template)]
#[template(path = "handle.html")]
pub struct HandlePage {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub handle: String,
    /// Whether there is one already.
    pub change: bool,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    handle: String,
}

impl HandlePage {
    /// The form with what its field has.
    pub fn new(page: Page, frame: Frame, membership: &Membership, handle: String) -> Self {
        let change = !membership.organization.handle.is_empty();
        Self { page, frame, head: Head::of(membership, "nulab-pass"), handle, change }
    }
}

/// Shows it.
pub async fn show(me: SignedIn, Path(organization): Path<String>) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let handle = membership.organization.handle.clone();
    Ok(html(&HandlePage::new(me.page(), Frame::of(&me, "organizations"), &membership, handle)))
}

/// Sets it.
pub async fn save(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(Fields { handle }): Form<Fields>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    match me.suite.set_handle(id, handle.trim()).await {
        Ok(()) => Ok(Done::HandleSet.then(&format!("/organizations/{id}/nulab-pass"))),
        Err(refusal) => {
            let (status, page) = me.again(refusal)?;
            let frame = Frame::of(&me, "organizations");
            Ok(html_with(status, &HandlePage::new(page, frame, &membership, handle)))
        }
    }
}
