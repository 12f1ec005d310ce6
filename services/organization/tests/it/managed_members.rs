//! Members that are Managed Accounts: organization's part of identity's changes.

use crate::suite::{Someone, Suite};
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    events::v1::{actor, envelope::Payload},
    organization::v1::{
        AddManagedMemberRequest, CreateTeamRequest, ListMyOrganizationsRequest, ResolveMembershipRequest,
        check_access_response::Reason,
    },
};
use pass_types::{AccountKind, Kind, Privilege, Role};

async fn team(suite: &Suite, founder: &Someone, organization: &str, name: &str) -> String {
    let request = CreateTeamRequest {
        request_id: suite.request_id(),
        organization_id: organization.to_owned(),
        name: name.to_owned(),
    };
    suite.console(founder).create_team(request).await.unwrap().team.unwrap().team_id
}

/// The Managed Account itself.
fn person(add: &AddManagedMemberRequest) -> Someone {
    let account = add.account_id.parse().unwrap();
    Someone { account, kind: AccountKind::Managed, email: add.email.clone() }
}

fn kinds(history: &[Payload]) -> Vec<&'static str> {
    let kind = |payload: &Payload| match payload {
        Payload::MemberAdded(_) => "added",
        Payload::MemberRemoved(_) => "removed",
        Payload::ManagedMemberSuspended(_) => "suspended",
        Payload::ManagedMemberResumed(_) => "resumed",
        _ => "other",
    };
    history.iter().map(kind).collect()
}

/// proves MAN-1: when the answer comes the account is in the list, with role, privileges and teams
#[tokio::test]
async fn a_managed_account_becomes_a_member() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (dev, ops) = (team(&suite, &founder, &id, "Dev").await, team(&suite, &founder, &id, "Ops").await);
    let privileges = [Privilege::PlanAdmin, Privilege::Invite].map(|it| it.to_wire() as i32).to_vec();
    let add = AddManagedMemberRequest {
        privileges: privileges.clone(),
        team_ids: vec![ops.clone(), dev.clone(), ops],
        ..suite.managed(&id, "mana@acme.example")
    };
    suite.through_identity(&founder).add_managed_member(add.clone()).await.unwrap();
    let member = administrator.members(&id, "mana@acme").await.unwrap().remove(0);
    assert_eq!(
        (member.account_id.as_str(), member.kind),
        (add.account_id.as_str(), AccountKind::Managed.to_wire() as i32)
    );
    assert_eq!((member.role, member.privileges, member.suspended), (add.role, privileges, false));
    let teams: Vec<_> = member.teams.iter().map(|team| team.name.as_str()).collect();
    assert_eq!(teams, ["Dev", "Ops"]);
    assert_eq!(administrator.teams(&id).await.unwrap()[0].member_count, 2);
    let event = suite.events(&id).await.pop().unwrap();
    let actor = event.actor.unwrap();
    assert_eq!((actor.kind(), actor.id), (actor::Kind::Person, founder.account.to_string()));
    assert!(matches!(event.payload, Some(Payload::MemberAdded(added)) if added.account_id == add.account_id));
}

