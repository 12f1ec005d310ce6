//! Each RPC with missing, oversized, wrongly typed and anonymous input: a documented error that names the
//! field, and nothing changed.

use crate::suite::{Answer, Suite, Visitor};
use pass_proto::{domains::v1::*, errors::v1::ErrorReason};
use pass_types::Kind;
use std::fmt::Debug;

/// The request was refused because of that field.
#[track_caller]
fn refused<T: Debug>(answer: Answer<T>, field: &str) {
    let refused = answer.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, ErrorReason::InvalidArgument), "{field}");
    assert_eq!(refused.violations[0].0, field);
}

const LONG: usize = 100_000;

/// proves DOM-4: what is no name of a domain is refused
#[tokio::test]
async fn names() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(56)) + ".test";
    assert_eq!(longest.len(), 253);
    let long = "a.".repeat(LONG);
    for bad in [
        "",
        ".",
        "localhost",
        "acme",
        "a..test",
        ".acme.test",
        "acme.test..",
        "a_b.test",
        "a b.test",
        " acme.test",
        "acme.test\n",
        "acme\0.test",
        "-a.test",
        "a-.test",
        "ab--cd.test",
        "xn--a.test",
        "*.acme.test",
        "a@acme.test",
        "https://acme.test",
        "acme.test:53",
        "192.0.2.1",
        "192.0.2.1.",
        "１９２.０.２.１",
        "2001:db8::1",
        "[::1]",
        "1.2",
        "☃.test",
        "a\u{202e}b.test",
        "a\u{200b}\u{200d}b.test",
        &format!("a{longest}"),
        &format!("{label}a.test"),
        &long,
    ] {
        refused(visitor.add(&organization, bad).await, "name");
    }
    assert_eq!(suite.count("domains").await, 0);
    let domain = visitor.add(&organization, &format!("{longest}.")).await.unwrap();
    assert_eq!((&domain.name, &domain.record_name), (&longest, &longest), "there is no room for the label");
}

#[tokio::test]
async fn request_ids() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    for bad in ["", "x", "00000000", &"0".repeat(LONG)] {
        refused(visitor.add_by(bad, &organization, "acme.test").await, "request_id");
    }
    assert_eq!((suite.count("domains").await, suite.count("requests").await), (0, 0));
}

#[tokio::test]
async fn ids() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    let none = Domain { domain_id: suite.id(), ..Domain::default() };
    let long = "0".repeat(LONG);
    for bad in ["", "x", "00000000", long.as_str()] {
        let wrong = Domain { domain_id: bad.to_owned(), ..Domain::default() };
        refused(visitor.add(bad, "acme.test").await, "organization_id");
        refused(visitor.domains(bad).await, "organization_id");
        refused(visitor.verify(bad, &none).await, "organization_id");
        refused(visitor.remove(bad, &none).await, "organization_id");
        refused(visitor.verify(&organization, &wrong).await, "domain_id");
        refused(visitor.remove(&organization, &wrong).await, "domain_id");
        refused(suite.service("identity").check(bad, "acme.test").await, "organization_id");
    }
    assert_eq!(visitor.verify(&organization, &none).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(visitor.remove(&organization, &none).await.unwrap_err().reason, ErrorReason::NotFound);
}

#[tokio::test]
async fn pages() {
    let suite = Suite::without_dns().await;
    let (visitor, organization_id) = suite.administrator();
    let list = |page_size, page_token: &str| ListDomainsRequest {
        organization_id: organization_id.clone(),
        page_size,
        page_token: page_token.to_owned(),
    };
    for size in [-1, 101, i32::MAX, i32::MIN] {
        refused(visitor.list_domains(list(size, "")).await, "page_size");
    }
    refused(visitor.list_domains(list(0, &"A".repeat(LONG))).await, "page_token");
    for token in ["x", "AAAA", "é", "%00"] {
        let wrong = visitor.list_domains(list(0, token)).await.unwrap_err();
        assert_eq!((wrong.kind, wrong.reason), (Kind::InvalidInput, ErrorReason::PageTokenInvalid));
    }
}

/// Nobody, and the wrong program, get nothing.
#[tokio::test]
async fn nobody_and_the_wrong_program() {
    async fn nothing(suite: &Suite, visitor: &Visitor, reason: ErrorReason) {
        let (id, none) = (suite.id(), Domain { domain_id: suite.id(), ..Domain::default() });
        let refusals = [
            visitor.add(&id, "acme.test").await.unwrap_err(),
            visitor.domains(&id).await.unwrap_err(),
            visitor.verify(&id, &none).await.unwrap_err(),
            visitor.remove(&id, &none).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.reason, reason);
        }
        let wrong = [
            visitor.check(&id, "acme.test").await.unwrap_err(),
            visitor.find("acme.test").await.unwrap_err(),
        ];
        for wrong in wrong {
            assert_eq!(wrong.reason, ErrorReason::PeerNotAllowed);
        }
    }
    let suite = Suite::without_dns().await;
    nothing(&suite, &suite.nobody(), ErrorReason::ActorNotAllowed).await;
    nothing(&suite, &suite.service("audit"), ErrorReason::PeerNotAllowed).await;
}

/// A wrong setting: one line that names it, before anything starts.
#[tokio::test]
async fn settings() {
    let context = pass_runtime::Context::system();
    let config = domain_verification::Config {
        resolvers: vec!["127.0.0.1:53".parse().unwrap()],
        ..domain_verification::Config::default()
    };
    let problem = domain_verification::build(config, &context).await.err().unwrap().to_string();
    assert!(problem.contains("database.url") && !problem.contains('\n'), "{problem}");
}
