//! What other services find out about organizations and members.

use crate::suite::Suite;
use pass_proto::{
    billing::v1::check_entitlement_response::State,
    convert::FromWire,
    errors::v1::ErrorReason,
    organization::v1::{
        FindMemberRequest, FindOrganizationRequest, FindOrganizationResponse, ListAdministratorsRequest,
        find_organization_request::By,
    },
};
use pass_types::{AccountKind, Privilege, Role};
use std::{collections::BTreeSet, time::Duration};

/// proves SML-8, BIL-1: an organization is found by id, Space Key and the Organization ID in use
#[tokio::test]
async fn organizations_are_found() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    suite.billing.put(&id, State::Entitled);
    administrator.set_handle(&id, "before").await.unwrap();
    let organization = administrator.set_handle(&id, "after").await.unwrap();
    for peer in ["identity", "billing", "notification"] {
        let service = suite.service(peer);
        let find = async |by: By| service.find_organization(FindOrganizationRequest { by: Some(by) }).await;
        let found = FindOrganizationResponse { organization: Some(organization.clone()), has_product: true };
        for by in [
            By::OrganizationId(id.clone()),
            By::SpaceKey(organization.space_key.clone()),
            By::Handle("after".to_owned()),
        ] {
            assert_eq!(find(by).await.unwrap(), found);
        }
        for by in [
            By::OrganizationId(suite.request_id()),
            By::SpaceKey("0000000000".to_owned()),
            By::Handle("before".to_owned()),
            By::Handle("nobodys".to_owned()),
        ] {
            assert_eq!(find(by).await.unwrap_err().reason, ErrorReason::NotFound);
        }
    }
    suite.clock.advance(Duration::from_hours(30 * 24));
    let by = Some(By::OrganizationId(id));
    let ended = suite.service("billing").find_organization(FindOrganizationRequest { by }).await.unwrap();
    assert!(!ended.has_product, "the only product's trial has ended");
}

/// proves MAN-1, BIL-1: a member is found by the address, however it is spelled; both kinds of account
#[tokio::test]
async fn members_are_found() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (_, _, elsewhere) = suite.founder("other").await;
    let identity = suite.service("identity");
    let find = async |organization: &str, email: &str| {
        let (organization_id, email) = (organization.to_owned(), email.to_owned());
        identity.find_member(FindMemberRequest { organization_id, email }).await.unwrap().members
    };
    let found = find(&id, &founder.email.to_uppercase()).await;
    assert_eq!(found, administrator.members(&id, "").await.unwrap());
    let nowhere = suite.request_id();
    for (organization, email) in
        [(&elsewhere, founder.email.as_str()), (&id, "x@example.com"), (&nowhere, &founder.email)]
    {
        assert!(find(organization, email).await.is_empty());
    }

    // A Managed Account may have the address that a Nulab Account has had before.
    let add = suite.managed(&id, "shared@example.com");
    suite.through_identity(&founder).add_managed_member(add.clone()).await.unwrap();
    suite.people.put(founder.account, AccountKind::Nulab, "Hanako Suzuki", "shared@example.com");
    sqlx::query("UPDATE members SET email = 'shared@example.com', email_key = 'shared@example.com'")
        .execute(&suite.database.pool)
        .await
        .unwrap();
    identity.suspend(&add, 2, true).await.unwrap();
    let both = find(&id, "shared@example.com").await;
    let kinds: Vec<_> = both.iter().map(|member| (member.kind, member.suspended)).collect();
    let (nulab, managed) = (AccountKind::Nulab.to_wire() as i32, AccountKind::Managed.to_wire() as i32);
    assert_eq!(kinds, [(nulab, false), (managed, true)]);
}

/// Mails to all administrators: who administers, page by page, without those who are suspended.
#[tokio::test]
async fn administrators_are_listed() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (taro, _) = suite.join(&administrator, &id, "Taro").await;
    suite.join(&administrator, &id, "Jiro").await;
    suite.clock.advance(Duration::from_hours(1));
    suite.set_role(&id, &taro, Role::Administrator, &[Privilege::PlanAdmin]).await;
    let mut add = suite.managed(&id, "managed@example.com");
    add.role = Role::Administrator.to_wire().into();
    let identity = suite.through_identity(&founder);
    identity.add_managed_member(add.clone()).await.unwrap();
    let list = async |organization: &str| {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let organization_id = organization.to_owned();
            let request = ListAdministratorsRequest { organization_id, page_size: 1, page_token };
            let page = suite.service("notification").list_administrators(request).await.unwrap();
            assert!(page.account_ids.len() <= 1);
            all.extend(page.account_ids);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    };
    let mut people = vec![founder.account.to_string(), taro.account.to_string()];
    people.sort_unstable();
    assert_eq!(list(&id).await, [people.clone(), vec![add.account_id.clone()]].concat());
    identity.suspend(&add, 2, true).await.unwrap();
    assert_eq!(list(&id).await, people);
    assert!(list(&suite.request_id()).await.is_empty());
}

/// Mails to all administrators: however many they are, the pages have each of them once; a page token is for
/// one organization.
#[tokio::test]
async fn no_administrator_is_one_too_many() {
    let suite = Suite::start().await;
    let (founder, _, id) = suite.founder("acme").await;
    let (_, _, elsewhere) = suite.founder("other").await;
    let insert = "INSERT INTO members
                      (organization_id, account_id, kind, role, joined_at, name, name_key, email, email_key)
                  SELECT $1::text::uuid, gen_random_uuid(), 'nulab', 'administrator', $2, 'A', 'a', 'a@b.test', 'a@b.test'
                  FROM generate_series(1, 230)";
    let query = sqlx::query(insert).bind(&id).bind(suite.context.clock.now());
    query.execute(&suite.database.pool).await.unwrap();
    let list = async |organization: &str, page_token: &str| {
        let (organization_id, page_token) = (organization.to_owned(), page_token.to_owned());
        let request = ListAdministratorsRequest { organization_id, page_size: 100, page_token };
        suite.service("notification").list_administrators(request).await
    };
    let (mut seen, mut sizes, mut token) = (BTreeSet::new(), Vec::new(), String::new());
    loop {
        let page = list(&id, &token).await.unwrap();
        sizes.push(page.account_ids.len());
        seen.extend(page.account_ids);
        if page.next_page_token.is_empty() {
            break;
        }
        token = page.next_page_token;
    }
    assert_eq!((sizes, seen.len()), (vec![100, 100, 31], 231));
    assert!(seen.contains(&founder.account.to_string()));
    assert_eq!(list(&elsewhere, &token).await.unwrap_err().reason, ErrorReason::PageTokenInvalid);
}
