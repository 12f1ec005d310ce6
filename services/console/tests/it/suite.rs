//! A running console, and browsers that visit it.

use crate::{
    gateway::{CLIENT_SECRET, Gateway},
    services::Services,
};
use http::{HeaderMap, Method, StatusCode, header};
use pass_mesh::{Mesh, Trust, development::Pki};
use pass_proto::{
    billing::v1::{
        Application, NulabPass, application, application_service_server::ApplicationServiceServer,
        nulab_pass, operator_service_server::OperatorServiceServer,
    },
    convert::timestamp,
    domains::v1::{Domain, domain, domain_service_server::DomainServiceServer},
    gateway::v1::watch_trust_response::Message,
    identity::v1::{
        Account, ManagedAccount, account_service_server::AccountServiceServer,
        credential_service_server::CredentialServiceServer, managed_account,
        managed_account_service_server::ManagedAccountServiceServer,
        profile_service_server::ProfileServiceServer,
        saml_connection_service_server::SamlConnectionServiceServer,
        security_service_server::SecurityServiceServer, session_service_server::SessionServiceServer,
        space_link_service_server::SpaceLinkServiceServer,
    },
    organization::v1::{
        GetInvitationResponse, Membership, Organization, invitation_service_server::InvitationServiceServer,
        member_service_server::MemberServiceServer, organization_service_server::OrganizationServiceServer,
        team_service_server::TeamServiceServer,
    },
    types::v1 as wire,
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{FakeClock, TestDatabase, postgres};
use pass_types::{AccountId, Entropy, SessionId};
use pass_web::WebConfig;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const TRUST_DOMAIN: &str = "pass.test";
pub const PUBLIC_URL: &str = "http://console.test";
/// The organization of [`sample`].
pub const ORGANIZATION: &str = "01980000-0000-7000-8000-00000000000a";

/// A domain, application, Managed Account, connection, test or team of [`sample`].
pub const THING: &str = "01980000-0000-7000-8000-00000000000c";

/// A running console.
pub struct Suite {
    pub clock: FakeClock,
    pub context: Context,
    pub database: TestDatabase,
    pub gateway: Gateway,
    pub services: Services,
    pub account: AccountId,
    address: SocketAddr,
    _folder: TempDir,
}

impl Suite {
    pub async fn start() -> Self {
        let (clock, entropy) = (FakeClock::default(), Entropy::from_seed(7));
        let context = Context::new(clock.shared(), entropy.clone());
        let folder = TempDir::new().unwrap();
        let pki = Pki::open(folder.path(), TRUST_DOMAIN).unwrap();
        let gateway = Gateway::start(clock.shared(), &entropy).await;
        let services = Services::default();
        sample(&services, &context);
        let database = postgres().await.database(console::MIGRATORS).await;
        let mut mesh = pki.service("console").unwrap().config(TRUST_DOMAIN);
        for name in ["identity", "organization", "domain-verification", "billing"] {
            let address = serve(&pki, &context, &gateway, &services, name).await;
            mesh.peers
                .insert(name.to_owned(), format!("https://localhost:{}", address.port()).parse().unwrap());
        }
        let config = console::Config {
            database: DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() },
            mesh,
            listen: "127.0.0.1:0".parse().unwrap(),
            web: WebConfig {
                public_url: PUBLIC_URL.parse().unwrap(),
                form_secret: "a secret for tests only".to_owned().into(),
                ..WebConfig::default()
            },
            issuer: gateway.issuer.clone(),
            client_secret: CLIENT_SECRET.to_owned().into(),
            encryption_secret: "a key of thirty-two bytes, for tests".to_owned().into(),
            ..console::Config::default()
        };
        let app = console::build(config, &context).await.unwrap();
        let address = app.address();
        app.start();
        let account = AccountId::generate(&entropy, context.clock.now());
        Self { clock, context, database, gateway, services, account, address, _folder: folder }
    }

    /// A browser that nobody has used yet.
    pub fn browser(&self) -> Browser {
        Browser {
            client: pass_runtime::http::client(Duration::from_secs(20)).unwrap(),
            address: self.address,
            cookies: Arc::default(),
        }
    }

    /// A new browser that comes from that address.
    pub fn browser_at(&self, address: &str) -> Browser {
        let local: std::net::IpAddr = address.parse().unwrap();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).local_address(local);
        Browser { client: client.build().unwrap(), ..self.browser() }
    }

    pub fn session_id(&self) -> SessionId {
        SessionId::generate(&self.context.entropy, self.context.clock.now())
    }

    /// A browser that the person has signed in with, and the gateway's session.
    pub async fn signed_in(&self) -> (Browser, SessionId) {
        let (browser, session) = (self.browser(), self.session_id());
        let page = browser.get("/").await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let to_gateway = browser.get(page.location()).await;
        let back = self.gateway.signs_in(to_gateway.location(), self.account, session);
        let done = browser.get(&back).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/"), "{}", done.body);
        (browser, session)
    }

    /// Until when somebody renews the tokens of the only session.
    pub async fn lease(&self) -> Option<time::OffsetDateTime> {
        let statement = "SELECT refresh_lease_time FROM sessions";
        sqlx::query_scalar(statement).fetch_one(&self.database.pool).await.unwrap()
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        let statement = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&self.database.pool).await.unwrap()
    }
}

