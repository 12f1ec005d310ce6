//! Trials: organizations and their Spaces.

use crate::{suite::Suite, visitor::Visitor};
use futures::future::join_all;
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    events::v1::{actor, envelope::Payload},
    organization::v1::{ListMyOrganizationsRequest, StartTrialRequest, space},
};
use pass_types::{AccountKind, Kind, Privilege, Product, Role};
use std::{num::NonZero, time::Duration};

const DAY: Duration = Duration::from_hours(24);

/// proves ORG-1, ORG-2, ORG-14: a trial makes the organization with its Space Key and the Space; its
/// creator is administrator and Plan Admin; each change has its event
#[tokio::test]
async fn a_trial_makes_an_organization() {
    let suite = Suite::start().await;
    let founder = suite.someone("Hanako Suzuki");
    let visitor = suite.console(&founder);
    let started = visitor.start_trial(suite.trial("  Acme ", "acme")).await.unwrap();
    let organization = started.organization.unwrap();
    assert_eq!(organization.name, "Acme");
    assert_eq!(organization.space_key.len(), 10);
    assert!(organization.space_key.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let space = started.space.unwrap();
    assert_eq!(
        (space.space_id.as_str(), space.plan.as_str(), space.state()),
        ("acme", "standard", space::State::Trial)
    );

    let id = organization.organization_id.clone();
    let seen = visitor.organization(&id).await.unwrap();
    let membership = seen.membership.unwrap();
    assert_eq!(membership.role, Role::Administrator.to_wire() as i32);
    assert_eq!(membership.privileges, [Privilege::PlanAdmin.to_wire() as i32]);
    assert_eq!((membership.organization.unwrap(), seen.spaces), (organization, vec![space]));
    let members = visitor.members(&id, "").await.unwrap();
    assert_eq!(
        (members[0].name.as_str(), members[0].email.as_str()),
        ("Hanako Suzuki", founder.email.as_str())
    );

    let events = suite.events(&id).await;
    for event in &events {
        let actor = event.actor.as_ref().unwrap();
        assert_eq!(
            (actor.kind(), actor.id.as_str()),
            (actor::Kind::Person, founder.account.to_string().as_str())
        );
        assert_eq!(event.origin.as_ref().unwrap().address, "192.0.2.1");
    }
    assert!(matches!(
        suite.history(&id).await.as_slice(),
        [Payload::OrganizationCreated(_), Payload::MemberAdded(added), Payload::SpaceCreated(created)]
            if added.account_id == founder.account.to_string() && created.space_id == "acme"
    ));
}

/// proves ORG-14: the end of a trial is judged by the clock
#[tokio::test]
async fn a_trial_ends_after_its_days() {
    let suite = Suite::start_with(|config| config.trial_days = NonZero::new(14).unwrap()).await;
    let (founder, _, id) = suite.founder("acme").await;
    let state = async |visitor: Visitor| visitor.organization(&id).await.unwrap().spaces[0].state();
    suite.clock.advance(13 * DAY);
    assert_eq!(state(suite.console(&founder)).await, space::State::Trial);
    suite.clock.advance(DAY);
    assert_eq!(state(suite.console(&founder)).await, space::State::Ended);
}

/// proves ORG-1: a trial adds the product to an organization that the person administers, once
#[tokio::test]
async fn a_product_is_tried_once() {
    let suite = Suite::start().await;
    let (_, visitor, id) = suite.founder("acme").await;
    let add = |product: Product, space: &str| StartTrialRequest {
        organization_id: id.clone(),
        organization_name: String::new(),
        product: product.to_wire().into(),
        ..suite.trial("", space)
    };
    let started = visitor.start_trial(add(Product::Cacoo, "acme")).await.unwrap();
    assert_eq!(started.organization.unwrap().organization_id, id);
    let refused = visitor.start_trial(add(Product::Cacoo, "acme-2")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::TrialUsed));
    assert_eq!(suite.count("spaces").await, 2);
    assert!(matches!(suite.history(&id).await.as_slice(), [_, _, _, Payload::SpaceCreated(_)]));
}

