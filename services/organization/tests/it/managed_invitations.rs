//! An address is a Nulab Account's that is invited, or a Managed Account's: in an organization not both.

use crate::suite::{Someone, Suite};
use futures::future::join_all;
use pass_proto::{errors::v1::ErrorReason, organization::v1::invitation::State};
use pass_testkit::wait_for;
use pass_types::{AccountKind, Kind};

const MANAGED: (Kind, ErrorReason) = (Kind::AlreadyExists, ErrorReason::AddressIsManaged);

async fn add(suite: &Suite, founder: &Someone, organization: &str, email: &str) -> Result<(), ErrorReason> {
    let answer = suite.through_identity(founder).add_managed_member(suite.managed(organization, email)).await;
    answer.map(|_| ()).map_err(|failure| failure.reason)
}

/// proves ORG-6: inviting an address that is a Managed Account of this organization says so; suspended or not,
/// and however it is spelled. Another organization may invite it
#[tokio::test]
async fn a_managed_address_is_not_invited() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let mana = suite.managed(&id, "mana@acme.example");
    suite.through_identity(&founder).add_managed_member(mana.clone()).await.unwrap();
    suite.service("identity").suspend(&mana, 2, true).await.unwrap();
    for email in ["mana@acme.example", "MANA@Acme.Example"] {
        let refused = administrator.invite(suite.invitation(&id, email)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), MANAGED);
    }
    assert_eq!(suite.count("invitations").await, 0);
    let (_, elsewhere, other) = suite.founder("other").await;
    elsewhere.invite(suite.invitation(&other, "mana@acme.example")).await.unwrap();
    // A Nulab Account that has the address too, as it may, does not hide it.
    let copy = "UPDATE members SET email = 'mana@acme.example', email_key = 'mana@acme.example'";
    sqlx::query(copy).execute(&suite.database.pool).await.unwrap();
    let refused = administrator.invite(suite.invitation(&id, "mana@acme.example")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), MANAGED);
}

/// proves ORG-6, MAN-1: an invitation whose address became a Managed Account's is neither mailed again nor
/// accepted; when the Managed Account is gone, both work again
#[tokio::test]
async fn an_invitation_to_an_address_that_became_managed() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let taro = suite.someone("Taro");
    let invitation = administrator.invite(suite.invitation(&id, &taro.email)).await.unwrap();
    let token = suite.link(&invitation, 1).await;
    let managed = suite.managed(&id, &taro.email);
    suite.through_identity(&founder).add_managed_member(managed.clone()).await.unwrap();
    let visitor = suite.console(&taro);
    let refused = visitor.accept(&token).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), MANAGED);
    let refused = administrator.resend(&id, &invitation).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), MANAGED);
    assert_eq!(suite.nobody().show(&token).await.unwrap().state(), State::Open);
    assert_eq!(suite.count("members").await, 2);

    suite.service("identity").remove(&managed, 2).await.unwrap();
    visitor.accept(&token).await.unwrap();
    assert_eq!(add(&suite, &founder, &id, &taro.email).await, Err(ErrorReason::MigrateInstead));
}

/// proves ORG-6, MAN-1: accepting waits for whoever is deciding about members, and sees what was decided
#[tokio::test]
async fn accepting_waits_for_a_decision_about_members() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let taro = suite.someone("Taro");
    let invitation = administrator.invite(suite.invitation(&id, &taro.email)).await.unwrap();
    let token = suite.link(&invitation, 1).await;
    let mana = suite.account(AccountKind::Managed, "Mana", &taro.email);
    let mut tx = suite.database.pool.begin().await.unwrap();
    let lock = sqlx::query("SELECT FROM organizations WHERE id = $1::text::uuid FOR NO KEY UPDATE").bind(&id);
    lock.execute(&mut *tx).await.unwrap();
    let decide = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let count =
            async || sqlx::query_scalar::<_, i64>(waiting).fetch_one(&suite.database.pool).await.unwrap();
        wait_for(async || count().await == 1).await;
        let insert = "INSERT INTO members
                          (organization_id, account_id, kind, role, joined_at, name, name_key, email, email_key)
                      VALUES ($1::text::uuid, $2, 'managed', 'member', $3, 'Mana', 'mana', $4, $4)";
        let now = suite.context.clock.now();
        let insert = sqlx::query(insert).bind(&id).bind(mana.account.uuid()).bind(now).bind(&taro.email);
        insert.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    let visitor = suite.console(&taro);
    let (accepted, ()) = futures::join!(visitor.accept(&token), decide);
    let refused = accepted.unwrap_err();
    assert_eq!((refused.kind, refused.reason), MANAGED);
}

/// proves ORG-6, MAN-1: accepting and making a Managed Account of the same address at once: one of them wins,
/// and the other is told why
#[tokio::test]
async fn accepting_and_adding_at_once() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let rounds = (0..10).map(|_| async {
        let taro = suite.someone("Taro");
        let invitation = administrator.invite(suite.invitation(&id, &taro.email)).await.unwrap();
        let token = suite.link(&invitation, 1).await;
        let visitor = suite.console(&taro);
        let accept = async { visitor.accept(&token).await.map(|_| ()).map_err(|failure| failure.reason) };
        let answers = futures::join!(accept, add(&suite, &founder, &id, &taro.email));
        match answers {
            (Ok(()), Err(ErrorReason::MigrateInstead)) | (Err(ErrorReason::AddressIsManaged), Ok(())) => {}
            answers => panic!("{answers:?}"),
        }
    });
    join_all(rounds).await;
    assert_eq!(suite.count("members").await, 11);
}