/// proves MAN-1, ORG-4, ORG-5: what an addition is refused for; nothing is left of it
#[tokio::test]
async fn what_is_not_added() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (stranger, _, elsewhere) = suite.founder("other").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    let foreign = team(&suite, &stranger, &elsewhere, "Foreign").await;
    let good = suite.managed(&id, "mana@acme.example");
    let refused = async |someone: &Someone, add: AddManagedMemberRequest| {
        suite.through_identity(someone).add_managed_member(add).await.unwrap_err()
    };
    let plan_admin = vec![Privilege::PlanAdmin.to_wire() as i32];

    for (role, privileges) in [(Role::Member, Privilege::ALL), (Role::Guest, &[])] {
        suite.set_role(&id, &taro, role, privileges).await;
        let refusal = refused(&taro, good.clone()).await;
        assert_eq!((refusal.kind, refusal.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
        assert_eq!(refusal.metadata["needed"], "administrator");
    }
    suite.set_role(&id, &taro, Role::Administrator, &[]).await;
    let refusal = refused(&taro, AddManagedMemberRequest { privileges: plan_admin, ..good.clone() }).await;
    assert_eq!((refusal.kind, refusal.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
    assert_eq!(refusal.metadata["needed"], "plan_admin");
    let refusal = refused(&stranger, good.clone()).await;
    assert_eq!((refusal.kind, refusal.reason), (Kind::NotFound, ErrorReason::NotFound));
    for unknown in [foreign, suite.request_id()] {
        let refusal =
            refused(&founder, AddManagedMemberRequest { team_ids: vec![unknown], ..good.clone() }).await;
        assert_eq!((refusal.kind, refusal.reason), (Kind::Precondition, ErrorReason::TeamUnknown));
    }
    let email = taro.email.to_uppercase();
    let refusal = refused(&founder, AddManagedMemberRequest { email, ..good.clone() }).await;
    assert_eq!((refusal.kind, refusal.reason), (Kind::Precondition, ErrorReason::MigrateInstead));
    let account_id = taro.account.to_string();
    let refusal = refused(&founder, AddManagedMemberRequest { account_id, ..good.clone() }).await;
    assert_eq!((refusal.kind, refusal.reason), (Kind::AlreadyExists, ErrorReason::AlreadyMember));
    assert_eq!((suite.count("managed_member_attempts").await, suite.count("members").await), (0, 3));

    suite.through_identity(&founder).add_managed_member(good.clone()).await.unwrap();
    let refusal = refused(&founder, AddManagedMemberRequest { attempt: 2, ..good.clone() }).await;
    assert_eq!(refusal.reason, ErrorReason::AlreadyMember);
    let organization_id = elsewhere.clone();
    let refusal = refused(&stranger, AddManagedMemberRequest { organization_id, attempt: 9, ..good }).await;
    assert_eq!(refusal.reason, ErrorReason::NotFound, "one organization owns a Managed Account");
}

/// proves MAN-1: an addition that was undone adds nothing, whether it came before the undoing or comes after
#[tokio::test]
async fn an_undone_addition_adds_nothing() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let identity = suite.service("identity");
    let by_founder = suite.through_identity(&founder);
    let add = suite.managed(&id, "mana@acme.example");
    // It comes too late.
    identity.remove(&add, 1).await.unwrap();
    let late = by_founder.add_managed_member(add.clone()).await.unwrap_err();
    assert_eq!((late.kind, late.reason), (Kind::Conflict, ErrorReason::AttemptSuperseded));
    assert_eq!(suite.history(&id).await.len(), 3);
    // The next attempt, twice, then its undoing, twice, then itself once more.
    let again = AddManagedMemberRequest { attempt: 2, ..add.clone() };
    for _ in 0..2 {
        by_founder.add_managed_member(again.clone()).await.unwrap();
    }
    assert_eq!(administrator.members(&id, "").await.unwrap().len(), 2);
    assert_eq!(identity.remove(&add, 1).await.unwrap_err().reason, ErrorReason::AttemptSuperseded);
    for _ in 0..2 {
        identity.remove(&add, 2).await.unwrap();
    }
    let late = by_founder.add_managed_member(again).await.unwrap_err();
    assert_eq!(late.reason, ErrorReason::AttemptSuperseded);
    assert_eq!(administrator.members(&id, "").await.unwrap().len(), 1);
    assert_eq!(kinds(&suite.history(&id).await[3..]), ["added", "removed"]);
    let event = suite.events(&id).await.pop().unwrap().actor.unwrap();
    assert_eq!((event.kind(), event.id.as_str()), (actor::Kind::System, "identity"));
}

/// proves MAN-5: a suspended member has no place: no access, no token, nothing to administer; resumed, all
/// again
#[tokio::test]
async fn a_suspended_member_has_no_place() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let identity = suite.through_identity(&founder);
    let role = Role::Administrator.to_wire().into();
    let add = AddManagedMemberRequest { role, ..suite.managed(&id, "mana@acme.example") };
    identity.add_managed_member(add.clone()).await.unwrap();
    let (mana, gateway) = (person(&add), suite.service("gateway"));
    // Another one, whose changes are over.
    let other = suite.managed(&id, "gone@acme.example");
    identity.remove(&other, 10).await.unwrap();
    let place = async |organization: &str| {
        let (account_id, organization_id) = (add.account_id.clone(), organization.to_owned());
        let request = ResolveMembershipRequest { account_id, organization_id, product: 0 };
        gateway.resolve_membership(request).await.unwrap().organization_id
    };
    let product = suite.product("backlog", &mana, Some(&id));
    for (attempt, suspended) in [(2, true), (3, false), (4, true)] {
        identity.suspend(&add, attempt, suspended).await.unwrap();
        let expected = if suspended { String::new() } else { id.clone() };
        assert_eq!((place(&id).await, place("").await), (expected.clone(), expected));
        let reason = if suspended { Reason::Suspended } else { Reason::Allowed };
        let answer = product.check("").await.unwrap();
        assert_eq!((answer.reason(), answer.allowed), (reason, !suspended));
        let console = suite.console(&mana);
        assert_eq!(console.members(&id, "").await.is_ok(), !suspended);
        let mine = console.list_my_organizations(ListMyOrganizationsRequest::default()).await.unwrap();
        assert_eq!(mine.memberships.len(), usize::from(!suspended));
        let through = suite.through_identity(&mana).suspend(&other, 9, true).await.unwrap_err();
        let none = if suspended { ErrorReason::NotFound } else { ErrorReason::AttemptSuperseded };
        assert_eq!(through.reason, none);
        let listed = administrator.members(&id, "mana").await.unwrap().remove(0);
        assert_eq!(listed.suspended, suspended);
    }
    assert_eq!(kinds(&suite.history(&id).await[4..]), ["suspended", "resumed", "suspended"]);
    // Deleted, suspended as it is.
    identity.remove(&add, 5).await.unwrap();
    assert_eq!(product.check("").await.unwrap().reason(), Reason::NotAMember);
    assert_eq!(administrator.members(&id, "").await.unwrap().len(), 1);
}

/// proves MAN-5: an undone resumption stays undone; what changes nothing has no event
#[tokio::test]
async fn an_undone_resumption_resumes_nothing() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (by_founder, identity) = (suite.through_identity(&founder), suite.service("identity"));
    let add = suite.managed(&id, "mana@acme.example");
    by_founder.add_managed_member(add.clone()).await.unwrap();
    let suspended = async || administrator.members(&id, "mana").await.unwrap()[0].suspended;
    // Identity finishes a suspension by itself, and does not say it twice.
    identity.suspend(&add, 2, true).await.unwrap();
    by_founder.suspend(&add, 3, true).await.unwrap();
    assert_eq!(kinds(&suite.history(&id).await[4..]), ["suspended"]);
    // It gives nothing by itself, and repeats what a person gave.
    let refused = identity.suspend(&add, 4, false).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::ActorNotAllowed));
    assert!(suspended().await);
    by_founder.suspend(&add, 4, false).await.unwrap();
    identity.suspend(&add, 4, false).await.unwrap();
    assert!(!suspended().await);
    // Undone, it comes once more.
    identity.suspend(&add, 4, true).await.unwrap();
    let late = by_founder.suspend(&add, 4, false).await.unwrap_err();
    assert_eq!((late.kind, late.reason), (Kind::Conflict, ErrorReason::AttemptSuperseded));
    assert!(suspended().await);
    // Whoever comes after the end finds nobody.
    identity.remove(&add, 5).await.unwrap();
    assert_eq!(by_founder.suspend(&add, 6, false).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(identity.suspend(&add, 2, true).await.unwrap_err().reason, ErrorReason::AttemptSuperseded);
    assert_eq!(kinds(&suite.history(&id).await[4..]), ["suspended", "resumed", "suspended", "removed"]);
}

