//! Guessing codes (ACC-14) by who has the mailbox, too: a reset makes any browser one that the account knows.

use crate::{guessing::device, password_reset, suite::Suite};
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    identity::v1::{finish_second_step_request::Factor, *},
};
use time::Duration;

const TARO: &str = "taro@example.com";
const NEW: &str = "seven dunes mapped by an otter";

/// Shows a code in this browser, after the right password.
async fn show(suite: &Suite, device_token: &str, code: String) -> Result<(), ErrorReason> {
    let gateway = suite.gateway_anonymous();
    let signed_in = gateway.sign_in(crate::guessing::with_device(TARO, NEW, device_token)).await.unwrap();
    let request = FinishSecondStepRequest {
        token: signed_in.second_step.unwrap().token,
        factor: Some(Factor::Code(code)),
        visit: Some(Visit { device_token: device_token.to_owned(), product: String::new() }),
        ..FinishSecondStepRequest::default()
    };
    gateway.finish_second_step(request).await.map(drop).map_err(|refused| refused.reason)
}

/// Chooses another password by the mail of a reset, in this browser.
async fn reset(suite: &Suite, device_token: &str) {
    let token = password_reset::link(suite, TARO).await;
    let device_token = device_token.to_owned();
    let choice = CompletePasswordResetRequest { device_token, ..password_reset::choice(&token, NEW) };
    suite.gateway_anonymous().complete_password_reset(choice).await.unwrap();
}

/// proves ACC-14: however many browsers are made known by resets, they have a hundred wrong codes in a row between them;
/// then the owner is told, once; strangers are counted apart, and a right code begins anew
#[tokio::test]
async fn resets_give_no_new_guesses() {
    let suite = Suite::with(|config| config.limits.wrong_codes_per_account = 1000).await;
    let mut user = suite.user(TARO).await;
    let (app, _) = suite.add_app(&mut user.token).await;
    suite.clock.advance(Duration::seconds(90));
    let wrong = || "000000".to_owned();
    let mut refused = Vec::new();
    for (browser, tries) in [(1, 40), (2, 40), (3, 40)] {
        reset(&suite, &device(browser)).await;
        for _ in 0..tries {
            refused.push(show(&suite, &device(browser), wrong()).await.unwrap_err());
        }
    }
    let looked_at = refused.iter().take_while(|it| **it == ErrorReason::SecondFactorInvalid).count();
    assert_eq!(looked_at, 100);
    assert!(refused[100..].iter().all(|it| *it == ErrorReason::SecondFactorLocked), "{refused:?}");
    let told = suite.events_of(user.account).await;
    assert_eq!(told.iter().filter(|it| matches!(it, Payload::SecondFactorLocked(_))).count(), 1);
    let kept = "SELECT count(*) FROM security_events WHERE kind = 'second_factor_locked'";
    assert_eq!(suite.count(kept).await, 1);
    assert_eq!(show(&suite, &device(9), wrong()).await, Err(ErrorReason::SecondFactorInvalid), "a stranger");

    suite.clock.advance(Duration::days(1));
    show(&suite, &device(2), app.code(&suite, 0)).await.unwrap();
    for browser in [1, 3] {
        assert_eq!(show(&suite, &device(browser), wrong()).await, Err(ErrorReason::SecondFactorInvalid));
    }
}
