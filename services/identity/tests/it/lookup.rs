//! What products and services see of people (API-3).

use crate::{
    standins::Fault,
    suite::{Suite, wish},
};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::*,
    types::v1::{self as types, Appearance, Language},
};
use pass_types::{AccountId, Actor, Entropy, Kind, Membership, OrganizationId, Privileges, Role};
use time::OffsetDateTime;

fn get(id: AccountId) -> GetAccountRequest {
    GetAccountRequest { account_id: id.to_string() }
}

fn member_of(organization: OrganizationId) -> Membership {
    Membership { organization, role: Role::Member, privileges: Privileges::default() }
}

/// proves API-3: a product sees the person and the fellow members of the token's organization, nobody else
#[tokio::test]
async fn products_see_fellow_members() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let stranger = suite.user("saburo@example.com").await;
    let entropy = Entropy::from_seed(5);
    let [acme, other] = [(); 2].map(|()| OrganizationId::generate(&entropy, OffsetDateTime::UNIX_EPOCH));
    for (user, organization) in [(&taro, acme), (&jiro, acme), (&stranger, other)] {
        suite.world.join(user.account, organization, types::Role::Member);
    }
    let backlog = suite.product_as("backlog", &taro, Some(member_of(acme)));
    let own = backlog.get_account(get(taro.account)).await.unwrap().account.unwrap();
    assert_eq!(
        own,
        suite.console_as(&taro).get_my_account(GetMyAccountRequest {}).await.unwrap().account.unwrap()
    );
    assert!(suite.world.state().callers.is_empty(), "nobody need be asked");

    let fellow = backlog.get_account(get(jiro.account)).await.unwrap().account.unwrap();
    assert_eq!((fellow.account_id, fellow.email.as_str()), (jiro.account.to_string(), "jiro@example.com"));
    assert_eq!(
        (fellow.name.as_str(), fellow.language, fellow.time_zone.as_str()),
        ("Taro Yamada", Language::Ja as i32, "Asia/Tokyo")
    );
    let hidden = (fellow.etag, fellow.appearance, fellow.create_time);
    assert_eq!(hidden, (String::new(), Appearance::Unspecified as i32, None));
    let asked = suite.world.state().callers.pop().unwrap();
    assert_eq!(asked.actor, Actor::System("identity".to_owned()));

    let nobody = AccountId::generate(&entropy, OffsetDateTime::UNIX_EPOCH);
    for id in [stranger.account, nobody] {
        let refused = backlog.get_account(get(id)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    }
    let without = suite.product_as("backlog", &taro, None);
    assert_eq!(without.get_account(get(jiro.account)).await.unwrap_err().reason, ErrorReason::NotFound);
    without.get_account(get(taro.account)).await.unwrap();
}

/// A member is not shown, and not denied, while the organization service can't say.
#[tokio::test]
async fn without_the_organization_service() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let acme = OrganizationId::generate(&Entropy::from_seed(5), OffsetDateTime::UNIX_EPOCH);
    suite.world.fail("resolve_membership", Fault::Before);
    let backlog = suite.product_as("backlog", &taro, Some(member_of(acme)));
    let refused = backlog.get_account(get(jiro.account)).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Unavailable, ErrorReason::Unavailable));
    backlog.get_account(get(taro.account)).await.unwrap();
}

/// Services get accounts by id; those that do not exist are left out.
#[tokio::test]
async fn accounts_in_batches() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let nobody = "01890000-0000-7000-8000-000000000000".to_owned();
    let account_ids =
        vec![jiro.account.to_string(), nobody, taro.account.to_string(), taro.account.to_string()];
    for service in ["organization", "notification"] {
        let request = BatchGetAccountsRequest { account_ids: account_ids.clone() };
        let mut accounts = suite.system(service).batch_get_accounts(request).await.unwrap().accounts;
        accounts.sort_by(|one, other| one.email.cmp(&other.email));
        let emails: Vec<_> = accounts.iter().map(|account| account.email.as_str()).collect();
        assert_eq!(emails, ["jiro@example.com", "taro@example.com"]);
    }
    let none = suite.system("organization").batch_get_accounts(BatchGetAccountsRequest::default()).await;
    assert!(none.unwrap().accounts.is_empty());
}

/// proves ACC-3: mails are in the language and time zone of whoever has the address
#[tokio::test]
async fn mail_preferences() {
    let suite = Suite::start().await;
    suite.user("Taro@example.com").await;
    suite.gateway_anonymous().request_sign_up(wish("jiro@example.com")).await.unwrap();
    let ask = |email: &str| {
        suite
            .system("notification")
            .get_mail_preferences(GetMailPreferencesRequest { email: email.to_owned() })
    };
    let known = ask("tARO@example.com").await.unwrap();
    assert_eq!((known.language(), known.time_zone.as_str()), (Language::Ja, "Asia/Tokyo"));
    assert_eq!(known.appearance(), Appearance::System);
    assert_eq!(
        ask("jiro@example.com").await.unwrap(),
        GetMailPreferencesResponse::default(),
        "a wish is no account"
    );
}
