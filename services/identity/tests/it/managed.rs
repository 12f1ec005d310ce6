//! Managed Accounts, when everybody answers (MAN).

use crate::{
    company::Company,
    suite::{PASSWORD, User, credentials},
};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{envelope::Payload, session_ended::Cause},
    identity::v1::*,
    types::v1::{AccountKind, Appearance, Language, Privilege, Role},
};
use pass_types::{AccountId, Clock, Entropy, OrganizationId};
use prost_types::FieldMask;
use time::{Duration, OffsetDateTime};

/// proves MAN-1: when the answer comes, the account is there with everything, and has its seat and place
#[tokio::test]
async fn an_account_is_made() {
    let company = Company::start().await;
    let team = "01890000-0000-7000-8000-00000000000a".to_owned();
    let wish = CreateManagedAccountRequest {
        unique_id: "hanako".to_owned(),
        team_ids: vec![team.clone()],
        ..company.wish("Hanako@Acme.example")
    };
    let made = company.create(wish.clone()).await.unwrap().managed_account.unwrap();
    let account = made.account.clone().unwrap();
    assert_eq!((account.kind(), account.email.as_str()), (AccountKind::Managed, "Hanako@Acme.example"));
    assert_eq!(account.organization_id, company.organization.to_string());
    assert_eq!(made.state(), managed_account::State::Invited);
    let id: AccountId = account.account_id.parse().unwrap();
    assert_eq!(company.get(id).await.unwrap(), made);
    {
        let state = company.suite.world.state();
        assert!(state.seated.contains(&account.account_id));
        let member = &state.managed_members[&account.account_id];
        assert_eq!((member.role, &member.teams, member.suspended), (Role::Member, &vec![team], false));
    }
    let told = company.suite.events_of(id).await;
    assert!(matches!(&told[..], [Payload::AccountCreated(created), Payload::ManagedAccountInvited(invited)]
            if created.kind() == AccountKind::Managed && invited.attempt == 1));
    let told = company.suite.events().await.pop().unwrap();
    assert_eq!(told.organization_id, company.organization.to_string());
    assert_eq!(told.actor.unwrap().id, company.administrator.account.to_string());

    let again = company.create(wish.clone()).await.unwrap().managed_account.unwrap();
    assert_eq!(again, made, "the same request makes one account");
    let other = CreateManagedAccountRequest { name: "Somebody Else".to_owned(), ..wish };
    assert_eq!(company.create(other).await.unwrap_err().reason, ErrorReason::RequestIdReused);
    assert_eq!((company.count("acme.example").await, company.count("example").await), (1, 0));
}

/// proves MAN-2: the invitation's link lives 7 days, is sent anew with another one, and tells how to sign in
#[tokio::test]
async fn the_invitation() {
    let company = Company::start().await;
    let id = company.employ("hanako@acme.example").await;
    let first = company.mail(id, 1).await.unwrap();
    assert_eq!((first.email.as_str(), first.language()), ("hanako@acme.example", Language::Ja));
    let shown = company.invitation(&first.url).await.unwrap();
    assert_eq!((shown.organization_name.as_str(), shown.organization_handle.as_str()), ("Acme", "acme"));
    assert_eq!(shown.name, "Hanako Sato");

    company.suite.clock.advance(Duration::days(7));
    let over = ErrorReason::LinkInvalid;
    assert_eq!(company.invitation(&first.url).await.unwrap_err().reason, over);
    assert_eq!(company.get(id).await.unwrap().state(), managed_account::State::Invited);
    assert_eq!(company.taken(), (1, 1), "an expired link changes nothing else");

    company.suite.world.state().entitled_until = Some(company.suite.clock.now() + Duration::DAY);
    company.resend(id).await.unwrap();
    assert_eq!(company.mail(id, 1).await.unwrap_err().reason, over, "only the latest is mailed");
    let second = company.mail(id, 2).await.unwrap();
    company.invitation(&second.url).await.unwrap();
    assert_eq!(company.invitation(&first.url).await.unwrap_err().reason, over);
    assert!(matches!(
        company.suite.events_of(id).await.last(), Some(Payload::ManagedAccountInvited(it)) if it.attempt == 2
    ));
    for _ in 0..4 {
        company.resend(id).await.unwrap();
    }
    assert_eq!(company.resend(id).await.unwrap_err().reason, ErrorReason::RateLimited);

    company.suspend(id).await.unwrap();
    assert_eq!(company.resend(id).await.unwrap_err().reason, ErrorReason::AccountState);
    assert_eq!(company.mail(id, 6).await.unwrap_err().reason, over);
}

