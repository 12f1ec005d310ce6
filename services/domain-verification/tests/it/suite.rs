//! A running domain-verification, its DNS, the people of a test, and what they can do in the console.

use crate::standins::World;
use pass_mesh::{CallContext, Channel, Claims, Failure, Mesh, MeshConfig, TOKEN_LIFE, development::Pki};
use pass_proto::{
    billing::v1::{check_entitlement_response::State, seat_service_server::SeatServiceServer},
    domains::v1::{
        domain_service_client::DomainServiceClient, finding::Kind as Found,
        verification_service_client::VerificationServiceClient, *,
    },
    events::v1::{Envelope, envelope::Payload},
    gateway::v1::trust_service_server::TrustServiceServer,
    identity::v1::directory_service_server::DirectoryServiceServer,
    organization::v1::membership_service_server::MembershipServiceServer,
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{DnsServer, FakeClock, Gateway, TestDatabase, broker, neighbour, postgres, wait_for};
use pass_types::{AccountId, AccountKind, Entropy, GrantId, OrganizationId, Origin, Person, Role, SessionId};
use prost::Message;
use std::net::SocketAddr;
use tempfile::TempDir;
use tonic::Status;

const TRUST_DOMAIN: &str = "pass.test";
const ISSUER: &str = "https://pass.test";

/// A running domain-verification.
pub struct Suite {
    pub clock: FakeClock,
    pub context: Context,
    pub database: TestDatabase,
    pub world: World,
    gateway: Gateway,
    address: SocketAddr,
    pki: Pki,
    console: Channel,
    _folder: TempDir,
}

/// Somebody in the console, or a program.
#[derive(Clone)]
pub struct Visitor {
    channel: Channel,
    calls: CallContext,
    entropy: Entropy,
    pub account: String,
}

pub type Answer<T> = Result<T, Failure>;

fn answer<T>(answer: Result<tonic::Response<T>, Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(Failure::from)
}

/// The lines of a zone that put a text at a name.
pub fn txt(name: &str, text: &str) -> String {
    format!("{name} TXT \"{text}\"\n")
}

impl Suite {
    /// One that asks this DNS server.
    pub async fn asking(dns: &DnsServer) -> Self {
        Self::start(&[dns.address()], |_| ()).await
    }

    /// One that no test looks anything up with.
    pub async fn without_dns() -> Self {
        Self::start(&["127.0.0.1:1".parse().unwrap()], |_| ()).await
    }

    /// With these resolvers, and other settings than the default.
    pub async fn start(
        resolvers: &[SocketAddr],
        change: impl FnOnce(&mut domain_verification::Config),
    ) -> Self {
        let (clock, entropy) = (FakeClock::default(), Entropy::from_seed(7));
        let context = Context::new(clock.shared(), entropy.clone());
        let folder = TempDir::new().unwrap();
        let pki = Pki::open(folder.path(), TRUST_DOMAIN).unwrap();
        let (world, gateway) = (World::default(), Gateway::new(&entropy));
        let organization = MembershipServiceServer::new(world.clone());
        let mut mesh = pki.service("domain-verification").unwrap().config(TRUST_DOMAIN);
        for (name, served_at) in [
            (
                "organization",
                neighbour(&pki, "organization", ISSUER, &context, |server| server.add(organization)).await,
            ),
            (
                "billing",
                neighbour(&pki, "billing", ISSUER, &context, |server| {
                    server.add(SeatServiceServer::new(world.clone()))
                })
                .await,
            ),
            (
                "identity",
                neighbour(&pki, "identity", ISSUER, &context, |server| {
                    server.add(DirectoryServiceServer::new(world.clone()))
                })
                .await,
            ),
            (
                "gateway",
                neighbour(&pki, "gateway", ISSUER, &context, |server| {
                    server.add(TrustServiceServer::new(gateway.clone()))
                })
                .await,
            ),
        ] {
            mesh.peers.insert(name.to_owned(), at(served_at));
        }
        let database = postgres().await.database(domain_verification::MIGRATORS).await;
        let mut config = domain_verification::Config {
            database: DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() },
            broker: broker().await,
            mesh,
            listen: "127.0.0.1:0".parse().unwrap(),
            issuer: ISSUER.to_owned(),
            resolvers: resolvers.to_vec(),
            ..domain_verification::Config::default()
        };
        change(&mut config);
        let app = domain_verification::build(config, &context).await.unwrap();
        let address = app.address();
        app.start();
        let config = pki.service("console").unwrap().config(TRUST_DOMAIN);
        let console = channel(&context, config, "console", address);
        let health = context.health.clone();
        wait_for(async || health.report().get("trust").is_some_and(Result::is_ok)).await;
        Self { clock, context, database, world, gateway, address, pki, console, _folder: folder }
    }

    /// An organization's id.
    pub fn id(&self) -> String {
        OrganizationId::generate(&self.context.entropy, self.context.clock.now()).to_string()
    }

    /// An administrator in the console, and their new organization, which has Nulab Pass.
    pub fn administrator(&self) -> (Visitor, String) {
        let organization = self.id();
        self.world.entitle(&organization, State::Entitled);
        (self.member(&organization, Role::Administrator), organization)
    }

    /// Somebody in the console who has a role in an organization.
    pub fn member(&self, organization: &str, role: Role) -> Visitor {
        let visitor = self.somebody();
        self.world.join(organization, &visitor.account, role);
        visitor
    }

    /// Somebody in the console.
    pub fn somebody(&self) -> Visitor {
        let now = self.context.clock.now();
        let entropy = &self.context.entropy;
        let account = AccountId::generate(entropy, now);
        let person = Person {
            account,
            kind: AccountKind::Nulab,
            session: SessionId::generate(entropy, now),
            client: "console".parse().unwrap(),
            grant: GrantId::generate(entropy, now),
            membership: None,
            operator: false,
            issued_at: now,
        };
        let claims = Claims::of(&person, ISSUER, "pass", "openid", "jti".to_owned(), TOKEN_LIFE);
        let origin = Origin { address: "192.0.2.1".to_owned(), user_agent: "a browser".to_owned() };
        let calls = CallContext::person(self.gateway.token(&claims), origin);
        Visitor {
            channel: self.console.clone(),
            calls,
            entropy: entropy.clone(),
            account: account.to_string(),
        }
    }

    /// A browser in the console that nobody has signed in with.
    pub fn nobody(&self) -> Visitor {
        let calls = CallContext::anonymous(Origin::default());
        Visitor {
            channel: self.console.clone(),
            calls,
            entropy: self.context.entropy.clone(),
            account: String::new(),
        }
    }

    /// Another program of the suite, on its own behalf.
    pub fn service(&self, name: &'static str) -> Visitor {
        let config = self.pki.service(name).unwrap().config(TRUST_DOMAIN);
        let channel = channel(&self.context, config, name, self.address);
        Visitor {
            channel,
            calls: CallContext::system(),
            entropy: self.context.entropy.clone(),
            account: String::new(),
        }
    }

    /// Every event of an organization so far, in order.
    pub async fn events(&self, organization: &str) -> Vec<Envelope> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT envelope FROM outbox WHERE key = $1 ORDER BY sequence")
                .bind(format!("organization/{organization}"))
                .fetch_all(&self.database.pool)
                .await
                .unwrap();
        rows.iter().map(|row| Envelope::decode(row.as_slice()).unwrap()).collect()
    }

    /// What happened to an organization's domains so far, in order.
    pub async fn history(&self, organization: &str) -> Vec<Payload> {
        self.events(organization).await.into_iter().map(|event| event.payload.unwrap()).collect()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &'static str) -> i64 {
        let statement = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&self.database.pool).await.unwrap()
    }
}

