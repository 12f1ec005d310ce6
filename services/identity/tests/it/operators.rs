//! Who is staff of the company that runs the suite.

use crate::suite::Suite;
use identity::operators::{self, OperatorError};
use pass_events::Outbox;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::{envelope::Payload, session_ended::Cause},
    identity::v1::*,
};
use pass_types::{Clock, Email};

/// An operator is named by the address of a Nulab Account, and says so to the gateway; when that ends, so do
/// their sessions
#[tokio::test]
async fn operators_come_and_go() {
    let suite = Suite::start().await;
    let (taro, jiro) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let (pool, outbox) = (&suite.database.pool, Outbox::new("identity", &suite.context));
    let email = |text: &str| text.parse::<Email>().unwrap();
    let nobody = operators::add(pool, &outbox, suite.clock.now(), &email("nobody@example.com")).await;
    assert!(matches!(nobody, Err(OperatorError::NoAccount)));
    for new in [true, false] {
        let done = operators::add(pool, &outbox, suite.clock.now(), &email("Taro@example.com")).await;
        assert_eq!(done.unwrap(), new);
    }
    let gateway = suite.gateway_anonymous();
    let resolve = |token: &str| gateway.resolve_session(ResolveSessionRequest { token: token.to_owned() });
    assert!(resolve(&taro.token).await.unwrap().account.unwrap().operator);
    assert!(!resolve(&jiro.token).await.unwrap().account.unwrap().operator);

    for was in [true, false] {
        let done = operators::remove(pool, &outbox, suite.clock.now(), &email("taro@example.com")).await;
        assert_eq!(done.unwrap(), was);
    }
    assert_eq!(resolve(&taro.token).await.unwrap_err().reason, ErrorReason::SessionEnded);
    resolve(&jiro.token).await.unwrap();
    let told = suite.events_of(taro.account).await;
    let tail = &told[told.len() - 3..];
    assert!(matches!(
        tail,
        [Payload::OperatorAdded(_), Payload::OperatorRemoved(_), Payload::SessionEnded(ended)]
            if ended.cause() == Cause::OperatorRemoved
    ));
    assert!(
        !resolve(&suite.sign_in("taro@example.com").await.token).await.unwrap().account.unwrap().operator
    );
}
