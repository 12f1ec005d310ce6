//! Making a Managed Account while one of the services that take part in it is killed, at each point: nothing is
//! left over.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass::Service;
use pass_testkit::{DnsServer, wait_for};
use pass_tests::{Company, DOMAIN, Form, Process, Suite};
use pass_types::{Clock, SystemClock};
use sqlx::{PgPool, Postgres, Transaction};
use std::sync::Arc;

/// Holds something that a step needs, until it is dropped.
type Held = Transaction<'static, Postgres>;

async fn hold(pool: &PgPool, sql: &'static str) -> Held {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx
}

/// Waits until so many stand before what is held.
async fn waiting(pool: &PgPool, many: i64) {
    wait_for(async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        waiting >= many
    })
    .await;
}

const LOCK_SEATS: &str = "SELECT 1 FROM subscriptions FOR UPDATE";
const LOCK_MEMBERS: &str = "SELECT 1 FROM organizations FOR UPDATE";
const LOCK_DOMAINS: &str = "LOCK TABLE domains IN ACCESS EXCLUSIVE MODE";
/// Stands in the way of a claim, and not of the job that looks for what was left.
const LOCK_CLAIMS: &str = "LOCK TABLE managed_accounts IN SHARE MODE";
const LOCK_ACCOUNT: &str = "SELECT 1 FROM managed_accounts WHERE state = 'provisioning' FOR UPDATE";
/// Stands in the way of commits, where [`Ground::start`] has put a gate before them.
const LOCK_COMMITS: &str = "SELECT pg_advisory_xact_lock(1)";

/// Whoever changes a table goes through this last of all: what waits here is about to be committed, whatever
/// becomes of who asked for it.
const GATE: &str = "
    CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END
    $$;";
const GATE_OF_SEATS: &str = "CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE ON seats
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate()";
const GATE_OF_MEMBERS: &str = "CREATE CONSTRAINT TRIGGER gate AFTER INSERT ON members
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gate()";

/// A team that no organization has: organization refuses the member, the last of the steps.
const NO_TEAM: &str = "01900000-0000-7000-8000-000000000000";

/// Where things stand still when a service is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The address is claimed; domain-verification is asked.
    Domain,
    /// Billing is asked for the seat.
    Seat,
    /// Billing is about to commit it, and then to answer.
    SeatCommit,
    /// Organization is asked for the member.
    Member,
    /// Organization is about to commit it, and then to answer.
    MemberCommit,
    /// All have said yes; it is about to be written down.
    Commit,
    /// Organization has refused the member, and is told that there is to be none.
    UndoMember,
    /// The same; billing is told to free the seat.
    UndoSeat,
    /// The same; the seat is free, and the address is about to be.
    UndoAddress,
}

impl Point {
    /// What is there of the account when something is killed: it really came so far.
    fn reached(self) -> [i64; 3] {
        match self {
            Self::Domain | Self::Seat | Self::SeatCommit | Self::UndoAddress => [1, 0, 0],
            Self::Member | Self::MemberCommit | Self::UndoMember | Self::UndoSeat => [1, 0, 1],
            Self::Commit => [1, 1, 1],
        }
    }

    /// What is there after a commit whose answer nobody got.
    fn committed(self) -> Option<[i64; 3]> {
        match self {
            Self::SeatCommit => Some([1, 0, 1]),
            Self::MemberCommit => Some([1, 1, 1]),
            _ => None,
        }
    }

    /// Whether organization is to refuse.
    fn is_undoing(self) -> bool {
        matches!(self, Self::UndoMember | Self::UndoSeat | Self::UndoAddress)
    }

