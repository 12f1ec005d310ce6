//! What is written down of refused answers, and told of them (SML-5, AUD-1).

use crate::{company::Company, connected::Connected, idp::Idp};
use base64::{Engine, engine::general_purpose::STANDARD};
use pass_mesh::Failure;
use pass_proto::{
    convert::instant,
    errors::v1::ErrorReason,
    events::v1::{SamlSignInRefused, envelope::Payload},
    identity::v1::*,
};
use pass_testkit::wait_for;
use std::collections::BTreeSet;
use time::Duration;

impl Connected {
    /// The newest entry, which has the reference that the person was shown.
    async fn entry_of(&self, refused: &Failure) -> SamlSignIn {
        let entry = self.log().await.swap_remove(0);
        assert_eq!(refused.metadata["reference"], entry.reference);
        entry
    }

    /// What was told of refused answers, with who did it.
    async fn told(&self) -> Vec<(SamlSignInRefused, String)> {
        let told = self.company.suite.events().await.into_iter().filter_map(|event| match event.payload {
            Some(Payload::SamlSignInRefused(it)) => Some((it, event.actor.unwrap().id)),
            _ => None,
        });
        told.collect()
    }

    async fn entries(&self, stranger: bool) -> i64 {
        let count = "SELECT count(*) FROM saml_sign_in_log WHERE stranger = $1";
        let count = sqlx::query_scalar(count).bind(stranger);
        count.fetch_one(&self.company.suite.database.pool).await.unwrap()
    }
}

/// proves SML-5: a test that has ended when its answer comes is a refusal like any other
#[tokio::test]
async fn a_test_that_ended_meanwhile() {
    let acme = Connected::without().await;
    let connection_id = acme.draft(false).await.connection_id;
    let organization_id = acme.company.organization.to_string();
    let request = CreateSamlTestRequest { organization_id, connection_id };
    let test = acme.console().create_saml_test(request).await.unwrap();
    acme.company.suite.clock.advance(Duration::minutes(5));
    let token = test.url.rsplit_once('/').unwrap().1.to_owned();
    let begun = acme.gateway().begin_saml_test(BeginSamlTestRequest { token }).await.unwrap();
    acme.company.suite.clock.advance(Duration::minutes(6));
    let asked = Idp::read(&begun.redirect_url);
    let says = asked.about("admin@acme.example", &acme.assertion_id(), acme.now());
    let field = acme.idp.answer(&says);
    let refused = acme.post(&field, &asked.relay_state).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SamlRefused);
    let entry = acme.entry_of(&refused).await;
    assert_eq!((entry.failed_check.as_str(), entry.test), ("test", true));
    let told = acme.told().await;
    assert_eq!((told.len(), &told[0].0.reference), (1, &entry.reference));
    acme.post(&field, &asked.relay_state).await.unwrap_err();
    assert_eq!(acme.log().await[0].failed_check, "connection", "once: nothing waits for it any more");
}

/// proves SML-5: somebody else's browser is refused with a reference, and the administrator sees why
#[tokio::test]
async fn another_browser_is_written_down() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    let returning = acme.leave("acme").await.unwrap();
    let says = returning.asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
    let consumed = acme.post(&acme.idp.answer(&says), "").await.unwrap();
    let refused = acme.finish(&consumed.handle, "-").await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SignInElsewhere);
    let entry = acme.entry_of(&refused).await;
    assert_eq!((entry.failed_check.as_str(), entry.test), ("browser", false));
    let told = acme.told().await;
    assert_eq!((told[0].0.reference.as_str(), told[0].0.stranger_count), (entry.reference.as_str(), 0));
}

/// proves AUD-1: what strangers post is told by the minute, with its number; what the provider signed at once
#[tokio::test]
async fn strangers_are_counted() {
    let acme = Connected::start().await;
    let into = acme.now().unix_timestamp().rem_euclid(60);
    acme.company.suite.clock.advance(Duration::seconds(60 - into));
    let minute = acme.now().truncate_to_minute();
    let asked = acme.leave("acme").await.unwrap().asked;
    let says = asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
    let foreign = Idp::foreign().named(&acme.idp.entity_id);
    for field in ["!!!".to_owned(), String::new(), acme.idp.unsigned(&says), foreign.answer(&says)] {
        let refused = acme.post(&field, "").await.unwrap_err();
        acme.entry_of(&refused).await;
    }
    assert!(acme.told().await.is_empty(), "not one by one");
    assert_eq!(acme.entries(true).await, 4);

    let mut signed = says.clone();
    signed.audience = "https://pass.test/saml/Globex0001".to_owned();
    let refused = acme.post(&acme.idp.answer(&signed), "").await.unwrap_err();
    let entry = acme.entry_of(&refused).await;
    let told = acme.told().await;
    assert_eq!((told.len(), &told[0].0.reference), (1, &entry.reference));

    acme.company.suite.clock.advance(Duration::MINUTE);
    wait_for(async || acme.told().await.len() == 2).await;
    let (told, actor) = acme.told().await.swap_remove(1);
    assert_eq!((told.stranger_count, instant(told.stranger_time).unwrap()), (4, minute));
    assert_eq!(told.organization_id, acme.company.organization.to_string());
    assert!(actor.is_empty() && told.reference.is_empty() && told.connection_id.is_empty());
    assert_eq!(acme.company.suite.count("SELECT count(*) FROM saml_strangers").await, 0);
}

