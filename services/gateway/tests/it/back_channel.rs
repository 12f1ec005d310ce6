//! Back-channel logout, to a real listener.

use crate::{
    browser::Browser,
    neighbours::Someone,
    product::{CALLBACK, Product, claims, header},
    suite::{ISSUER, Suite},
};
use axum::{Form, Router, extract::State, http::StatusCode, response::Redirect, routing::post};
use gateway::app::clients::Registration;
use pass_testkit::wait_for;
use pass_types::SessionId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use time::Duration;
use tokio::net::TcpListener;

/// A client's end of it: notes each logout token, answers what it is told to.
#[derive(Clone)]
struct Listener {
    tokens: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<StatusCode>>,
    uri: String,
}

impl Listener {
    async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://backlog.localhost:{}/logout", socket.local_addr().unwrap().port());
        let it = Self { tokens: Arc::default(), answer: Arc::new(Mutex::new(StatusCode::OK)), uri };
        let routes = Router::new().route("/logout", post(Self::hear)).with_state(it.clone());
        tokio::spawn(async move { axum::serve(socket, routes).await });
        it
    }

    #[expect(clippy::unused_async, reason = "a handler")]
    async fn hear(State(it): State<Self>, Form(form): Form<HashMap<String, String>>) -> StatusCode {
        it.tokens.lock().unwrap().push(form["logout_token"].clone());
        *it.answer.lock().unwrap()
    }

    fn answers(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = status;
    }

    fn heard(&self) -> usize {
        self.tokens.lock().unwrap().len()
    }
}

async fn product(suite: &Suite, id: &str, uri: Option<String>) -> Product {
    suite
        .register(Registration {
            client_id: id.to_owned(),
            name: id.to_owned(),
            audience: id.to_owned(),
            confidential: true,
            jwks: None,
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_uris: vec![],
            back_channel_logout_uri: uri,
        })
        .await
}

async fn session(suite: &Suite, product: &Product, browser: &Browser, who: &Someone) -> SessionId {
    let tokens = product.tokens(browser, who).await;
    let _ = suite;
    claims(&tokens.text("id_token"))["sid"].as_str().unwrap().parse().unwrap()
}

