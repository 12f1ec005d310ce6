//! The sample identity provider, as a browser goes through it.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use pass_demo::idp::{IdentityProvider, IdentityProviderConfig};
use pass_runtime::Context;
use reqwest::{Client, StatusCode};
use roxmltree::Document;
use std::{collections::BTreeMap, io::Write, time::Duration};
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

const ENTITY_ID: &str = "http://pass.example/saml/ACME";
const ACS: &str = "http://pass.example/saml/ACME/acs";
const HANA: &str = "hana@sample.example";

struct Server {
    context: Context,
    url: Url,
    client: Client,
    _folder: TempDir,
}

/// A form of a page: where it goes, and its fields.
type Form = (String, BTreeMap<String, String>);

impl Server {
    async fn start() -> Self {
        let (context, folder) = (crate::context(), tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let config = IdentityProviderConfig {
            public_url: url.clone(),
            data: folder.path().to_owned(),
            people: vec![
                format!("{HANA}=Hana Sato").parse().unwrap(),
                "ken@sample.example=森 健".parse().unwrap(),
            ],
            sp_prefixes: vec!["http://pass.example/saml/".parse().unwrap()],
        };
        let idp = IdentityProvider::new(config, &context).unwrap();
        context.tasks.spawn("IdP", |shutdown| async move { Ok(idp.serve(listener, shutdown).await?) });
        Self { context, url, client: crate::client(), _folder: folder }
    }

    /// Where the service provider sends the browser.
    fn asked(&self, acs: &str, relay_state: &str) -> Url {
        let mut sso = self.url.join("sso").unwrap();
        let xml = format!(
            r#"<q:AuthnRequest xmlns:q="urn:oasis:names:tc:SAML:2.0:protocol" ID="_request" Version="2.0"
            IssueInstant="2026-03-02T09:00:00Z" Destination="{sso}" AssertionConsumerServiceURL="{acs}"
            ><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">{ENTITY_ID}</Issuer></q:AuthnRequest>"#
        );
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(xml.as_bytes()).unwrap();
        let request = STANDARD.encode(encoder.finish().unwrap());
        sso.query_pairs_mut().append_pair("SAMLRequest", &request).append_pair("RelayState", relay_state);
        sso
    }

    async fn open(&self, url: Url) -> (StatusCode, String) {
        let answer = self.client.get(url).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status(), answer.text().await.unwrap())
    }

