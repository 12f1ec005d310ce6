//! Applying for the trial.

use crate::suite::{Answer, Customer, Someone, Suite};
use futures::future::join_all;
use pass_proto::{
    billing::v1::{Application, ApplyForTrialRequest, application::State, nulab_pass},
    convert::timestamp,
    errors::v1::ErrorReason,
    events::v1::{actor, envelope::Payload},
};
use pass_types::{Kind, Privilege, Role};
use time::{Duration, macros::datetime};

fn reason(answer: Answer<Application>) -> ErrorReason {
    answer.unwrap_err().reason
}

/// The application was refused because of that field.
#[track_caller]
fn wrong(answer: Answer<Application>, field: &str) {
    let refused = answer.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, ErrorReason::InvalidArgument));
    assert_eq!(refused.violations[0].0, field);
}

/// Nothing came of what was refused.
async fn nothing(suite: &Suite) {
    assert_eq!((suite.count("applications").await, suite.count("told").await), (0, 0));
    assert_eq!(suite.count("requests").await, 0);
}

/// proves BIL-1: an administrator applies with contact, Plan Admin, company and Space Key; it waits for an
/// operator until the end of the third business day; the change has its event
#[tokio::test]
async fn an_organization_applies() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let before = customer.visitor.nulab_pass(&customer.id).await.unwrap();
    assert_eq!((before.state(), before.application), (nulab_pass::State::None, None));

    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let expected = Application {
        application_id: applied.application_id.clone(),
        organization_id: customer.id.clone(),
        space_key: customer.space_key.clone(),
        contact_name: "Hanako Suzuki".to_owned(),
        plan_admin_email: customer.founder.email.clone(),
        company: "Acme K.K.".to_owned(),
        state: State::Open.into(),
        create_time: Some(timestamp(datetime!(2026-03-02 09:00 UTC))),
        // Monday; Thursday ends in Tokyo.
        due_time: Some(timestamp(datetime!(2026-03-05 15:00 UTC))),
        overdue: false,
        decide_time: None,
        rejection_reason: String::new(),
    };
    assert_eq!(applied, expected);
    let pass = customer.visitor.nulab_pass(&customer.id).await.unwrap();
    assert_eq!((pass.state(), pass.application), (nulab_pass::State::Applied, Some(applied.clone())));
    assert_eq!((pass.trial_end_time, pass.seats_used, pass.seats), (None, 0, 0));

    let events = suite.events(&customer.id).await;
    let actor = events[0].actor.as_ref().unwrap();
    let who = customer.founder.account.to_string();
    assert_eq!((actor.kind(), actor.id.as_str()), (actor::Kind::Person, who.as_str()));
    assert_eq!(events[0].origin.as_ref().unwrap().address, "192.0.2.1");
    assert!(matches!(
        suite.history(&customer.id).await.as_slice(),
        [Payload::ApplicationSubmitted(submitted)] if submitted.application_id == applied.application_id
    ));
}

/// proves BIL-1: an application that waits for longer stands out from its due time on, by the clock; a
/// holiday of the configuration puts that off
#[tokio::test]
async fn an_application_is_overdue_by_the_clock() {
    let suite = Suite::start_with(|config| config.holidays = vec!["2026-03-04".to_owned()]).await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let due = datetime!(2026-03-06 15:00 UTC);
    assert_eq!(applied.due_time, Some(timestamp(due)));
    suite.clock.set(due - Duration::MICROSECOND);
    assert!(!suite.operator().show(&applied.application_id).await.unwrap().overdue);
    suite.clock.set(due);
    assert!(suite.operator().show(&applied.application_id).await.unwrap().overdue);
    assert!(!suite.operator().approve(&applied.application_id).await.unwrap().overdue);
}

/// proves BIL-1: administrators and Plan Admins apply and see where it stands; others are told what is
/// missing, and who is no member finds no organization
#[tokio::test]
async fn who_may_apply() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let refusals = [
        (Role::Member, vec![]),
        (Role::Member, vec![Privilege::AuditLogAdmin, Privilege::Invite]),
        (Role::Guest, vec![]),
    ];
    for (role, privileges) in refusals {
        let (_, visitor) = suite.member(&customer.id, role, &privileges);
        let refused = visitor.apply(suite.application(&customer)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
        assert_eq!(refused.metadata["needed"], "administrator or plan_admin");
        assert_eq!(visitor.nulab_pass(&customer.id).await.unwrap_err().reason, ErrorReason::RoleMissing);
    }
    let stranger = suite.customer().visitor;
    for visitor in [&stranger, &suite.console(&suite.someone()), &suite.operator()] {
        let refused = visitor.apply(suite.application(&customer)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
        assert_eq!(visitor.nulab_pass(&customer.id).await.unwrap_err().reason, ErrorReason::NotFound);
    }
    nothing(&suite).await;

    let (_, plan_admin) = suite.member(&customer.id, Role::Member, &[Privilege::PlanAdmin]);
    plan_admin.apply(suite.application(&customer)).await.unwrap();
    let (_, administrator) = suite.member(&customer.id, Role::Administrator, &[]);
    for visitor in [plan_admin, administrator] {
        let pass = visitor.nulab_pass(&customer.id).await.unwrap();
        assert_eq!(pass.state(), nulab_pass::State::Applied);
    }
}

/// Roles are asked for each time: who has lost the role since the token was issued may not.
#[tokio::test]
async fn a_role_that_was_lost_counts_for_nothing() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    suite.organizations.remove_member(&customer.id, &customer.founder.account.to_string());
    assert_eq!(reason(customer.visitor.apply(suite.application(&customer)).await), ErrorReason::NotFound);
    nothing(&suite).await;
}

