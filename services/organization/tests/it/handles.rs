//! Organization IDs.

use crate::suite::Suite;
use futures::future::join_all;
use pass_proto::{
    billing::v1::check_entitlement_response::State, errors::v1::ErrorReason, events::v1::envelope::Payload,
    organization::v1::ListMyOrganizationsRequest,
};
use pass_types::{Kind, Privilege, Role};
use std::{num::NonZero, time::Duration};

/// proves ORG-3: an administrator sets and changes it, and it is shown; the same again changes nothing
#[tokio::test]
async fn an_organization_id_is_set_and_changed() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    suite.billing.put(&id, State::Entitled);
    let shown = async || {
        let membership = administrator.organization(&id).await.unwrap().membership.unwrap();
        membership.organization.unwrap().handle
    };
    assert_eq!(shown().await, "");
    for handle in ["acme", "acme", "acme-inc", "acme-inc"] {
        assert_eq!(administrator.set_handle(&id, handle).await.unwrap().handle, handle);
        assert_eq!(shown().await, handle);
    }
    let mine = administrator.list_my_organizations(ListMyOrganizationsRequest::default()).await.unwrap();
    assert_eq!(mine.memberships[0].organization.as_ref().unwrap().handle, "acme-inc");
    assert!(matches!(
        &suite.history(&id).await[3..],
        [Payload::OrganizationHandleChanged(_), Payload::OrganizationHandleChanged(_)]
    ));
}

/// proves ORG-3: one that another organization has, or ever had, is refused; an own earlier one is not
#[tokio::test]
async fn an_organization_id_is_one_organizations_for_ever() {
    let suite = Suite::start().await;
    let (_, acme, id) = suite.founder("acme").await;
    let (_, other, elsewhere) = suite.founder("other").await;
    suite.billing.put(&id, State::Entitled);
    suite.billing.put(&elsewhere, State::Entitled);
    acme.set_handle(&id, "first").await.unwrap();
    acme.set_handle(&id, "second").await.unwrap();
    other.set_handle(&elsewhere, "other").await.unwrap();
    for taken in ["first", "second"] {
        let refused = other.set_handle(&elsewhere, taken).await.unwrap_err();
        let expected = (Kind::AlreadyExists, ErrorReason::OrganizationHandleTaken);
        assert_eq!((refused.kind, refused.reason), expected, "{taken}");
    }
    let kept = other.organization(&elsewhere).await.unwrap().membership.unwrap().organization.unwrap();
    assert_eq!(kept.handle, "other");
    assert_eq!(acme.set_handle(&id, "first").await.unwrap().handle, "first");
    assert_eq!(suite.count("organization_handles WHERE current").await, 2);
}

