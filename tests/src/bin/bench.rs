//! `deploy/dev bench`: what the suite's paths cost, each beside its floor, measured in the same run.
//!
//! Everything is in this process (services, load and sample clients share the cores), on a
//! PostgreSQL that writes durably. Figures are for comparing with the floor beside them.

#[path = "bench/accounts.rs"]
mod accounts;
#[path = "bench/floors.rs"]
mod floors;
#[path = "bench/load.rs"]
mod load;
#[path = "bench/managed.rs"]
mod managed;
#[path = "bench/paths.rs"]
mod paths;

use load::Row;
use pass_testkit::DnsServer;
use pass_tests::{DOMAIN, Suite};
use std::num::{NonZeroU16, NonZeroU32};

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    println!("{:<34} {:>4} {:>10} {:>10} {:>10}", "", "at", "req/s", "p50 ms", "p99 ms");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Box::pin(everything()).await,
        ["passwords"] => {
            let dns = DnsServer::start(&[(DOMAIN, "")]).await;
            let suite = Box::pin(start(&dns)).await;
            let person = paths::Person::prepare(&suite).await;
            for _ in 0..3 {
                passwords(&suite, &person).await;
            }
        }
        ["accounts", count] => {
            let dns = DnsServer::start(&[(DOMAIN, "")]).await;
            let suite = Box::pin(start(&dns)).await;
            let person = paths::Person::prepare(&suite).await;
            crowd(&suite, &person, count.parse().expect("a number")).await;
        }
        ["sign-ins", product, handle, count, emails @ ..] if !emails.is_empty() => {
            let product = product.parse().expect("an address");
            let emails = emails.iter().map(|&email| email.to_owned()).collect();
            let count = count.parse().expect("a number");
            let row = managed::sign_ins(product, handle, emails, count).await;
            Row::print("SAML sign-in, product to product", 16, &row);
        }
        _ => panic!("bench [passwords | accounts COUNT | sign-ins PRODUCT ORGANIZATION-ID COUNT EMAIL…]"),
    }
}

/// The default cost of a password, and no limits on how often the load may call.
async fn start(dns: &DnsServer) -> Suite {
    Suite::start_with(|config| {
        config.identity.passwords = pass::PasswordConfig { queue: 1_000, ..pass::PasswordConfig::default() };
        config.identity.limits.failed_sign_ins_per_network = u32::MAX;
        config.identity.limits.saml_sign_ins_per_network = u32::MAX;
        // Tries that are under way at once count until the password is found right.
        config.identity.limits.wrong_passwords_per_account = 1_000_000;
        config.identity.limits.wrong_passwords_per_known_device = 1_000_000;
        config.gateway.credentials_per_minute = NonZeroU32::MAX;
        config.gateway.flows_per_minute = NonZeroU32::MAX;
        config.billing.trial_seats = NonZeroU16::MAX;
        config.domain_verification.resolvers = vec![dns.address()];
        for database in [
            &mut config.gateway.database,
            &mut config.identity.database,
            &mut config.organization.database,
            &mut config.billing.database,
        ] {
            database.max_connections = 12;
        }
    })
    .await
}

async fn everything() {
    let dns = DnsServer::start(&[(DOMAIN, "")]).await;
    let suite = Box::pin(start(&dns)).await;
    let company = Box::pin(managed::company(suite, dns)).await;
    let suite = &company.suite;
    let person = paths::Person::prepare(suite).await;
    passwords(suite, &person).await;
    for concurrent in [1, 16] {
        Row::print("floor: axum hello", concurrent, &floors::axum_hello(concurrent).await);
        Row::print("floor: one-row commit", concurrent, &floors::one_row_commit(suite, concurrent).await);
        Row::print("code exchange (HTTP)", concurrent, &paths::code_exchange(&person, concurrent).await);
        Row::print("refresh grant (HTTP)", concurrent, &paths::refresh(&person, concurrent).await);
        Row::print("ACS post to session (HTTP)", concurrent, &managed::acs(&company, concurrent).await);
        Row::print("Managed Account made (gRPC)", concurrent, &managed::create(&company, concurrent).await);
    }
    for concurrent in [1, 16] {
        Row::print("floor: tonic echo", concurrent, &floors::tonic_echo(concurrent).await);
        Row::print(
            "CheckAccess (gRPC over mTLS)",
            concurrent,
            &paths::check_access(suite, &person, concurrent).await,
        );
    }
    crowd(suite, &person, accounts::ACCOUNTS).await;
    Row::print("event: commit to consumer", 1, &paths::event(suite, 1).await);
    Row::print("event: commit to consumer", 16, &paths::event(suite, 16).await);
}

/// What a password costs, and the sign-in that it is for.
async fn passwords(suite: &Suite, person: &paths::Person) {
    for concurrent in [1, 16] {
        Row::print("floor: Argon2id alone", concurrent, &floors::argon2id(concurrent).await);
        Row::print("password sign-in (gRPC)", concurrent, &paths::sign_in(suite, person, concurrent).await);
    }
}

/// What accounts and sessions cost when there are many.
async fn crowd(suite: &Suite, person: &paths::Person, count: i64) {
    let crowd = accounts::Crowd::gather(suite, person, count).await;
    println!("with {count} accounts more, each with a session:");
    crowd.measure(suite).await;
}
