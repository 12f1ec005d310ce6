//! The stream of what is void, as a service of the mesh follows it.

use crate::{product::claims, suite::Suite};
use futures::{StreamExt, stream::BoxStream};
use pass_mesh::{CallContext, Channel, Mesh, Trust};
use pass_proto::{
    convert::timestamp,
    gateway::v1::{
        CheckRevocationRequest, Revocation, WatchTrustRequest, revocation::Subject,
        trust_service_client::TrustServiceClient, watch_trust_response::Message,
    },
};
use pass_testkit::wait_for;
use std::net::SocketAddr;
use url::Url;

/// The gateway at an address, as the console calls it.
fn channel(suite: &Suite, address: SocketAddr) -> Channel {
    let mut config = suite.pki.service("console").unwrap().config("pass.test");
    let url = Url::parse(&format!("https://localhost:{}", address.port())).unwrap();
    config.peers.insert("gateway".to_owned(), url);
    Mesh::new(config, "console", &suite.context).unwrap().channel("gateway").unwrap()
}

async fn watch(suite: &Suite, address: SocketAddr) -> BoxStream<'static, Message> {
    let mut client = TrustServiceClient::new(channel(suite, address));
    let answer = client.watch_trust(CallContext::system().request(WatchTrustRequest {})).await.unwrap();
    answer.into_inner().filter_map(|message| async { message.unwrap().message }).boxed()
}

/// Waits for the next revocation.
async fn revocation(stream: &mut BoxStream<'static, Message>) -> Revocation {
    let next = async {
        loop {
            match stream.next().await.expect("the stream goes on") {
                Message::Revocation(revocation) => return revocation,
                Message::Jwks(_) | Message::Heartbeat(_) => {}
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), next).await.expect("a revocation")
}

/// Keys and what is in force first, then a heartbeat, then what changes, and a heartbeat every second; on every
/// replica.
#[tokio::test]
async fn a_stream_begins_with_everything_in_force_and_goes_on_with_what_changes() {
    let suite = Suite::start().await;
    let replica = suite.replica().await;
    let beside = replica.addresses().grpc;
    replica.start();
    let mut streams = vec![watch(&suite, suite.grpc).await, watch(&suite, beside).await];
    for stream in &mut streams {
        assert!(matches!(stream.next().await, Some(Message::Jwks(jwks)) if jwks.contains("ES256")));
        for _ in 0..3 {
            assert!(matches!(stream.next().await, Some(Message::Heartbeat(_) | Message::Jwks(_))));
        }
    }
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    product.tokens(&suite.browser(), &taro).await;
    let session = suite.neighbours.sessions_of(&taro)[0];
    suite.session_ended(&taro, session).await;
    for stream in &mut streams {
        assert_eq!(revocation(stream).await.subject, Some(Subject::SessionId(session.to_string())));
    }
    let mut late = watch(&suite, suite.grpc).await;
    assert!(matches!(late.next().await, Some(Message::Jwks(_))));
    assert_eq!(revocation(&mut late).await.subject, Some(Subject::SessionId(session.to_string())));
}

/// proves API-5: a service that follows refuses the access token within a second of the session's end, and the
/// refresh tokens are revoked.
#[tokio::test]
async fn a_follower_refuses_the_tokens_of_an_ended_session() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let (one, two) = (suite.browser(), suite.browser());
    let tokens = product.tokens(&one, &taro).await;
    let kept = product.tokens(&two, &taro).await;
    let trust = Trust::new(crate::suite::ISSUER, suite.clock.shared());
    trust.follow(channel(&suite, suite.grpc), &suite.context);
    wait_for(async || trust.verify(&tokens.text("access_token")).await.is_ok()).await;

    let session = claims(&tokens.text("access_token"))["sid"].as_str().unwrap().parse().unwrap();
    suite.session_ended(&taro, session).await;
    wait_for(async || trust.verify(&tokens.text("access_token")).await.is_err()).await;
    assert!(trust.verify(&kept.text("access_token")).await.is_ok(), "another session is not touched");
    // Identity would still say that the session lives: the gateway knows better.
    product.refresh(&tokens.text("refresh_token")).await.refused("invalid_grant");
    product.refresh(&kept.text("refresh_token")).await.good();
    assert_eq!(product.userinfo(&tokens.text("access_token")).await.status, 401);
}

/// Whoever can't follow may ask.
#[tokio::test]
async fn revocations_can_be_asked_for() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    product.tokens(&suite.browser(), &taro).await;
    let session = suite.neighbours.sessions_of(&taro)[0];
    let client = TrustServiceClient::new(channel(&suite, suite.grpc));
    let ask = async |session: String, account: String| {
        let message = CheckRevocationRequest {
            session_id: session,
            account_id: account,
            organization_id: String::new(),
            managed: false,
            grant_id: suite.gateway.entropy.uuid(suite.gateway.clock.now()).to_string(),
            issue_time: Some(timestamp(suite.gateway.clock.now())),
        };
        client.clone().check_revocation(CallContext::system().request(message)).await
    };
    let account = taro.id.to_string();
    let revoked = async || ask(session.to_string(), account.clone()).await.unwrap().into_inner().revoked;
    assert!(!revoked().await);
    suite.session_ended(&taro, session).await;
    wait_for(async || revoked().await).await;
    for (session, account) in [("x".to_owned(), account.clone()), (session.to_string(), String::new())] {
        let refused = ask(session, account).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    }
}

/// When the database connection that the gateway listens on breaks, what was revoked meanwhile is told
/// afterwards, and hearts beat again.
#[tokio::test]
async fn nothing_is_missed_when_the_listening_connection_breaks() {
    let suite = Suite::start().await;
    let taro = suite.neighbours.account("Taro");
    let mut stream = watch(&suite, suite.grpc).await;
    for _ in 0..5 {
        let session = pass_types::SessionId::generate(&suite.gateway.entropy, suite.gateway.clock.now());
        suite.database.cut_where("gateway").await;
        let done = async || {
            let mut tx = suite.gateway.pool.begin().await.ok()?;
            suite.gateway.session_ended(&mut tx, taro.id, session).await.ok()?;
            tx.commit().await.ok()
        };
        wait_for(done).await;
        let subject = Some(Subject::SessionId(session.to_string()));
        while revocation(&mut stream).await.subject != subject {}
    }
}
