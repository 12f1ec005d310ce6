//! An organization's SAML connection: what is in force, the draft, testing it and switching it on (SML-1,
//! SML-6).

use super::{
    Done, SignedIn,
    frame::{Frame, Head, View},
    organization::administered,
    signed_in::to_fresh_sign_in,
};
use crate::{
    domain::Destination,
    grpc::{Connection, Membership, NewDraft, SamlSettings},
};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{OrganizationId, SamlConnectionId};
use pass_web::{Form, Page, Refusal, html_with};

/// The settings.
#[derive(Template)]
#[template(path = "saml.html")]
pub struct SamlPage {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub settings: SamlSettings,
    /// Why metadata or certificates were refused, for whoever knows them (English).
    pub why: Vec<String>,
    pub fields: Fields,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Fields {
    pub metadata_xml: String,
    pub idp_entity_id: String,
    pub sso_url: String,
    pub certificates: String,
    /// Any value: ticked.
    pub sign_requests: Option<String>,
    /// Any value: ticked.
    pub allow_idp_initiated: Option<String>,
}

impl Fields {
    /// What a connection has.
    pub fn of(connection: &Connection) -> Self {
        let ticked = |ticked: bool| ticked.then(|| "true".to_owned());
        Self {
            metadata_xml: String::new(),
            idp_entity_id: connection.idp_entity_id.clone(),
            sso_url: connection.sso_url.clone(),
            certificates: connection.pem.clone(),
            sign_requests: ticked(connection.sign_requests),
            allow_idp_initiated: ticked(connection.allow_idp_initiated),
        }
    }
}

#[derive(Debug, serde::Deserialize)]
pub struct Which {
    connection_id: String,
}

/// Shows them.
pub async fn show(
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    page_of(&me, (StatusCode::OK, view.noticed(me.page())), &membership, vec![], None).await
}

/// Saves a draft.
pub async fn save(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    match me.suite.save_saml_draft(id, &draft(&fields)).await {
        Ok(()) => Ok(Done::SamlSaved.then(&format!("/organizations/{id}/saml"))),
        Err(refusal) => {
            let why = refusal.violations.iter().map(|(_, problem)| problem.clone()).collect();
            page_of(&me, me.again(refusal)?, &membership, why, Some(fields)).await
        }
    }
}

/// Begins a test: on to the gateway, whose page leads to the identity provider.
pub async fn test(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let connection = parse(&which).map_err(|refusal| me.failed(refusal))?;
    match me.suite.create_saml_test(membership.organization.id, connection).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(refusal) => refused(&me, &membership, refusal).await,
    }
}

/// Switches a tested draft on.
pub async fn switch_on(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    let connection = parse(&which).map_err(|refusal| me.failed(refusal))?;
    match me.suite.activate_saml(id, connection).await {
        Ok(()) => Ok(Done::SamlOn.then(&format!("/organizations/{id}/saml"))),
        Err(refusal) => refused(&me, &membership, refusal).await,
    }
}

async fn refused(me: &SignedIn, membership: &Membership, refusal: Refusal) -> Result<Response, Response> {
    if refusal.reason == ErrorReason::FreshSignInNeeded {
        return Ok(to_fresh_sign_in(&Destination::SamlAgain(membership.organization.id)));
    }
    page_of(me, me.again(refusal)?, membership, vec![], None).await
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    why: Vec<String>,
    fields: Option<Fields>,
) -> Result<Response, Response> {
    let settings = settings_of(me, membership.organization.id).await?;
    let fields = fields.or_else(|| settings.draft.as_ref().or(settings.active.as_ref()).map(Fields::of));
    let (frame, head) = (Frame::of(me, "organizations"), Head::of(membership, "nulab-pass"));
    let fields = fields.unwrap_or_default();
    Ok(html_with(status, &SamlPage { page, frame, head, settings, why, fields }))
}

/// The organization's settings.
pub async fn settings_of(me: &SignedIn, organization: OrganizationId) -> Result<SamlSettings, Response> {
    me.suite.saml(organization).await.map_err(|refusal| me.failed(refusal))
}

fn parse(which: &Which) -> Result<SamlConnectionId, Refusal> {
    which.connection_id.parse().map_err(|_| Refusal::malformed())
}

fn draft(fields: &Fields) -> NewDraft {
    NewDraft {
        metadata_xml: fields.metadata_xml.trim().to_owned(),
        idp_entity_id: fields.idp_entity_id.trim().to_owned(),
        sso_url: fields.sso_url.trim().to_owned(),
        certificates: fields.certificates.trim().to_owned(),
        sign_requests: fields.sign_requests.is_some(),
        allow_idp_initiated: fields.allow_idp_initiated.is_some(),
    }
}
