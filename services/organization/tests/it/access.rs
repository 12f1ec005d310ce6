//! Access decisions for products (API-3).

use crate::suite::Suite;
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    organization::v1::{StartTrialRequest, check_access_response::Reason, space},
};
use pass_types::{Product, Role};
use std::time::Duration;

/// proves API-3: yes, with organization, Space and role, for the Space and for any
#[tokio::test]
async fn a_member_may_use_the_product() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    let product = suite.product("backlog", &taro, Some(&id));
    for asked in ["", "acme"] {
        let answer = product.check(asked).await.unwrap();
        assert_eq!((answer.allowed, answer.reason()), (true, Reason::Allowed));
        assert_eq!(answer.organization.as_ref().unwrap().organization_id, id);
        let space = answer.space.as_ref().unwrap();
        assert_eq!((space.space_id.as_str(), space.state()), ("acme", space::State::Trial));
        assert_eq!(answer.role, Role::Member.to_wire() as i32);
    }
}

/// proves API-3: every no has its reason, and nothing else
#[tokio::test]
async fn every_no_has_its_reason() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (_, _, other) = suite.founder("other").await;
    let stranger = suite.someone("Stranger");
    let check = async |someone, organization: Option<&str>, space: &str| {
        let answer = suite.product("backlog", someone, organization).check(space).await.unwrap();
        assert!(
            !answer.allowed && answer.organization.is_none() && answer.space.is_none() && answer.role == 0
        );
        answer.reason()
    };
    assert_eq!(check(&stranger, None, "").await, Reason::NotAMember, "in no organization");
    assert_eq!(check(&founder, None, "acme").await, Reason::NotAMember, "the token names none");
    assert_eq!(
        check(&stranger, Some(&id), "").await,
        Reason::NotAMember,
        "the token is older than the leaving"
    );
    assert_eq!(check(&founder, Some(&id), "other").await, Reason::NotAMember, "another organization's Space");
    assert_eq!(check(&founder, Some(&other), "acme").await, Reason::NotAMember);
    assert_eq!(check(&founder, Some(&id), "nowhere").await, Reason::NoSpace);
    let cacoo = suite.product("cacoo", &founder, Some(&id));
    assert_eq!(cacoo.check("").await.unwrap().reason(), Reason::NoSpace);
    assert_eq!(cacoo.check("acme").await.unwrap().reason(), Reason::NoSpace, "that one is Backlog's");
    let add = StartTrialRequest {
        organization_id: id.clone(),
        organization_name: String::new(),
        product: Product::Cacoo.to_wire().into(),
        ..suite.trial("", "acme")
    };
    administrator.start_trial(add).await.unwrap();
    assert_eq!(cacoo.check("").await.unwrap().reason(), Reason::Allowed);

    suite.clock.advance(Duration::from_hours(30 * 24));
    assert_eq!(check(&founder, Some(&id), "acme").await, Reason::PlanEnded, "by the clock");
}

/// proves ORG-9: every product is on for every member, until it is switched off for one
#[tokio::test]
async fn a_product_is_on_until_it_is_switched_off() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    let off = "INSERT INTO products_off (organization_id, account_id, product) VALUES ($1::text::uuid, $2, 'backlog')";
    let query = sqlx::query(off).bind(&id).bind(taro.account.uuid());
    query.execute(&suite.database.pool).await.unwrap();
    let reason =
        async |someone| suite.product("backlog", someone, Some(&id)).check("").await.unwrap().reason();
    assert_eq!(reason(&taro).await, Reason::ProductOff);
    assert_eq!(reason(&founder).await, Reason::Allowed);
}

/// proves API-2: a product's token does not administer, and another product's is no good
#[tokio::test]
async fn a_products_token_is_for_that_product() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    let product = suite.product("backlog", &founder, Some(&id));
    let refused = product.members(&id, "").await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::PeerNotAllowed);
    let console = suite.console(&founder);
    assert_eq!(console.check("").await.unwrap_err().reason, ErrorReason::PeerNotAllowed);
}