    /// Lets the making that `begin` drives come to this point, and holds it there.
    async fn stand_still(self, ground: &Ground, begin: impl FnOnce()) -> Held {
        let [identity, organization, billing, domains] =
            ["identity", "organization", "billing", "domain-verification"].map(|it| ground.pool(it));
        // Where it is held first, from where it may go on a little.
        let (first, what) = match self {
            // The first look at the domain comes before the claim; the second one is meant.
            Self::Domain => (identity, LOCK_CLAIMS),
            Self::Seat | Self::Commit => (billing, LOCK_SEATS),
            Self::SeatCommit => (billing, LOCK_COMMITS),
            Self::MemberCommit => (organization, LOCK_COMMITS),
            Self::Member | Self::UndoMember | Self::UndoSeat | Self::UndoAddress => {
                (organization, LOCK_MEMBERS)
            }
        };
        let held = hold(first, what).await;
        begin();
        waiting(first, 1).await;
        let (then, what) = match self {
            Self::Seat | Self::SeatCommit | Self::Member | Self::MemberCommit => return held,
            Self::UndoMember => return behind(organization, held).await,
            Self::Domain => (domains, LOCK_DOMAINS),
            Self::UndoSeat => (billing, LOCK_SEATS),
            Self::Commit | Self::UndoAddress => (identity, LOCK_ACCOUNT),
        };
        let next = hold(then, what).await;
        held.rollback().await.unwrap();
        waiting(then, 1).await;
        next
    }
}

/// Lets the one that stands before the organization through, and nobody who comes after it.
async fn behind(organization: &PgPool, held: Held) -> Held {
    let pool = organization.clone();
    let queued = tokio::spawn(async move { hold(&pool, LOCK_MEMBERS).await });
    waiting(organization, 2).await;
    held.rollback().await.unwrap();
    let held = queued.await.unwrap();
    waiting(organization, 1).await;
    held
}

/// A company that may make Managed Accounts, and the services that can be killed.
struct Ground {
    company: Arc<Company<()>>,
    processes: Vec<Process>,
}

impl Ground {
    /// With identity, and those others, as processes.
    async fn start(others: &[Service]) -> Self {
        let dns = DnsServer::start(&[(DOMAIN, "")]).await;
        let resolver = dns.address();
        let (suite, processes) = Suite::start_apart(others, |config| {
            config.domain_verification.resolvers = vec![resolver];
        })
        .await;
        for (service, gate) in [("billing", GATE_OF_SEATS), ("organization", GATE_OF_MEMBERS)] {
            let pool = &suite.databases[service].pool;
            sqlx::raw_sql(GATE).execute(pool).await.unwrap();
            sqlx::raw_sql(gate).execute(pool).await.unwrap();
        }
        let company = Arc::new(Company::found(suite, dns, ()).await);
        company.apply().await;
        company.approve().await;
        company.verify_domain().await;
        Self { company, processes }
    }

    fn pool(&self, service: &str) -> &PgPool {
        &self.company.suite.databases[service].pool
    }

    async fn count(&self, service: &str, sql: &'static str, email: &str) -> i64 {
        sqlx::query_scalar(sql).bind(email).fetch_one(self.pool(service)).await.unwrap()
    }

    /// What is there of an address: accounts, members, seats that are taken.
    async fn traces(&self, email: &str) -> [i64; 3] {
        let seats = "SELECT sum(seats_used)::bigint FROM subscriptions WHERE $1 <> ''";
        [
            self.count("identity", "SELECT count(*) FROM accounts WHERE email_key = $1", email).await,
            self.count("organization", "SELECT count(*) FROM members WHERE email_key = $1", email).await,
            self.count("billing", seats, email).await,
        ]
    }

    fn kill(&mut self, service: Service) {
        let at = self.processes.iter().position(|process| process.service == service).unwrap();
        self.processes.swap_remove(at).kill();
    }

    /// Starts the service that was killed again, and waits until the suite is of use to people.
    async fn restart(&mut self, service: Service) {
        self.processes.push(Process::start(&self.company.suite, service).await);
        let members = self.company.at("members");
        wait_for(async || self.company.taro.open(&members).await.status.is_success()).await;
    }

    /// The form for a new account; one that organization will refuse, if it is to be undone.
    async fn form(&self, name: &str, point: Point) -> Form {
        let form = self.company.managed_form(name, "Yuki Tanaka").await;
        if point.is_undoing() { form.tampered("team_ids", Some(NO_TEAM)) } else { form }
    }