fn at(address: SocketAddr) -> url::Url {
    format!("https://localhost:{}", address.port()).parse().unwrap()
}

fn channel(context: &Context, mut config: MeshConfig, name: &'static str, to: SocketAddr) -> Channel {
    config.peers.insert("domain-verification".to_owned(), at(to));
    Mesh::new(config, name, context).unwrap().channel("domain-verification").unwrap()
}

macro_rules! calls {
    ($($client:ident { $($method:ident($request:ty) -> $response:ty;)+ })+) => {$($(
        pub async fn $method(&self, request: $request) -> Answer<$response> {
            answer($client::new(self.channel.clone()).$method(self.calls.request(request)).await)
        }
    )+)+};
}

impl Visitor {
    calls! {
        DomainServiceClient {
            add_domain(AddDomainRequest) -> AddDomainResponse;
            list_domains(ListDomainsRequest) -> ListDomainsResponse;
            verify_domain(VerifyDomainRequest) -> VerifyDomainResponse;
            remove_domain(RemoveDomainRequest) -> RemoveDomainResponse;
        }
        VerificationServiceClient {
            check_domain(CheckDomainRequest) -> CheckDomainResponse;
            find_organizations(FindOrganizationsRequest) -> FindOrganizationsResponse;
        }
    }

    pub async fn add(&self, organization: &str, name: &str) -> Answer<Domain> {
        let request = self.entropy.uuid(time::OffsetDateTime::UNIX_EPOCH).to_string();
        self.add_by(&request, organization, name).await
    }

    /// Adds one, by a `request_id`.
    pub async fn add_by(&self, request_id: &str, organization: &str, name: &str) -> Answer<Domain> {
        let request_id = request_id.to_owned();
        let (organization_id, name) = (organization.to_owned(), name.to_owned());
        let request = AddDomainRequest { organization_id, name, request_id };
        Ok(self.add_domain(request).await?.domain.unwrap())
    }

    pub async fn verify(&self, organization: &str, domain: &Domain) -> Answer<VerifyDomainResponse> {
        let (organization_id, domain_id) = (organization.to_owned(), domain.domain_id.clone());
        self.verify_domain(VerifyDomainRequest { organization_id, domain_id }).await
    }

    /// What a look-up finds.
    pub async fn found(&self, organization: &str, domain: &Domain) -> Found {
        self.verify(organization, domain).await.unwrap().finding.unwrap().kind()
    }

    pub async fn remove(&self, organization: &str, domain: &Domain) -> Answer<RemoveDomainResponse> {
        let (organization_id, domain_id) = (organization.to_owned(), domain.domain_id.clone());
        self.remove_domain(RemoveDomainRequest { organization_id, domain_id }).await
    }

    pub async fn domains(&self, organization: &str) -> Answer<Vec<Domain>> {
        let organization_id = organization.to_owned();
        Ok(self.list_domains(ListDomainsRequest { organization_id, ..Default::default() }).await?.domains)
    }

    pub async fn check(&self, organization: &str, name: &str) -> Answer<bool> {
        let (organization_id, name) = (organization.to_owned(), name.to_owned());
        Ok(self.check_domain(CheckDomainRequest { organization_id, name }).await?.verified)
    }

    pub async fn find(&self, name: &str) -> Answer<Vec<String>> {
        let request = FindOrganizationsRequest { name: name.to_owned() };
        Ok(self.find_organizations(request).await?.organization_ids)
    }
}
