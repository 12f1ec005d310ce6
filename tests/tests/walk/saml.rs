//! What Acme has of SAML: an identity provider, the connection to it in force, a Managed Account that signed
//! in by it; a draft that nobody has tested, and a test of it that waits.

use crate::{
    asker::Asker,
    nulab_pass::{HANDLE, SIGNED_IN, SIGNED_IN_NAME},
    people::{Person, of_browser},
};
use pass_demo::idp::{IdentityProvider, IdentityProviderConfig};
use pass_proto::identity::v1::{
    ActivateSamlConnectionRequest, ActivateSamlConnectionResponse, CreateSamlTestRequest,
    CreateSamlTestResponse, SaveSamlDraftRequest, SaveSamlDraftResponse, TypedConnection,
    save_saml_draft_request::Source,
};
use pass_tests::{Browser, Page, Suite};
use std::{fs, net::Ipv4Addr};
use tokio::net::TcpListener;

/// The identity provider of the draft.
pub const ENTITY_ID: &str = "https://idp.acme.example/metadata";
/// Where it signs people in.
pub const SSO_URL: &str = "https://idp.acme.example/sso";

/// Draft and test.
pub struct Saml {
    /// The draft.
    pub connection: String,
    /// The test.
    pub test: String,
    /// What the address of the test has.
    pub test_token: String,
    /// The provider's certificate, in PEM.
    pub certificate: String,
}

impl Saml {
    /// Connects the identity provider, then saves a draft of another one and begins its test.
    pub async fn make(
        asker: &Asker<'_>,
        administrator: &Person,
        organization: &str,
        space_key: &str,
    ) -> Self {
        let metadata = start_identity_provider(asker.suite).await;
        let mut request = draft(organization, "");
        request.source = Some(Source::MetadataXml(metadata));
        let connection_id = asker.save_draft(administrator, &request).await;
        let (_, url) = asker.create_test(administrator, organization, &connection_id).await;
        let page = administrator.browser.open(url).await;
        come_back(asker.suite, &administrator.browser, &page, space_key, administrator.email).await;
        let request =
            ActivateSamlConnectionRequest { organization_id: organization.to_owned(), connection_id };
        let method = "identity.v1.SamlConnectionService.ActivateSamlConnection";
        let _: ActivateSamlConnectionResponse = asker.ask(administrator, method, &request).await;

        let certificate = fs::read_to_string(asker.suite.pki.ca_file()).expect("a certificate");
        let connection = asker.save_draft(administrator, &draft(organization, &certificate)).await;
        let (test, url) = asker.create_test(administrator, organization, &connection).await;
        let test_token = url.rsplit('/').next().unwrap_or_default().to_owned();
        Self { connection, test, test_token, certificate }
    }
}

impl Asker<'_> {
    async fn save_draft(&self, administrator: &Person, request: &SaveSamlDraftRequest) -> String {
        let method = "identity.v1.SamlConnectionService.SaveSamlDraft";
        let answer: SaveSamlDraftResponse = self.ask(administrator, method, request).await;
        answer.draft.expect("a draft").connection_id
    }

    async fn create_test(
        &self,
        administrator: &Person,
        organization: &str,
        connection: &str,
    ) -> (String, String) {
        let request = CreateSamlTestRequest {
            organization_id: organization.to_owned(),
            connection_id: connection.to_owned(),
        };
        let method = "identity.v1.SamlConnectionService.CreateSamlTest";
        let answer: CreateSamlTestResponse = self.ask(administrator, method, &request).await;
        (answer.test_id, answer.url)
    }
}

/// The Managed Account that signs in.
pub async fn sign_in(suite: &Suite, space_key: &str) -> Person {
    let browser = Browser::new(SIGNED_IN_NAME, "en");
    let page = browser.open(suite.gateway.join("/managed").expect("a path")).await;
    let page = browser.submit(page.form("/managed").with("identifier", HANDLE)).await;
    come_back(suite, &browser, &page, space_key, SIGNED_IN).await;
    let person = of_browser(suite, SIGNED_IN_NAME, SIGNED_IN, browser).await;
    Person { of_acme: true, ..person }
}

/// From the page that leads to the identity provider to wherever its answer leads.
async fn come_back(suite: &Suite, browser: &Browser, leaving: &Page, space_key: &str, email: &str) {
    let page = browser.click(leaving, "SAMLRequest=").await;
    let page = browser.submit(page.form("/sign-in").tampered("email", Some(email))).await;
    let answer = page.form("/acs");
    let fields = ["SAMLResponse", "RelayState"].map(|name| (name, answer.value(name).unwrap_or_default()));
    let acs = suite.gateway.join(&format!("/saml/{space_key}/acs")).expect("a path");
    let page = browser.post_across(&page.url, &acs, &fields).await;
    assert!(page.status.is_success(), "{} {}", page.url, page.body);
}

/// Starts the sample identity provider; its metadata.
async fn start_identity_provider(suite: &Suite) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let config = IdentityProviderConfig {
        public_url: format!("http://{address}").parse().expect("an address"),
        data: folder.path().to_owned(),
        people: vec![],
        sp_prefixes: vec![suite.gateway.clone()],
    };
    let provider = IdentityProvider::new(config, &suite.context).expect("a key");
    let metadata = provider.metadata();
    let serve = |shutdown| async move { Ok(provider.serve(listener, shutdown).await?) };
    suite.context.tasks.spawn("identity provider", serve);
    metadata
}

/// A connection as an administrator types it.
pub fn draft(organization: &str, certificate: &str) -> SaveSamlDraftRequest {
    SaveSamlDraftRequest {
        organization_id: organization.to_owned(),
        sign_requests: true,
        allow_idp_initiated: true,
        source: Some(Source::Typed(TypedConnection {
            idp_entity_id: ENTITY_ID.to_owned(),
            sso_url: SSO_URL.to_owned(),
            certificates: certificate.to_owned(),
        })),
    }
}
