//! Following the gateway: revocations within the stream, and what happens without it.

use crate::support::{
    ISSUER, Running, World, refused, serve,
    services::{Accounts, Gateway},
    tokens::{self, token},
    url,
};
use pass_mesh::{CallContext, Channel, Mesh, Problem, Trust};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    gateway::v1::{Heartbeat, Revocation, revocation::Subject, watch_trust_response::Message},
    identity::v1::{GetMyAccountRequest, account_service_client::AccountServiceClient},
};
use pass_testkit::wait_for;
use pass_types::{Clock, Origin};
use std::{sync::atomic::Ordering, time::Duration};
use tonic::Status;

struct Scene {
    world: World,
    gateway: Gateway,
    gateway_server: Running,
    trust: Trust,
    console: Channel,
    _identity: Running,
}

/// A gateway with this snapshot, and an identity service that follows it.
async fn scene(snapshot: Vec<Message>) -> Scene {
    let (world, gateway) = (World::new(), Gateway::new(snapshot));
    let gateway_server = serve(world.service("gateway").server(world.trust()).add(gateway.server())).await;
    let mut config = world.config("identity");
    config.peers.insert("gateway".to_owned(), url(gateway_server.address));
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let trust = Trust::new(ISSUER, world.clock.clone());
    trust.follow(mesh.channel("gateway").unwrap(), &world.context);
    let identity = serve(mesh.server(trust.clone()).add(Accounts::new().server())).await;
    let console = world.channel("console", &identity);
    Scene { world, gateway, gateway_server, trust, console, _identity: identity }
}

fn keys() -> Message {
    Message::Jwks(tokens::jwks())
}

fn beat() -> Message {
    Message::Heartbeat(Heartbeat {})
}

impl Scene {
    async fn call(&self, token: &str) -> Result<(), Status> {
        let request = CallContext::person(token, Origin::default()).request(GetMyAccountRequest {});
        AccountServiceClient::new(self.console.clone()).get_my_account(request).await.map(drop)
    }

    fn token(&self) -> String {
        token(&self.world.clock, "pass")
    }

    fn session_ended(&self) -> Message {
        Message::Revocation(Revocation {
            subject: Some(Subject::SessionId(tokens::person(&self.world.clock).session.to_string())),
            not_before: Some(timestamp(self.world.clock.now() + Duration::from_secs(1))),
        })
    }

    async fn in_sync(&self) {
        wait_for(async || self.trust.readiness().is_ok()).await;
    }

    fn questions(&self) -> usize {
        self.gateway.questions.load(Ordering::SeqCst)
    }
}

/// proves API-5: what the stream says holds at once.
#[tokio::test]
async fn a_session_that_is_revoked_within_the_stream_gets_nothing_more() {
    let scene = scene(vec![keys(), beat()]).await;
    scene.in_sync().await;
    let token = scene.token();
    scene.call(&token).await.unwrap();
    scene.gateway.changes.send(scene.session_ended()).unwrap();
    wait_for(async || scene.call(&token).await.is_err()).await;
    assert_eq!(refused(scene.call(&token).await), ErrorReason::TokenRevoked);
    assert_eq!(scene.questions(), 0, "nothing was asked by call");
}

#[tokio::test]
async fn a_revocation_of_the_snapshot_holds() {
    let mut scene = scene(vec![]).await;
    scene.gateway.snapshot.lock().unwrap().extend([keys(), scene.session_ended(), beat()]);
    // The first stream had an empty snapshot: end it.
    scene.gateway_server = restart(&scene.world, &scene.gateway, scene.gateway_server).await;
    scene.in_sync().await;
    assert_eq!(refused(scene.call(&scene.token()).await), ErrorReason::TokenRevoked);
}

/// The same gateway again, at the same address.
async fn restart(world: &World, gateway: &Gateway, server: Running) -> Running {
    let address = server.address;
    server.tasks.stop(Duration::from_secs(10)).await.unwrap();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    crate::support::serve_on(listener, world.service("gateway").server(world.trust()).add(gateway.server()))
}

#[tokio::test]
async fn without_keys_a_service_is_not_ready_and_no_token_is_called_invalid() {
    let scene = scene(vec![]).await;
    assert_eq!(refused(scene.call(&scene.token()).await), ErrorReason::Unavailable);
    let report = scene.world.context.health.report();
    assert!(report["trust"].is_err(), "{report:?}");
}

#[tokio::test]
async fn a_stale_stream_asks_by_call() {
    let scene = scene(vec![keys(), beat()]).await;
    scene.in_sync().await;
    scene.world.clock.advance(Duration::from_secs(6));
    let token = scene.token();
    assert!(scene.trust.readiness().is_err());
    wait_for(async || scene.world.context.health.report()["trust"].is_err()).await;

    scene.call(&token).await.unwrap();
    assert_eq!(scene.questions(), 1);
    scene.gateway.revoked.store(true, Ordering::SeqCst);
    assert_eq!(refused(scene.call(&token).await), ErrorReason::TokenRevoked);
    scene.gateway.answers.store(false, Ordering::SeqCst);
    assert_eq!(refused(scene.call(&token).await), ErrorReason::Unavailable, "fails closed");

    scene.gateway.revoked.store(false, Ordering::SeqCst);
    wait_for(async || {
        let _ = scene.gateway.changes.send(beat());
        scene.trust.readiness().is_ok()
    })
    .await;
    let asked = scene.questions();
    scene.call(&token).await.unwrap();
    assert_eq!(scene.questions(), asked, "the stream says it again");
}

/// Until the snapshot is complete, the stream does not say what is *not* revoked.
#[tokio::test]
async fn an_incomplete_snapshot_asks_by_call() {
    let scene = scene(vec![keys()]).await;
    wait_for(async || scene.call(&scene.token()).await.is_ok()).await;
    assert!(scene.questions() > 0);
    scene.gateway.beat();
    scene.in_sync().await;
    let asked = scene.questions();
    scene.call(&scene.token()).await.unwrap();
    assert_eq!(scene.questions(), asked);
}

#[tokio::test]
async fn a_gateway_that_comes_back_is_followed_again() {
    let mut scene = scene(vec![keys(), beat()]).await;
    scene.in_sync().await;
    let streams = scene.gateway.streams.load(Ordering::SeqCst);
    scene.gateway.snapshot.lock().unwrap().insert(1, scene.session_ended());
    scene.gateway_server = restart(&scene.world, &scene.gateway, scene.gateway_server).await;
    let token = scene.token();
    wait_for(async || {
        scene
            .call(&token)
            .await
            .is_err_and(|it| pass_mesh::Failure::of(&it).reason == ErrorReason::TokenRevoked)
    })
    .await;
    assert!(scene.gateway.streams.load(Ordering::SeqCst) > streams);
}

#[tokio::test]
async fn a_gateway_judges_by_itself() {
    let world = World::new();
    let (trust, token) = (world.trust(), token(&world.clock, "pass"));
    let subject = Subject::AccountId(tokens::person(&world.clock).account.to_string());
    world.clock.advance(Duration::from_mins(1));
    trust.verify(&token).await.unwrap();
    trust.readiness().unwrap();
    let not_before = Some(timestamp(world.clock.now()));
    trust.apply(Message::Revocation(Revocation { subject: Some(subject), not_before })).unwrap();
    assert_eq!(trust.verify(&token).await.unwrap_err().reason(), ErrorReason::TokenRevoked);
}
