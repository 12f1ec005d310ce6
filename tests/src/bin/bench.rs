//! `deploy/dev bench`: what the suite's paths cost, each beside its floor, measured in the same run.
//!
//! Everything is in this process (services, load and sample clients share the cores), on a
//! PostgreSQL that writes durably. Figures are for comparing with the floor beside them.

#[path = "bench/floors.rs"]
mod floors;
#[path = "bench/load.rs"]
mod load;
#[path = "bench/paths.rs"]
mod paths;

use load::Row;
use pass_tests::Suite;

#[tokio::main]
async fn main() {
    let suite = Suite::start_with(|config| {
        // The default cost of a password, and no limits on how often the load may call.
        config.identity.passwords = pass::PasswordConfig { queue: 1_000, ..pass::PasswordConfig::default() };
        config.identity.limits.failed_sign_ins_per_network = u32::MAX;
        config.gateway.database.max_connections = 12;
        config.identity.database.max_connections = 12;
        config.organization.database.max_connections = 12;
    })
    .await;
    println!("{:<34} {:>4} {:>10} {:>10} {:>10}", "", "at", "req/s", "p50 ms", "p99 ms");
    let person = paths::Person::prepare(&suite).await;
    for concurrent in [1, 16] {
        Row::print("floor: Argon2id alone", concurrent, &floors::argon2id(concurrent).await);
        Row::print("password sign-in (gRPC)", concurrent, &paths::sign_in(&suite, &person, concurrent).await);
    }
    for concurrent in [1, 16] {
        Row::print("floor: axum hello", concurrent, &floors::axum_hello(concurrent).await);
        Row::print("floor: one-row commit", concurrent, &floors::one_row_commit(&suite, concurrent).await);
        Row::print("code exchange (HTTP)", concurrent, &paths::code_exchange(&person, concurrent).await);
        Row::print("refresh grant (HTTP)", concurrent, &paths::refresh(&person, concurrent).await);
    }
    for concurrent in [1, 16] {
        Row::print("floor: tonic echo", concurrent, &floors::tonic_echo(concurrent).await);
        Row::print(
            "CheckAccess (gRPC over mTLS)",
            concurrent,
            &paths::check_access(&suite, &person, concurrent).await,
        );
    }
    Row::print("event: commit to consumer", 1, &paths::event(&suite, 1).await);
    Row::print("event: commit to consumer", 16, &paths::event(&suite, 16).await);
}