/// proves BIL-6: without Nulab Pass nobody is invited anew, and the invitation that was sent stays as it is
#[tokio::test]
async fn no_invitation_without_nulab_pass() {
    let company = Company::start().await;
    let id = company.employ("hanako@acme.example").await;
    for (entitled_until, reason) in
        [(Some(company.suite.clock.now()), ErrorReason::NulabPassEnded), (None, ErrorReason::NulabPassNeeded)]
    {
        company.suite.world.state().entitled_until = entitled_until;
        assert_eq!(company.resend(id).await.unwrap_err().reason, reason);
    }
    company.mail(id, 1).await.unwrap();
}

/// proves MAN-1, ORG-4: only administrators, and Plan Admin only by one; strangers learn nothing
#[tokio::test]
async fn who_may_make_one() {
    let company = Company::start().await;
    let (member, stranger) =
        (company.suite.user("member@example.com").await, company.suite.user("stranger@example.com").await);
    company.suite.world.join(member.account, company.organization, Role::Member);
    let wish = company.wish("hanako@acme.example");
    for (user, reason) in [(&member, ErrorReason::RoleMissing), (&stranger, ErrorReason::NotFound)] {
        let refused = company.suite.console_as(user).create_managed_account(wish.clone()).await.unwrap_err();
        assert_eq!(refused.reason, reason);
    }
    let plan_admin =
        CreateManagedAccountRequest { privileges: vec![Privilege::PlanAdmin as i32], ..wish.clone() };
    let refused = company.create(plan_admin.clone()).await.unwrap_err();
    assert_eq!(
        (refused.reason, refused.metadata["needed"].as_str()),
        (ErrorReason::RoleMissing, "plan_admin")
    );
    assert_eq!(company.taken(), (0, 0));
    let place = (company.administrator.account.to_string(), company.organization.to_string());
    company.suite.world.state().members.insert(place, (Role::Administrator, vec![Privilege::PlanAdmin]));
    company.create(plan_admin).await.unwrap();

    let id = company.employ("jiro@acme.example").await;
    for (user, reason) in [(&member, ErrorReason::RoleMissing), (&stranger, ErrorReason::NotFound)] {
        let (organization_id, account_id) = (company.organization.to_string(), id.to_string());
        let console = company.suite.console_as(user);
        let request = SuspendManagedAccountRequest { organization_id, account_id };
        assert_eq!(console.suspend_managed_account(request).await.unwrap_err().reason, reason);
    }
    let other = OrganizationId::from(Entropy::from_seed(99).uuid(OffsetDateTime::UNIX_EPOCH));
    company.suite.world.join(stranger.account, other, Role::Administrator);
    let request =
        DeleteManagedAccountRequest { organization_id: other.to_string(), account_id: id.to_string() };
    let refused = company.suite.console_as(&stranger).delete_managed_account(request).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::NotFound, "an administrator of another organization");
}