    /// Submits a form of the sign-in page, with the email (and name) given.
    async fn submit(&self, (action, mut fields): Form, email: &str, name: &str) -> (StatusCode, String) {
        fields.insert("email".to_owned(), email.to_owned());
        fields.insert("name".to_owned(), name.to_owned());
        let url = self.url.join(&action).unwrap();
        let answer = self.client.post(url).form(&fields).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn stop(self) {
        self.context.tasks.stop(Duration::from_secs(20)).await.unwrap();
    }
}

fn form(page: &str, id: &str) -> Form {
    let dom = tl::parse(page, tl::ParserOptions::default()).unwrap();
    let parser = dom.parser();
    let form = dom.get_element_by_id(id).unwrap_or_else(|| panic!("no form {id}: {page}"));
    let form = form.get(parser).unwrap().as_tag().unwrap();
    let value = |tag: &tl::HTMLTag, name: &str| {
        let value = tag.attributes().get(name).flatten().map(|value| value.as_utf8_str().into_owned());
        // What askama writes for the characters that matter in HTML.
        value.map(|value| {
            [("&#38;", "&"), ("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")]
                .iter()
                .fold(value, |value, (reference, character)| value.replace(reference, character))
        })
    };
    let fields = form
        .query_selector(parser, "input[type=hidden]")
        .unwrap()
        .filter_map(|node| node.get(parser)?.as_tag().cloned())
        .map(|input| (value(&input, "name").unwrap(), value(&input, "value").unwrap()))
        .collect();
    (value(form, "action").unwrap(), fields)
}

/// What a Response says of who signed in: address, name, and the request that it answers.
fn says(fields: &BTreeMap<String, String>) -> (String, String, Option<String>) {
    let xml = String::from_utf8(STANDARD.decode(&fields["SAMLResponse"]).unwrap()).unwrap();
    let document = Document::parse(&xml).unwrap();
    let text = |name: &str| {
        let mut found = document.descendants().filter(|node| node.tag_name().name() == name);
        found.next_back().and_then(|node| node.text()).unwrap().to_owned()
    };
    assert_eq!(text("Audience"), ENTITY_ID);
    let answers = document.root_element().attribute("InResponseTo").map(ToOwned::to_owned);
    (text("NameID"), text("AttributeValue"), answers)
}

#[tokio::test]
async fn somebody_of_the_list_signs_in_with_one_click() {
    let server = Server::start().await;
    let relay_state = "a&b=\"<c>\"";
    let (status, page) = server.open(server.asked(ACS, relay_state)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(ENTITY_ID) && page.contains("Hana Sato") && page.contains("森 健"), "{page}");

    let (status, page) = server.submit(form(&page, "people"), "ken@sample.example", "").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let (action, fields) = form(&page, "answer");
    assert_eq!((action.as_str(), fields["RelayState"].as_str()), (ACS, relay_state));
    let expected = ("ken@sample.example".to_owned(), "森 健".to_owned(), Some("_request".to_owned()));
    assert_eq!(says(&fields), expected);
    server.stop().await;
}

#[tokio::test]
async fn somebody_else_signs_in_with_an_address_and_a_name() {
    let server = Server::start().await;
    let (_, page) = server.open(server.asked(ACS, "")).await;
    for not_an_address in ["", "hana", "@sample.example", "hana@", "hana sato@sample.example"] {
        let (status, page) = server.submit(form(&page, "somebody"), not_an_address, "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{not_an_address:?}");
        // The page can be used again.
        assert_eq!(form(&page, "somebody"), form(&page, "people"));
        assert!(form(&page, "somebody").1.contains_key("SAMLRequest"));
    }
    let address = "o'hara@other.example";
    for (typed, name) in [("Scarlett <O'Hara>", "Scarlett <O'Hara>"), (" ", "o'hara")] {
        let (_, answer) = server.submit(form(&page, "somebody"), &format!(" {address} "), typed).await;
        let said = says(&form(&answer, "answer").1);
        assert_eq!(said, (address.to_owned(), name.to_owned(), Some("_request".to_owned())));
    }
    // Nobody takes another name than the list gives.
    let (_, answer) = server.submit(form(&page, "somebody"), HANA, "Mallory").await;
    assert_eq!(says(&form(&answer, "answer").1).1, "Hana Sato");
    server.stop().await;
}

#[tokio::test]
async fn a_sign_in_can_start_here() {
    let server = Server::start().await;
    let mut start = server.url.join("start").unwrap();
    start.query_pairs_mut().append_pair("sp", ENTITY_ID);
    let (_, page) = server.open(start).await;
    let (_, answer) = server.submit(form(&page, "people"), HANA, "").await;
    let (action, fields) = form(&answer, "answer");
    assert_eq!(action, ACS);
    assert!(!fields.contains_key("RelayState"));
    assert_eq!(says(&fields), (HANA.to_owned(), "Hana Sato".to_owned(), None));
    server.stop().await;
}

#[tokio::test]
async fn what_nobody_may_ask_is_refused_on_the_page_and_after_it() {
    let server = Server::start().await;
    let evil = server.asked("http://evil.example/saml/ACME/acs", "");
    let mut garbage = server.url.join("sso").unwrap();
    garbage.query_pairs_mut().append_pair("SAMLRequest", "%%%");
    let nothing = server.url.join("sso").unwrap();
    let mut start = server.url.join("start").unwrap();
    start.query_pairs_mut().append_pair("sp", "http://evil.example/saml/ACME");
    for url in [evil, garbage, nothing, start] {
        let (status, page) = server.open(url.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}");
        assert!(page.contains("id=\"refusal\"") && !page.contains("<form"), "{page}");
        // Nor when the page is left out.
        let fields = url.query_pairs().into_owned().collect();
        let (status, page) = server.submit(("/sign-in".to_owned(), fields), HANA, "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}");
        assert!(page.contains("id=\"refusal\"") && !page.contains("SAMLResponse"), "{page}");
    }
    server.stop().await;
}

#[tokio::test]
async fn metadata_and_page_say_the_same() {
    let server = Server::start().await;
    let answer = server.client.get(server.url.join("metadata").unwrap()).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/samlmetadata+xml");
    let xml = answer.text().await.unwrap();
    let document = Document::parse(&xml).unwrap();
    let node = |name: &str| document.descendants().find(|node| node.tag_name().name() == name).unwrap();
    let (_, home) = server.open(server.url.clone()).await;
    let entity_id = document.root_element().attribute("entityID").unwrap();
    let sso = node("SingleSignOnService");
    assert_eq!(sso.attribute("Binding"), Some("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"));
    assert_eq!(node("KeyDescriptor").attribute("use"), Some("signing"));
    for shown in [entity_id, sso.attribute("Location").unwrap()] {
        assert!(home.contains(&format!(">{shown}</dd>")), "{shown}: {home}");
    }
    let pem = home.split("-----").nth(2).unwrap().lines().collect::<String>();
    assert_eq!(node("X509Certificate").text(), Some(pem.replace("&#13;", "").as_str()));
    server.stop().await;
}