/// proves MAN-5: an administrator who suspends or deletes the own account, and whose call comes twice, is told
/// that it was done; nothing more is allowed from there
#[tokio::test]
async fn changing_oneself_twice() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    let by_founder = suite.through_identity(&founder);
    let role = Role::Administrator.to_wire().into();
    let add = AddManagedMemberRequest { role, ..suite.managed(&id, "mana@acme.example") };
    by_founder.add_managed_member(add.clone()).await.unwrap();
    let mana = suite.through_identity(&person(&add));
    for _ in 0..2 {
        mana.suspend(&add, 2, true).await.unwrap();
    }
    assert_eq!(mana.suspend(&add, 3, false).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(mana.remove(&add, 3).await.unwrap_err().reason, ErrorReason::NotFound);
    by_founder.suspend(&add, 3, false).await.unwrap();
    for _ in 0..2 {
        mana.remove(&add, 4).await.unwrap();
    }
    assert_eq!(mana.remove(&add, 5).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(kinds(&suite.history(&id).await[3..]), ["added", "suspended", "resumed", "removed"]);
}

/// proves MAN-1, MAN-5: the answer was lost, and then the role that it was done by: the same call again is told
/// that it was done; every other call needs the role as ever
#[tokio::test]
async fn what_was_done_is_not_refused_when_the_role_is_gone() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (_, _, elsewhere) = suite.founder("other").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    let by_taro = suite.through_identity(&taro);
    let add = suite.managed(&id, "mana@acme.example");
    let call = async |change: &str, it: &AddManagedMemberRequest, attempt: i32| match change {
        "add" => {
            by_taro.add_managed_member(AddManagedMemberRequest { attempt, ..it.clone() }).await.map(|_| ())
        }
        "suspend" => by_taro.suspend(it, attempt, true).await,
        "resume" => by_taro.suspend(it, attempt, false).await,
        _ => by_taro.remove(it, attempt).await,
    };
    let foreign = AddManagedMemberRequest { organization_id: elsewhere, ..add.clone() };
    for (attempt, change) in (1..).zip(["add", "suspend", "resume", "remove"]) {
        suite.set_role(&id, &taro, Role::Administrator, &[]).await;
        call(change, &add, attempt).await.unwrap();
        let told = suite.history(&id).await.len();
        suite.set_role(&id, &taro, Role::Member, &[]).await;
        call(change, &add, attempt).await.unwrap();
        let reason = async |change: &str, it: &AddManagedMemberRequest, attempt: i32| {
            call(change, it, attempt).await.unwrap_err().reason
        };
        // The next one, one before, another one under the same number; in another organization.
        assert_eq!(reason(change, &add, attempt + 1).await, ErrorReason::RoleMissing);
        if attempt > 1 {
            assert_eq!(reason(change, &add, attempt - 1).await, ErrorReason::RoleMissing);
        }
        let other = if change == "remove" { "suspend" } else { "remove" };
        assert_eq!(reason(other, &add, attempt).await, ErrorReason::RoleMissing);
        assert_eq!(reason(change, &foreign, attempt).await, ErrorReason::NotFound);
        assert_eq!(suite.history(&id).await.len(), told, "nothing came of it");
    }
    // The whole place is gone.
    suite.set_role(&id, &taro, Role::Administrator, &[]).await;
    let add = suite.managed(&id, "mao@acme.example");
    by_taro.add_managed_member(add.clone()).await.unwrap();
    let gone = "DELETE FROM members WHERE account_id = $1";
    sqlx::query(gone).bind(taro.account.uuid()).execute(&suite.database.pool).await.unwrap();
    call("add", &add, 1).await.unwrap();
    assert_eq!(call("suspend", &add, 2).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(administrator.members(&id, "mao").await.unwrap().len(), 1);
}

/// proves ORG-5, MAN-5, ORG-7: administrators of this organization only; a Nulab Account is not touched
#[tokio::test]
async fn who_may_change_a_managed_member() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (stranger, _, elsewhere) = suite.founder("other").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    suite.set_role(&id, &taro, Role::Member, Privilege::ALL).await;
    let add = suite.managed(&id, "mana@acme.example");
    suite.through_identity(&founder).add_managed_member(add.clone()).await.unwrap();
    let their_own = AddManagedMemberRequest { organization_id: elsewhere, ..add.clone() };
    for (someone, it, reason) in [
        (&taro, &add, ErrorReason::RoleMissing),
        (&person(&add), &add, ErrorReason::RoleMissing),
        (&stranger, &add, ErrorReason::NotFound),
        (&stranger, &their_own, ErrorReason::NotFound),
    ] {
        let visitor = suite.through_identity(someone);
        assert_eq!(visitor.remove(it, 9).await.unwrap_err().reason, reason);
        assert_eq!(visitor.suspend(it, 9, true).await.unwrap_err().reason, reason);
    }
    let nowhere = AddManagedMemberRequest { organization_id: suite.request_id(), ..add.clone() };
    let identity = suite.service("identity");
    assert_eq!(identity.remove(&nowhere, 9).await.unwrap_err().reason, ErrorReason::NotFound);
    // A Nulab Account, the last administrator even.
    let nulab = AddManagedMemberRequest { account_id: founder.account.to_string(), ..add };
    assert_eq!(identity.suspend(&nulab, 1, true).await.unwrap_err().reason, ErrorReason::NotFound);
    identity.remove(&nulab, 1).await.unwrap();
    assert_eq!(suite.count("members").await, 4);
    assert_eq!(suite.count("members WHERE suspended").await, 0);
    assert_eq!(kinds(&suite.history(&id).await[7..]), [""; 0]);
}
