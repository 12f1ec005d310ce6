//! A running organization, the people of a test, and what they can do in the console and in products.

use crate::{
    standins::{Billing, People},
    visitor::Visitor,
};
use pass_events::BrokerConfig;
use pass_mesh::{CallContext, Channel, Claims, Mesh, MeshConfig, TOKEN_LIFE, development::Pki};
use pass_proto::{
    billing::v1::seat_service_server::SeatServiceServer,
    convert::FromWire,
    events::v1::{Envelope, envelope::Payload},
    gateway::v1::trust_service_server::TrustServiceServer,
    identity::v1::directory_service_server::DirectoryServiceServer,
    organization::v1::{
        AddManagedMemberRequest, CreateInvitationRequest, Invitation, PrepareInvitationMailRequest,
        StartTrialRequest,
    },
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{FakeClock, Gateway, TestDatabase, broker, neighbour, postgres, wait_for};
use pass_types::{
    AccountId, AccountKind, Entropy, GrantId, Language, Membership, Origin, Person, Privilege, Privileges,
    Product, RequestId, Role, SessionId,
};
use prost::Message;
use std::{net::SocketAddr, sync::atomic::AtomicU32, sync::atomic::Ordering};
use tempfile::TempDir;

const TRUST_DOMAIN: &str = "pass.test";
const ISSUER: &str = "https://pass.test";

/// Keeps what was published: the relay forgets it after a week, and tests move the clock.
const KEEP_EVENTS: &str = "
    CREATE TABLE told (key text, sequence bigint, envelope bytea);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO told VALUES (NEW.key, NEW.sequence, NEW.envelope);
            RETURN NEW;
        END
    $$;
    CREATE TRIGGER tell AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION tell();
";

/// A running organization.
pub struct Suite {
    pub clock: FakeClock,
    pub context: Context,
    pub database: TestDatabase,
    pub broker: BrokerConfig,
    pub people: People,
    pub billing: Billing,
    gateway: Gateway,
    address: SocketAddr,
    pki: Pki,
    console: Channel,
    names: AtomicU32,
    _folder: TempDir,
}

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Someone {
    pub account: AccountId,
    pub kind: AccountKind,
    pub email: String,
}

impl Suite {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// With other settings than the default.
    pub async fn start_with(change: impl FnOnce(&mut organization::Config)) -> Self {
        let (clock, entropy) = (FakeClock::default(), Entropy::from_seed(7));
        let context = Context::new(clock.shared(), entropy.clone());
        let folder = TempDir::new().unwrap();
        let pki = Pki::open(folder.path(), TRUST_DOMAIN).unwrap();
        let (people, billing, gateway) = (People::default(), Billing::default(), Gateway::new(&entropy));
        let identity_at = neighbour(&pki, "identity", ISSUER, &context, |server| {
            server.add(DirectoryServiceServer::new(people.clone()))
        })
        .await;
        let billing_at = neighbour(&pki, "billing", ISSUER, &context, |server| {
            server.add(SeatServiceServer::new(billing.clone()))
        })
        .await;
        let gateway_at = neighbour(&pki, "gateway", ISSUER, &context, |server| {
            server.add(TrustServiceServer::new(gateway.clone()))
        })
        .await;

        let (database, broker) = (postgres().await.database(organization::MIGRATORS).await, broker().await);
        sqlx::raw_sql(KEEP_EVENTS).execute(&database.pool).await.unwrap();
        let mut mesh = pki.service("organization").unwrap().config(TRUST_DOMAIN);
        mesh.peers.insert("identity".to_owned(), at(identity_at));
        mesh.peers.insert("billing".to_owned(), at(billing_at));
        mesh.peers.insert("gateway".to_owned(), at(gateway_at));
        let mut config = organization::Config {
            database: DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() },
            broker: broker.clone(),
            mesh,
            listen: "127.0.0.1:0".parse().unwrap(),
            issuer: ISSUER.to_owned(),
            link_secret: "a secret for tests only".to_owned().into(),
            console_url: "https://console.test".parse().unwrap(),
            ..organization::Config::default()
        };
        change(&mut config);
        let app = organization::build(config, &context).await.unwrap();
        let address = app.address();
        app.start();
        let console =
            channel(&context, pki.service("console").unwrap().config(TRUST_DOMAIN), "console", address);
        let health = context.health.clone();
        wait_for(async || health.report().get("trust").is_some_and(Result::is_ok)).await;
        let names = AtomicU32::new(0);
        Self {
            clock,
            context,
            database,
            broker,
            people,
            billing,
            gateway,
            address,
            pki,
            console,
            names,
            _folder: folder,
        }
    }

    /// Somebody with a Nulab Account.
    pub fn someone(&self, name: &str) -> Someone {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        self.account(AccountKind::Nulab, name, &format!("person{number}@example.com"))
    }

    /// An account.
    pub fn account(&self, kind: AccountKind, name: &str, email: &str) -> Someone {
        let account = AccountId::generate(&self.context.entropy, self.context.clock.now());
        self.people.put(account, kind, name, email);
        Someone { account, kind, email: email.to_owned() }
    }

    pub fn request_id(&self) -> String {
        RequestId::generate(&self.context.entropy, self.context.clock.now()).to_string()
    }

    /// Somebody's browser in the console.
    pub fn console(&self, someone: &Someone) -> Visitor {
        Visitor { channel: self.console.clone(), calls: self.calls(someone, None, "pass", "console") }
    }

    /// A browser in the console that nobody has signed in with.
    pub fn nobody(&self) -> Visitor {
        Visitor { channel: self.console.clone(), calls: CallContext::anonymous(Origin::default()) }
    }

    /// Another program of the suite, on its own behalf.
    pub fn service(&self, name: &'static str) -> Visitor {
        let config = self.pki.service(name).unwrap().config(TRUST_DOMAIN);
        let channel = channel(&self.context, config, name, self.address);
        Visitor { channel, calls: CallContext::system() }
    }

    /// Identity, that passes on what somebody asked of it.
    pub fn through_identity(&self, someone: &Someone) -> Visitor {
        Visitor { calls: self.calls(someone, None, "pass", "console"), ..self.service("identity") }
    }

    /// Somebody's visit to a product, with a token that names an organization.
    pub fn product(&self, name: &'static str, someone: &Someone, organization: Option<&str>) -> Visitor {
        let config = self.pki.product(name).unwrap().config(TRUST_DOMAIN);
        let channel = channel(&self.context, config, name, self.address);
        let membership = organization.map(|id| Membership {
            organization: id.parse().unwrap(),
            role: Role::Member,
            privileges: Privileges::default(),
        });
        Visitor { channel, calls: self.calls(someone, membership, name, name) }
    }

    fn calls(
        &self,
        someone: &Someone,
        membership: Option<Membership>,
        audience: &str,
        client: &str,
    ) -> CallContext {
        let now = self.context.clock.now();
        let person = Person {
            account: someone.account,
            kind: someone.kind,
            session: SessionId::generate(&self.context.entropy, now),
            client: client.parse().unwrap(),
            grant: GrantId::generate(&self.context.entropy, now),
            membership,
            operator: false,
            issued_at: now,
        };
        let claims = Claims::of(&person, ISSUER, audience, "openid", "jti".to_owned(), TOKEN_LIFE);
        let origin = Origin { address: "192.0.2.1".to_owned(), user_agent: "a browser".to_owned() };
        CallContext::person(self.gateway.token(&claims), origin)
    }

    /// Somebody who has just made an organization, by a Backlog trial with this Space ID.
    pub async fn founder(&self, space: &str) -> (Someone, Visitor, String) {
        let founder = self.someone("Hanako Suzuki");
        let visitor = self.console(&founder);
        let started = visitor.start_trial(self.trial("Acme", space)).await.unwrap();
        (founder, visitor, started.organization.unwrap().organization_id)
    }

    /// A request for a Backlog trial in a new organization.
    pub fn trial(&self, name: &str, space: &str) -> StartTrialRequest {
        StartTrialRequest {
            request_id: self.request_id(),
            organization_id: String::new(),
            organization_name: name.to_owned(),
            product: Product::Backlog.to_wire().into(),
            plan: "standard".to_owned(),
            space_id: space.to_owned(),
        }
    }

    /// A request to invite an address as a member.
    pub fn invitation(&self, organization: &str, email: &str) -> CreateInvitationRequest {
        CreateInvitationRequest {
            request_id: self.request_id(),
            organization_id: organization.to_owned(),
            email: email.to_owned(),
            role: Role::Member.to_wire().into(),
            message: "Welcome!\nSee you".to_owned(),
            language: Language::Ja.to_wire().into(),
        }
    }

    /// A request to add a new Managed Account as a member.
    pub fn managed(&self, organization: &str, email: &str) -> AddManagedMemberRequest {
        let someone = self.account(AccountKind::Managed, "Mana Managed", email);
        AddManagedMemberRequest {
            organization_id: organization.to_owned(),
            account_id: someone.account.to_string(),
            attempt: 1,
            name: "Mana Managed".to_owned(),
            email: email.to_owned(),
            role: Role::Member.to_wire().into(),
            privileges: vec![],
            team_ids: vec![],
        }
    }

    /// The link's token, as it is in the mail.
    pub async fn link(&self, invitation: &Invitation, attempt: i32) -> String {
        let invitation_id = invitation.invitation_id.clone();
        let prepare = PrepareInvitationMailRequest { invitation_id, attempt };
        let mail = self.service("notification").prepare_invitation_mail(prepare).await.unwrap();
        mail.url.strip_prefix("https://console.test/invitations/").unwrap().to_owned()
    }

    /// Somebody new who has joined an organization.
    pub async fn join(&self, administrator: &Visitor, organization: &str, name: &str) -> (Someone, Visitor) {
        let someone = self.someone(name);
        let invited = administrator.invite(self.invitation(organization, &someone.email)).await.unwrap();
        let token = self.link(&invited, 1).await;
        let visitor = self.console(&someone);
        visitor.accept(&token).await.unwrap();
        (someone, visitor)
    }

    /// Gives a member another role and privileges. (No RPC does that yet.)
    pub async fn set_role(
        &self,
        organization: &str,
        someone: &Someone,
        role: Role,
        privileges: &[Privilege],
    ) {
        let words: Vec<_> = privileges.iter().map(|it| it.as_str()).collect();
        let statement = "UPDATE members SET role = $1, privileges = $2 WHERE organization_id = $3::text::uuid AND account_id = $4";
        let query = sqlx::query(statement).bind(role.as_str()).bind(words).bind(organization);
        let done = query.bind(someone.account.uuid()).execute(&self.database.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// Every event of an organization so far, in order.
    pub async fn events(&self, organization: &str) -> Vec<Envelope> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT envelope FROM told WHERE key = $1 ORDER BY sequence")
                .bind(format!("organization/{organization}"))
                .fetch_all(&self.database.pool)
                .await
                .unwrap();
        let events: Vec<_> = rows.iter().map(|row| Envelope::decode(row.as_slice()).unwrap()).collect();
        for (event, place) in events.iter().zip(1..) {
            assert_eq!(event.sequence, place, "a key's events are numbered without gaps");
            assert_eq!(event.organization_id, organization);
        }
        events
    }

    /// What happened to an organization so far, in order.
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
    config.peers.insert("organization".to_owned(), at(to));
    Mesh::new(config, name, context).unwrap().channel("organization").unwrap()
}