fn sample(services: &Services, context: &Context) {
    let now = timestamp(context.clock.now());
    services.change(|data| {
        data.account = Account {
            kind: wire::AccountKind::Nulab as i32,
            name: "Taro".to_owned(),
            email: "taro@example.com".to_owned(),
            unique_id: "taro-1".to_owned(),
            language: wire::Language::En as i32,
            time_zone: "Asia/Tokyo".to_owned(),
            appearance: wire::Appearance::System as i32,
            create_time: Some(now),
            ..Account::default()
        };
        data.memberships = vec![Membership {
            organization: Some(Organization {
                organization_id: ORGANIZATION.to_owned(),
                name: "Acme".to_owned(),
                space_key: "aB3dE6gH9k".to_owned(),
                create_time: Some(now),
                handle: String::new(),
            }),
            role: wire::Role::Administrator as i32,
            privileges: vec![wire::Privilege::PlanAdmin as i32],
        }];
        data.managed = ManagedAccount {
            account: Some(Account {
                account_id: THING.to_owned(),
                kind: wire::AccountKind::Managed as i32,
                name: "Hanako".to_owned(),
                email: "hanako@acme.example".to_owned(),
                ..data.account.clone()
            }),
            organization_id: ORGANIZATION.to_owned(),
            state: managed_account::State::Invited as i32,
            invitation_expire_time: Some(now),
        };
        data.domains = vec![Domain {
            domain_id: THING.to_owned(),
            name: "acme.example".to_owned(),
            unicode_name: "acme.example".to_owned(),
            state: domain::State::Unverified as i32,
            record_name: "_nulab-challenge.acme.example".to_owned(),
            record_text: "nulab-verification-code=CODE".to_owned(),
            create_time: Some(now),
            ..Domain::default()
        }];
        data.applications = vec![Application {
            application_id: THING.to_owned(),
            organization_id: ORGANIZATION.to_owned(),
            company: "Acme Inc.".to_owned(),
            state: application::State::Open as i32,
            create_time: Some(now),
            due_time: Some(now),
            ..Application::default()
        }];
        data.pass = NulabPass {
            state: nulab_pass::State::Trial as i32,
            trial_end_time: Some(now),
            seats_used: 1,
            seats: 10,
            ..NulabPass::default()
        };
        data.invitation = GetInvitationResponse {
            organization_name: "Acme".to_owned(),
            inviter_name: "Hanako".to_owned(),
            email: "TARO@example.com".to_owned(),
            role: wire::Role::Member as i32,
            message: "See you".to_owned(),
            state: 1,
            expire_time: Some(now),
        };
    });
}

async fn serve(
    pki: &Pki,
    context: &Context,
    gateway: &Gateway,
    services: &Services,
    name: &'static str,
) -> SocketAddr {
    let mesh = Mesh::new(pki.service(name).unwrap().config(TRUST_DOMAIN), name, context).unwrap();
    let trust = Trust::new(gateway.issuer.clone(), context.clock.clone());
    trust.apply(Message::Jwks(gateway.jwks.clone())).unwrap();
    let server = match name {
        "identity" => mesh
            .server(trust)
            .add(AccountServiceServer::new(services.clone()))
            .add(SessionServiceServer::new(services.clone()))
            .add(ProfileServiceServer::new(services.clone()))
            .add(SpaceLinkServiceServer::new(services.clone()))
            .add(SecurityServiceServer::new(services.clone()))
            .add(CredentialServiceServer::new(services.clone()))
            .add(ManagedAccountServiceServer::new(services.clone()))
            .add(SamlConnectionServiceServer::new(services.clone())),
        "billing" => mesh
            .server(trust)
            .add(ApplicationServiceServer::new(services.clone()))
            .add(OperatorServiceServer::new(services.clone())),
        "domain-verification" => mesh.server(trust).add(DomainServiceServer::new(services.clone())),
        _ => mesh
            .server(trust)
            .add(OrganizationServiceServer::new(services.clone()))
            .add(MemberServiceServer::new(services.clone()))
            .add(TeamServiceServer::new(services.clone()))
            .add(InvitationServiceServer::new(services.clone())),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    context.tasks.spawn(name, |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
    address
}

/// Somebody's browser: it keeps cookies, follows no redirects. Clones share the cookies.
#[derive(Clone)]
pub struct Browser {
    client: reqwest::Client,
    address: SocketAddr,
    cookies: Arc<Mutex<HashMap<String, String>>>,
}

/// What the console answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> &str {
        let field = self.body.split(&format!(r#"name="{name}" value=""#)).nth(1);
        field.unwrap_or_else(|| panic!("no {name} in {}", self.body)).split('"').next().unwrap()
    }
}

impl Browser {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, |it| it).await
    }

    /// Posts a form as a page of the console does, with the token of `page`.
    pub async fn post(&self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("form_token", page.hidden("form_token")));
        self.post_as_is(path, &fields, Some(PUBLIC_URL)).await
    }

    pub async fn post_as_is(&self, path: &str, fields: &[(&str, &str)], origin: Option<&str>) -> Answer {
        self.send(Method::POST, path, |mut request| {
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            request.form(fields)
        })
        .await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        let cookies: Vec<_> = self.cookies.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let response = change(request).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status, headers, body: response.text().await.unwrap() }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }
}
