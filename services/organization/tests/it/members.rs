//! Members, searched and seen.

use crate::{suite::Suite, visitor::Visitor};
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    organization::v1::{AddManagedMemberRequest, ListMembersRequest, list_members_request::State},
    types::v1::AccountKind,
};
use pass_types::{Privilege, Role};

/// proves ORG-12: members are found by the beginning of name or address, however it is spelled
#[tokio::test]
async fn members_are_searched() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (taro, _) = suite.join(&administrator, &id, "Tarō Yamada").await;
    suite.join(&administrator, &id, "Jiro Tanaka").await;
    let names = async |query: &str| {
        let members = administrator.members(&id, query).await.unwrap();
        members.into_iter().map(|member| member.name).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Hanako Suzuki", "Jiro Tanaka", "Tarō Yamada"]);
    assert_eq!(names("TARO\u{304}").await, ["Tarō Yamada"]);
    assert_eq!(names(" ｊｉｒｏ ").await, ["Jiro Tanaka"]);
    assert_eq!(names(&taro.email.to_uppercase()).await, ["Tarō Yamada"]);
    assert_eq!(names("person").await, ["Hanako Suzuki", "Jiro Tanaka", "Tarō Yamada"]);
    assert!(names("yamada").await.is_empty(), "only beginnings");
    for wild in ["%", "_aro", "\\", "person%", "' OR 1=1"] {
        assert!(names(wild).await.is_empty(), "{wild}");
    }
}

/// proves ORG-4: a member is shown with role and privileges
#[tokio::test]
async fn roles_and_privileges_are_shown() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    suite.set_role(&id, &taro, Role::Member, &[Privilege::Invite, Privilege::PlanAdmin]).await;
    let member = administrator.members(&id, "taro").await.unwrap().remove(0);
    assert_eq!(member.role, Role::Member.to_wire() as i32);
    let privileges = [Privilege::PlanAdmin, Privilege::Invite].map(|it| it.to_wire() as i32);
    assert_eq!(member.privileges, privileges);
    assert!(member.join_time.is_some());
}

/// proves ORG-4: the database keeps no privilege with a role that can't have it
#[tokio::test]
async fn privileges_go_with_roles() {
    let suite = Suite::start().await;
    suite.founder("acme").await;
    for (role, privilege) in
        [("administrator", "invite"), ("guest", "plan_admin"), ("guest", "invite"), ("member", "x")]
    {
        let update = "UPDATE members SET role = $1, privileges = ARRAY[$2]";
        let refused = sqlx::query(update).bind(role).bind(privilege).execute(&suite.database.pool).await;
        assert!(refused.unwrap_err().as_database_error().unwrap().is_check_violation(), "{role} {privilege}");
    }
}

/// proves ORG-5: members see members; guests see who is in their own teams: without one, themselves
#[tokio::test]
async fn guests_see_only_themselves() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (taro, visitor) = suite.join(&administrator, &id, "Taro").await;
    assert_eq!(visitor.members(&id, "").await.unwrap().len(), 2);
    suite.set_role(&id, &taro, Role::Guest, &[]).await;
    for query in ["", "taro", "person"] {
        let seen = visitor.members(&id, query).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].account_id, taro.account.to_string());
    }
    assert!(visitor.members(&id, "hanako").await.unwrap().is_empty());
}

/// proves ORG-12, SML-10: members are filtered by kind of account and by status; for a guest, among those that
/// a guest sees
#[tokio::test]
async fn members_are_filtered() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (taro, visitor) = suite.join(&administrator, &id, "Taro").await;
    let identity = suite.through_identity(&founder);
    for (number, name) in ["Mana", "Mio"].into_iter().enumerate() {
        let email = format!("m{number}@acme.example");
        // Known to identity by that name, too: the copy of its directory is refreshed on the way.
        let account_id = suite.account(pass_types::AccountKind::Managed, name, &email).account.to_string();
        let add = suite.managed(&id, &email);
        let add = AddManagedMemberRequest { account_id, name: name.to_owned(), ..add };
        identity.add_managed_member(add.clone()).await.unwrap();
        if name == "Mio" {
            identity.suspend(&add, 2, true).await.unwrap();
        }
    }
    let names = async |visitor: &Visitor, query: &str, kind: AccountKind, state: State| {
        let request = ListMembersRequest {
            organization_id: id.clone(),
            query: query.to_owned(),
            kind: kind as i32,
            state: state as i32,
            ..ListMembersRequest::default()
        };
        let members = visitor.list_members(request).await.unwrap().members;
        members.into_iter().map(|member| member.name).collect::<Vec<_>>().join(", ")
    };
    let (either, nulab, managed) = (AccountKind::Unspecified, AccountKind::Nulab, AccountKind::Managed);
    for (kind, state, expected) in [
        (managed, State::Unspecified, "Mana, Mio"),
        (managed, State::Active, "Mana"),
        (managed, State::Suspended, "Mio"),
        (either, State::Suspended, "Mio"),
        (either, State::Active, "Hanako Suzuki, Mana, Taro"),
        (nulab, State::Unspecified, "Hanako Suzuki, Taro"),
        (nulab, State::Suspended, ""),
    ] {
        assert_eq!(names(&administrator, "", kind, state).await, expected, "{kind:?} {state:?}");
        let m: Vec<_> = expected.split(", ").filter(|name| name.starts_with('M')).collect();
        assert_eq!(names(&administrator, "m", kind, state).await, m.join(", "), "{kind:?} {state:?}");
    }
    suite.set_role(&id, &taro, Role::Guest, &[]).await;
    assert_eq!(names(&visitor, "", managed, State::Unspecified).await, "");
    assert_eq!(names(&visitor, "", nulab, State::Active).await, "Taro");
    assert_eq!(names(&visitor, "", nulab, State::Suspended).await, "");
}

/// proves ORG-12: a page token belongs to one query of one organization
#[tokio::test]
async fn page_tokens_are_bound_to_their_list() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    suite.join(&administrator, &id, "Taro").await;
    let (_, other, foreign) = suite.founder("other").await;
    let list = |organization: &str, query: &str, token: &str| ListMembersRequest {
        organization_id: organization.to_owned(),
        query: query.to_owned(),
        page_size: 1,
        page_token: token.to_owned(),
        ..ListMembersRequest::default()
    };
    let token = administrator.list_members(list(&id, "", "")).await.unwrap().next_page_token;
    assert!(!token.is_empty());
    let of_kind = ListMembersRequest { kind: 1, ..list(&id, "", &token) };
    let of_state = ListMembersRequest { state: 1, ..list(&id, "", &token) };
    for wrong in [
        list(&id, "person", &token),
        list(&id, "", "AAAA"),
        list(&id, "", &"A".repeat(1000)),
        of_kind,
        of_state,
    ] {
        let refused = administrator.list_members(wrong).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PageTokenInvalid);
    }
    let refused = other.list_members(list(&foreign, "", &token)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::PageTokenInvalid);
    let page = administrator.list_members(list(&id, "", &token)).await.unwrap();
    assert_eq!((page.members[0].name.as_str(), page.next_page_token.as_str()), ("Taro", ""));
}
