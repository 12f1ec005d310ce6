//! Registering clients (API-6).

use crate::{product::CALLBACK, suite::Suite};
use gateway::app::clients::{self, ClientError, Registration};

fn good() -> Registration {
    Registration {
        client_id: "backlog".to_owned(),
        name: "Backlog".to_owned(),
        audience: "backlog".to_owned(),
        confidential: true,
        jwks: None,
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_uris: vec!["https://product.example/bye".to_owned()],
        back_channel_logout_uri: Some("https://product.example/logout".to_owned()),
    }
}

/// proves API-6: what is registered is checked, told of by an event, and registered once.
#[tokio::test]
async fn what_is_registered_is_checked() {
    let suite = Suite::start().await;
    let gateway = &suite.gateway;
    let register = async |registration: Registration| {
        let now = gateway.clock.now();
        clients::register(&gateway.pool, &gateway.outbox, &gateway.entropy, now, &registration).await
    };
    let uri = |uri: &str| vec![uri.to_owned()];
    for (wrong, field) in [
        (Registration { client_id: "Back log".to_owned(), ..good() }, "client_id"),
        (Registration { client_id: String::new(), ..good() }, "client_id"),
        (Registration { name: "  ".to_owned(), ..good() }, "name"),
        (Registration { name: "a\nb".to_owned(), ..good() }, "name"),
        (Registration { audience: "Back log".to_owned(), ..good() }, "audience"),
        (Registration { redirect_uris: vec![], ..good() }, "redirect_uris"),
        (Registration { redirect_uris: uri("http://product.example/"), ..good() }, "redirect_uris"),
        (Registration { redirect_uris: uri("https://product.example/#x"), ..good() }, "redirect_uris"),
        (Registration { redirect_uris: vec![CALLBACK.to_owned(); 21], ..good() }, "redirect_uris"),
        (Registration { post_logout_uris: uri("javascript:alert(1)"), ..good() }, "post_logout_uris"),
        (Registration { back_channel_logout_uri: Some("x".to_owned()), ..good() }, "back_channel_logout_uri"),
    ] {
        let Err(ClientError::Invalid(violation)) = register(wrong).await else { panic!("{field} was taken") };
        assert_eq!(violation.field, field);
    }
    assert_eq!(suite.events("client_registered").await, 0);
    assert!(register(good()).await.unwrap().is_some());
    assert!(matches!(register(good()).await, Err(ClientError::Taken(_))));
    assert_eq!(suite.events("client_registered").await, 1);
}

/// proves AUD-1: two secrets at a time, a third ends the oldest; each is told of.
#[tokio::test]
async fn a_client_has_two_secrets_at_a_time() {
    let suite = Suite::start().await;
    let product = suite.register(good()).await;
    let gateway = &suite.gateway;
    let mut secrets = vec![product.secret.clone().unwrap()];
    let works = async |secret: &str| {
        let answer = product.post_as("/oauth/token", &[("grant_type", "x")], Some(("backlog", secret))).await;
        answer.json["error"] == "unsupported_grant_type"
    };
    for _ in 0..3 {
        suite.clock.advance(time::Duration::minutes(1));
        let id = "backlog".parse().unwrap();
        let secret =
            clients::add_secret(&gateway.pool, &gateway.outbox, &gateway.entropy, gateway.clock.now(), &id);
        let secret = secret.await.unwrap();
        secrets.push(secret.reveal());
        for (age, secret) in secrets.iter().rev().enumerate() {
            assert_eq!(works(secret).await, age < 2, "the {age}th before the newest");
        }
    }
    let unknown = "unknown".parse().unwrap();
    assert_eq!(suite.events("client_secret_added").await, 3, "told of");
    let now = gateway.clock.now();
    let refused = clients::add_secret(&gateway.pool, &gateway.outbox, &gateway.entropy, now, &unknown).await;
    assert!(matches!(refused, Err(ClientError::WithoutSecret(_))));
}
