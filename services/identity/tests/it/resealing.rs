//! Dropping an older key that sealed secrets in the database.

use crate::{connected::Connected, suite::Suite};
use pass_proto::identity::v1::{finish_second_step_request::Factor, *};
use pass_testkit::wait_for;
use time::Duration;

const TARO: &str = "taro@example.com";

/// By which keys the secrets of a table are sealed.
async fn keys(suite: &Suite, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(&suite.database.pool).await.unwrap()
}

/// proves security.md, "Data and brokers": secrets at rest are sealed anew with the key that seals now, one that can't
/// be opened keeps no other from it; then the key from before is needed no more
#[tokio::test]
async fn what_an_older_key_sealed_is_sealed_anew() {
    const SEALED: [&str; 2] = [
        "SELECT DISTINCT sealed_by FROM authenticators WHERE sealed <> ''",
        "SELECT DISTINCT sealed_by FROM saml_keys",
    ];
    let mut acme = Connected::without().await;
    let source = Some(save_saml_draft_request::Source::MetadataXml(acme.idp.metadata(true)));
    let organization_id = acme.company.organization.to_string();
    let request = SaveSamlDraftRequest { organization_id, source, ..Default::default() };
    let draft = acme.console().save_saml_draft(request).await.unwrap().draft.unwrap();
    acme.test(&draft.connection_id, |_| {}).await;
    acme.activate(&draft.connection_id).await.unwrap();
    let suite = acme.company.suite.clone();
    let (mut user, mut other) = (suite.user(TARO).await, suite.user("hanako@example.com").await);
    let (app, _) = suite.add_app(&mut user.token).await;
    suite.add_app(&mut other.token).await;
    let broken = "UPDATE authenticators SET sealed = '' WHERE account_id = $1";
    sqlx::query(broken).bind(other.account.uuid()).execute(&suite.database.pool).await.unwrap();
    let before = [keys(&suite, SEALED[0]).await, keys(&suite, SEALED[1]).await];

    let suite = suite
        .restarted(|config| {
            config.saml.previous_secret = std::mem::take(&mut config.saml.secret);
            config.saml.secret = "another secret of tests, 32 bytes".to_owned().into();
        })
        .await;
    for (sealed, before) in SEALED.into_iter().zip(&before) {
        wait_for(async || {
            let now = keys(&suite, sealed).await;
            now.len() == 1 && now != *before
        })
        .await;
    }
    acme.company.suite = suite.restarted(|config| config.saml.previous_secret = String::new().into()).await;
    let suite = &acme.company.suite;
    suite.clock.advance(Duration::seconds(30));
    let step = suite.begin_step(TARO).await;
    suite.finish_step(&step, Factor::Code(app.code(suite, 0))).await.unwrap();
    let left = acme.leave("acme").await.unwrap();
    assert!(left.asked.url.query().unwrap().contains("&Signature="), "the key for SAML signs");
}