/// proves MAN-1, ACC-2, ACC-4: each refusal has its reason and leaves nothing behind
#[tokio::test]
async fn what_can_not_be_made() {
    let company = Company::start().await;
    let personal = company.suite.user("jiro@acme.example").await;
    company.suite.world.join(personal.account, company.organization, Role::Member);
    company.employ("taken@acme.example").await;
    let good = || company.wish("hanako@acme.example");
    let taken_id =
        company.suite.console_as(&personal).get_my_account(GetMyAccountRequest {}).await.unwrap().account;
    let unknown_team = "ffffffff-0000-7000-8000-000000000000".to_owned();
    for (wish, reason) in [
        (company.wish("hanako@sub.acme.example"), ErrorReason::DomainNotVerified),
        (company.wish("hanako@acme.example.org"), ErrorReason::DomainNotVerified),
        (company.wish("TAKEN@acme.example"), ErrorReason::EmailTaken),
        (company.wish("jiro@acme.example"), ErrorReason::MigrateInstead),
        (
            CreateManagedAccountRequest { unique_id: taken_id.unwrap().unique_id.to_uppercase(), ..good() },
            ErrorReason::UniqueIdTaken,
        ),
        (CreateManagedAccountRequest { team_ids: vec![unknown_team], ..good() }, ErrorReason::TeamUnknown),
    ] {
        assert_eq!(company.create(wish).await.unwrap_err().reason, reason);
        assert_eq!(company.taken(), (1, 1), "{reason:?}");
        assert_eq!(company.suite.count("SELECT count(*) FROM managed_accounts").await, 1, "{reason:?}");
    }
    company.employ("second@acme.example").await;
    company.employ("third@acme.example").await;
    assert_eq!(company.create(good()).await.unwrap_err().reason, ErrorReason::NoSeat);
    company.suite.clock.advance(Duration::days(31));
    assert_eq!(company.create(good()).await.unwrap_err().reason, ErrorReason::NulabPassEnded);
    company.suite.world.state().entitled_until = None;
    assert_eq!(company.create(good()).await.unwrap_err().reason, ErrorReason::NulabPassNeeded);
    company.suite.world.state().domains.clear();
    assert_eq!(company.create(good()).await.unwrap_err().reason, ErrorReason::NulabPassNeeded);
    assert_eq!(company.suite.count("SELECT count(*) FROM managed_accounts").await, 3);
    assert_eq!(company.taken(), (3, 3));
}

/// proves MAN-7: the last seat can't be taken twice, and who comes too late leaves nothing behind
#[tokio::test(flavor = "multi_thread")]
async fn the_last_seat() {
    let company = Company::start().await;
    company.suite.world.state().seats = 1;
    let calls = (0..8).map(|i| company.create(company.wish(&format!("user{i}@acme.example"))));
    let answers = futures::future::join_all(calls).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).map(|it| it.reason).collect();
    assert_eq!(refused, [ErrorReason::NoSeat; 7]);
    assert_eq!(company.taken(), (1, 1));
    assert_eq!(company.suite.count("SELECT count(*) FROM accounts WHERE kind = 'managed'").await, 1);
}

/// proves ACC-2: of several at once for one address, one gets it; the same request at once makes one account
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_given_once() {
    let company = Company::start().await;
    let calls = (0..6).map(|_| company.create(company.wish("hanako@acme.example")));
    let answers = futures::future::join_all(calls).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).map(|it| it.reason).collect();
    assert_eq!(refused.len(), 5);
    assert!(refused.iter().all(|it| matches!(it, ErrorReason::EmailTaken | ErrorReason::AccountChanging)));

    let wish = company.wish("jiro@acme.example");
    let calls = (0..6).map(|_| company.create(wish.clone()));
    let made: Vec<_> = futures::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert!(made.iter().all(|it| *it == made[0]));
    assert_eq!(company.taken(), (2, 2));
}

