//! Deleting one's account, through the transport (ACC-13). Organization is a stand-in here.

use crate::{
    company::Company,
    images,
    spaces::connect,
    standins::Fault,
    suite::{PASSWORD, Suite, User, credentials, wish},
};
use pass_mesh::Failure;
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    events::v1::{envelope::Payload, session_ended::Cause},
    identity::v1::{deletion_place::Obstacle as Shown, *},
    organization::v1::account_place::Obstacle,
};
use pass_testkit::wait_for;
use pass_types::{AccountId, Clock, Entropy, Kind, OrganizationId};
use std::{collections::BTreeSet, time::Duration};
use time::OffsetDateTime;

const EMAIL: &str = "taro@example.com";

fn organization() -> OrganizationId {
    OrganizationId::generate(&Entropy::from_seed(3), OffsetDateTime::UNIX_EPOCH)
}

async fn delete(suite: &Suite, user: &User, confirmation: &str) -> Result<(), Failure> {
    let request = DeleteMyAccountRequest { confirmation: confirmation.to_owned() };
    suite.console_as(user).delete_my_account(request).await.map(|DeleteMyAccountResponse {}| ())
}

async fn is_whole(suite: &Suite, account: AccountId) -> bool {
    let request = BatchGetAccountsRequest { account_ids: vec![account.to_string()] };
    !suite.system("organization").batch_get_accounts(request).await.unwrap().accounts.is_empty()
}

async fn causes(suite: &Suite, account: AccountId) -> Vec<Cause> {
    let told = suite.events_of(account).await.into_iter();
    told.filter_map(|it| match it {
        Payload::SessionEnded(ended) => Some(ended.cause()),
        _ => None,
    })
    .collect()
}

/// proves ACC-13: nothing of the account is left, its sessions end, it is told, and the address is free
#[tokio::test]
async fn deleting() {
    let suite = Suite::start().await;
    let first = suite.user(EMAIL).await;
    let (user, other) = (suite.sign_in(EMAIL).await, suite.user("jiro@example.com").await);
    suite.world.everybody_in("Acme", organization(), Obstacle::None);
    let left_open = wish("TARO@example.com");
    suite.gateway_anonymous().request_sign_up(left_open).await.unwrap();
    crate::password_reset::link(&suite, EMAIL).await;
    // Somebody else would like to have the address.
    let wish = RequestEmailChangeRequest { email: "taro@EXAMPLE.com".to_owned() };
    suite.console_as(&other).request_email_change(wish).await.unwrap();
    let image = images::set(&suite, &user, images::png([255, 0, 0, 255])).await.unwrap().image_id;
    delete(&suite, &user, " Taro@Example.com ").await.unwrap();

    assert!(!is_whole(&suite, user.account).await && is_whole(&suite, other.account).await);
    let gone = credentials(EMAIL, PASSWORD);
    let refused = suite.gateway_anonymous().sign_in(gone).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::CredentialsInvalid);
    for token in [first.token, user.token] {
        let resolved = suite.gateway_anonymous().resolve_session(ResolveSessionRequest { token });
        assert_eq!(resolved.await.unwrap_err().reason, ErrorReason::SessionEnded);
    }
    assert_eq!(causes(&suite, user.account).await, [Cause::AccountDeleted; 2]);
    assert!(matches!(suite.events_of(user.account).await.last(), Some(Payload::AccountDeleted(_))));
    let asked = suite.world.state().deletions.erased.clone();
    assert_eq!(asked, [(user.account.to_string(), 1, EMAIL.to_owned())], "organization decided, once");
    let forgotten = suite.world.state().deletions.forgotten.clone();
    assert_eq!(forgotten, [(user.account.to_string(), EMAIL.to_owned())], "billing has forgotten them");
    assert_eq!(images::get(&suite, &image, 48).await.unwrap_err().kind, Kind::NotFound);
    for table in ["account_deletions", "password_resets", "sign_ups", "email_changes"] {
        let left = format!("SELECT count(*) FROM {table}");
        let left: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(left)).fetch_one(&suite.database.pool).await.unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let anew = suite.user(EMAIL).await;
    assert_ne!(anew.account, user.account);
}

