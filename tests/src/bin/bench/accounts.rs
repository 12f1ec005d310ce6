//! What is asked of accounts and sessions when there are many.

use super::{
    load::{Row, run},
    paths::{Person, channel},
};
use pass_mesh::CallContext;
use pass_proto::identity::v1::{
    GetAccountRequest, ListMySessionsRequest, account_service_client::AccountServiceClient,
    session_service_client::SessionServiceClient,
};
use pass_tests::{Party, Suite};
use pass_types::{AccountId, Origin};
use sqlx::PgPool;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::time::Instant;

/// How many accounts there are, each with a session.
pub const ACCOUNTS: i64 = 1_000_000;
/// How many are made at once.
const BATCH: i64 = 100_000;
/// How many live sessions the person has whose list is asked for.
const SESSIONS: i32 = 10;
/// How many times each is asked.
const COUNT: usize = 4_000;

/// A suite with many accounts, and somebody who asks.
pub struct Crowd {
    pool: PgPool,
    account: AccountId,
    console: Arc<str>,
    product: Arc<str>,
}

impl Crowd {
    /// Makes so many accounts, and tells how far it is.
    pub async fn gather(suite: &Suite, person: &Person, accounts: i64) -> Self {
        let (pool, now) = (suite.databases["identity"].pool.clone(), suite.clock.shared().now());
        let begun = Instant::now();
        for first in (1..=accounts).step_by(usize::try_from(BATCH).expect("a small number")) {
            let last = (first + BATCH - 1).min(accounts);
            fill(&pool, first, last, now).await;
            println!("  {last} of {accounts} accounts after {:.0} s", begun.elapsed().as_secs_f64());
        }
        let account = sqlx::query_scalar("SELECT id::text FROM accounts WHERE email_key = $1");
        let account: String = account.bind(super::paths::EMAIL).fetch_one(&pool).await.expect("the person");
        let account: AccountId = account.parse().expect("an id");
        sqlx::query(
            "INSERT INTO sessions
                (id, account_id, token_hash, methods, address, user_agent, created_at, last_used_at, expires_at)
             SELECT gen_random_uuid(), $1, sha256(('own ' || i)::bytea), '{pwd}', '192.0.2.1', 'Browser/1.0', $3,
                $3, $3 + interval '12 hours'
             FROM generate_series(1, $2) i",
        )
        .bind(account.uuid())
        .bind(SESSIONS)
        .bind(now)
        .execute(&pool)
        .await
        .expect("some rows");
        for statement in ["VACUUM ANALYZE accounts", "VACUUM ANALYZE sessions"] {
            sqlx::query(statement).execute(&pool).await.expect("statistics");
        }
        println!("  vacuumed and analyzed after {:.0} s", begun.elapsed().as_secs_f64());
        let console = Party::console(suite).tokens(person.browser()).await.access.into();
        let product = Party::backlog(suite).tokens(person.browser()).await.access.into();
        Self { pool, account, console, product }
    }

    /// What is asked of them, each beside its floor.
    pub async fn measure(&self, suite: &Suite) {
        for concurrent in [1, 16] {
            Row::print("floor: SELECT of an account", concurrent, &self.select_account(concurrent).await);
            Row::print("GetAccount (gRPC over mTLS)", concurrent, &self.get_account(suite, concurrent).await);
            Row::print("floor: SELECT of sessions", concurrent, &self.select_sessions(concurrent).await);
            Row::print(
                "ListMySessions (gRPC over mTLS)",
                concurrent,
                &self.list_sessions(suite, concurrent).await,
            );
        }
    }

    /// The floor of [`Crowd::get_account`]: one row by its key.
    async fn select_account(&self, concurrent: usize) -> Row {
        let (pool, account) = (self.pool.clone(), self.account);
        run(concurrent, COUNT, move |_| {
            let pool = pool.clone();
            async move {
                let query = "SELECT id, kind, name, email, unique_id, language, time_zone FROM accounts WHERE id = $1";
                sqlx::query(query).bind(account.uuid()).fetch_one(&pool).await.expect("a row");
            }
        })
        .await
    }

    /// An account, as a product asks for it.
    async fn get_account(&self, suite: &Suite, concurrent: usize) -> Row {
        let config = suite.pki.product("backlog").expect("files").config("pass.internal");
        let client = AccountServiceClient::new(channel(suite, "backlog", config, "identity"));
        let (token, account_id) = (self.product.clone(), self.account.to_string());
        run(concurrent, COUNT, move |_| {
            let (mut client, token) = (client.clone(), token.clone());
            let message = GetAccountRequest { account_id: account_id.clone() };
            async move {
                let context = CallContext::person(token, Origin::default());
                client.get_account(context.request(message)).await.expect("an account");
            }
        })
        .await
    }

    /// The floor of [`Crowd::list_sessions`]: the same rows by their index.
    async fn select_sessions(&self, concurrent: usize) -> Row {
        let (pool, account) = (self.pool.clone(), self.account);
        run(concurrent, COUNT, move |_| {
            let pool = pool.clone();
            async move {
                let query = "SELECT id, methods, address, user_agent, created_at, last_used_at, expires_at FROM sessions
                    WHERE account_id = $1 AND ended_at IS NULL ORDER BY id DESC LIMIT 51";
                sqlx::query(query).bind(account.uuid()).fetch_all(&pool).await.expect("rows");
            }
        })
        .await
    }

    /// A person's sessions, as the console asks for them (ACC-12).
    async fn list_sessions(&self, suite: &Suite, concurrent: usize) -> Row {
        let config = suite.pki.service("console").expect("files").config("pass.internal");
        let client = SessionServiceClient::new(channel(suite, "console", config, "identity"));
        let token = self.console.clone();
        run(concurrent, COUNT, move |_| {
            let (mut client, token) = (client.clone(), token.clone());
            async move {
                let context = CallContext::person(token, Origin::default());
                let request = context.request(ListMySessionsRequest::default());
                client.list_my_sessions(request).await.expect("sessions");
            }
        })
        .await
    }
}

/// Accounts from the `first` to the `last`, each with a session that has just begun. Ids are in the order of time, as
/// UUIDv7 are.
async fn fill(pool: &PgPool, first: i64, last: i64, now: OffsetDateTime) {
    for statement in [
        "INSERT INTO accounts
            (id, kind, name, email, email_key, unique_id, language, time_zone, appearance, created_at)
         SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, 'nulab', 'Somebody ' || i,
            'somebody-' || i || '@example.com', 'somebody-' || i || '@example.com', 'somebody-' || i, 'en', 'UTC',
            'system', $3
         FROM generate_series($1, $2) i",
        "INSERT INTO sessions
            (id, account_id, token_hash, methods, address, user_agent, created_at, last_used_at, expires_at)
         SELECT id, id, sha256(id::text::bytea), '{pwd}', '', '', $3, $3, $3 + interval '12 hours'
         FROM generate_series($1, $2) i, LATERAL
            (SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id) made",
    ] {
        sqlx::query(statement).bind(first).bind(last).bind(now).execute(pool).await.expect("many rows");
    }
}
