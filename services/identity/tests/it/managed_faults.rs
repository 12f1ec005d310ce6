//! Managed Accounts, when somebody does not answer or the process dies: no seat, address or member is left
//! over, and what takes access away happens.

use crate::{company::Company, standins::Fault};
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::{ResolveSessionRequest, managed_account::State},
};
use pass_testkit::wait_for;
use pass_types::Kind;
use std::time::Duration;

/// Long enough for what works, short enough to wait for what does not.
async fn company() -> Company {
    Company::with(|config| config.step_millis = 400).await
}

/// Longer than any lease.
const LATER: time::Duration = time::Duration::minutes(5);

/// The caller's own client tries again, and may find the first try's change under way.
fn is_under_way(failure: &Failure) {
    let reasons = [ErrorReason::Unavailable, ErrorReason::AccountChanging];
    assert!(reasons.contains(&failure.reason), "{failure:?}");
}

/// As time goes by: a first try of the job may fail, and the next one comes a lease later.
async fn nothing_is_left(company: &Company) {
    wait_for(async || {
        company.suite.clock.advance(time::Duration::seconds(1));
        company.suite.count("SELECT count(*) FROM managed_accounts").await == 0
    })
    .await;
    assert_eq!(company.taken(), (0, 0));
    assert_eq!(company.suite.count("SELECT count(*) FROM accounts WHERE kind = 'managed'").await, 0);
}

/// proves MAN-1: whatever fails on the way, before or after it worked or without an answer, is undone
#[tokio::test(flavor = "multi_thread")]
async fn making_is_undone_when_a_step_fails() {
    let company = company().await;
    for step in ["check_domain", "take_seat", "add_managed_member"] {
        for fault in Fault::ALL {
            company.suite.world.fail(step, fault);
            let refused = company.create(company.wish("hanako@acme.example")).await.unwrap_err();
            assert_eq!(refused.kind, Kind::Unavailable, "{step} {fault:?}");
            company.suite.world.mend();
            nothing_is_left(&company).await;
        }
    }
    company.employ("hanako@acme.example").await;
    assert_eq!(company.taken(), (1, 1));
}

/// proves MAN-1: what can't be undone at once is undone by the job
#[tokio::test(flavor = "multi_thread")]
async fn undoing_goes_on_until_it_is_done() {
    let company = company().await;
    for step in ["remove_managed_member", "free_seat"] {
        for fault in Fault::ALL {
            company.suite.world.fail("add_managed_member", Fault::After);
            company.suite.world.fail(step, fault);
            company.create(company.wish("hanako@acme.example")).await.unwrap_err();
            assert_eq!(
                company.suite.count("SELECT count(*) FROM managed_accounts").await,
                1,
                "{step} {fault:?}"
            );
            let again = company.create(company.wish("hanako@acme.example")).await.unwrap_err();
            assert_eq!(again.reason, ErrorReason::AccountChanging, "its address is still claimed");
            company.suite.world.mend();
            company.suite.clock.advance(LATER);
            nothing_is_left(&company).await;
        }
    }
    company.employ("hanako@acme.example").await;
}

/// proves MAN-1: a process that ends at a step of the making leaves nothing, once another one looks
#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_the_making() {
    for step in ["take_seat", "add_managed_member"] {
        let mut company = Company::with(|config| config.step_millis = 20_000).await;
        company.suite.world.fail(step, Fault::Hang);
        let call = tokio::spawn(company.create(company.wish("hanako@acme.example")));
        let members = usize::from(step == "add_managed_member");
        wait_for(async || company.taken() == (1, members)).await;
        company.suite.kill().await;
        call.await.unwrap().unwrap_err();
        company.suite.world.mend();
        company.suite = company.suite.restarted(|_| {}).await;
        company.suite.clock.advance(LATER);
        nothing_is_left(&company).await;
        company.employ("hanako@acme.example").await;
    }
}

