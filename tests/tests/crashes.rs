//! Making a Managed Account while identity is killed, at each point: nothing is left over.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use pass_testkit::{DnsServer, Pysaml2, wait_for};
use pass_tests::{Company, DOMAIN, IdentityProcess, Suite};
use sqlx::{PgPool, Postgres, Transaction};
use std::sync::Arc;

/// Holds something that a step needs, until it is dropped.
type Held = Transaction<'static, Postgres>;

async fn hold(pool: &PgPool, sql: &'static str) -> Held {
    let mut tx = pool.begin().await.unwrap();
    sqlx::query(sql).execute(&mut *tx).await.unwrap();
    tx
}

/// Waits until somebody stands before what is held.
async fn somebody_waits(pool: &PgPool) {
    wait_for(async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        waiting > 0
    })
    .await;
}

async fn count(pool: &PgPool, sql: &'static str, about: &str) -> i64 {
    sqlx::query_scalar(sql).bind(about).fetch_one(pool).await.unwrap()
}

/// Where making an account stands still when identity is killed.
#[derive(Debug, Clone, Copy)]
enum Point {
    /// The address is claimed; domain-verification is asked.
    Domain,
    /// Billing is asked for the seat.
    Seat,
    /// Organization is asked for the member.
    Member,
    /// All have said yes; it is about to be written down.
    Commit,
}

const LOCK_SEATS: &str = "SELECT 1 FROM subscriptions FOR UPDATE";
const LOCK_MEMBERS: &str = "SELECT 1 FROM organizations FOR UPDATE";
const LOCK_DOMAINS: &str = "LOCK TABLE domains IN ACCESS EXCLUSIVE MODE";
/// Stands in the way of a claim, and not of the job that looks for what was left.
const LOCK_CLAIMS: &str = "LOCK TABLE managed_accounts IN SHARE MODE";
const LOCK_ACCOUNT: &str = "SELECT 1 FROM managed_accounts WHERE state = 'provisioning' FOR UPDATE";

impl Point {
    const ALL: [Self; 4] = [Self::Domain, Self::Seat, Self::Member, Self::Commit];

    /// What is there of the account when identity is killed: it really came so far.
    fn reached(self) -> [i64; 3] {
        match self {
            Self::Domain | Self::Seat => [1, 0, 0],
            Self::Member => [1, 0, 1],
            Self::Commit => [1, 1, 1],
        }
    }

    /// Lets the making that `begun` drives come to this point, and holds it there.
    async fn stand_still(self, company: &Company, begin: impl FnOnce()) -> Held {
        let pool = |service: &str| &company.suite.databases[service].pool;
        let [identity, billing] = ["identity", "billing"].map(pool);
        match self {
            Self::Domain => {
                // The first look at the domain comes before the claim; the second one is meant.
                let claim = hold(identity, LOCK_CLAIMS).await;
                begin();
                somebody_waits(identity).await;
                let held = hold(pool("domain-verification"), LOCK_DOMAINS).await;
                claim.rollback().await.unwrap();
                somebody_waits(pool("domain-verification")).await;
                held
            }
            Self::Seat => {
                let held = hold(billing, LOCK_SEATS).await;
                begin();
                somebody_waits(billing).await;
                held
            }
            Self::Member => {
                let held = hold(pool("organization"), LOCK_MEMBERS).await;
                begin();
                somebody_waits(pool("organization")).await;
                held
            }
            Self::Commit => {
                let seat = hold(billing, LOCK_SEATS).await;
                begin();
                somebody_waits(billing).await;
                let held = hold(identity, LOCK_ACCOUNT).await;
                seat.rollback().await.unwrap();
                somebody_waits(identity).await;
                held
            }
        }
    }
}

/// What is there of an address: accounts, members, seats that are taken.
async fn traces(company: &Company, email: &str) -> [i64; 3] {
    let pool = |service: &str| &company.suite.databases[service].pool;
    [
        count(pool("identity"), "SELECT count(*) FROM accounts WHERE email_key = $1", email).await,
        count(pool("organization"), "SELECT count(*) FROM members WHERE email_key = $1", email).await,
        count(pool("billing"), "SELECT sum(seats_used)::bigint FROM subscriptions WHERE $1 <> ''", email)
            .await,
    ]
}

/// proves MAN-1, MAN-7 and architecture.md, "A change that spans services": a crash at each point of making a
/// Managed Account leaves no seat, address or member, though the calls that were on their way arrive late
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_an_account_whose_making_was_killed() {
    let (dns, idp) = tokio::join!(DnsServer::start(&[(DOMAIN, "")]), Pysaml2::start());
    let resolver = dns.address();
    let suite = Suite::start_without_identity(|config| {
        config.domain_verification.resolvers = vec![resolver];
    })
    .await;
    let mut process = IdentityProcess::start(&suite).await;
    let company = Arc::new(Company::found(suite, dns, idp).await);
    company.apply().await;
    company.approve().await;
    company.verify_domain().await;
    for point in Point::ALL {
        let name = format!("{point:?}").to_lowercase();
        let email = format!("{name}@{DOMAIN}");
        let (driven, whom) = (company.clone(), name.clone());
        let mut asked = None;
        let begin =
            || asked = Some(tokio::spawn(async move { driven.create_managed(&whom, "Yuki Tanaka").await }));
        let held = point.stand_still(&company, begin).await;
        assert_eq!(traces(&company, &email).await, point.reached(), "{point:?}");
        process.kill();
        // What was on its way arrives now, after its sender's death.
        held.rollback().await.unwrap();
        // The console tries for a while; it must not find the next process, which would just make the account.
        let page = asked.unwrap().await.unwrap();
        assert!(!page.status.is_success(), "{point:?}: {}", page.body);
        process = IdentityProcess::start(&company.suite).await;
        // As if the time that a worker may be silent had passed.
        let age =
            "UPDATE managed_accounts SET lease_until = created.now FROM (SELECT now()) AS created (now)";
        sqlx::query(age).execute(&company.suite.databases["identity"].pool).await.unwrap();
        wait_for(async || traces(&company, &email).await == [0, 0, 0]).await;

        // The address is free: the same account can be made.
        let page = company.create_managed(&name, "Yuki Tanaka").await;
        assert_eq!(traces(&company, &email).await, [1, 1, 1], "{point:?}: {}", page.body);
        let page = company.taro.open(company.at(&format!("members?query={name}"))).await;
        let page = company.taro.click(&page, "/managed/").await;
        let page = company.taro.click(&page, "/delete").await;
        let page = company.taro.submit(page.form("/delete").with("confirmation", &email)).await;
        assert_eq!(traces(&company, &email).await, [0, 0, 0], "{point:?}: {}", page.body);
    }
    process.kill();
}
