//! A running billing, the people of a test, and what they can do.

use crate::standins::Organizations;
use pass_events::BrokerConfig;
use pass_mesh::{CallContext, Channel, Claims, Failure, Mesh, MeshConfig, TOKEN_LIFE, development::Pki};
use pass_proto::{
    billing::v1::{
        application_service_client::ApplicationServiceClient, operator_service_client::OperatorServiceClient,
        person_service_client::PersonServiceClient, seat_service_client::SeatServiceClient, *,
    },
    convert::FromWire,
    events::v1::{Envelope, envelope::Payload},
    gateway::v1::trust_service_server::TrustServiceServer,
    organization::v1::membership_service_server::MembershipServiceServer,
};
use pass_runtime::{Context, database::DatabaseConfig};
use pass_testkit::{FakeClock, Gateway, TestDatabase, broker, neighbour, postgres, wait_for};
use pass_types::{
    AccountId, AccountKind, Entropy, GrantId, Language, OrganizationId, Origin, Person, Privilege, RequestId,
    Role, SessionId, SpaceKey,
};
use prost::Message;
use std::{
    net::SocketAddr,
    num::NonZeroU16,
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;
use tonic::Status;

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

/// A running billing.
pub struct Suite {
    pub clock: FakeClock,
    pub context: Context,
    pub database: TestDatabase,
    pub broker: BrokerConfig,
    pub organizations: Organizations,
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
    pub email: String,
}

/// An organization with a product, and who runs it.
pub struct Customer {
    pub id: String,
    pub space_key: String,
    pub founder: Someone,
    pub visitor: Visitor,
}

/// Somebody in the console, or another program.
#[derive(Clone)]
pub struct Visitor {
    channel: Channel,
    calls: CallContext,
}

pub type Answer<T> = Result<T, Failure>;

fn answer<T>(answer: Result<tonic::Response<T>, Status>) -> Answer<T> {
    answer.map(tonic::Response::into_inner).map_err(Failure::from)
}

/// Settings that start.
fn config(database: &TestDatabase, broker: &BrokerConfig, mesh: MeshConfig) -> billing::Config {
    billing::Config {
        database: DatabaseConfig { url: database.url.clone().into(), ..DatabaseConfig::default() },
        broker: broker.clone(),
        mesh,
        listen: "127.0.0.1:0".parse().unwrap(),
        issuer: ISSUER.to_owned(),
        link_secret: "a secret for tests only".to_owned().into(),
        console_url: "https://console.test".parse().unwrap(),
        ..billing::Config::default()
    }
}

impl Suite {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// With so many seats in a trial.
    pub async fn with_seats(seats: u16) -> Self {
        Self::start_with(|config| config.trial_seats = NonZeroU16::new(seats).unwrap()).await
    }

    /// With other settings than the default.
    pub async fn start_with(change: impl FnOnce(&mut billing::Config)) -> Self {
        let (clock, entropy) = (FakeClock::default(), Entropy::from_seed(7));
        let context = Context::new(clock.shared(), entropy.clone());
        let folder = TempDir::new().unwrap();
        let pki = Pki::open(folder.path(), TRUST_DOMAIN).unwrap();
        let (organizations, gateway) = (Organizations::default(), Gateway::new(&entropy));
        let membership = MembershipServiceServer::new(organizations.clone());
        let organization_at =
            neighbour(&pki, "organization", ISSUER, &context, |server| server.add(membership)).await;
        let gateway_at = neighbour(&pki, "gateway", ISSUER, &context, |server| {
            server.add(TrustServiceServer::new(gateway.clone()))
        })
        .await;

        let (database, broker) = (postgres().await.database(billing::MIGRATORS).await, broker().await);
        sqlx::raw_sql(KEEP_EVENTS).execute(&database.pool).await.unwrap();
        let mut mesh = pki.service("billing").unwrap().config(TRUST_DOMAIN);
        mesh.peers.insert("organization".to_owned(), at(organization_at));
        mesh.peers.insert("gateway".to_owned(), at(gateway_at));
        let mut config = config(&database, &broker, mesh);
        change(&mut config);
        let app = billing::build(config, &context).await.unwrap();
        let address = app.address();
        app.start();
        let console =
            channel(&context, pki.service("console").unwrap().config(TRUST_DOMAIN), "console", address);
        let health = context.health.clone();
        wait_for(async || health.report().get("trust").is_some_and(Result::is_ok)).await;
        Self {
            clock,
            context,
            database,
            broker,
            organizations,
            gateway,
            address,
            pki,
            console,
            names: AtomicU32::new(0),
            _folder: folder,
        }
    }

    /// Somebody with an account.
    pub fn someone(&self) -> Someone {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        let account = AccountId::generate(&self.context.entropy, self.context.clock.now());
        Someone { account, email: format!("person{number}@example.com") }
    }

    /// An id of something that there is not.
    pub fn id(&self) -> String {
        RequestId::generate(&self.context.entropy, self.context.clock.now()).to_string()
    }

    /// A new organization with a product, run by its founder.
    pub fn customer(&self) -> Customer {
        let entropy = &self.context.entropy;
        let id = OrganizationId::generate(entropy, self.context.clock.now()).to_string();
        let space_key = SpaceKey::generate(entropy).to_string();
        self.organizations.put(&id, &space_key, true);
        let (founder, visitor) = self.member(&id, Role::Administrator, &[Privilege::PlanAdmin]);
        Customer { id, space_key, founder, visitor }
    }

    /// Somebody new in an organization.
    pub fn member(&self, id: &str, role: Role, privileges: &[Privilege]) -> (Someone, Visitor) {
        let someone = self.someone();
        self.organizations.put_member(id, &someone.account.to_string(), &someone.email, role, privileges);
        let visitor = self.console(&someone);
        (someone, visitor)
    }

    /// Somebody's browser in the console.
    pub fn console(&self, someone: &Someone) -> Visitor {
        Visitor { channel: self.console.clone(), calls: self.calls(someone, false) }
    }

    /// An operator's.
    pub fn operator(&self) -> Visitor {
        self.operated_by(&self.someone())
    }

    /// An operator's whose account matters.
    pub fn operated_by(&self, someone: &Someone) -> Visitor {
        Visitor { channel: self.console.clone(), calls: self.calls(someone, true) }
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

    fn calls(&self, someone: &Someone, operator: bool) -> CallContext {
        let now = self.context.clock.now();
        let person = Person {
            account: someone.account,
            kind: AccountKind::Nulab,
            session: SessionId::generate(&self.context.entropy, now),
            client: "console".parse().unwrap(),
            grant: GrantId::generate(&self.context.entropy, now),
            membership: None,
            operator,
            issued_at: now,
        };
        let claims = Claims::of(&person, ISSUER, "pass", "openid", self.id(), TOKEN_LIFE);
        let origin = Origin { address: "192.0.2.1".to_owned(), user_agent: "a browser".to_owned() };
        CallContext::person(self.gateway.token(&claims), origin)
    }

    /// A right application of an organization.
    pub fn application(&self, customer: &Customer) -> ApplyForTrialRequest {
        ApplyForTrialRequest {
            request_id: self.id(),
            organization_id: customer.id.clone(),
            contact_name: "Hanako Suzuki".to_owned(),
            plan_admin_email: customer.founder.email.clone(),
            company: "Acme K.K.".to_owned(),
            space_key: customer.space_key.clone(),
            language: Language::Ja.to_wire().into(),
        }
    }

    /// An organization whose trial has just begun.
    pub async fn in_trial(&self) -> Customer {
        let customer = self.customer();
        let applied = customer.visitor.apply(self.application(&customer)).await.unwrap();
        self.operator().approve(&applied.application_id).await.unwrap();
        customer
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

    /// How many seats of an organization are counted as used, and how many accounts have one.
    pub async fn seats(&self, organization: &str) -> (i32, i64) {
        sqlx::query_as(
            "SELECT seats_used, (SELECT count(*) FROM seats
                 WHERE organization_id = s.organization_id AND state = 'taken')
             FROM subscriptions s WHERE organization_id = $1::text::uuid",
        )
        .bind(organization)
        .fetch_one(&self.database.pool)
        .await
        .unwrap()
    }
}

fn at(address: SocketAddr) -> url::Url {
    format!("https://localhost:{}", address.port()).parse().unwrap()
}

fn channel(context: &Context, mut config: MeshConfig, name: &'static str, to: SocketAddr) -> Channel {
    config.peers.insert("billing".to_owned(), at(to));
    Mesh::new(config, name, context).unwrap().channel("billing").unwrap()
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
        ApplicationServiceClient {
            apply_for_trial(ApplyForTrialRequest) -> ApplyForTrialResponse;
            get_nulab_pass(GetNulabPassRequest) -> GetNulabPassResponse;
            prepare_application_mail(PrepareApplicationMailRequest) -> PrepareApplicationMailResponse;
        }
        OperatorServiceClient {
            list_applications(ListApplicationsRequest) -> ListApplicationsResponse;
            get_application(GetApplicationRequest) -> GetApplicationResponse;
            approve_application(ApproveApplicationRequest) -> ApproveApplicationResponse;
            reject_application(RejectApplicationRequest) -> RejectApplicationResponse;
        }
        PersonServiceClient {
            forget_person(ForgetPersonRequest) -> ForgetPersonResponse;
        }
        SeatServiceClient {
            check_entitlement(CheckEntitlementRequest) -> CheckEntitlementResponse;
            take_seat(TakeSeatRequest) -> TakeSeatResponse;
            free_seat(FreeSeatRequest) -> FreeSeatResponse;
        }
    }

    pub async fn apply(&self, request: ApplyForTrialRequest) -> Answer<Application> {
        Ok(self.apply_for_trial(request).await?.application.unwrap())
    }

    pub async fn nulab_pass(&self, organization: &str) -> Answer<NulabPass> {
        let request = GetNulabPassRequest { organization_id: organization.to_owned() };
        Ok(self.get_nulab_pass(request).await?.nulab_pass.unwrap())
    }

    pub async fn mail(&self, application: &str) -> Answer<PrepareApplicationMailResponse> {
        let request = PrepareApplicationMailRequest { application_id: application.to_owned() };
        self.prepare_application_mail(request).await
    }

    pub async fn show(&self, application: &str) -> Answer<Application> {
        let request = GetApplicationRequest { application_id: application.to_owned() };
        Ok(self.get_application(request).await?.application.unwrap())
    }

    pub async fn approve(&self, application: &str) -> Answer<Application> {
        let request = ApproveApplicationRequest { application_id: application.to_owned() };
        Ok(self.approve_application(request).await?.application.unwrap())
    }

    pub async fn reject(&self, application: &str, reason: &str) -> Answer<Application> {
        let (application_id, reason) = (application.to_owned(), reason.to_owned());
        let request = RejectApplicationRequest { application_id, reason };
        Ok(self.reject_application(request).await?.application.unwrap())
    }

    pub async fn entitlement(&self, organization: &str) -> Answer<CheckEntitlementResponse> {
        self.check_entitlement(CheckEntitlementRequest { organization_id: organization.to_owned() }).await
    }

    pub async fn take(
        &self,
        organization: &str,
        account: AccountId,
        attempt: i32,
    ) -> Answer<TakeSeatResponse> {
        let (organization_id, account_id) = (organization.to_owned(), account.to_string());
        self.take_seat(TakeSeatRequest { organization_id, account_id, attempt }).await
    }

    pub async fn free(
        &self,
        organization: &str,
        account: AccountId,
        attempt: i32,
    ) -> Answer<FreeSeatResponse> {
        let (organization_id, account_id) = (organization.to_owned(), account.to_string());
        self.free_seat(FreeSeatRequest { organization_id, account_id, attempt }).await
    }
}
