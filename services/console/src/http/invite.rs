//! Inviting somebody by mail (ORG-6).

use super::{
    Console, Done, SignedIn,
    frame::{Frame, Head},
    organization::of_path,
};
use crate::grpc::{Invitee, Membership};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Language, RequestId, Role};
use pass_web::{Form, Page, Refusal, html, html_with, http_status};

/// The form.
#[derive(Template)]
#[template(path = "invite.html")]
pub struct Invite {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub roles: Vec<(String, String, String)>,
    pub languages: Vec<(String, String)>,
    pub fields: Fields,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    pub request_id: String,
    pub email: String,
    pub role: String,
    #[serde(default)]
    pub message: String,
    pub language: String,
}

impl Invite {
    /// The form with what the fields have.
    pub fn new(page: Page, frame: Frame, membership: &Membership, fields: Fields) -> Self {
        // Who may only invite can't make administrators (ORG-5).
        let roles = [Role::Member, Role::Guest, Role::Administrator]
            .into_iter()
            .filter(|role| *role != Role::Administrator || membership.role == Role::Administrator)
            .map(|role| {
                (role.to_string(), page.t(&format!("role-{role}")), page.t(&format!("role-{role}-hint")))
            })
            .collect();
        let languages =
            Language::ALL.iter().map(|it| (it.to_string(), page.t(&format!("language-{it}")))).collect();
        Self { page, frame, head: Head::of(membership, "invitations"), roles, languages, fields }
    }
}

/// Shows it.
pub async fn show(
    State(console): State<Console>,
    me: SignedIn,
    Path(organization): Path<String>,
) -> Result<Response, Response> {
    let (membership, _) = of_path(&me, &organization).await?;
    if !membership.may_invite() {
        return Err(me.failed(Refusal::new(Kind::Forbidden, ErrorReason::RoleMissing)));
    }
    let fields = Fields {
        request_id: RequestId::generate(&console.entropy, console.clock.now()).to_string(),
        email: String::new(),
        role: Role::Member.to_string(),
        message: String::new(),
        language: me.account.language.to_string(),
    };
    Ok(html(&Invite::new(me.page(), Frame::of(&me, "organizations"), &membership, fields)))
}

/// Sends the invitation.
pub async fn send(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let (membership, _) = of_path(&me, &organization).await?;
    let id = membership.organization.id;
    let sent = match invitee(&fields) {
        Ok(invitee) => me.suite.invite(id, &invitee).await,
        Err(refusal) => Err(refusal),
    };
    match sent {
        Ok(()) => Ok(Done::Invited.then(&format!("/organizations/{id}/invitations"))),
        Err(refusal) if refusal.fields().is_empty() => Err(me.failed(refusal)),
        Err(refusal) => {
            let status = http_status(refusal.kind);
            let page = me.page().refused(refusal);
            Ok(html_with(status, &Invite::new(page, Frame::of(&me, "organizations"), &membership, fields)))
        }
    }
}

fn invitee(fields: &Fields) -> Result<Invitee, Refusal> {
    let wrong = |field: &'static str| move |_| Refusal::of_field(field, "must be one of the choices");
    Ok(Invitee {
        request: fields.request_id.parse().map_err(|_| Refusal::malformed())?,
        email: fields.email.trim().to_owned(),
        role: fields.role.parse().map_err(wrong("role"))?,
        // Browsers send line breaks as CR LF.
        message: fields.message.trim().replace("\r\n", "\n"),
        language: fields.language.parse().map_err(wrong("language"))?,
    })
}