/// proves MAN-1: nobody takes over before the lease is over; then, who comes back late settles nothing
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_worker_is_overtaken() {
    for step in ["take_seat", "add_managed_member"] {
        let company = Company::with(|config| config.step_millis = 20_000).await;
        company.suite.world.fail(step, Fault::Hang);
        let call = tokio::spawn(company.create(company.wish("hanako@acme.example")));
        let members = usize::from(step == "add_managed_member");
        wait_for(async || company.taken() == (1, members)).await;
        company.suite.clock.advance(time::Duration::minutes(3));
        let rounds = company.suite.rounds_of_jobs().await;
        assert_eq!(company.suite.count("SELECT count(*) FROM managed_accounts").await, 1, "after {rounds}");
        company.suite.clock.advance(LATER);
        nothing_is_left(&company).await;
        company.suite.world.mend();
        call.await.unwrap().unwrap_err();
        nothing_is_left(&company).await;
        company.employ("hanako@acme.example").await;
    }
}

/// proves MAN-5: suspending that has begun comes about, whatever fails on the way
#[tokio::test(flavor = "multi_thread")]
async fn suspending_goes_on() {
    let company = company().await;
    for (i, step) in ["set_managed_member_suspended", "free_seat"].into_iter().enumerate() {
        for fault in Fault::ALL {
            let id = company.employ(&format!("user{i}-{fault:?}@acme.example")).await;
            let token = company.suite.managed_session(id).await;
            company.suite.world.fail(step, fault);
            is_under_way(&company.suspend(id).await.unwrap_err());
            assert_eq!(
                company.get(id).await.unwrap().state(),
                State::Suspended,
                "nobody can sign in already"
            );
            let resolved = company.suite.gateway_anonymous().resolve_session(ResolveSessionRequest { token });
            assert_eq!(resolved.await.unwrap_err().reason, ErrorReason::SessionEnded, "{step} {fault:?}");
            company.suite.world.mend();
            company.suite.clock.advance(LATER);
            wait_for(async || company.taken().0 == 0).await;
            let rests = "SELECT count(*) FROM managed_accounts WHERE worker IS NOT NULL";
            wait_for(async || company.suite.count(rests).await == 0).await;
            let told = company.suite.events_of(id).await;
            let count = |wanted: fn(&Payload) -> bool| told.iter().filter(|it| wanted(it)).count();
            assert_eq!(count(|it| matches!(it, Payload::ManagedAccountSuspended(_))), 1);
            assert_eq!(count(|it| matches!(it, Payload::SessionEnded(_))), 1);
            company.delete(id).await.unwrap();
        }
    }
}

/// proves MAN-5: resuming that fails leaves the account suspended and its seat free
#[tokio::test(flavor = "multi_thread")]
async fn resuming_falls_back() {
    let company = company().await;
    let id = company.employ("hanako@acme.example").await;
    company.suspend(id).await.unwrap();
    for step in ["take_seat", "set_managed_member_suspended"] {
        for fault in Fault::ALL {
            company.suite.world.fail(step, fault);
            is_under_way(&company.resume(id).await.unwrap_err());
            company.suite.world.mend();
            company.suite.clock.advance(LATER);
            let rests = "SELECT count(*) FROM managed_accounts WHERE worker IS NULL AND state = 'suspended'";
            wait_for(async || company.suite.count(rests).await == 1).await;
            assert_eq!(company.taken(), (0, 1), "{step} {fault:?}");
            assert!(company.suite.world.state().managed_members[&id.to_string()].suspended);
        }
    }
    let told = company.suite.events_of(id).await;
    assert!(!told.iter().any(|it| matches!(it, Payload::ManagedAccountResumed(_))));
    let suspended = told.iter().filter(|it| matches!(it, Payload::ManagedAccountSuspended(_)));
    assert_eq!(suspended.count(), 1);
    company.resume(id).await.unwrap();
    assert_eq!(company.taken(), (1, 1));
}

/// proves MAN-5: deleting that has begun comes about, whatever fails on the way
#[tokio::test(flavor = "multi_thread")]
async fn deleting_goes_on() {
    let company = company().await;
    for step in ["remove_managed_member", "free_seat"] {
        for fault in Fault::ALL {
            let id = company.employ("hanako@acme.example").await;
            company.suite.world.fail(step, fault);
            is_under_way(&company.delete(id).await.unwrap_err());
            company.suite.world.mend();
            company.suite.clock.advance(LATER);
            nothing_is_left(&company).await;
            company.delete(id).await.unwrap();
        }
    }
}

