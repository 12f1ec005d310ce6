//! The people of the walk and what is theirs, made the way people make it: by the pages, by HTTP and by
//! calls. Acme is the organization that others must not reach.

use crate::wire::{Said, Wire};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use pass_proto::{
    errors::v1::ErrorReason,
    organization::v1::{
        AcceptInvitationRequest, CreateInvitationRequest, CreateInvitationResponse, StartTrialRequest,
        StartTrialResponse,
    },
    types::v1::{Language, Product, Role},
};
use pass_testkit::wait_for;
use pass_tests::{Browser, Suite};
use pass_types::RequestId;
use prost::Message;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery 7 staple";
const VERIFIER: &str = "walk-verifier-walk-verifier-walk-verifier-0001";

/// Somebody with an account.
pub struct Person {
    /// As the account has it.
    pub name: &'static str,
    /// As the account has it.
    pub email: &'static str,
    /// Signed in at the gateway.
    pub browser: Browser,
    /// Of the account.
    pub account: String,
    /// The browser's session.
    pub session: String,
    /// Tokens of the client "console", audience "pass".
    pub console: Tokens,
    /// Tokens of the client "backlog", audience "backlog".
    pub product: Tokens,
}

/// What an exchange gives.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The ID token.
    pub id: String,
    /// The refresh token.
    pub refresh: String,
}

/// The suite, with people and organizations in it.
pub struct Fixture {
    /// The suite.
    pub suite: Suite,
    /// Everybody's certificates.
    pub wire: Wire,
    /// The contract.
    pub pool: DescriptorPool,
    /// Administrator of Acme.
    pub administrator: Person,
    /// Member of Acme.
    pub member: Person,
    /// Guest of Acme.
    pub guest: Person,
    /// Administrator of another organization.
    pub outsider: Person,
    /// In no organization; has an open invitation to Acme.
    pub invited: Person,
    /// Their account's unique ID.
    pub unique_id: String,
    /// The id of Acme.
    pub acme: String,
    /// The id of the other organization.
    pub other: String,
    /// An open invitation of Acme, to an address without an account.
    pub invitation: String,
    /// What the link of the other open invitation, for `invited`, has.
    pub invitation_token: String,
    /// The administrator's other session, and its secret.
    pub spare: (String, String),
    /// A sign-up that waits for its password, and what its link has.
    pub sign_up: (String, String),
    /// Tokens of the administrator that are over.
    pub expired: Tokens,
    /// Tokens of a session of the administrator that has ended.
    pub revoked: Tokens,
    /// And those for the product.
    pub revoked_product: Tokens,
    /// The same of a product's tokens that are over.
    pub expired_product: Tokens,
}

impl Fixture {
    /// Makes it all.
    pub async fn make() -> Self {
        let suite = Suite::start_with(|config| {
            // What is walked is not how often: the limits have tests of their own.
            config.gateway.credentials_per_minute = std::num::NonZeroU32::MAX;
            config.identity.limits.failed_sign_ins_per_network = u32::MAX;
            config.identity.limits.sign_ups_per_network = u32::MAX;
            config.identity.limits.sign_ups_per_address = u32::MAX;
        })
        .await;
        let (wire, pool) = (Wire::new(&suite), pass_proto::descriptor_pool());
        let mut administrator = sign_up(&suite, "Taro Yamada", "taro@acme.example").await;
        let mut member = sign_up(&suite, "Mika Abe", "mika@acme.example").await;
        let mut guest = sign_up(&suite, "Goro Ito", "goro@agency.example").await;
        let mut outsider = sign_up(&suite, "Olga Other", "olga@other.example").await;
        let mut invited = sign_up(&suite, "Nina New", "nina@acme.example").await;

        let asker = Asker { suite: &suite, wire: &wire, pool: &pool };
        let acme = asker.start_trial(&administrator, "Acme", "acme").await;
        let other = asker.start_trial(&outsider, "Other", "other").await;
        asker.join(&administrator, &acme, &member, Role::Member).await;
        asker.join(&administrator, &acme, &guest, Role::Guest).await;
        let (_, invitation_token) = asker.invite(&administrator, &acme, invited.email, Role::Member).await;
        let (invitation, _) = asker.invite(&administrator, &acme, "open@acme.example", Role::Member).await;

        let (expired, expired_product) = (administrator.console.clone(), administrator.product.clone());
        suite.clock.advance(Duration::from_mins(10));
        for person in [&mut administrator, &mut member, &mut guest, &mut outsider, &mut invited] {
            (person.console, person.product) = tokens(&suite, &person.browser).await;
        }
        let spare = second_session(&suite, &administrator, "spare").await;
        let spare = (
            claim(&spare.1.access, "sid"),
            spare.0.cookie("pass.localhost", "__Host-pass").expect("a session"),
        );
        let (ended, revoked, revoked_product) = second_session(&suite, &administrator, "ended").await;
        let page = ended.open(suite.gateway.join("/oauth/logout").expect("a path")).await;
        ended.submit(page.form("/oauth/logout/confirm")).await;
        for (service, product) in [
            ("identity.v1.AccountService.GetMyAccount", false),
            ("organization.v1.AccessService.CheckAccess", true),
        ] {
            let token = if product { &revoked_product } else { &revoked };
            let said = Said::Token(token.access.clone());
            let method = method(&pool, &format!("pass.{service}"));
            let peer = if product { "backlog" } else { "console" };
            wait_for(async || {
                let refused = wire.call(peer, &method, &said, &[]).await.err();
                refused.is_some_and(|failure| failure.reason == ErrorReason::TokenRevoked)
            })
            .await;
        }
        let sign_up = begin_sign_up(&suite).await;
        let sql = "SELECT unique_id FROM accounts WHERE email = $1";
        let unique_id =
            sqlx::query_scalar(sql).bind(invited.email).fetch_one(&suite.databases["identity"].pool).await;
        let unique_id = unique_id.expect("an account");
        settle(&suite).await;
        Self {
            suite,
            wire,
            pool,
            administrator,
            member,
            guest,
            outsider,
            invited,
            unique_id,
            acme,
            other,
            invitation,
            invitation_token,
            spare,
            sign_up,
            expired,
            revoked,
            revoked_product,
            expired_product,
        }
    }

