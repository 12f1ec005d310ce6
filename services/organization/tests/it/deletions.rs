//! Organization's part of deleting an account (ACC-13): what it decides, and what is left.

use crate::{
    suite::{Someone, Suite},
    visitor::Answer,
};
use futures::future::join_all;
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    organization::v1::{
        CreateInvitationRequest, EraseAccountRequest, EraseAccountResponse, PreviewAccountDeletionRequest,
        account_place::Obstacle,
    },
};
use pass_testkit::wait_for;
use pass_types::{AccountKind, Kind, Privilege, Role};

async fn erase(suite: &Suite, someone: &Someone, attempt: i32) -> Answer<()> {
    let identity = suite.through_identity(someone);
    let (account_id, email) = (someone.account.to_string(), someone.email.clone());
    let request = EraseAccountRequest { account_id, attempt, email };
    identity.erase_account(request).await.map(|EraseAccountResponse {}| ())
}

async fn obstacles(suite: &Suite, someone: &Someone) -> Vec<(String, Obstacle)> {
    let request = PreviewAccountDeletionRequest { account_id: someone.account.to_string() };
    let places = suite.service("identity").preview_account_deletion(request).await.unwrap().places;
    places.into_iter().map(|place| (place.name.clone(), place.obstacle())).collect()
}

fn must_be_needed(refused: &Failure, names: &str) {
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::AccountNeeded));
    assert_eq!(refused.metadata["organizations"], names);
}

/// Every text in every table, to look for somebody in.
async fn everything(suite: &Suite) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&suite.database.pool)
    .await
    .unwrap();
    let mut text = String::new();
    for table in tables {
        let dump = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {table} t");
        let rows: String =
            sqlx::query_scalar(sqlx::AssertSqlSafe(dump)).fetch_one(&suite.database.pool).await.unwrap();
        text.push_str(&rows);
    }
    text
}