/// proves ACC-13: the owner can be told that it is done, by an address that is kept for this without a name, as often as
/// a mail server needs, and for an hour
#[tokio::test]
async fn the_owner_can_be_told() {
    let suite = Suite::start().await;
    let user = suite.user(EMAIL).await;
    let mail = async || {
        let request = PrepareAccountDeletedMailRequest { account_id: user.account.to_string() };
        suite.system("notification").prepare_account_deleted_mail(request).await
    };
    assert_eq!(mail().await.unwrap_err().reason, ErrorReason::LinkInvalid, "it is there");
    delete(&suite, &user, EMAIL).await.unwrap();
    let told = mail().await.unwrap();
    assert_eq!((told.email.as_str(), told.time_zone.as_str()), (EMAIL, "Asia/Tokyo"));
    assert_eq!(told.delete_time, Some(timestamp(suite.clock.now())));
    let kept: String = sqlx::query_scalar("SELECT string_agg(t::text, ' ') FROM farewells t")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert!(!kept.contains("Taro"), "no name: {kept}");
    // The address is free meanwhile, and whoever has it next is somebody else.
    suite.user(EMAIL).await;
    suite.clock.advance(Duration::from_mins(59));
    assert_eq!(mail().await.unwrap(), told);
    suite.clock.advance(Duration::from_mins(1));
    assert_eq!(mail().await.unwrap_err().reason, ErrorReason::LinkInvalid);
    wait_for(async || suite.count("SELECT count(*) FROM farewells").await == 0).await;
}

/// proves ACC-13: every table that names an account lets it go; a new one that does not fails here
#[tokio::test]
async fn every_table_goes_with_the_account() {
    let suite = Suite::start().await;
    let holding = "SELECT count(*) FROM information_schema.columns c
         WHERE c.table_schema = 'public' AND c.column_name = 'account_id'
           AND NOT EXISTS (
             SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
             WHERE k.conrelid = c.table_name::regclass AND a.attname = c.column_name
               AND k.contype = 'f' AND k.confrelid = 'accounts'::regclass AND k.confdeltype = 'c')
           -- Ids only: Managed Accounts that were deleted, an administrator's log of their sign-ins, which requests
           -- were answered (forgotten after a while), and how many tries were refused in this minute. And the address
           -- that the last mail goes to, for an hour.
           AND c.table_name NOT IN
               ('deleted_managed_accounts', 'saml_sign_in_log', 'requests', 'refused_tries', 'farewells')";
    assert_eq!(suite.count(holding).await, 0, "a table has an account_id that does not go with the account");
    let cascading = suite
        .count("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'accounts'::regclass");
    assert!(cascading.await > 8);
}

/// proves ACC-13, ORG-7: refused while organizations need it, naming them; nothing changes, and it is told
#[tokio::test]
async fn an_account_that_is_needed_stays() {
    let suite = Suite::start().await;
    let user = suite.user(EMAIL).await;
    for (attempt, obstacle) in
        [Obstacle::OnlyMember, Obstacle::LastAdministrator, Obstacle::LastPlanAdmin].into_iter().enumerate()
    {
        suite.world.everybody_in("Acme", organization(), obstacle);
        let refused = delete(&suite, &user, EMAIL).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::AccountNeeded));
        assert_eq!(refused.metadata["organizations"], "Acme");
        assert!(is_whole(&suite, user.account).await);
        assert_eq!(suite.world.attempts_at_deleting(user.account).len(), attempt + 1);
    }
    assert_eq!(suite.world.attempts_at_deleting(user.account), [1, 2, 3], "each wish has its own number");
    assert_eq!(causes(&suite, user.account).await, []);
    assert_eq!(suite.world.state().deletions.forgotten, [], "nobody forgets whom organization keeps");
    let told = suite.events().await.into_iter().filter(|event| {
        matches!(event.payload, Some(Payload::AccountDeletionRefused(_)))
            && event.outcome.as_ref().unwrap().refused_because == "ACCOUNT_NEEDED"
    });
    assert_eq!(told.count(), 3);
    suite.world.everybody_in("Acme", organization(), Obstacle::None);
    delete(&suite, &user, EMAIL).await.unwrap();
}

/// proves ACC-13: who deletes an account has just signed in, and types its address
#[tokio::test]
async fn it_takes_a_fresh_sign_in_and_the_address() {
    let suite = Suite::start().await;
    let user = suite.user(EMAIL).await;
    for wrong in ["", "taro", "jiro@example.com", "taro@example.com.", &"x".repeat(100_000)] {
        let refused = delete(&suite, &user, wrong).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, ErrorReason::InvalidArgument));
        assert_eq!(refused.violations[0].0, "confirmation");
    }
    suite.clock.advance(Duration::from_mins(10));
    let refused = delete(&suite, &user, EMAIL).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::FreshSignInNeeded));
    assert_eq!(suite.world.attempts_at_deleting(user.account), [] as [i32; 0]);
    // Of a session that has ended, the token lives on for a moment.
    let fresh = suite.sign_in(EMAIL).await;
    sqlx::query("UPDATE sessions SET ended_at = created_at").execute(&suite.database.pool).await.unwrap();
    let refused = delete(&suite, &fresh, EMAIL).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::FreshSignInNeeded);
    let fresh = suite.sign_in(EMAIL).await;
    delete(&suite, &fresh, EMAIL).await.unwrap();
}

