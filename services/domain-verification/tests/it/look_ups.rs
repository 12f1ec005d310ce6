//! Verifying: what it changes, and how often it may be asked for.

use crate::suite::{Suite, txt};
use pass_proto::{
    domains::v1::{Domain, domain::State, finding::Kind as Found},
    errors::v1::ErrorReason,
    events::v1::{self as events, envelope::Payload},
};
use pass_testkit::DnsServer;
use pass_types::{Kind, Role};
use std::time::Duration;

/// proves DOM-2, DOM-7: a match verifies once and is told once; whatever is found later changes nothing
#[tokio::test]
async fn verified_once() {
    let dns = DnsServer::start(&[("acme.test", "")]).await;
    let suite = Suite::asking(&dns).await;
    let (visitor, organization) = suite.administrator();
    let added = visitor.add(&organization, "acme.test").await.unwrap();
    dns.set("acme.test", &txt("_nulab-challenge", &added.record_text)).await;
    let answer = visitor.verify(&organization, &added).await.unwrap();
    let verified = answer.domain.unwrap();
    assert_eq!(answer.finding.unwrap().kind(), Found::Match);
    assert_eq!((verified.state(), verified.verify_time), (State::Verified, added.create_time));
    suite.clock.advance(Duration::from_mins(1));
    assert_eq!(visitor.verify(&organization, &added).await.unwrap().domain, Some(verified.clone()));
    dns.set("acme.test", "").await;
    let answer = visitor.verify(&organization, &added).await.unwrap();
    assert_eq!(answer.finding.unwrap().kind(), Found::NoSuchName);
    assert_eq!(answer.domain, Some(verified));

    let told = suite.history(&organization).await;
    let payload = events::DomainVerified {
        organization_id: organization.clone(),
        domain_id: added.domain_id,
        name: "acme.test".to_owned(),
    };
    assert_eq!(told.len(), 2);
    assert_eq!(told[1], Payload::DomainVerified(payload));
}

/// Two at once: it is verified, and told, once.
#[tokio::test]
async fn two_at_once() {
    let dns = DnsServer::start(&[("acme.test", "")]).await;
    let suite = Suite::asking(&dns).await;
    let (visitor, organization) = suite.administrator();
    let added = visitor.add(&organization, "acme.test").await.unwrap();
    dns.set("acme.test", &txt("_nulab-challenge", &added.record_text)).await;
    let both = (0..4).map(|_| visitor.found(&organization, &added));
    assert_eq!(futures::future::join_all(both).await, [Found::Match; 4]);
    assert_eq!(suite.history(&organization).await.len(), 2);
}

/// proves DOM-2: look-ups are limited per domain, and per organization; trying again later is told and works
#[tokio::test]
async fn not_too_often() {
    let dns = DnsServer::start(&[("acme.test", ""), ("other.test", "")]).await;
    let suite = Suite::start(&[dns.address()], |config| {
        config.look_ups_of_domain = 2;
        config.look_ups_of_organization = 3;
    })
    .await;
    let (visitor, organization) = suite.administrator();
    let one = visitor.add(&organization, "acme.test").await.unwrap();
    let other = visitor.add(&organization, "other.test").await.unwrap();
    let too_often = async |domain: &Domain, wait: u64| {
        let refused = visitor.verify(&organization, domain).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
        assert_eq!(refused.retry_after, Some(Duration::from_secs(wait)));
    };
    for _ in 0..2 {
        assert_eq!(visitor.found(&organization, &one).await, Found::NoSuchName);
    }
    too_often(&one, 300).await;
    assert_eq!(visitor.found(&organization, &other).await, Found::NoSuchName);
    too_often(&other, 200).await;
    // Another organization is not concerned.
    let (stranger, elsewhere) = suite.administrator();
    let theirs = stranger.add(&elsewhere, "acme.test").await.unwrap();
    assert_eq!(stranger.found(&elsewhere, &theirs).await, Found::NoSuchName);
    suite.clock.advance(Duration::from_mins(5));
    let visitor = suite.member(&organization, Role::Administrator);
    assert_eq!(visitor.found(&organization, &one).await, Found::NoSuchName);
}

/// proves DOM-3: another organization's domain is not there
#[tokio::test]
async fn somebody_elses_domain() {
    let dns = DnsServer::start(&[("acme.test", "")]).await;
    let suite = Suite::asking(&dns).await;
    let ((owner, first), (stranger, second)) = (suite.administrator(), suite.administrator());
    let theirs = owner.add(&first, "acme.test").await.unwrap();
    dns.set("acme.test", &txt("_nulab-challenge", &theirs.record_text)).await;
    for refused in [
        stranger.verify(&second, &theirs).await.unwrap_err(),
        stranger.verify(&first, &theirs).await.unwrap_err(),
        owner.verify(&second, &theirs).await.unwrap_err(),
    ] {
        assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    }
    for refused in [
        stranger.remove(&second, &theirs).await.unwrap_err(),
        stranger.remove(&first, &theirs).await.unwrap_err(),
    ] {
        assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    }
    assert_eq!(owner.domains(&first).await.unwrap(), [theirs]);
    assert_eq!(suite.count("throttles").await, 0, "nothing was looked up");
}
