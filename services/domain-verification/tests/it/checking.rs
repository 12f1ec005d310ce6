//! What identity asks.

use crate::suite::{Suite, Visitor, txt};
use pass_proto::domains::v1::{Domain, finding::Kind};
use pass_testkit::DnsServer;
use std::time::Duration;

async fn verified(dns: &DnsServer, visitor: &Visitor, organization: &str, name: &str) -> Domain {
    let domain = visitor.add(organization, name).await.unwrap();
    dns.set(name, &txt("_nulab-challenge", &domain.record_text)).await;
    assert_eq!(visitor.found(organization, &domain).await, Kind::Match);
    domain
}

/// proves DOM-3, MAN-1: addresses may be under that very domain, verified, of that organization
#[tokio::test]
async fn that_very_domain() {
    let dns = DnsServer::start(&[("acme.test", ""), ("xn--wgv71a119e.test", "")]).await;
    let suite = Suite::asking(&dns).await;
    let (identity, (visitor, organization)) = (suite.service("identity"), suite.administrator());
    let (other, elsewhere) = suite.administrator();
    other.add(&elsewhere, "acme.test").await.unwrap();
    visitor.add(&organization, "unverified.test").await.unwrap();
    assert!(!identity.check(&organization, "acme.test").await.unwrap());
    verified(&dns, &visitor, &organization, "acme.test").await;
    verified(&dns, &visitor, &organization, "xn--wgv71a119e.test").await;
    for yes in ["acme.test", "ACME.Test", "acme.test.", "日本語.test", "xn--wgv71a119e.TEST"] {
        assert!(identity.check(&organization, yes).await.unwrap(), "{yes}");
    }
    for no in [
        "sub.acme.test",
        "test",
        "",
        "unverified.test",
        "\u{430}cme.test",
        "acme.test..",
        "acme_test",
        "[192.0.2.1]",
        "acme.test\0",
        " acme.test",
        "xacme.test",
        "other.test",
    ] {
        assert!(!identity.check(&organization, no).await.unwrap(), "{no:?}");
    }
    assert!(!identity.check(&elsewhere, "acme.test").await.unwrap(), "theirs is not verified");
    assert!(!identity.check(&suite.id(), "acme.test").await.unwrap());
    // The end of Nulab Pass takes no domain away: that is for seats and sign-ins to say.
    let none = pass_proto::billing::v1::check_entitlement_response::State::Ended;
    suite.world.entitle(&organization, none);
    assert!(identity.check(&organization, "acme.test").await.unwrap());
}

/// proves SML-8: the organizations that have verified a domain, at most 10
#[tokio::test]
async fn where_to_sign_in() {
    let dns = DnsServer::start(&[("acme.test", "")]).await;
    let suite = Suite::asking(&dns).await;
    let identity = suite.service("identity");
    assert!(identity.find("acme.test").await.unwrap().is_empty());
    let mut expected = Vec::new();
    for _ in 0..12 {
        let (visitor, organization) = suite.administrator();
        verified(&dns, &visitor, &organization, "acme.test").await;
        expected.push(organization);
        suite.clock.advance(Duration::from_secs(1));
    }
    let (unproven, organization) = suite.administrator();
    unproven.add(&organization, "acme.test").await.unwrap();
    assert_eq!(identity.find("ACME.test.").await.unwrap(), expected[..10], "those that were first");
    for none in ["sub.acme.test", "test", "", "a b"] {
        assert!(identity.find(none).await.unwrap().is_empty(), "{none}");
    }
}