/// proves ACC-13, MAN-5: a Managed Account is its organization's to delete
#[tokio::test(flavor = "multi_thread")]
async fn managed_people_do_not() {
    let company = Company::start().await;
    let account = company.employ("hanako@acme.example").await;
    let token = company.suite.managed_session(account).await;
    let session =
        company.suite.gateway_anonymous().resolve_session(ResolveSessionRequest { token: token.clone() });
    let session = session.await.unwrap().session.unwrap().session_id.parse().unwrap();
    let console = company.suite.console_as_managed(&User { account, session, token });
    let confirmation = "hanako@acme.example".to_owned();
    let refused = console.delete_my_account(DeleteMyAccountRequest { confirmation }).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ManagedByOrganization));
    let refused = console.preview_my_deletion(PreviewMyDeletionRequest {}).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::ManagedByOrganization);
    assert!(is_whole(&company.suite, account).await);
}

/// proves ACC-13: the owner sees before what will happen and what stands in the way
#[tokio::test]
async fn what_will_happen_is_shown_before() {
    let suite = Suite::start().await;
    let user = suite.user(EMAIL).await;
    for (there, shown) in [
        (Obstacle::None, Shown::None),
        (Obstacle::OnlyMember, Shown::OnlyMember),
        (Obstacle::LastAdministrator, Shown::LastAdministrator),
        (Obstacle::LastPlanAdmin, Shown::LastPlanAdmin),
    ] {
        suite.world.everybody_in("Acme", organization(), there);
        let preview = suite.console_as(&user).preview_my_deletion(PreviewMyDeletionRequest {}).await.unwrap();
        let place = DeletionPlace {
            organization_id: organization().to_string(),
            name: "Acme".to_owned(),
            obstacle: shown.into(),
        };
        assert_eq!(preview, PreviewMyDeletionResponse { places: vec![place], connected_spaces: 0 });
    }
}

/// proves ACC-13: whatever fails on the way, there is a whole account or none, and the wish is carried through
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_half_way_is_finished() {
    let suite = Suite::with(|config| config.step_millis = 400).await;
    let steps = ["erase_account", "forget_person"];
    for (step, fault) in steps.into_iter().flat_map(|step| Fault::ALL.map(|fault| (step, fault))) {
        let email = format!("{step}.{fault:?}@example.com");
        let user = suite.user(&email).await;
        suite.world.fail(step, fault);
        let refused = delete(&suite, &user, &email).await.unwrap_err();
        assert!(
            [ErrorReason::Unavailable, ErrorReason::AccountChanging].contains(&refused.reason),
            "{refused:?}"
        );
        assert!(is_whole(&suite, user.account).await, "nothing of it is gone yet: {step} {fault:?}");
        suite.world.mend();
        wait_for(async || {
            suite.clock.advance(time::Duration::seconds(1));
            !is_whole(&suite, user.account).await
        })
        .await;
        let attempts = suite.world.attempts_at_deleting(user.account);
        assert!(attempts.iter().all(|attempt| *attempt == 1), "one wish has one number: {attempts:?}");
        assert!(causes(&suite, user.account).await.contains(&Cause::AccountDeleted));
        let forgotten = suite.world.state().deletions.forgotten.clone();
        assert!(forgotten.contains(&(user.account.to_string(), email)), "{forgotten:?}");
    }
}

/// proves ACC-13: an address that is changed while the account is being deleted is forgotten, too
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_changed_on_the_way() {
    let suite = Suite::with(|config| config.step_millis = 20_000).await;
    let user = suite.user(EMAIL).await;
    suite.world.fail("forget_person", Fault::Hang);
    let call = tokio::spawn({
        let (suite, user) = (suite.clone(), user.clone());
        async move { delete(&suite, &user, EMAIL).await }
    });
    wait_for(async || suite.world.state().deletions.forgotten.len() == 1).await;
    let changed =
        "UPDATE accounts SET email = 'new@example.com', email_key = 'new@example.com' WHERE id = $1";
    sqlx::query(changed).bind(user.account.uuid()).execute(&suite.database.pool).await.unwrap();
    suite.world.mend();
    assert_eq!(call.await.unwrap().unwrap_err().reason, ErrorReason::AccountChanging);
    wait_for(async || {
        suite.clock.advance(time::Duration::seconds(1));
        !is_whole(&suite, user.account).await
    })
    .await;
    let forgotten = suite.world.state().deletions.forgotten.clone();
    assert!(forgotten.contains(&(user.account.to_string(), "new@example.com".to_owned())), "{forgotten:?}");
}

