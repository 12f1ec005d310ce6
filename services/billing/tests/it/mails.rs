//! What the mails about an application need.

use crate::suite::Suite;
use pass_proto::{
    billing::v1::{PrepareApplicationMailResponse, application::State},
    convert::{FromWire, timestamp},
    errors::v1::ErrorReason,
};
use pass_types::Language;
use time::macros::datetime;

/// proves BIL-1: the mail has the application as it stands, its language, and the page to go on at; the
/// trial's end once it is approved
#[tokio::test]
async fn a_mail_has_all_it_needs() {
    let suite = Suite::start().await;
    let (notification, operator) = (suite.service("notification"), suite.operator());
    let customer = suite.customer();
    let url = format!("https://console.test/organizations/{}/nulab-pass", customer.id);
    let expected = |application, trial_end_time| PrepareApplicationMailResponse {
        application: Some(application),
        language: Language::Ja.to_wire().into(),
        trial_end_time,
        url: url.clone(),
    };
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    assert_eq!(notification.mail(&applied.application_id).await.unwrap(), expected(applied.clone(), None));
    let rejected = operator.reject(&applied.application_id, "why").await.unwrap();
    assert_eq!(rejected.state(), State::Rejected);
    assert_eq!(notification.mail(&applied.application_id).await.unwrap(), expected(rejected.clone(), None));

    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let approved = operator.approve(&applied.application_id).await.unwrap();
    let end = Some(timestamp(datetime!(2026-04-01 09:00 UTC)));
    let mail = notification.mail(&applied.application_id).await.unwrap();
    assert_eq!(mail, expected(approved, end));
    let earlier = notification.mail(&rejected.application_id).await.unwrap();
    assert_eq!(earlier, expected(rejected, None), "the other one stays what it was");
}

/// The console may be below a path.
#[tokio::test]
async fn the_console_below_a_path() {
    let suite =
        Suite::start_with(|config| config.console_url = "https://pass.test/console/".parse().unwrap()).await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let mail = suite.service("notification").mail(&applied.application_id).await.unwrap();
    assert_eq!(mail.url, format!("https://pass.test/console/organizations/{}/nulab-pass", customer.id));
}

#[tokio::test]
async fn there_is_no_mail_about_nothing() {
    let suite = Suite::start().await;
    let refused = suite.service("notification").mail(&suite.id()).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::NotFound);
}