/// proves ORG-3: two organizations that race for one: one of them has it, the other is told
#[tokio::test]
async fn a_race_for_an_organization_id() {
    let suite = Suite::start().await;
    let mut rivals = Vec::new();
    for number in 0..6 {
        let (_, visitor, id) = suite.founder(&format!("acme-{number}")).await;
        suite.billing.put(&id, State::Entitled);
        visitor.set_handle(&id, &format!("own-{number}")).await.unwrap();
        rivals.push((visitor, id));
    }
    for round in 0..5 {
        let handle = format!("wanted-{round}");
        let answers = join_all(rivals.iter().map(|(visitor, id)| visitor.set_handle(id, &handle))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for lost in lost {
            assert_eq!(lost.unwrap_err().reason, ErrorReason::OrganizationHandleTaken);
        }
    }
    // Those who want each other's don't wait for each other.
    let crossed = rivals.iter().enumerate().map(|(number, (visitor, id))| async move {
        visitor.set_handle(id, &format!("own-{}", 5 - number)).await.unwrap_err().reason
    });
    for reason in join_all(crossed).await {
        assert_eq!(reason, ErrorReason::OrganizationHandleTaken);
    }
    assert_eq!(suite.count("organization_handles WHERE current").await, 6);
}

/// proves ORG-5, ORG-3: administrators only; strangers find nothing, and nobody learns what was bought
#[tokio::test]
async fn only_administrators_set_the_organization_id() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (taro, visitor) = suite.join(&administrator, &id, "Taro").await;
    for (role, privileges) in [(Role::Member, Privilege::ALL), (Role::Guest, &[])] {
        suite.set_role(&id, &taro, role, privileges).await;
        let refused = visitor.set_handle(&id, "acme").await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
        assert_eq!(refused.metadata["needed"], "administrator");
    }
    let (_, stranger, _) = suite.founder("other").await;
    assert_eq!(stranger.set_handle(&id, "acme").await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!((suite.billing.asked(), suite.count("organization_handles").await), (0, 0));
}

/// proves ORG-3, BIL-6: it needs Nulab Pass, and the refusal says whether it is missing or over
#[tokio::test]
async fn an_organization_id_needs_nulab_pass() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    for (state, reason) in
        [(State::None, ErrorReason::NulabPassNeeded), (State::Ended, ErrorReason::NulabPassEnded)]
    {
        suite.billing.put(&id, state);
        let refused = administrator.set_handle(&id, "acme").await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, reason));
    }
    suite.billing.put(&id, State::Unspecified);
    let failed = administrator.set_handle(&id, "acme").await.unwrap_err();
    assert_eq!(failed.kind, Kind::Internal, "an answer that can't be is no yes");
    assert_eq!(suite.count("organization_handles").await, 0);
}

/// proves ORG-3: what nobody else may ever have is not hoarded: an organization has so many in all its time, and
/// may go back to each of them
#[tokio::test]
async fn organization_ids_are_not_hoarded() {
    let suite = Suite::start_with(|config| config.organization_handles = NonZero::new(3).unwrap()).await;
    let (_, administrator, id) = suite.founder("acme").await;
    suite.billing.put(&id, State::Entitled);
    for handle in ["first", "second", "third"] {
        administrator.set_handle(&id, handle).await.unwrap();
    }
    let wanted = ["fourth", "fifth", "sixth", "seventh"];
    for answer in join_all(wanted.iter().map(|handle| administrator.set_handle(&id, handle))).await {
        let refused = answer.unwrap_err();
        let expected = (Kind::Precondition, ErrorReason::OrganizationHandleLimit);
        assert_eq!((refused.kind, refused.reason), expected);
    }
    assert_eq!(suite.count("organization_handles").await, 3);
    assert_eq!(administrator.set_handle(&id, "first").await.unwrap().handle, "first");
    // Another organization has had none.
    let (_, other, elsewhere) = suite.founder("other").await;
    suite.billing.put(&elsewhere, State::Entitled);
    other.set_handle(&elsewhere, "fourth").await.unwrap();
}

/// proves ORG-3: the last ones are not had twice when all ask at once
#[tokio::test]
async fn a_race_for_the_last_organization_id() {
    let suite = Suite::start_with(|config| config.organization_handles = NonZero::new(2).unwrap()).await;
    let (_, administrator, id) = suite.founder("acme").await;
    suite.billing.put(&id, State::Entitled);
    let handles: Vec<_> = (0..8).map(|number| format!("acme-{number}")).collect();
    let answers = join_all(handles.iter().map(|handle| administrator.set_handle(&id, handle))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    assert_eq!(suite.count("organization_handles").await, 2);
}

/// An Organization ID changes so often a day and not more, going back to an earlier one included.
#[tokio::test]
async fn changes_of_an_organization_id_are_limited() {
    let suite = Suite::start_with(|config| config.handle_changes_per_day = NonZero::new(2).unwrap()).await;
    let (founder, administrator, id) = suite.founder("acme").await;
    suite.billing.put(&id, State::Entitled);
    for handle in ["first", "second", "second"] {
        administrator.set_handle(&id, handle).await.unwrap();
    }
    let refused = administrator.set_handle(&id, "first").await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
    assert_eq!(refused.retry_after, Some(Duration::from_hours(15)), "until midnight");
    suite.clock.advance(Duration::from_hours(24));
    suite.console(&founder).set_handle(&id, "first").await.unwrap();
}