/// proves API-5: the clients of the session, and only they, hear of its end by a genuine logout token.
#[tokio::test]
async fn clients_that_got_tokens_in_a_session_hear_of_its_end() {
    let suite = Suite::start().await;
    let (listener, uninvolved) = (Listener::start().await, Listener::start().await);
    let backlog = product(&suite, "backlog", Some(listener.uri.clone())).await;
    let quiet = product(&suite, "typetalk", None).await;
    product(&suite, "cacoo", Some(uninvolved.uri.clone())).await;
    let taro = suite.neighbours.account("Taro");
    let (browser, other) = (suite.browser(), suite.browser());
    let ended = session(&suite, &backlog, &browser, &taro).await;
    session(&suite, &quiet, &browser, &taro).await;
    let kept = session(&suite, &backlog, &other, &taro).await;
    suite.session_ended(&taro, ended).await;
    wait_for(async || suite.events("back_channel_logout_settled").await == 1).await;

    assert_eq!((listener.heard(), uninvolved.heard()), (1, 0));
    let token = listener.tokens.lock().unwrap()[0].clone();
    assert_eq!((&header(&token)["typ"], &header(&token)["alg"]), (&"logout+jwt".into(), &"ES256".into()));
    let said = claims(&token);
    assert_eq!((&said["iss"], &said["aud"]), (&ISSUER.into(), &"backlog".into()));
    assert_eq!((&said["sub"], &said["sid"]), (&taro.id.to_string().into(), &ended.to_string().into()));
    assert!(said["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(said.get("nonce").is_none() && said["jti"].is_string());
    assert!(suite.verifies(&token), "with the published keys");
    assert_ne!(ended, kept);

    // Told twice, done once.
    suite.session_ended(&taro, ended).await;
    suite.session_ended(&taro, kept).await;
    wait_for(async || listener.heard() == 2).await;
    assert_eq!(claims(&listener.tokens.lock().unwrap()[1])["sid"], kept.to_string());
}

/// Logout tokens are retried until delivered, later and later, with the same `jti`.
#[tokio::test]
async fn a_logout_token_is_retried_until_it_is_delivered() {
    let suite = Suite::start().await;
    let listener = Listener::start().await;
    listener.answers(StatusCode::INTERNAL_SERVER_ERROR);
    let backlog = product(&suite, "backlog", Some(listener.uri.clone())).await;
    let taro = suite.neighbours.account("Taro");
    let ended = session(&suite, &backlog, &suite.browser(), &taro).await;
    suite.session_ended(&taro, ended).await;
    for tries in 1..4 {
        wait_for(async || listener.heard() == tries && suite.waiting_logouts().await == 1).await;
        suite.clock.advance(Duration::seconds(2_i64.pow(u32::try_from(tries).unwrap() - 1)));
    }
    wait_for(async || listener.heard() == 4).await;
    assert_eq!(suite.events("back_channel_logout_settled").await, 0);
    listener.answers(StatusCode::NO_CONTENT);
    suite.clock.advance(Duration::minutes(1));
    wait_for(async || suite.events("back_channel_logout_settled").await == 1).await;
    let ids: Vec<_> =
        listener.tokens.lock().unwrap().iter().map(|token| claims(token)["jti"].clone()).collect();
    assert!(ids.len() == 5 && ids.iter().all(|id| *id == ids[0]));
    assert_eq!(suite.waiting_logouts().await, 0);
}

/// Whose network is not allowed is not called, however the address is written; it counts as one that can't be
/// told.
#[tokio::test]
async fn what_is_not_public_is_called_only_where_allowed() {
    let suite = Suite::with(|config| config.back_channel.allow = vec!["10.0.0.0/8".parse().unwrap()]).await;
    let listener = Listener::start().await;
    let port = listener.uri.split(':').nth(2).unwrap().to_owned();
    let taro = suite.neighbours.account("Taro");
    for (index, host) in ["backlog.localhost", "127.0.0.1", "[::1]"].into_iter().enumerate() {
        let id = format!("client-{index}");
        let client = product(&suite, &id, Some(format!("http://{host}:{port}"))).await;
        let ended = session(&suite, &client, &suite.browser(), &taro).await;
        suite.session_ended(&taro, ended).await;
    }
    let tried = async || -> i64 {
        let query = sqlx::query_scalar("SELECT count(*) FROM back_channel_logouts WHERE attempts = 1");
        query.fetch_one(&suite.database.pool).await.unwrap()
    };
    wait_for(async || tried().await == 3 && suite.waiting_logouts().await == 3).await;
    assert_eq!((listener.heard(), suite.events("back_channel_logout_settled").await), (0, 0));
}

/// A redirect is no answer, and is not followed: not even to where it may go.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    let suite = Suite::start().await;
    let listener = Listener::start().await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://backlog.localhost:{}/logout", socket.local_addr().unwrap().port());
    let elsewhere = listener.uri.clone();
    let routes = Router::new().route("/logout", post(async move || Redirect::temporary(&elsewhere)));
    tokio::spawn(async move { axum::serve(socket, routes).await });
    let backlog = product(&suite, "backlog", Some(uri)).await;
    let taro = suite.neighbours.account("Taro");
    let ended = session(&suite, &backlog, &suite.browser(), &taro).await;
    suite.session_ended(&taro, ended).await;
    wait_for(async || suite.waiting_logouts().await == 1).await;
    assert_eq!((listener.heard(), suite.events("back_channel_logout_settled").await), (0, 0));
}

/// A client's end that takes every request and answers none.
async fn black_hole() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://cacoo.localhost:{}/logout", socket.local_addr().unwrap().port());
    let routes = Router::new().route("/logout", post(std::future::pending::<()>));
    tokio::spawn(async move { axum::serve(socket, routes).await });
    uri
}

