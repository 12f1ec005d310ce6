//! Asking a service whether a password leaked (ACC-6), with a real HTTP server.

use crate::suite::Suite;
use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    routing::get,
};
use pass_proto::{errors::v1::ErrorReason, identity::v1::CompleteSignUpRequest};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::TcpListener;

/// It is in no list of ours.
const LEAKED: &str = "purple envelope 71 gravel bicycle";
/// Its SHA-1, in two parts.
const HASH: (&str, &str) = ("3211E", "699681CE118A9A44A390E318F537092F82F");
const OTHERS: &str = "0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n";

#[derive(Clone, Default)]
struct Service {
    answer: Arc<Mutex<String>>,
    /// The prefix of each question, and whether it asked for padding.
    asked: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Service {
    async fn start() -> (Self, SocketAddr) {
        let it = Self::default();
        let routes = Router::new().route("/range/{prefix}", get(range)).with_state(it.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        (it, address)
    }

    fn answers(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }
}

async fn range(State(service): State<Service>, Path(prefix): Path<String>, headers: HeaderMap) -> String {
    let padded = headers.get("add-padding").is_some_and(|it| it == "true");
    service.asked.lock().unwrap().push((prefix, padded));
    service.answer.lock().unwrap().clone()
}

async fn with(url: String) -> Suite {
    Suite::with(|config| {
        (config.passwords.range_url, config.passwords.range_private) = (url, true);
        config.passwords.range_millis = 300;
    })
    .await
}

async fn sign_up(suite: &Suite, email: &str) -> Result<(), ErrorReason> {
    let token = suite.link(email).await;
    let request =
        CompleteSignUpRequest { token, password: LEAKED.to_owned(), ..CompleteSignUpRequest::default() };
    let done = suite.gateway_anonymous().complete_sign_up(request).await;
    done.map(drop).map_err(|refused| refused.reason)
}

/// proves ACC-6: what the service knows is refused; it is told 5 digits of the hash and no more; padding says nothing
#[tokio::test]
async fn what_the_service_knows_is_refused() {
    let (service, address) = Service::start().await;
    let suite = with(format!("http://{address}/range")).await;
    service.answers(&format!("{OTHERS}{}:3\r\n", HASH.1));
    assert_eq!(sign_up(&suite, "taro@example.com").await, Err(ErrorReason::PasswordLeaked));
    assert!(suite.hashes().is_empty(), "what is refused is not hashed");
    service.answers(&format!("{OTHERS}{}:0\r\n", HASH.1));
    assert_eq!(sign_up(&suite, "taro@example.com").await, Ok(()), "padding");
    service.answers(OTHERS);
    assert_eq!(sign_up(&suite, "jiro@example.com").await, Ok(()));
    assert_eq!(*service.asked.lock().unwrap(), vec![(HASH.0.to_owned(), true); 3]);
}

/// proves ACC-6: a service that talks nonsense, is slow, down, or where it may not be asked keeps nobody from a password
#[tokio::test]
async fn a_service_that_fails_keeps_nobody_from_a_password() {
    let (service, address) = Service::start().await;
    let suite = with(format!("http://{address}/range")).await;
    let endless = format!("{}:3\r\n", HASH.1).repeat(30_000);
    for (round, nonsense) in ["<html>Welcome</html>", "\u{0}", &endless].into_iter().enumerate() {
        service.answers(nonsense);
        assert_eq!(sign_up(&suite, &format!("taro{round}@example.com")).await, Ok(()));
    }
    assert_eq!(service.asked.lock().unwrap().len(), 3);

    let missing = with(format!("http://{address}/elsewhere")).await;
    assert_eq!(sign_up(&missing, "taro@example.com").await, Ok(()), "404");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = with(format!("http://{}", listener.local_addr().unwrap())).await;
    assert_eq!(sign_up(&silent, "taro@example.com").await, Ok(()), "it takes connections and says nothing");
    let address = listener.local_addr().unwrap();
    drop(listener);
    let down = with(format!("http://{address}")).await;
    assert_eq!(sign_up(&down, "taro@example.com").await, Ok(()), "nobody is there");
}

/// A private address is asked only where the operator says so.
#[tokio::test]
async fn a_private_address_is_not_asked_by_mistake() {
    let (service, address) = Service::start().await;
    service.answers(&format!("{}:3\r\n", HASH.1));
    for host in [address.to_string(), format!("localhost:{}", address.port())] {
        let suite = Suite::with(|config| config.passwords.range_url = format!("http://{host}/range")).await;
        assert_eq!(sign_up(&suite, "taro@example.com").await, Ok(()));
    }
    assert!(service.asked.lock().unwrap().is_empty());
}