    /// What nobody outside of Acme may ever see.
    pub fn secrets(&self) -> Vec<&str> {
        let mut secrets =
            vec![self.acme.as_str(), "Acme", &self.invitation, "open@acme.example", &self.invitation_token];
        secrets.extend([self.spare.0.as_str(), &self.spare.1]);
        for person in [&self.administrator, &self.member, &self.guest] {
            secrets.extend([person.name, person.email, &person.account, &person.session]);
        }
        secrets
    }
}

/// Waits until everybody has been told what happened: clients of sessions that ended, then all others.
async fn settle(suite: &Suite) {
    const DUE: [(&str, &str); 4] = [
        ("gateway", "SELECT count(*) FROM back_channel_logouts WHERE settle_time IS NULL"),
        ("gateway", "SELECT count(*) FROM outbox WHERE published_at IS NULL"),
        ("identity", "SELECT count(*) FROM outbox WHERE published_at IS NULL"),
        ("organization", "SELECT count(*) FROM outbox WHERE published_at IS NULL"),
    ];
    for (service, due) in DUE {
        wait_for(async || {
            let due = sqlx::query_scalar(due).fetch_one(&suite.databases[service].pool).await;
            due.map(|due: i64| due == 0).expect("a count")
        })
        .await;
    }
}

/// A method of the contract by its full name.
pub fn method(pool: &DescriptorPool, name: &str) -> MethodDescriptor {
    let (service, method) = name.rsplit_once('.').expect("a full name");
    let service = pool.get_service_by_name(service).unwrap_or_else(|| panic!("no service {service}"));
    let found = service.methods().find(|found| found.name() == method);
    found.unwrap_or_else(|| panic!("no method {name}"))
}

async fn sign_up(suite: &Suite, name: &'static str, email: &'static str) -> Person {
    let browser = Browser::new(name, "en");
    suite.sign_up(&browser, name, email, PASSWORD).await;
    let (console, product) = tokens(suite, &browser).await;
    let (account, session) = (claim(&console.access, "sub"), claim(&console.access, "sid"));
    Person { name, email, browser, account, session, console, product }
}

async fn second_session(suite: &Suite, person: &Person, name: &str) -> (Browser, Tokens, Tokens) {
    let browser = Browser::new(name, "en");
    let page = browser.open(suite.gateway.join("/sign-in").expect("a path")).await;
    suite.sign_in(&browser, &page, person.email, PASSWORD).await;
    let (console, product) = tokens(suite, &browser).await;
    (browser, console, product)
}

