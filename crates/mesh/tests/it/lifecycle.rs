//! Starting, growing old and stopping.

use crate::support::{
    Running, World, contract, serve,
    services::{Accounts, Gateway},
};
use pass_mesh::{CallContext, Mesh, MeshError};
use pass_proto::{
    gateway::v1::{
        Heartbeat, WatchTrustRequest, trust_service_client::TrustServiceClient, watch_trust_response::Message,
    },
    identity::v1::{RequestSignUpRequest, account_service_client::AccountServiceClient},
};
use pass_runtime::TaskError;
use pass_testkit::wait_for;
use pass_types::Origin;
use prost::Message as _;
use std::{error::Error, sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tonic::{Code, Status};

fn request() -> tonic::Request<RequestSignUpRequest> {
    CallContext::anonymous(Origin::default()).request(RequestSignUpRequest::default())
}

async fn problem_of(server: Running) -> String {
    let failure = tokio::time::timeout(Duration::from_secs(10), server.tasks.first_failure());
    let TaskError::Failed { source, .. } = failure.await.expect("it started") else { panic!("did not fail") };
    let source: Box<dyn Error> = source;
    assert!(source.is::<MeshError>());
    source.to_string()
}

#[tokio::test]
async fn a_server_with_an_undeclared_method_refuses_to_start() {
    let world = World::new();
    // prost's own types know no extensions: reading and writing the contract with them strips the rules.
    let stripped = prost_types::FileDescriptorSet::decode(pass_proto::DESCRIPTORS).unwrap().encode_to_vec();
    let stripped = prost_reflect::DescriptorPool::decode(stripped.as_slice()).unwrap();
    let mesh = world.service("identity").with_descriptors(&stripped);
    let problem = problem_of(serve(mesh.server(world.trust()).add(Accounts::new().server())).await).await;
    assert!(problem.contains("pass.identity.v1.AccountService."), "{problem}");
    assert!(problem.contains("states no access rule"), "{problem}");

    let mesh = world.service("identity").with_descriptors(&prost_reflect::DescriptorPool::new());
    let problem = problem_of(serve(mesh.server(world.trust()).add(Accounts::new().server())).await).await;
    assert!(problem.contains("pass.identity.v1.AccountService can't be served"), "{problem}");
}

#[tokio::test]
async fn a_method_for_operators_of_another_audience_refuses_to_start() {
    let world = World::new();
    let products = "actors: [ACTOR_KIND_PERSON]\n      audience: AUDIENCE_PRODUCT";
    let wrong = "actors: [ACTOR_KIND_OPERATOR]\n      audience: AUDIENCE_PRODUCT";
    let mesh = world.service("identity").with_descriptors(&contract(&[(products, wrong)]));
    let problem = problem_of(serve(mesh.server(world.trust()).add(Accounts::new().server())).await).await;
    assert!(problem.contains("GetAccount can't be served"), "{problem}");
    assert!(problem.contains("its audience must be the suite"), "{problem}");
}

/// Accounts whose calls wait for a permit.
fn waiting() -> (Accounts, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let waits = gate.clone();
    let accounts = Accounts::working(move |_| {
        let gate = waits.clone();
        async move { gate.acquire().await.map(drop).map_err(|_| Status::internal("closed")) }
    });
    (accounts, gate)
}

#[tokio::test]
async fn shutdown_lets_what_runs_finish_and_takes_nothing_new() {
    let world = World::new();
    let (accounts, gate) = waiting();
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let call = tokio::spawn(async move { client.request_sign_up(request()).await });
    wait_for(async || accounts.count() == 1).await;

    let address = server.address;
    let stopping = tokio::spawn(async move { server.tasks.stop(Duration::from_mins(1)).await });
    wait_for(async || tokio::net::TcpStream::connect(address).await.is_err()).await;
    assert!(!stopping.is_finished());
    gate.add_permits(1);
    call.await.unwrap().unwrap();
    stopping.await.unwrap().unwrap();
}

/// Accounts whose calls never end, and how many hold what they were given.
fn endless() -> (Accounts, Arc<()>) {
    let running = Arc::new(());
    let held = running.clone();
    let accounts = Accounts::working(move |_| {
        let held = held.clone();
        async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok(())
        }
    });
    (accounts, running)
}

