//! A company whose people sign in by SAML, and what the tests do with it.

use crate::{
    company::Company,
    idp::{Asked, Idp, Says},
};
use pass_mesh::Failure;
use pass_proto::identity::v1::*;
use pass_types::{AccountId, Clock};
use std::sync::atomic::{AtomicU32, Ordering};

/// A company with its identity provider, switched on.
pub struct Connected {
    pub company: Company,
    pub idp: Idp,
    count: AtomicU32,
}

/// A browser on its way back.
pub struct Returning {
    pub asked: Asked,
    pub browser: String,
}

impl Connected {
    pub async fn start() -> Self {
        Self::with(Company::start().await, false).await
    }

    pub async fn with(company: Company, idp_initiated: bool) -> Self {
        let connected = Self { company, idp: Idp::own(), count: AtomicU32::new(0) };
        let draft = connected.draft(idp_initiated).await;
        connected.test(&draft.connection_id, |_| {}).await;
        connected.activate(&draft.connection_id).await.unwrap();
        connected
    }

    /// One beside it, that is not connected.
    pub fn beside(company: Company, idp: Idp) -> Self {
        Self { company, idp, count: AtomicU32::new(1000) }
    }

    /// Not connected yet.
    pub async fn without() -> Self {
        Self { company: Company::start().await, idp: Idp::own(), count: AtomicU32::new(0) }
    }

    pub async fn draft(&self, allow_idp_initiated: bool) -> SamlConnection {
        let request = SaveSamlDraftRequest {
            organization_id: self.company.organization.to_string(),
            source: Some(save_saml_draft_request::Source::Typed(TypedConnection {
                idp_entity_id: self.idp.entity_id.clone(),
                sso_url: format!("{}/sso?tenant=1", self.idp.entity_id),
                certificates: self.idp.certificate.clone(),
            })),
            sign_requests: false,
            allow_idp_initiated,
        };
        self.console().save_saml_draft(request).await.unwrap().draft.unwrap()
    }

    pub fn console(&self) -> crate::role::Role {
        self.company.suite.console_as(&self.company.administrator)
    }

    pub fn gateway(&self) -> crate::role::Role {
        self.company.suite.gateway_anonymous()
    }

    /// Runs a test of a connection, in which the identity provider says something; where its verdict is.
    pub async fn test(&self, connection_id: &str, change: impl FnOnce(&mut Says)) -> GetSamlTestResponse {
        let (organization_id, connection_id) =
            (self.company.organization.to_string(), connection_id.to_owned());
        let request = CreateSamlTestRequest { organization_id: organization_id.clone(), connection_id };
        let test = self.console().create_saml_test(request).await.unwrap();
        let token = test.url.strip_prefix("https://pass.test/saml/tests/").unwrap().to_owned();
        let begun = self.gateway().begin_saml_test(BeginSamlTestRequest { token }).await.unwrap();
        let asked = Idp::read(&begun.redirect_url);
        let mut says = asked.about("admin@acme.example", &self.assertion_id(), self.now());
        change(&mut says);
        let consumed = self.post(&self.idp.answer(&says), &asked.relay_state).await.unwrap();
        let finished = self.finish(&consumed.handle, &begun.browser_token).await.unwrap();
        assert!(finished.session.is_none());
        let organization = &organization_id;
        let place = format!("https://console.test/organizations/{organization}/saml/tests/{}", test.test_id);
        assert_eq!(finished.test_url, place);
        let request = GetSamlTestRequest { organization_id, test_id: test.test_id };
        self.console().get_saml_test(request).await.unwrap()
    }

    pub async fn activate(&self, connection_id: &str) -> Result<SamlConnection, Failure> {
        let (organization_id, connection_id) =
            (self.company.organization.to_string(), connection_id.to_owned());
        let request = ActivateSamlConnectionRequest { organization_id, connection_id };
        Ok(self.console().activate_saml_connection(request).await?.connection.unwrap())
    }

    pub fn now(&self) -> time::OffsetDateTime {
        self.company.suite.clock.now()
    }

    /// What is logged later sorts later: ids have the time in milliseconds.
    fn tick(&self) {
        self.company.suite.clock.advance(std::time::Duration::from_millis(1));
    }

    /// A new one each time.
    pub fn assertion_id(&self) -> String {
        format!("_a{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a browser to the identity provider.
    pub async fn leave(&self, identifier: &str) -> Result<Returning, Failure> {
        self.leave_to(identifier, false).await
    }

    /// The same, to sign in anew there or not.
    pub async fn leave_to(&self, identifier: &str, anew: bool) -> Result<Returning, Failure> {
        let request = BeginSamlSignInRequest {
            identifier: identifier.to_owned(),
            continuation: "r-1".to_owned(),
            force_authentication: anew,
            product: "Backlog".to_owned(),
        };
        let begun = self.gateway().begin_saml_sign_in(request).await?;
        Ok(Returning { asked: Idp::read(&begun.redirect_url), browser: begun.browser_token })
    }

    /// Posts an answer to the ACS of the company.
    pub async fn post(&self, field: &str, relay_state: &str) -> Result<ConsumeSamlResponseResponse, Failure> {
        self.tick();
        let request = ConsumeSamlResponseRequest {
            space_key: "AcmeSpace1".to_owned(),
            saml_response: field.to_owned(),
            relay_state: relay_state.to_owned(),
        };
        self.gateway().consume_saml_response(request).await
    }

    pub async fn finish(&self, handle: &str, browser: &str) -> Result<FinishSamlSignInResponse, Failure> {
        self.tick();
        let request = FinishSamlSignInRequest {
            handle: handle.to_owned(),
            browser_token: browser.to_owned(),
            replaced_token: String::new(),
        };
        self.gateway().finish_saml_sign_in(request).await
    }

    /// Goes all the way as somebody.
    pub async fn sign_in(&self, email: &str) -> Result<FinishSamlSignInResponse, Failure> {
        self.sign_in_as(email, |_| {}).await
    }

    /// The same, in which the identity provider says something more.
    pub async fn sign_in_as(
        &self,
        email: &str,
        change: impl FnOnce(&mut Says),
    ) -> Result<FinishSamlSignInResponse, Failure> {
        let returning = self.leave("acme").await?;
        let mut says = returning.asked.about(email, &self.assertion_id(), self.now());
        change(&mut says);
        let consumed = self.post(&self.idp.answer(&says), "").await?;
        self.finish(&consumed.handle, &returning.browser).await
    }

    /// The sign-in log, latest first.
    pub async fn log(&self) -> Vec<SamlSignIn> {
        let request = ListSamlSignInsRequest {
            organization_id: self.company.organization.to_string(),
            ..Default::default()
        };
        self.console().list_saml_sign_ins(request).await.unwrap().sign_ins
    }

    pub async fn employ(&self, email: &str) -> AccountId {
        self.company.employ(email).await
    }
}
