//! Keyset pages: a "for all".

use crate::{suite::Suite, visitor::Visitor};
use pass_proto::organization::v1::ListMembersRequest;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::BTreeSet;
use tokio::runtime::Runtime;

/// Every page of a list, put together; each but the last is full.
async fn all_pages(visitor: &Visitor, list: &ListMembersRequest, page_size: i32) -> Vec<String> {
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListMembersRequest { page_size, page_token, ..list.clone() };
        let page = visitor.list_members(request).await.unwrap();
        let size = page.members.len();
        names.extend(page.members.into_iter().map(|member| format!("{} {}", member.name, member.account_id)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return names;
        }
        assert_eq!(size, usize::try_from(page_size).unwrap(), "only the last page may be short");
    }
}

/// A member as the test puts them in: name, the address's local part, and, of a Managed Account, whether it is
/// suspended.
type Row = (String, String, Option<bool>);

async fn put(suite: &Suite, organization: &str, rows: &[Row]) {
    sqlx::query("DELETE FROM members WHERE organization_id = $1::text::uuid AND role = 'member'")
        .bind(organization)
        .execute(&suite.database.pool)
        .await
        .unwrap();
    for (number, (name, local, managed)) in rows.iter().enumerate() {
        let now = suite.context.clock.now();
        let email = format!("{local}{number}@example.com");
        sqlx::query(
            "INSERT INTO members (organization_id, account_id, kind, role, joined_at, name, name_key, email, email_key, suspended)
             VALUES ($1::text::uuid, $2, $6, 'member', $3, $4, lower($4), $5, $5, $7)",
        )
        .bind(organization)
        .bind(suite.context.entropy.uuid(now))
        .bind(now)
        .bind(name)
        .bind(email)
        .bind(if managed.is_some() { "managed" } else { "nulab" })
        .bind(managed.unwrap_or(false))
        .execute(&suite.database.pool)
        .await
        .unwrap();
    }
}

/// proves ORG-12: whatever the members, the query, the filters and the page size, the pages have every member
/// that fits exactly once, in order
#[test]
fn pages_have_everybody_once_in_order() {
    let runtime = Runtime::new().unwrap();
    let suite = runtime.block_on(Suite::start());
    let (_, visitor, id) = runtime.block_on(suite.founder("acme"));
    // Few letters, so that names and beginnings repeat.
    let managed = prop::option::of(any::<bool>());
    let rows = prop::collection::vec(("[abA][abc ]{0,2}[abc]", "[ab]{1,3}", managed), 0..25);
    let cases = (rows, "[ab]{0,2}", 0..3_i32, 0..3_i32, 1..8_i32);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner =
        TestRunner::new_with_rng(Config { cases: 60, failure_persistence: None, ..Config::default() }, rng);
    let outcome = runner.run(&cases, |(rows, query, kind, state, size)| {
        let list = ListMembersRequest {
            organization_id: id.clone(),
            query: query.clone(),
            kind,
            state,
            ..ListMembersRequest::default()
        };
        let (paged, whole) = runtime.block_on(async {
            put(&suite, &id, &rows).await;
            (all_pages(&visitor, &list, size).await, all_pages(&visitor, &list, 100).await)
        });
        prop_assert_eq!(&paged, &whole);
        prop_assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), paged.len());
        let mut sorted = paged.clone();
        sorted.sort_by_key(|it| {
            let (name, account) = it.rsplit_once(' ').unwrap();
            (name.to_lowercase(), account.to_owned())
        });
        prop_assert_eq!(&paged, &sorted);
        let wanted = |managed: Option<bool>| {
            let of_kind = [true, managed.is_none(), managed.is_some()][usize::try_from(kind).unwrap()];
            let suspended = managed == Some(true);
            of_kind && [true, !suspended, suspended][usize::try_from(state).unwrap()]
        };
        let fits = |(name, local, managed): &&Row| {
            (name.to_lowercase().starts_with(&query) || local.starts_with(&query)) && wanted(*managed)
        };
        // The founder is there when nobody is asked for by name.
        let expected = rows.iter().filter(fits).count() + usize::from(query.is_empty() && wanted(None));
        prop_assert_eq!(paged.len(), expected);
        Ok(())
    });
    outcome.unwrap();
}