#[tokio::test]
async fn shutdown_has_a_hard_stop() {
    let world = World::new();
    let (accounts, running) = endless();
    let mut config = world.config("identity");
    config.limits.grace = Duration::from_millis(200);
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let call = tokio::spawn(async move { client.request_sign_up(request()).await });
    wait_for(async || accounts.count() == 1).await;
    assert_eq!(Arc::strong_count(&running), 3, "here, in the closure, in the handler");
    server.tasks.stop(Duration::from_secs(20)).await.unwrap();
    assert_eq!(call.await.unwrap().unwrap_err().code(), Code::Unavailable);
    drop(accounts);
    assert_eq!(Arc::strong_count(&running), 1, "the handler is gone");
}

/// A process that can't wait for the grace of its server drops the server: no call goes on behind its back.
#[tokio::test]
async fn a_server_that_is_dropped_drops_its_calls() {
    let world = World::new();
    let (accounts, running) = endless();
    let mut config = world.config("identity");
    config.limits.grace = Duration::from_mins(1);
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let call = tokio::spawn(async move { client.request_sign_up(request()).await });
    wait_for(async || accounts.count() == 1).await;
    assert!(matches!(server.tasks.stop(Duration::from_millis(100)).await, Err(TaskError::Overdue)));
    call.await.unwrap().unwrap_err();
    drop(accounts);
    wait_for(async || Arc::strong_count(&running) == 1).await;
}

/// A stream that never ends by itself does not hold the shutdown up.
#[tokio::test]
async fn shutdown_ends_streams() {
    let (world, gateway) = (World::new(), Gateway::new(vec![Message::Heartbeat(Heartbeat {})]));
    let mut config = world.config("gateway");
    config.limits.grace = Duration::from_mins(1);
    let mesh = Mesh::new(config, "gateway", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(gateway.server())).await;
    let mut config = world.config("identity");
    config.peers.insert("gateway".to_owned(), crate::support::url(server.address));
    let channel = Mesh::new(config, "identity", &world.context).unwrap().channel("gateway").unwrap();
    let request = CallContext::system().request(WatchTrustRequest {});
    let mut stream = TrustServiceClient::new(channel).watch_trust(request).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    server.tasks.stop(Duration::from_secs(20)).await.unwrap();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Unavailable);
}

/// A stream has a deadline when it is asked for, and then ends at it.
#[tokio::test]
async fn a_stream_ends_at_the_deadline_that_was_asked_for() {
    let (world, gateway) = (World::new(), Gateway::new(vec![Message::Heartbeat(Heartbeat {})]));
    let server = serve(world.service("gateway").server(world.trust()).add(gateway.server())).await;
    let mut config = world.config("identity");
    config.peers.insert("gateway".to_owned(), crate::support::url(server.address));
    let channel = Mesh::new(config, "identity", &world.context).unwrap().channel("gateway").unwrap();
    let request = CallContext::system().within(Duration::from_millis(500)).request(WatchTrustRequest {});
    let mut stream = TrustServiceClient::new(channel).watch_trust(request).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(stream.message().await.unwrap_err().code(), Code::DeadlineExceeded);
}

/// An old connection is closed when its calls are done, and the next call makes a new one.
#[tokio::test]
async fn old_connections_are_replaced_without_a_failed_call() {
    let (world, accounts) = (World::new(), Accounts::new());
    let mut config = world.config("identity");
    config.limits.connection_age = Duration::from_millis(20);
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let started = tokio::time::Instant::now();
    while started.elapsed() < Duration::from_millis(300) {
        client.request_sign_up(request()).await.unwrap();
    }
}
