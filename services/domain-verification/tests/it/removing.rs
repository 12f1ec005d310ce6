//! Removing domains (DOM-6), while accounts are made, and through a crash.

use crate::suite::{Suite, Visitor, txt};
use pass_proto::{
    domains::v1::{Domain, domain::State, finding::Kind as Found},
    errors::v1::ErrorReason,
    events::v1::{self as events, envelope::Payload},
};
use pass_testkit::{DnsServer, wait_for};
use pass_types::Kind;
use std::time::Duration;

struct Scene {
    dns: DnsServer,
    suite: Suite,
    visitor: Visitor,
    identity: Visitor,
    organization: String,
    domain: Domain,
}

impl Scene {
    /// An organization with a verified domain.
    async fn start() -> Self {
        let dns = DnsServer::start(&[("acme.test", "")]).await;
        let suite = Suite::asking(&dns).await;
        let (visitor, organization) = suite.administrator();
        let domain = visitor.add(&organization, "acme.test").await.unwrap();
        dns.set("acme.test", &txt("_nulab-challenge", &domain.record_text)).await;
        let domain = visitor.verify(&organization, &domain).await.unwrap().domain.unwrap();
        assert_eq!(domain.state(), State::Verified);
        let identity = suite.service("identity");
        Self { dns, suite, visitor, identity, organization, domain }
    }

    async fn checked(&self) -> bool {
        self.identity.check(&self.organization, "acme.test").await.unwrap()
    }

    async fn listed(&self) -> Vec<Domain> {
        self.visitor.domains(&self.organization).await.unwrap()
    }
}

/// proves DOM-6: what nobody uses goes, and is told; again is no error; added again it has a new code
#[tokio::test]
async fn removed() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    visitor.remove(organization, domain).await.unwrap();
    assert!(scene.listed().await.is_empty());
    assert!(!scene.checked().await);
    assert!(scene.identity.find("acme.test").await.unwrap().is_empty());
    visitor.remove(organization, domain).await.unwrap();
    assert_eq!(visitor.verify(organization, domain).await.unwrap_err().reason, ErrorReason::NotFound);
    let told = suite.history(organization).await;
    let payload = events::DomainRemoved {
        organization_id: organization.clone(),
        domain_id: domain.domain_id.clone(),
        name: "acme.test".to_owned(),
    };
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[2], Payload::DomainRemoved(payload));
    let again = visitor.add(organization, "acme.test").await.unwrap();
    assert_ne!((&again.domain_id, &again.record_text), (&domain.domain_id, &domain.record_text));
    assert_eq!(visitor.found(organization, &again).await, Found::OtherCodes, "the old code proves nothing");
    // After a month nobody asks for the same removal again.
    suite.clock.advance(time_of(31));
    wait_for(async || suite.count("removed_domains").await == 0).await;
    wait_for(async || suite.count("throttles").await == 0).await;
}

fn time_of(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// proves DOM-6: refused with the number while Managed Accounts use it, and nothing changes
#[tokio::test]
async fn in_use() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    suite.world.use_domain(organization, "acme.test", Some(3));
    let refused = visitor.remove(organization, domain).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::DomainInUse));
    assert_eq!(refused.metadata["needed"], "3");
    assert!(scene.checked().await);
    assert_eq!(scene.listed().await, std::slice::from_ref(domain));
    assert_eq!(suite.history(organization).await.len(), 2);
    suite.world.use_domain(organization, "acme.test", Some(0));
    visitor.remove(organization, domain).await.unwrap();
}

/// proves DOM-6: when identity does not say who uses it, nothing changes
#[tokio::test]
async fn identity_fails() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    for wrong in [None, Some(-1)] {
        suite.world.use_domain(organization, "acme.test", wrong);
        let refused = visitor.remove(organization, domain).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Internal, ErrorReason::Internal));
        assert!(scene.checked().await);
        assert_eq!(scene.listed().await, std::slice::from_ref(domain));
    }
}