/// proves BIL-1: the Space Key must be the organization's, the address a Plan Admin's of it
#[tokio::test]
async fn what_is_typed_is_checked() {
    let suite = Suite::start().await;
    let (customer, other) = (suite.customer(), suite.customer());
    let good = || suite.application(&customer);
    for space_key in [other.space_key.clone(), "0000000000".to_owned()] {
        wrong(customer.visitor.apply(ApplyForTrialRequest { space_key, ..good() }).await, "space_key");
    }
    let (member, _) = suite.member(&customer.id, Role::Member, &[Privilege::Invite]);
    let (administrator, _) = suite.member(&customer.id, Role::Administrator, &[]);
    let (suspended, _) = suite.member(&customer.id, Role::Member, &[Privilege::PlanAdmin]);
    suite.organizations.suspend(&customer.id, &suspended.account.to_string());
    for Someone { email, .. } in [member, administrator, suspended, other.founder, suite.someone()] {
        let request = ApplyForTrialRequest { plan_admin_email: email, ..good() };
        wrong(customer.visitor.apply(request).await, "plan_admin_email");
    }
    nothing(&suite).await;

    let plan_admin_email = customer.founder.email.to_uppercase();
    let request = ApplyForTrialRequest { plan_admin_email: plan_admin_email.clone(), ..good() };
    assert_eq!(customer.visitor.apply(request).await.unwrap().plan_admin_email, plan_admin_email);
}

/// One address may be that of two members, of both kinds of account: one Plan Admin among them is enough.
#[tokio::test]
async fn an_address_of_two_members() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let (first, _) = suite.member(&customer.id, Role::Member, &[]);
    let second = suite.someone().account.to_string();
    let privileges = &[Privilege::PlanAdmin];
    suite.organizations.put_member(&customer.id, &second, &first.email, Role::Member, privileges);
    let request = ApplyForTrialRequest { plan_admin_email: first.email, ..suite.application(&customer) };
    customer.visitor.apply(request).await.unwrap();
}

/// proves BIL-1: it needs an organization with a product
#[tokio::test]
async fn a_product_is_needed() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    suite.organizations.put(&customer.id, &customer.space_key, false);
    let refused = customer.visitor.apply(suite.application(&customer)).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::ProductNeeded));
    nothing(&suite).await;
}

/// proves BIL-1: one application at a time, also when many apply at once; another organization's is its own
#[tokio::test]
async fn one_application_at_a_time() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let answers = join_all((0..20).map(|_| customer.visitor.apply(suite.application(&customer)))).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 19);
    for refused in refused {
        assert_eq!((refused.kind, refused.reason), (Kind::AlreadyExists, ErrorReason::ApplicationOpen));
    }
    assert_eq!((suite.count("applications").await, suite.count("told").await), (1, 1));
    assert_eq!(suite.count("requests").await, 1);
    let other = suite.customer();
    other.visitor.apply(suite.application(&other)).await.unwrap();
}

/// proves BIL-1: the same request, 20 times at once, makes one application, and is answered so whatever
/// has changed in the organization since
#[tokio::test]
async fn a_repeated_request_makes_one_application() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let request = suite.application(&customer);
    let answers = join_all((0..20).map(|_| customer.visitor.apply(request.clone()))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!((suite.count("applications").await, suite.count("told").await), (1, 1));

    let Customer { id, founder, .. } = &customer;
    let account = founder.account.to_string();
    suite.organizations.put_member(id, &account, &founder.email, Role::Administrator, &[]);
    assert_eq!(customer.visitor.apply(request.clone()).await.as_ref(), Ok(first));

    let other = ApplyForTrialRequest { company: "Other K.K.".to_owned(), ..request.clone() };
    assert_eq!(reason(customer.visitor.apply(other).await), ErrorReason::RequestIdReused);
    // Another person's request_id is another's.
    let (_, colleague) = suite.member(id, Role::Administrator, &[Privilege::PlanAdmin]);
    let (plan_admin, _) = suite.member(id, Role::Member, &[Privilege::PlanAdmin]);
    let same = ApplyForTrialRequest { plan_admin_email: plan_admin.email, ..request };
    assert_eq!(reason(colleague.apply(same).await), ErrorReason::ApplicationOpen);
}

/// While organization does not answer, nobody is let in and nothing is made.
#[tokio::test]
async fn organization_is_down() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    suite.organizations.fail(true);
    let refused = customer.visitor.apply(suite.application(&customer)).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Unavailable, ErrorReason::Unavailable));
    let refused = customer.visitor.nulab_pass(&customer.id).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::Unavailable);
    nothing(&suite).await;
    suite.organizations.fail(false);
    customer.visitor.apply(suite.application(&customer)).await.unwrap();
}