/// proves MAN-5: that organization can't hear the administrator any more says nothing of the account, and may be the
/// answer to a second try: what has begun comes about, and the administrator is told so
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_heard_settles_nothing() {
    let company = company().await;
    for reason in [ErrorReason::TokenRevoked, ErrorReason::TokenInvalid] {
        let id = company.employ("hanako@acme.example").await;
        company.suite.world.state().distrusts = Some(reason);
        assert_eq!(company.suspend(id).await.unwrap_err().reason, ErrorReason::AccountChanging);
        let rests = "SELECT count(*) FROM managed_accounts WHERE worker IS NULL AND state = 'suspended'";
        wait_for(async || company.suite.count(rests).await == 1).await;
        assert_eq!(company.taken(), (0, 1));
        assert_eq!(company.delete(id).await.unwrap_err().reason, ErrorReason::AccountChanging);
        nothing_is_left(&company).await;
        company.suite.world.state().distrusts = None;
    }
}

/// proves MAN-5: what organization refuses is never carried out, by nobody and at no time: deleting is final
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_never_carried_out() {
    let company = company().await;
    let id = company.employ("hanako@acme.example").await;
    let refusals = [ErrorReason::RoleMissing, ErrorReason::NotFound, ErrorReason::MigrateInstead];
    for reason in refusals {
        company.suite.world.state().distrusts = Some(reason);
        assert_eq!(company.suspend(id).await.unwrap_err().reason, reason);
        assert_eq!(company.delete(id).await.unwrap_err().reason, reason);
        company.suite.clock.advance(LATER);
        company.suite.rounds_of_jobs().await;
        assert_eq!(company.get(id).await.unwrap().state(), State::Invited, "{reason:?}");
        assert_eq!(company.taken(), (1, 1));
        assert!(!company.suite.world.state().managed_members[&id.to_string()].suspended);
        company.suite.world.state().distrusts = None;
    }
    company.suspend(id).await.unwrap();
    for reason in refusals {
        company.suite.world.state().distrusts = Some(reason);
        let before = company.suite.world.state().newest_attempt(id);
        assert_eq!(company.delete(id).await.unwrap_err().reason, reason);
        let rests = "SELECT count(*) FROM managed_accounts WHERE worker IS NULL AND state = 'suspended'";
        wait_for(async || company.suite.count(rests).await == 1).await;
        let newest = company.suite.world.state().newest_attempt(id);
        assert_eq!(newest, before + 2, "a deletion that is still on its way comes too late");
        company.suite.world.state().distrusts = None;
    }
    assert_eq!(company.taken(), (0, 1));
    company.delete(id).await.unwrap();
    nothing_is_left(&company).await;
}

/// proves MAN-5: a process that ends while suspending: another one goes on after the lease
#[tokio::test(flavor = "multi_thread")]
async fn an_end_while_suspending() {
    let mut company = Company::with(|config| config.step_millis = 20_000).await;
    let id = company.employ("hanako@acme.example").await;
    company.suite.managed_session(id).await;
    company.suite.world.fail("set_managed_member_suspended", Fault::Hang);
    let (organization_id, account_id) = (company.organization.to_string(), id.to_string());
    let request = pass_proto::identity::v1::SuspendManagedAccountRequest { organization_id, account_id };
    let console = company.suite.console_as(&company.administrator);
    let call = tokio::spawn(console.suspend_managed_account(request));
    let reached = || company.suite.world.state().managed_members.values().any(|member| member.suspended);
    wait_for(async || reached()).await;
    company.suite.kill().await;
    call.await.unwrap().unwrap_err();
    company.suite.world.mend();
    company.suite = company.suite.restarted(|_| {}).await;
    company.suite.clock.advance(LATER);
    wait_for(async || company.taken() == (0, 1)).await;
    assert!(matches!(company.suite.events_of(id).await.last(), Some(Payload::SessionEnded(_))));
    assert!(company.suite.context.tasks.stop(Duration::from_secs(20)).await.is_ok());
}