/// proves ORG-5, ORG-1: members and strangers add no product; the refusal says what is missing
#[tokio::test]
async fn only_administrators_add_products() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (_, member) = suite.join(&administrator, &id, "Taro").await;
    let (_, stranger, _) = suite.founder("other").await;
    let add = || StartTrialRequest {
        organization_id: id.clone(),
        organization_name: String::new(),
        product: Product::Cacoo.to_wire().into(),
        ..suite.trial("", "acme")
    };
    let refused = member.start_trial(add()).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
    assert_eq!(refused.metadata["needed"], "administrator");
    let refused = stranger.start_trial(add()).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    assert_eq!(suite.count("spaces").await, 2);
}

/// proves ORG-14: a Space ID is unique in its product, also when two ask at once; the loser leaves nothing
#[tokio::test]
async fn a_space_id_is_taken_once() {
    let suite = Suite::start().await;
    let people: Vec<_> = (0..8).map(|_| suite.console(&suite.someone("Taro"))).collect();
    let answers =
        join_all(people.iter().map(|visitor| visitor.start_trial(suite.trial("Acme", "acme")))).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 7);
    for refused in refused {
        assert_eq!((refused.kind, refused.reason), (Kind::AlreadyExists, ErrorReason::SpaceIdTaken));
    }
    assert_eq!((suite.count("organizations").await, suite.count("members").await), (1, 1));
    assert_eq!((suite.count("requests").await, suite.count("told").await), (1, 3));
    // In another product it is free.
    let other =
        StartTrialRequest { product: Product::Cacoo.to_wire().into(), ..suite.trial("Other", "acme") };
    people[0].start_trial(other).await.unwrap();
}

/// proves ORG-1: the same request, 20 times at once, makes one organization
#[tokio::test]
async fn a_repeated_request_makes_one_organization() {
    let suite = Suite::start().await;
    let visitor = suite.console(&suite.someone("Taro"));
    let request = suite.trial("Acme", "acme");
    let answers = join_all((0..20).map(|_| visitor.start_trial(request.clone()))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!((suite.count("organizations").await, suite.count("told").await), (1, 3));

    let other = StartTrialRequest { plan: "premium".to_owned(), ..request.clone() };
    let refused = visitor.start_trial(other).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::RequestIdReused);
    // Another person's request_id is another's.
    let stranger = suite.console(&suite.someone("Jiro"));
    let started =
        stranger.start_trial(StartTrialRequest { space_id: "jiro".to_owned(), ..request }).await.unwrap();
    assert_ne!(started.organization, first.organization);
}

/// Only Nulab Accounts make organizations.
#[tokio::test]
async fn a_managed_account_makes_no_organization() {
    let suite = Suite::start().await;
    let managed = suite.account(AccountKind::Managed, "Taro", "taro@acme.example");
    let refused = suite.console(&managed).start_trial(suite.trial("Acme", "acme")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ActorNotAllowed));
    assert_eq!(suite.count("organizations").await, 0);
}

/// An account that identity no longer has is nobody.
#[tokio::test]
async fn a_deleted_account_makes_no_organization() {
    let suite = Suite::start().await;
    let gone = suite.someone("Taro");
    suite.people.delete(gone.account);
    let refused = suite.console(&gone).start_trial(suite.trial("Acme", "acme")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Unauthenticated, ErrorReason::TokenRevoked));
    assert_eq!(suite.count("organizations").await, 0);
}

/// One's own organizations, by name, page by page; nobody else's.
#[tokio::test]
async fn my_organizations() {
    let suite = Suite::start().await;
    let visitor = suite.console(&suite.someone("Taro"));
    for (name, space) in [("beta", "beta"), ("Alpha", "alpha"), ("gamma", "gamma")] {
        visitor.start_trial(suite.trial(name, space)).await.unwrap();
    }
    suite.founder("other").await;
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMyOrganizationsRequest { page_size: 2, page_token };
        let page = visitor.list_my_organizations(request).await.unwrap();
        names.extend(page.memberships.into_iter().map(|it| it.organization.unwrap().name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["Alpha", "beta", "gamma"]);
}

/// proves ORG-5: who is no member finds no organization
#[tokio::test]
async fn a_foreign_organization_is_not_found() {
    let suite = Suite::start().await;
    let (_, _, id) = suite.founder("acme").await;
    let (_, stranger, _) = suite.founder("other").await;
    assert_eq!(stranger.organization(&id).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(stranger.members(&id, "").await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(stranger.invitations(&id).await.unwrap_err().reason, ErrorReason::NotFound);
}