    /// As if the time that a worker may be silent had passed.
    async fn pass_leases(&self) {
        let age = "UPDATE managed_accounts SET lease_until = now() WHERE lease_until > now()";
        sqlx::query(age).execute(self.pool("identity")).await.unwrap();
    }

    /// Kills a service while an account is being made.
    async fn kill_at(&mut self, point: Point, service: Service) {
        // The processes go by the machine's time, and tokens are short-lived.
        self.company.suite.clock.set(SystemClock.now());
        let name = format!("{point:?}").to_lowercase();
        let email = format!("{name}@{DOMAIN}");
        let form = self.form(&name, point).await;
        let (company, mut asked) = (self.company.clone(), None);
        let begin = || asked = Some(tokio::spawn(async move { company.taro.submit(form).await }));
        let held = point.stand_still(self, begin).await;
        assert_eq!(self.traces(&email).await, point.reached(), "{point:?}");
        self.kill(service);
        // What was on its way arrives now, after the death of its sender or of whoever it was sent to.
        held.rollback().await.unwrap();
        if let Some(committed) = point.committed() {
            wait_for(async || self.traces(&email).await == committed).await;
        }
        // Callers try for a while; they must not find the next process, which would just make the account.
        let page = asked.unwrap().await.unwrap();
        assert!(!page.status.is_success(), "{point:?}: {}", page.body);
        self.restart(service).await;
        wait_for(async || {
            self.pass_leases().await;
            self.traces(&email).await == [0, 0, 0]
        })
        .await;
        self.make_and_delete(&name, &email, point).await;
    }

    /// The address is free: the same account can be made; and it is gone without a trace when it is deleted.
    async fn make_and_delete(&self, name: &str, email: &str, point: Point) {
        let (company, taro) = (&self.company, &self.company.taro);
        let page = company.create_managed(name, "Yuki Tanaka").await;
        assert_eq!(self.traces(email).await, [1, 1, 1], "{point:?}: {}", page.body);
        let page = taro.open(company.at(&format!("members?query={name}"))).await;
        let page = taro.click(&page, "/managed/").await;
        let page = taro.click(&page, "/delete").await;
        let page = taro.submit(page.form("/delete").with("confirmation", email)).await;
        assert_eq!(self.traces(email).await, [0, 0, 0], "{point:?}: {}", page.body);
    }
}

/// proves MAN-1, MAN-7 and architecture.md, "A change that spans services": a crash of identity at each point of
/// making a Managed Account leaves no seat, address or member, though the calls that were on their way arrive
/// late
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_an_account_whose_making_was_killed() {
    let mut ground = Box::pin(Ground::start(&[])).await;
    for point in [Point::Domain, Point::Seat, Point::Member, Point::Commit] {
        ground.kill_at(point, Service::Identity).await;
    }
}

/// proves MAN-1, MAN-7 and architecture.md, "A change that spans services": nor does a crash of identity while it
/// undoes what organization refused: the seat is freed, and the address, whoever was told before
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_an_account_whose_undoing_was_killed() {
    let mut ground = Box::pin(Ground::start(&[])).await;
    for point in [Point::UndoMember, Point::UndoSeat, Point::UndoAddress] {
        ground.kill_at(point, Service::Identity).await;
    }
}

/// proves MAN-1, MAN-7 and architecture.md, "A change that spans services": nor does a crash of billing or of
/// organization, whether it had done its part and could not say so, or had not
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_an_account_whose_making_lost_an_answer() {
    let mut ground = Box::pin(Ground::start(&[Service::Organization, Service::Billing])).await;
    for (point, service) in [
        (Point::Seat, Service::Billing),
        (Point::SeatCommit, Service::Billing),
        (Point::Member, Service::Organization),
        (Point::MemberCommit, Service::Organization),
    ] {
        ground.kill_at(point, service).await;
    }
}