/// A sign-up that has its mail: its id, and what the link has.
async fn begin_sign_up(suite: &Suite) -> (String, String) {
    let (browser, email) = (Browser::new("Somebody", "en"), "somebody@new.example");
    let page = browser.open(suite.gateway.join("/sign-up").expect("a path")).await;
    browser.submit(page.form("/sign-up").with("name", "Somebody New").with("email", email)).await;
    let token = link_token(suite, email, "/sign-up/").await;
    let sql = "SELECT id::text FROM sign_ups WHERE email = $1";
    let id = sqlx::query_scalar(sql).bind(email).fetch_one(&suite.databases["identity"].pool).await;
    (id.expect("the sign-up"), token)
}

/// The last part of the link of the mail to somebody.
async fn link_token(suite: &Suite, email: &str, kind: &str) -> String {
    let link = wait_for(async || {
        let mails = suite.mails.mails_to(email);
        mails.iter().filter_map(|mail| mail.link()).find(|link| link.contains(kind)).map(str::to_owned)
    })
    .await;
    link.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Tokens of the console and of the sample product, for whoever is signed in in the browser.
async fn tokens(suite: &Suite, browser: &Browser) -> (Tokens, Tokens) {
    let console_secret = suite.config.console.client_secret.expose();
    let console =
        exchange(suite, browser, "console", console_secret, &format!("{}callback", suite.console)).await;
    let redirect_uri = format!("{}callback", suite.backlog);
    (console, exchange(suite, browser, "backlog", &suite.backlog_secret, &redirect_uri).await)
}

async fn exchange(
    suite: &Suite,
    browser: &Browser,
    client: &str,
    secret: &str,
    redirect_uri: &str,
) -> Tokens {
    let mut url = suite.gateway.join("/oauth/authorize").expect("a path");
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", redirect_uri),
        ("scope", "openid offline_access profile email"),
        ("state", "s"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let location = browser.redirect_of(url.as_str()).await;
    let code = location.query_pairs().find(|(name, _)| name == "code");
    let (_, code) = code.unwrap_or_else(|| panic!("no code for {client}: {location}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let http = pass_runtime::http::client(Duration::from_secs(20)).expect("a client");
    let endpoint = suite.gateway.join("/oauth/token").expect("a path");
    let answer =
        http.post(endpoint).basic_auth(client, Some(secret)).form(&form).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned();
    Tokens { access: text("access_token"), id: text("id_token"), refresh: text("refresh_token") }
}

/// What a token says.
pub fn claim(token: &str, name: &str) -> String {
    let payload = token.split('.').nth(1).expect("a JWT");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let payload: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
    payload[name].as_str().unwrap_or_else(|| panic!("no {name} in {payload}")).to_owned()
}

/// Asks as the console does.
struct Asker<'a> {
    suite: &'a Suite,
    wire: &'a Wire,
    pool: &'a DescriptorPool,
}

impl Asker<'_> {
    async fn ask(&self, person: &Person, name: &str, message: &impl Message) -> Bytes {
        let method = method(self.pool, &format!("pass.organization.v1.{name}"));
        let said = Said::Token(person.console.access.clone());
        let answer = self.wire.call("console", &method, &said, &message.encode_to_vec()).await;
        answer.unwrap_or_else(|failure| panic!("{name}: {failure:?}"))
    }

    async fn start_trial(&self, person: &Person, name: &str, space: &str) -> String {
        let request = StartTrialRequest {
            request_id: self.request_id(),
            organization_id: String::new(),
            organization_name: name.to_owned(),
            product: Product::Backlog.into(),
            plan: "standard".to_owned(),
            space_id: space.to_owned(),
        };
        let answer = self.ask(person, "OrganizationService.StartTrial", &request).await;
        StartTrialResponse::decode(answer)
            .expect("an answer")
            .organization
            .expect("an organization")
            .organization_id
    }

    async fn invite(&self, by: &Person, organization: &str, email: &str, role: Role) -> (String, String) {
        let request = CreateInvitationRequest {
            request_id: self.request_id(),
            organization_id: organization.to_owned(),
            email: email.to_owned(),
            role: role.into(),
            message: String::new(),
            language: Language::En.into(),
        };
        let answer = self.ask(by, "InvitationService.CreateInvitation", &request).await;
        let made =
            CreateInvitationResponse::decode(answer).expect("an answer").invitation.expect("an invitation");
        (made.invitation_id, link_token(self.suite, email, "/invitations/").await)
    }

    async fn join(&self, by: &Person, organization: &str, person: &Person, role: Role) {
        let (_, token) = self.invite(by, organization, person.email, role).await;
        self.ask(person, "InvitationService.AcceptInvitation", &AcceptInvitationRequest { token }).await;
    }

    fn request_id(&self) -> String {
        let context = &self.suite.context;
        RequestId::generate(&context.entropy, context.clock.now()).to_string()
    }
}
