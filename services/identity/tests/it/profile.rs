//! The owner's profile (ACC-3, ACC-4).

use crate::suite::Suite;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::*,
    types::v1::{Appearance, Language},
};
use pass_types::Kind;
use prost_types::FieldMask;

fn update(account: Account, paths: &[&str]) -> UpdateMyAccountRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    UpdateMyAccountRequest { account: Some(account), update_mask: Some(FieldMask { paths }) }
}

fn unique_id(unique_id: &str) -> UpdateMyAccountRequest {
    update(Account { unique_id: unique_id.to_owned(), ..Account::default() }, &["unique_id"])
}

/// proves ACC-3, ACC-4: the fields of the mask change, nothing else does, and it is told
#[tokio::test]
async fn changing() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let before = console.get_my_account(GetMyAccountRequest {}).await.unwrap().account.unwrap();
    let wanted = Account {
        name: "山田 太郎".to_owned(),
        unique_id: "Taro_Yamada-1".to_owned(),
        language: Language::En as i32,
        time_zone: "Europe/Paris".to_owned(),
        appearance: Appearance::Dark as i32,
        email: "elsewhere@example.com".to_owned(),
        ..before.clone()
    };
    let answer = console.update_my_account(update(wanted.clone(), &["name", "appearance"])).await.unwrap();
    let after = answer.account.unwrap();
    let expected = Account {
        name: wanted.name.clone(),
        appearance: wanted.appearance,
        etag: after.etag.clone(),
        ..before.clone()
    };
    assert_eq!(after, expected);
    assert_ne!(after.etag, before.etag);

    let all = ["name", "unique_id", "language", "time_zone", "appearance"];
    let answer =
        console.update_my_account(update(Account { etag: after.etag, ..wanted.clone() }, &all)).await;
    let last = answer.unwrap().account.unwrap();
    assert_eq!(last, Account { email: before.email, etag: last.etag.clone(), ..wanted });
    assert_eq!(console.get_my_account(GetMyAccountRequest {}).await.unwrap().account.unwrap(), last);

    let told = suite.events_of(user.account).await.into_iter();
    let told: Vec<_> = told
        .filter_map(|payload| match payload {
            Payload::AccountChanged(it) => Some(it.fields),
            _ => None,
        })
        .collect();
    assert_eq!(told, [vec!["name", "appearance"], vec!["unique_id", "language", "time_zone"]]);
}

/// proves ACC-3: of two who edit at once the second is told; who repeats a change is not
#[tokio::test]
async fn editing_at_once() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let seen = console.get_my_account(GetMyAccountRequest {}).await.unwrap().account.unwrap();
    let rename = |name: &str, etag: &str| {
        update(Account { name: name.to_owned(), etag: etag.to_owned(), ..Account::default() }, &["name"])
    };
    let first = console.update_my_account(rename("One", &seen.etag)).await.unwrap();
    for etag in [seen.etag.as_str(), "never given out"] {
        let refused = console.update_my_account(rename("Two", etag)).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Conflict, ErrorReason::Conflict));
    }
    let count = suite.events().await.len();
    assert_eq!(console.update_my_account(rename("One", &seen.etag)).await.unwrap(), first);
    assert_eq!(suite.events().await.len(), count, "nothing changed, nothing is told");
    console.update_my_account(rename("Two", "")).await.unwrap();
}

/// proves ACC-4: unique in the whole suite, whatever the case; one's own can be respelled
#[tokio::test(flavor = "multi_thread")]
async fn unique_ids() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let (taro, jiro) = (suite.console_as(&taro), suite.console_as(&jiro));
    taro.update_my_account(unique_id("yamada")).await.unwrap();
    let refused = jiro.update_my_account(unique_id("YAMADA")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::AlreadyExists, ErrorReason::UniqueIdTaken));
    taro.update_my_account(unique_id("Yamada")).await.unwrap();
    taro.update_my_account(unique_id("taro-1")).await.unwrap();
    jiro.update_my_account(unique_id("YAMADA")).await.unwrap();
    for round in 0..5 {
        let (one, other) = (format!("both-{round}"), format!("BOTH-{round}"));
        let (one, other) =
            tokio::join!(taro.update_my_account(unique_id(&one)), jiro.update_my_account(unique_id(&other)));
        let reasons = [one, other].map(|it| it.err().map(|refused| refused.reason));
        let taken = Some(ErrorReason::UniqueIdTaken);
        assert!(reasons == [None, taken] || reasons == [taken, None], "{reasons:?}");
    }
}
