//! Which organization a token names (API-2).

use crate::suite::{Someone, Suite};
use pass_proto::{
    convert::FromWire,
    organization::v1::{ResolveMembershipRequest, ResolveMembershipResponse},
};
use pass_types::{Privilege, Product, Role};
use std::time::Duration;

async fn resolve(
    suite: &Suite,
    someone: &Someone,
    organization: &str,
    product: Option<Product>,
) -> ResolveMembershipResponse {
    let request = ResolveMembershipRequest {
        account_id: someone.account.to_string(),
        organization_id: organization.to_owned(),
        product: product.map_or(0, |product| product.to_wire().into()),
    };
    suite.service("gateway").resolve_membership(request).await.unwrap()
}

/// proves API-2: the organization that was asked for, with the role there, if the account is a member
#[tokio::test]
async fn the_asked_for_organization() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    let found = resolve(&suite, &founder, &id, Some(Product::Backlog)).await;
    assert_eq!(
        (found.organization_id.as_str(), found.role),
        (id.as_str(), Role::Administrator.to_wire() as i32)
    );
    assert_eq!(found.privileges, [Privilege::PlanAdmin.to_wire() as i32]);
    let stranger = suite.someone("Stranger");
    for organization in [id.as_str(), ""] {
        let none = resolve(&suite, &stranger, organization, Some(Product::Backlog)).await;
        assert_eq!(none, ResolveMembershipResponse::default());
    }
}

/// proves API-2: else the first joined where the product can be used; else the first joined
#[tokio::test]
async fn the_first_organization_with_the_product() {
    let suite = Suite::start().await;
    let taro = suite.someone("Taro");
    let make = async |name: &str, product: Product| {
        suite.clock.advance(Duration::from_hours(24));
        let mut trial = suite.trial(name, name);
        trial.product = product.to_wire().into();
        let started = suite.console(&taro).start_trial(trial).await.unwrap();
        started.organization.unwrap().organization_id
    };
    let first = make("first", Product::Cacoo).await;
    let second = make("second", Product::Backlog).await;
    let third = make("third", Product::Backlog).await;
    let resolved = async |product| resolve(&suite, &taro, "", product).await.organization_id;
    assert_eq!(resolved(None).await, first, "the console");
    assert_eq!(resolved(Some(Product::Cacoo)).await, first);
    assert_eq!(resolved(Some(Product::Backlog)).await, second);
    assert_eq!(resolved(Some(Product::Typetalk)).await, first, "none has it");
    // The second's trial ends a day before the third's.
    suite.clock.advance(Duration::from_hours(29 * 24));
    assert_eq!(resolved(Some(Product::Backlog)).await, third);
    suite.clock.advance(Duration::from_hours(24));
    assert_eq!(resolved(Some(Product::Backlog)).await, first, "all have ended");
}