/// proves MAN-5: suspended, deleted: sessions end and the seat is free when the answer comes; resuming takes
/// a seat again
#[tokio::test]
async fn suspending_resuming_deleting() {
    let company = Company::start().await;
    company.suite.world.state().seats = 1;
    let id = company.employ("hanako@acme.example").await;
    let token = company.suite.managed_session(id).await;
    let resolve = || {
        let request = ResolveSessionRequest { token: token.clone() };
        company.suite.gateway_anonymous().resolve_session(request)
    };
    assert_eq!(resolve().await.unwrap().account.unwrap().organization_id, company.organization.to_string());
    for _ in 0..2 {
        assert_eq!(company.suspend(id).await.unwrap().state(), managed_account::State::Suspended);
    }
    assert_eq!(company.taken(), (0, 1));
    assert!(company.suite.world.state().managed_members[&id.to_string()].suspended);
    assert_eq!(resolve().await.unwrap_err().reason, ErrorReason::SessionEnded);
    let told = company.suite.events_of(id).await;
    assert!(matches!(
        &told[told.len() - 2..],
        [Payload::ManagedAccountSuspended(_), Payload::SessionEnded(ended)]
            if ended.cause() == Cause::AccountSuspended
    ));

    let second = company.employ("jiro@acme.example").await;
    assert_eq!(company.resume(id).await.unwrap_err().reason, ErrorReason::NoSeat);
    assert_eq!(company.get(id).await.unwrap().state(), managed_account::State::Suspended);
    for _ in 0..2 {
        company.delete(second).await.unwrap();
    }
    assert_eq!(company.taken(), (0, 1));
    assert_eq!(company.get(second).await.unwrap_err().reason, ErrorReason::NotFound);
    assert!(matches!(company.suite.events_of(second).await.last(), Some(Payload::ManagedAccountDeleted(_))));
    for _ in 0..2 {
        assert_eq!(company.resume(id).await.unwrap().state(), managed_account::State::Active);
    }
    assert_eq!(company.taken(), (1, 1));
    assert_eq!(resolve().await.unwrap_err().reason, ErrorReason::SessionEnded, "what ended has ended");
    let told = company.suite.events_of(id).await;
    let count = |wanted: fn(&Payload) -> bool| told.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, Payload::ManagedAccountSuspended(_))), 1);
    assert_eq!(count(|it| matches!(it, Payload::ManagedAccountResumed(_))), 1);

    company.delete(id).await.unwrap();
    company.employ("hanako@acme.example").await;
    assert_eq!(company.suite.count("SELECT count(*) FROM accounts WHERE kind = 'managed'").await, 1);
}

/// proves MAN-4, MAN-6: the person changes the rest of the profile, not the name; no password opens the account
#[tokio::test]
async fn what_the_person_may_change() {
    let company = Company::start().await;
    let id = company.employ("hanako@acme.example").await;
    company.suite.managed_session(id).await;
    let user = User { account: id, ..company.administrator.clone() };
    let console = company.suite.console_as(&user);
    let update = |account: Account, paths: &[&str]| UpdateMyAccountRequest {
        account: Some(account),
        update_mask: Some(FieldMask { paths: paths.iter().map(|&path| path.to_owned()).collect() }),
    };
    let named = update(Account { name: "Another".to_owned(), ..Default::default() }, &["name"]);
    let refused = console.update_my_account(named).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::ManagedByOrganization);
    let rest = Account {
        unique_id: "hanako".to_owned(),
        language: Language::En as i32,
        time_zone: "Europe/Berlin".to_owned(),
        appearance: Appearance::Dark as i32,
        ..Default::default()
    };
    let changed = console
        .update_my_account(update(rest, &["unique_id", "language", "time_zone", "appearance"]))
        .await
        .unwrap();
    let account = changed.account.unwrap();
    assert_eq!((account.unique_id.as_str(), account.language()), ("hanako", Language::En));
    assert_eq!(account.name, "Hanako Sato");

    let gateway = company.suite.gateway_anonymous();
    let refused = gateway.sign_in(credentials("hanako@acme.example", PASSWORD)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::CredentialsInvalid);
    company.suite.user("hanako@acme.example").await;
    let personal = gateway.sign_in(credentials("hanako@acme.example", PASSWORD)).await.unwrap();
    assert_ne!(personal.account_id, id.to_string(), "ACC-2: a Nulab Account may have the same address");
}