/// How many tries of a client's are under way: what is claimed and not written down yet.
async fn under_way(suite: &Suite, client: &str) -> i64 {
    let lease_is_on = suite.gateway.clock.now() + Duration::seconds(29);
    let query = "SELECT count(*) FROM back_channel_logouts
                 WHERE client_id = $1 AND settle_time IS NULL AND next_attempt_time > $2";
    let query = sqlx::query_scalar(query).bind(client).bind(lease_is_on);
    query.fetch_one(&suite.database.pool).await.unwrap()
}

/// Queues logouts that have been due for a minute.
async fn overdue(suite: &Suite, client: &str, count: i32) {
    let long_ago = suite.gateway.clock.now() - Duration::minutes(1);
    sqlx::query(
        "INSERT INTO back_channel_logouts
             (logout_id, client_id, account_id, session_id, create_time, next_attempt_time)
         SELECT gen_random_uuid(), $1, gen_random_uuid(), gen_random_uuid(), $2, $2 FROM generate_series(1, $3)",
    )
    .bind(client)
    .bind(long_ago)
    .bind(count)
    .execute(&suite.database.pool)
    .await
    .unwrap();
}

/// proves API-5: a client that takes logout tokens and never answers delays no other's.
#[tokio::test]
async fn a_client_that_hangs_delays_no_other() {
    let suite = Suite::start().await;
    let listener = Listener::start().await;
    let backlog = product(&suite, "backlog", Some(listener.uri.clone())).await;
    product(&suite, "cacoo", Some(black_hole().await)).await;
    let taro = suite.neighbours.account("Taro");
    let ended = session(&suite, &backlog, &suite.browser(), &taro).await;
    overdue(&suite, "cacoo", 60).await;
    wait_for(async || under_way(&suite, "cacoo").await == 4).await;
    suite.session_ended(&taro, ended).await;
    wait_for(async || listener.heard() == 1).await;
    assert!(under_way(&suite, "cacoo").await <= 4, "the rest has to wait");
    // It is given up on after a moment, so that the next ones get their turn.
    let tried = "SELECT count(*) FROM back_channel_logouts WHERE attempts = 1 AND client_id = 'cacoo'";
    let tried = async || -> bool {
        sqlx::query_scalar::<_, i64>(tried).fetch_one(&suite.database.pool).await.unwrap() > 4
    };
    wait_for(tried).await;
}

/// A row that can't be read holds up nothing but itself.
#[tokio::test]
async fn a_broken_logout_holds_up_no_other() {
    let suite = Suite::start().await;
    let listener = Listener::start().await;
    let backlog = product(&suite, "backlog", Some(listener.uri.clone())).await;
    product(&suite, "cacoo", Some(listener.uri.clone())).await;
    let taro = suite.neighbours.account("Taro");
    let ended = session(&suite, &backlog, &suite.browser(), &taro).await;
    let broken = "UPDATE clients SET back_channel_logout_uri = 'nonsense' WHERE client_id = 'cacoo'";
    sqlx::query(broken).execute(&suite.database.pool).await.unwrap();
    overdue(&suite, "cacoo", 40).await;
    suite.session_ended(&taro, ended).await;
    wait_for(async || listener.heard() == 1).await;
}

/// A client that can't be told for a day is given up, with an event that says so.
#[tokio::test]
async fn a_client_that_is_gone_is_given_up_after_a_day() {
    let suite = Suite::start().await;
    let gone = Some("http://localhost:1/logout".to_owned());
    let backlog = product(&suite, "backlog", gone).await;
    let taro = suite.neighbours.account("Taro");
    let ended = session(&suite, &backlog, &suite.browser(), &taro).await;
    suite.session_ended(&taro, ended).await;
    wait_for(async || suite.waiting_logouts().await == 1).await;
    suite.clock.advance(Duration::DAY);
    wait_for(async || suite.events("back_channel_logout_settled").await == 1).await;
    assert_eq!(suite.waiting_logouts().await, 0);
}