/// proves SML-5: the log stays small, and strangers push nothing out of it that the provider signed
#[tokio::test]
async fn strangers_push_nothing_out() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    acme.sign_in("hanako@acme.example").await.unwrap();
    let real = acme.entries(false).await;
    acme.post("!!!", "").await.unwrap_err();
    // Their ids sort behind all that are made now: they are the latest.
    let many = "INSERT INTO saml_sign_in_log
            (id, organization_id, reference, at, failed_check, expected, received, test, stranger)
         SELECT ('ffffffff' || substr(gen_random_uuid()::text, 9))::uuid, organization_id, reference, at, 'encoding',
            '', '', false, $1
         FROM (SELECT * FROM saml_sign_in_log LIMIT 1) AS one, generate_series(1, 1500)";
    let pool = &acme.company.suite.database.pool;
    sqlx::query(many).bind(true).execute(pool).await.unwrap();
    acme.post("!!!", "").await.unwrap_err();
    assert_eq!((acme.entries(true).await, acme.entries(false).await), (200, real));

    sqlx::query(many).bind(false).execute(pool).await.unwrap();
    acme.sign_in("hanako@acme.example").await.unwrap();
    assert_eq!((acme.entries(true).await, acme.entries(false).await), (200, 1000));
}

/// proves SML-5, AUD-1: an old answer that was signed is the provider's once, however often and however changed where
/// it is not signed it is posted
#[tokio::test]
async fn an_old_answer_counts_once() {
    let acme = Connected::start().await;
    let asked = acme.leave("acme").await.unwrap().asked;
    let mut says = asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
    says.now -= Duration::HOUR;
    let field = acme.idp.answer(&says);
    let real = acme.entries(false).await;
    for i in 0..50 {
        let text = String::from_utf8(STANDARD.decode(&field).unwrap()).unwrap();
        let changed = text.replacen(" ID=\"_r", &format!(" ID=\"_r{i}"), 1);
        assert_ne!(text, changed);
        acme.post(&STANDARD.encode(changed), "").await.unwrap_err();
    }
    assert_eq!((acme.entries(false).await, acme.entries(true).await), (real + 1, 49));
    let told = acme.told().await;
    assert_eq!(told.iter().filter(|(it, _)| it.stranger_count == 0).count(), 1, "and one event");
    let log = acme.log().await;
    let (first, again) = (&log[49], &log[..49]);
    assert!(!first.stranger && again.iter().all(|entry| entry.stranger), "an administrator sees which");
    let checks: BTreeSet<_> = log[..50].iter().map(|entry| entry.failed_check.as_str()).collect();
    assert_eq!(checks.len(), 1, "refused for the same reason: {checks:?}");

    // One that was accepted was seen then.
    acme.employ("jiro@acme.example").await;
    let asked = acme.leave("acme").await.unwrap().asked;
    let field = acme.idp.answer(&asked.about("jiro@acme.example", &acme.assertion_id(), acme.now()));
    acme.post(&field, "").await.unwrap();
    acme.post(&field, "").await.unwrap_err();
    assert_eq!((acme.entries(false).await, acme.entries(true).await), (real + 1, 50));

    let kept = "SELECT count(*) FROM saml_refused_assertions";
    assert_eq!(acme.company.suite.count(kept).await, 1);
    acme.company.suite.clock.advance(Duration::days(404));
    wait_for(async || acme.company.suite.count(kept).await == 0).await;
}

/// proves SML-5, SML-6: a link to a test writes one entry into the log, and is slowed like sign-ins
#[tokio::test]
async fn a_test_is_one_entry() {
    let company = Company::with(|config| config.limits.saml_sign_ins_per_network = 5).await;
    let acme = Connected::with(company, false).await;
    let organization_id = acme.company.organization.to_string();
    let connection_id = acme.draft(false).await.connection_id;
    let request = CreateSamlTestRequest { organization_id, connection_id };
    let test = acme.console().create_saml_test(request).await.unwrap();
    let token = test.url.rsplit_once('/').unwrap().1.to_owned();
    let begin = || acme.gateway().begin_saml_test(BeginSamlTestRequest { token: token.clone() });
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(Idp::read(&begin().await.unwrap().redirect_url));
    }
    assert_eq!(begin().await.unwrap_err().reason, ErrorReason::RateLimited);
    let real = acme.entries(false).await;
    acme.post("!!!", &all[0].relay_state).await.unwrap();
    for asked in &all {
        acme.post("!!!", &asked.relay_state).await.unwrap_err();
        let says = asked.about("admin@acme.example", &acme.assertion_id(), acme.now());
        acme.post(&Idp::foreign().answer(&says), "").await.unwrap_err();
    }
    assert_eq!((acme.entries(false).await, acme.entries(true).await), (real + 1, 8));
}

/// What is to be told and can't be keeps nothing from being forgotten.
#[tokio::test]
async fn forgetting_waits_for_nobody() {
    let acme = Connected::start().await;
    acme.post("!!!", "").await.unwrap_err();
    let pool = &acme.company.suite.database.pool;
    sqlx::query("ALTER TABLE saml_strangers RENAME TO saml_strangers_gone").execute(pool).await.unwrap();
    acme.company.suite.clock.advance(Duration::days(404));
    wait_for(async || acme.entries(true).await == 0).await;
}