/// proves ACC-13: who is not needed leaves all organizations, and nothing is left of name and address
#[tokio::test]
async fn who_goes_leaves_nothing_behind() {
    let suite = Suite::start().await;
    let (_, acme, id) = suite.founder("acme").await;
    let (_, harbour, other) = suite.founder("harbour").await;
    let (goner, visitor) = suite.join(&acme, &id, "Gone Girl").await;
    let invited = harbour.invite(suite.invitation(&other, &goner.email)).await.unwrap();
    let token = suite.link(&invited, 1).await;
    visitor.accept(&token).await.unwrap();
    let (_, third, third_id) = suite.founder("third").await;
    third.invite(suite.invitation(&third_id, &goner.email.to_uppercase())).await.unwrap();
    // They have invited somebody themselves, and signed what they wrote.
    suite.set_role(&id, &goner, Role::Member, &[Privilege::Invite]).await;
    let friend = suite.someone("Fran Friend");
    let signed = CreateInvitationRequest {
        message: "Welcome!\nGillian, your gone girl".to_owned(),
        ..suite.invitation(&id, &friend.email)
    };
    let sent = visitor.invite(signed).await.unwrap();
    let here = everything(&suite).await.to_lowercase();
    assert!(here.contains(&goner.email) && here.contains("gone girl") && here.contains("gillian"));
    assert_eq!(
        obstacles(&suite, &goner).await,
        [("Acme".to_owned(), Obstacle::None), ("Acme".to_owned(), Obstacle::None)]
    );

    erase(&suite, &goner, 1).await.unwrap();
    let left = everything(&suite).await.to_lowercase();
    assert!(!left.contains(&goner.email) && !left.contains("gone girl") && !left.contains("gillian"));
    assert_eq!(obstacles(&suite, &goner).await, []);
    for (id, removed) in [(&id, true), (&other, true), (&third_id, false)] {
        let last = suite.history(id).await.pop().unwrap();
        match last {
            Payload::MemberRemoved(it) if removed => assert_eq!(it.account_id, goner.account.to_string()),
            Payload::InvitationCanceled(_) if !removed => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(acme.members(&id, "").await.unwrap().len(), 1, "the others stay");
    erase(&suite, &goner, 1).await.unwrap();
    let again = suite.history(&id).await;
    assert!(matches!(again.last(), Some(Payload::MemberRemoved(_))), "the same call again tells nothing");

    // Somebody invites them before identity is through, under the address that they have by then.
    third.invite(suite.invitation(&third_id, "gone.girl@elsewhere.example")).await.unwrap();
    let later = Someone { email: "Gone.Girl@Elsewhere.example".to_owned(), ..goner };
    erase(&suite, &later, 1).await.unwrap();
    assert!(!everything(&suite).await.to_lowercase().contains("elsewhere.example"));
    assert!(matches!(suite.history(&third_id).await.pop(), Some(Payload::InvitationCanceled(_))));

    // Whom they invited may come all the same.
    let token = suite.link(&sent, 1).await;
    assert_eq!(suite.nobody().show(&token).await.unwrap().message, "");
    suite.console(&friend).accept(&token).await.unwrap();
}

/// proves ACC-13: two people who invited each other go at once, and neither waits for the other
#[tokio::test(flavor = "multi_thread")]
async fn who_invited_each_other_may_go_at_once() {
    let suite = Suite::start().await;
    for round in 0..8 {
        let (_, acme, id) = suite.founder(&format!("acme-{round}")).await;
        let (_, harbour, other) = suite.founder(&format!("harbo-{round}")).await;
        let ((one, first), (two, second)) =
            (suite.join(&acme, &id, "One").await, suite.join(&harbour, &other, "Two").await);
        suite.set_role(&id, &one, Role::Member, &[Privilege::Invite]).await;
        suite.set_role(&other, &two, Role::Member, &[Privilege::Invite]).await;
        first.invite(suite.invitation(&id, &two.email)).await.unwrap();
        second.invite(suite.invitation(&other, &one.email)).await.unwrap();
        let (gone, also_gone) = tokio::join!(erase(&suite, &one, 1), erase(&suite, &two, 1));
        gone.unwrap();
        also_gone.unwrap();
    }
}

/// proves ACC-13, ORG-7: whom an organization needs it keeps, and says so; nothing changes, in no organization
#[tokio::test]
async fn who_is_needed_stays() {
    let suite = Suite::start().await;
    let (founder, acme, id) = suite.founder("acme").await;
    must_be_needed(&erase(&suite, &founder, 1).await.unwrap_err(), "Acme");
    assert_eq!(obstacles(&suite, &founder).await, [("Acme".to_owned(), Obstacle::OnlyMember)]);

    let (second, _) = suite.join(&acme, &id, "Second").await;
    assert_eq!(obstacles(&suite, &founder).await[0].1, Obstacle::LastAdministrator);
    must_be_needed(&erase(&suite, &founder, 2).await.unwrap_err(), "Acme");

    suite.set_role(&id, &second, Role::Administrator, &[]).await;
    assert_eq!(obstacles(&suite, &founder).await[0].1, Obstacle::LastPlanAdmin);
    must_be_needed(&erase(&suite, &founder, 3).await.unwrap_err(), "Acme");

    // A Managed Account does not count, whatever it may.
    let managed = suite.managed(&id, "mana@acme.example");
    suite.through_identity(&founder).add_managed_member(managed.clone()).await.unwrap();
    let managed = Someone {
        account: managed.account_id.parse().unwrap(),
        kind: AccountKind::Managed,
        email: managed.email,
    };
    suite.set_role(&id, &managed, Role::Administrator, &[Privilege::PlanAdmin]).await;
    assert_eq!(obstacles(&suite, &founder).await[0].1, Obstacle::LastPlanAdmin);

    // Where nobody needs them nothing changes either.
    let (_, harbour, other) = suite.founder("harbour").await;
    let token = suite.link(&harbour.invite(suite.invitation(&other, &founder.email)).await.unwrap(), 1).await;
    acme.accept(&token).await.unwrap();
    let before = suite.history(&other).await.len();
    must_be_needed(&erase(&suite, &founder, 4).await.unwrap_err(), "Acme");
    assert_eq!(
        (suite.history(&other).await.len(), harbour.members(&other, "").await.unwrap().len()),
        (before, 2)
    );

    suite.set_role(&id, &second, Role::Administrator, &[Privilege::PlanAdmin]).await;
    erase(&suite, &founder, 5).await.unwrap();
    must_be_needed(&erase(&suite, &second, 1).await.unwrap_err(), "Acme");
}

/// How many connections wait for a lock.
async fn waiting(suite: &Suite) -> i64 {
    let waiting = "SELECT count(*) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND datname = current_database()";
    sqlx::query_scalar(waiting).fetch_one(&suite.database.pool).await.unwrap()
}

/// proves ACC-13, ORG-7: of several who go at once, one stays, whatever the order
#[tokio::test(flavor = "multi_thread")]
async fn the_last_ones_do_not_go_together() {
    let suite = Suite::start().await;
    for round in 0..4 {
        let (founder, acme, id) = suite.founder(&format!("acme-{round}")).await;
        let mut all = vec![founder];
        for name in ["Second", "Third"] {
            let (someone, _) = suite.join(&acme, &id, name).await;
            suite.set_role(&id, &someone, Role::Administrator, &[Privilege::PlanAdmin]).await;
            all.push(someone);
        }
        // Nobody is removed before all of them have come as far as they can.
        let mut held = suite.database.pool.begin().await.unwrap();
        sqlx::query("SELECT FROM members FOR UPDATE").execute(&mut *held).await.unwrap();
        let calls = join_all(all.iter().map(|someone| erase(&suite, someone, 1)));
        let (answers, ()) = tokio::join!(calls, async {
            wait_for(async || waiting(&suite).await >= 3).await;
            held.commit().await.unwrap();
        });
        let refused: Vec<_> = answers.iter().filter_map(|it| it.as_ref().err()).collect();
        assert_eq!(refused.len(), 1, "{answers:?}");
        must_be_needed(refused[0], "Acme");
    }
}

/// proves ACC-13: a call that comes late erases nothing that its owner has kept
#[tokio::test]
async fn what_was_refused_stays_refused() {
    let suite = Suite::start().await;
    let (founder, acme, id) = suite.founder("acme").await;
    must_be_needed(&erase(&suite, &founder, 2).await.unwrap_err(), "Acme");
    let (second, _) = suite.join(&acme, &id, "Second").await;
    suite.set_role(&id, &second, Role::Administrator, &[Privilege::PlanAdmin]).await;
    must_be_needed(&erase(&suite, &founder, 2).await.unwrap_err(), "Acme");
    assert_eq!(erase(&suite, &founder, 1).await.unwrap_err().reason, ErrorReason::AttemptSuperseded);
    assert_eq!(acme.members(&id, "").await.unwrap().len(), 2);
    erase(&suite, &founder, 3).await.unwrap();
}

/// proves ACC-13: who was let go becomes a member of nothing any more, however late
#[tokio::test(flavor = "multi_thread")]
async fn who_was_let_go_does_not_come_back() {
    let suite = Suite::start().await;
    let (_, acme, id) = suite.founder("acme").await;
    for round in 0..6 {
        let goner = suite.someone("Gone Girl");
        let visitor = suite.console(&goner);
        let token = suite.link(&acme.invite(suite.invitation(&id, &goner.email)).await.unwrap(), 1).await;
        let trial = suite.trial("Mine", &format!("mine-{round}"));
        // All at once: whatever comes first, in the end there is no member.
        let (erased, accepted, started) =
            tokio::join!(erase(&suite, &goner, 1), visitor.accept(&token), visitor.start_trial(trial));
        if let Err(refused) = &erased {
            // The trial was first: the account is the only member of its organization.
            assert!(started.is_ok(), "{refused:?}");
            must_be_needed(refused, "Mine");
            continue;
        }
        assert!(started.is_err(), "an organization of somebody who is gone");
        drop(accepted);
        assert_eq!(obstacles(&suite, &goner).await, []);
        let late = visitor.start_trial(suite.trial("Late", &format!("late-{round}"))).await.unwrap_err();
        assert_eq!(late.reason, ErrorReason::TokenRevoked);
        assert!(visitor.accept(&token).await.is_err());
    }
}

/// Only identity asks, about the person who asks it, and with all that is needed.
#[tokio::test]
async fn wrong_calls_change_nothing() {
    let suite = Suite::start().await;
    let (founder, acme, id) = suite.founder("acme").await;
    let (second, _) = suite.join(&acme, &id, "Second").await;
    let good = EraseAccountRequest {
        account_id: second.account.to_string(),
        attempt: 1,
        email: second.email.clone(),
    };
    let as_other = suite.through_identity(&founder).erase_account(good.clone()).await.unwrap_err();
    assert_eq!((as_other.kind, as_other.reason), (Kind::NotFound, ErrorReason::NotFound));
    let not_identity = suite.console(&second).erase_account(good.clone()).await.unwrap_err();
    assert_eq!(not_identity.reason, ErrorReason::PeerNotAllowed);
    let identity = suite.service("identity");
    for (wrong, field) in [
        (EraseAccountRequest { account_id: String::new(), ..good.clone() }, "account_id"),
        (EraseAccountRequest { account_id: "x".repeat(100_000), ..good.clone() }, "account_id"),
        (EraseAccountRequest { attempt: 0, ..good.clone() }, "attempt"),
        (EraseAccountRequest { attempt: -1, ..good.clone() }, "attempt"),
        (EraseAccountRequest { email: String::new(), ..good.clone() }, "email"),
        (EraseAccountRequest { email: "a@b\r\nc".to_owned(), ..good.clone() }, "email"),
    ] {
        let refused = identity.erase_account(wrong).await.unwrap_err();
        assert_eq!((refused.kind, refused.violations[0].0.as_str()), (Kind::InvalidInput, field));
    }
    let wrong = PreviewAccountDeletionRequest { account_id: "x".to_owned() };
    assert_eq!(identity.preview_account_deletion(wrong).await.unwrap_err().kind, Kind::InvalidInput);
    assert_eq!(acme.members(&id, "").await.unwrap().len(), 2);
    assert_eq!(suite.count("account_deletions").await, 0);
    identity.erase_account(good).await.unwrap();
}