/// proves ACC-13, SPC-6: connected spaces are disconnected and told of it; their users remain, and can be connected again
#[tokio::test]
async fn connected_spaces_are_let_go() {
    let suite = Suite::start().await;
    suite.backlog.found("old-works", &["taro"]);
    suite.backlog.found("harbour", &["taro"]);
    let user = suite.user(EMAIL).await;
    for space in ["old-works", "harbour"] {
        suite.console_as(&user).connect_space(connect(space, "taro")).await.unwrap();
    }
    let preview = suite.console_as(&user).preview_my_deletion(PreviewMyDeletionRequest {}).await.unwrap();
    assert_eq!(preview.connected_spaces, 2);
    delete(&suite, &user, EMAIL).await.unwrap();

    let told = suite.events_of(user.account).await.into_iter();
    let told = told.filter_map(|it| match it {
        Payload::SpaceDisconnected(it) => Some((it.space_id, it.space_user_id)),
        _ => None,
    });
    let expected = ["harbour", "old-works"].map(|space| (space.to_owned(), format!("{space}:taro")));
    // Both were made at one instant: either may be first.
    assert_eq!(told.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    let request = BatchGetSpaceLinksRequest {
        space_id: "old-works".to_owned(),
        space_user_ids: vec!["old-works:taro".to_owned()],
    };
    let shown = suite.product("backlog").batch_get_space_links(request).await.unwrap();
    assert_eq!(shown.users, [], "the space shows its own user");
    let next = suite.user("jiro@example.com").await;
    suite.console_as(&next).connect_space(connect("old-works", "taro")).await.unwrap();
}

/// proves ACC-13, ORG-7: a wish that the job brings to organization and that is refused there is over
#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_is_refused_later_is_over() {
    let suite = Suite::with(|config| config.step_millis = 400).await;
    let user = suite.user(EMAIL).await;
    suite.world.fail("erase_account", Fault::Before);
    delete(&suite, &user, EMAIL).await.unwrap_err();
    suite.world.everybody_in("Acme", organization(), Obstacle::LastAdministrator);
    suite.world.mend();
    wait_for(async || {
        suite.clock.advance(time::Duration::seconds(1));
        suite.count("SELECT count(*) FROM account_deletions WHERE worker IS NULL").await == 1
    })
    .await;
    assert!(is_whole(&suite, user.account).await);
    suite.world.everybody_in("Acme", organization(), Obstacle::None);
    let fresh = suite.sign_in(EMAIL).await;
    delete(&suite, &fresh, EMAIL).await.unwrap();
    assert_eq!(suite.world.attempts_at_deleting(user.account).last(), Some(&2));
}

/// proves ACC-13: a process that ends after organization has let the account go leaves none, once another one looks
#[tokio::test(flavor = "multi_thread")]
async fn an_end_in_the_middle() {
    let suite = Suite::with(|config| config.step_millis = 20_000).await;
    let user = suite.user(EMAIL).await;
    suite.world.fail("erase_account", Fault::Hang);
    let call = tokio::spawn({
        let (suite, user) = (suite.clone(), user.clone());
        async move { delete(&suite, &user, EMAIL).await }
    });
    wait_for(async || suite.world.state().deletions.erased.len() == 1).await;
    suite.kill().await;
    call.await.unwrap().unwrap_err();
    suite.world.mend();
    let suite = suite.restarted(|_| {}).await;
    assert!(is_whole(&suite, user.account).await);
    suite.clock.advance(time::Duration::minutes(5));
    wait_for(async || !is_whole(&suite, user.account).await).await;
    assert_eq!(causes(&suite, user.account).await, [Cause::AccountDeleted]);
}

/// proves ACC-13: of two who ask at once, one deletes it
#[tokio::test(flavor = "multi_thread")]
async fn two_at_once() {
    let suite = Suite::start().await;
    let first = suite.user(EMAIL).await;
    let second = suite.sign_in(EMAIL).await;
    let (one, other) = tokio::join!(delete(&suite, &first, EMAIL), delete(&suite, &second, EMAIL));
    let done = [&one, &other].into_iter().filter(|it| it.is_ok()).count();
    assert_eq!(done, 1, "{one:?} {other:?}");
    let told = suite.events_of(first.account).await.into_iter();
    assert_eq!(told.filter(|it| matches!(it, Payload::AccountDeleted(_))).count(), 1);
}