/// proves DOM-6: while identity counts, no new account may come under the domain, and it can't be verified
#[tokio::test]
async fn meanwhile() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    let counting = suite.world.hold_counting().await;
    let removing = visitor.remove(organization, domain);
    let meanwhile = async {
        wait_for(async || !scene.checked().await).await;
        let refused = visitor.verify(organization, domain).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Conflict, ErrorReason::Conflict));
        assert_eq!(scene.listed().await, std::slice::from_ref(domain), "it is there until it is gone");
        assert_eq!(scene.identity.find("acme.test").await.unwrap(), std::slice::from_ref(organization));
        let known = visitor.add(organization, "acme.test").await.unwrap_err();
        assert_eq!(known.reason, ErrorReason::DomainKnown);
        // An account that asked before is there by now.
        suite.world.use_domain(organization, "acme.test", Some(1));
        drop(counting);
    };
    let (removed, ()) = futures::join!(removing, meanwhile);
    assert_eq!(removed.unwrap_err().reason, ErrorReason::DomainInUse);
    assert!(scene.checked().await);
}

/// proves DOM-6: of two administrators at once one removes it, and it is told once
#[tokio::test]
async fn two_at_once() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    let tries = (0..6).map(|_| visitor.remove(organization, domain));
    let tries = futures::future::join_all(tries).await;
    assert!(tries.iter().any(Result::is_ok));
    for refused in tries.into_iter().filter_map(Result::err) {
        assert_eq!((refused.kind, refused.reason), (Kind::Conflict, ErrorReason::Conflict));
    }
    assert!(scene.listed().await.is_empty());
    let removed = |payload: &&Payload| matches!(payload, Payload::DomainRemoved(_));
    assert_eq!(suite.history(organization).await.iter().filter(removed).count(), 1);
}

/// proves DOM-6: what a crash leaves half-way is put back as it was
#[tokio::test]
async fn a_crash() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    let unverified = visitor.add(organization, "other.test").await.unwrap();
    // As the first transaction of a removal leaves it.
    let left_behind = "UPDATE domains SET state = 'removing', removal = id, removing_since = $1";
    let begun = sqlx::query(left_behind).bind(suite.context.clock.now());
    assert_eq!(begun.execute(&suite.database.pool).await.unwrap().rows_affected(), 2);
    assert!(!scene.checked().await);
    suite.clock.advance(Duration::from_secs(121));
    wait_for(async || scene.checked().await).await;
    wait_for(async || {
        let left = "SELECT count(*) FROM domains WHERE state = 'removing'";
        sqlx::query_scalar::<_, i64>(left).fetch_one(&suite.database.pool).await.unwrap() == 0
    })
    .await;
    assert_eq!(scene.listed().await, [domain.clone(), unverified.clone()]);
    scene.dns.set("other.test", &txt("@", &unverified.record_text)).await;
    assert_eq!(visitor.found(organization, &unverified).await, Found::Match);
    assert_eq!(visitor.found(organization, domain).await, Found::Match);
    visitor.remove(organization, domain).await.unwrap();
}

/// proves DOM-6: who was taken for dead removes nothing any more: accounts may have come meanwhile
#[tokio::test]
async fn not_dead_but_slow() {
    let scene = Scene::start().await;
    let Scene { suite, visitor, organization, domain, .. } = &scene;
    let counting = suite.world.hold_counting().await;
    let meanwhile = async {
        wait_for(async || !scene.checked().await).await;
        suite.clock.advance(Duration::from_secs(121));
        wait_for(async || scene.checked().await).await;
        drop(counting);
    };
    let (removed, ()) = futures::join!(visitor.remove(organization, domain), meanwhile);
    let refused = removed.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Conflict, ErrorReason::Conflict));
    assert!(scene.checked().await);
    assert_eq!(scene.listed().await, std::slice::from_ref(domain));
}
