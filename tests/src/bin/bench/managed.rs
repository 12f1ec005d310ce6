//! The paths of Managed Accounts: signing in by SAML, and making one.

use super::{
    load::{Row, run},
    paths::channel,
};
use pass_mesh::CallContext;
use pass_proto::{
    identity::v1::{
        CreateManagedAccountRequest, managed_account_service_client::ManagedAccountServiceClient,
    },
    types::v1::{Language, Role},
};
use pass_testkit::DnsServer;
use pass_tests::{Browser, Company, DOMAIN, Form, HANDLE, Page, Party, Provider, Suite};
use pass_types::{Origin, RequestId};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use url::Url;

/// Who signs in.
const NAME: &str = "yuki";

/// A company whose people sign in through the sample identity provider; one of them has a Managed Account.
pub async fn company(suite: Suite, dns: DnsServer) -> Company<Provider> {
    let provider = Provider::start(&suite).await;
    let company = Company::found(suite, dns, provider).await;
    company.prepare().await;
    let taro = &company.taro;
    let test =
        async |leaving: &Page| taro.submit(Provider::answer(taro, leaving, &address(NAME)).await).await;
    company.connect_with(company.idp.metadata(), test).await;
    company.create_managed(NAME, "Yuki Tanaka").await;
    company
}

fn address(name: &str) -> String {
    format!("{name}@{DOMAIN}")
}

/// A new browser that came from the product to the identity provider, and the form with its answer.
async fn back_from_the_provider(product: &Url, handle: &str, email: &str) -> (Browser, Form) {
    let browser = Browser::new("Bench", "en");
    let page = browser.open(product.join("/sign-in").expect("a path")).await;
    let page = browser.click(&page, "/managed").await;
    let leaving = browser.submit(page.form("/managed").with("identifier", handle)).await;
    let answer = Provider::answer(&browser, &leaving, email).await;
    (browser, answer)
}

/// The identity provider's answer to a session: the post to the ACS, and the page that sets the cookie.
pub async fn acs(company: &Company<Provider>, concurrent: usize) -> Row {
    const COUNT: usize = 400;
    let arrived = Arc::new(Mutex::new(Vec::with_capacity(COUNT)));
    let (product, keep) = (company.suite.backlog.clone(), arrived.clone());
    run(16, COUNT, move |_| {
        let (product, keep) = (product.clone(), keep.clone());
        async move {
            let one = back_from_the_provider(&product, HANDLE, &address(NAME)).await;
            keep.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        }
    })
    .await;
    let gateway = company.suite.gateway.clone();
    run(concurrent, COUNT, move |_| {
        let next = arrived.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let gateway = gateway.clone();
        async move {
            let (browser, answer) = next.expect("one that waits");
            // Where the sign-in page would be left for the product again.
            browser.submit_until(answer, &format!("{gateway}oauth/")).await;
            let host = gateway.host_str().unwrap_or_default();
            assert!(browser.cookie(host, "__Host-pass").is_some(), "no session");
        }
    })
    .await
}

/// A Managed Account, with its seat and its member: what the console asks identity.
pub async fn create(company: &Company<Provider>, concurrent: usize) -> Row {
    const COUNT: usize = 400;
    let suite = &company.suite;
    let config = suite.pki.service("console").expect("files").config("pass.internal");
    let client = ManagedAccountServiceClient::new(channel(suite, "console", config, "identity"));
    let token: Arc<str> = Party::console(suite).tokens(&company.taro).await.access.into();
    let (organization, context) = (company.id(), suite.context.clone());
    run(concurrent, COUNT, move |number| {
        let (mut client, token) = (client.clone(), token.clone());
        let request = CreateManagedAccountRequest {
            request_id: RequestId::generate(&context.entropy, context.clock.now()).to_string(),
            organization_id: organization.clone(),
            name: "Somebody New".to_owned(),
            email: address(&format!("new-{concurrent}-{number}")),
            unique_id: String::new(),
            language: Language::En.into(),
            time_zone: String::new(),
            role: Role::Member.into(),
            privileges: Vec::new(),
            team_ids: Vec::new(),
        };
        async move {
            let context = CallContext::person(token, Origin::default()).within(Duration::from_secs(20));
            client.create_managed_account(context.request(request)).await.expect("an account");
        }
    })
    .await
}

/// Whole sign-ins at a suite that runs elsewhere, from the product back to it, each in a new browser.
pub async fn sign_ins(product: Url, handle: &str, emails: Vec<String>, count: usize) -> Row {
    let (handle, emails): (Arc<str>, Arc<[String]>) = (handle.into(), emails.into());
    run(16, count, move |number| {
        let (product, handle, emails) = (product.clone(), handle.clone(), emails.clone());
        async move {
            let email = &emails[number % emails.len()];
            let (browser, answer) = back_from_the_provider(&product, &handle, email).await;
            let page = browser.submit(answer).await;
            assert!(page.text("#name").is_some(), "{} ({}):\n{}", page.url, page.status, page.body);
        }
    })
    .await
}
