//! What came of SAML sign-ins: an administrator's test, check by check (SML-6), and the log (SML-5).

use super::{
    SignedIn,
    frame::{Frame, Head, Pages, View},
    organization::administered,
    saml::settings_of,
};
use crate::grpc::{Connection, Outcome, SamlSignIn, SamlTest, TestState};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use pass_types::SamlTestId;
use pass_web::{Page, Refusal, html};

/// A test's verdict.
#[derive(Template)]
#[template(path = "saml_test.html")]
pub struct SamlTestPage {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub test: SamlTest,
    /// What could be tested next: the draft, else what is in force.
    pub again: Option<Connection>,
}

/// The log.
#[derive(Template)]
#[template(path = "saml_sign_ins.html")]
pub struct SamlSignIns {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub entries: Vec<SamlSignIn>,
    pub pages: Pages,
}

/// What a check is called: the service's own word for one that is not known here.
pub fn check_name(page: &Page, check: &str) -> String {
    page.t_or(&format!("check-{check}"), check)
}

/// Shows a test's verdict.
pub async fn test(
    me: SignedIn,
    Path((organization, test)): Path<(String, String)>,
) -> Result<Response, Response> {
    let test: SamlTestId = test.parse().map_err(|_| me.failed(Refusal::not_found()))?;
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    let test = me.suite.saml_test(id, test).await.map_err(|refusal| me.failed(refusal))?;
    let settings = settings_of(&me, id).await?;
    Ok(html(&SamlTestPage {
        page: me.page(),
        frame: Frame::of(&me, "organizations"),
        head: Head::of(&membership, "nulab-pass"),
        test,
        again: settings.draft.or(settings.active),
    }))
}

/// Shows the log.
pub async fn sign_ins(
    me: SignedIn,
    Path(organization): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    let found = me.suite.saml_sign_ins(id, &view.page).await.map_err(|refusal| me.failed(refusal))?;
    Ok(html(&SamlSignIns {
        page: me.page(),
        frame: Frame::of(&me, "organizations"),
        head: Head::of(&membership, "nulab-pass"),
        entries: found.items,
        pages: view.pages(&format!("/organizations/{id}/saml/sign-ins"), &found.next),
    }))
}
