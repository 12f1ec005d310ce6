//! All addresses that a name has are used, and changes are noticed.

use crate::support::{Running, World, services::Accounts, url};
use futures::future::BoxFuture;
use pass_mesh::{CallContext, Channel, Mesh, Resolve};
use pass_proto::identity::v1::{RequestSignUpRequest, account_service_client::AccountServiceClient};
use pass_testkit::wait_for;
use pass_types::Origin;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// A resolver that says what the test says.
struct Names(Mutex<io::Result<Vec<SocketAddr>>>);

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        assert_eq!(host, "identity.pass.svc");
        let answer = match &*self.0.lock().unwrap() {
            Ok(addresses) => Ok(addresses.clone()),
            Err(error) => Err(io::Error::new(error.kind(), "no answer")),
        };
        Box::pin(async { answer })
    }
}

impl Names {
    fn say(&self, servers: &[&Running]) {
        *self.0.lock().unwrap() = Ok(servers.iter().map(|it| it.address).collect());
    }
}

fn channel(world: &World, names: &Arc<Names>) -> Channel {
    let mut config = world.config("gateway");
    config.peers.insert("identity".to_owned(), "https://identity.pass.svc:4000".parse().unwrap());
    let mesh = Mesh::new(config, "gateway", &world.context).unwrap();
    mesh.with_resolver(names.clone()).channel("identity").unwrap()
}

async fn call(channel: &Channel) -> Result<(), tonic::Status> {
    let request = CallContext::anonymous(Origin::default()).request(RequestSignUpRequest::default());
    AccountServiceClient::new(channel.clone()).request_sign_up(request).await.map(drop)
}

#[tokio::test]
async fn calls_are_spread_over_all_addresses_and_follow_changes() {
    let world = World::new();
    let [one, two, three] = [Accounts::new(), Accounts::new(), Accounts::new()];
    let (first, second) = (world.identity(&one).await, world.identity(&two).await);
    let names = Arc::new(Names(Mutex::new(Ok(vec![]))));
    names.say(&[&first, &second]);
    let channel = channel(&world, &names);
    wait_for(async || {
        call(&channel).await.unwrap();
        one.count() > 0 && two.count() > 0
    })
    .await;

    let third = world.identity(&three).await;
    names.say(&[&second, &third]);
    wait_for(async || {
        call(&channel).await.unwrap();
        three.count() > 0
    })
    .await;
    // The first is not called any more: what is there stays as it is over many calls.
    let before = one.count();
    for _ in 0..50 {
        call(&channel).await.unwrap();
    }
    assert_eq!(one.count(), before);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_yet_or_any_more_is_no_reason_to_give_up() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let names = Arc::new(Names(Mutex::new(Err(io::ErrorKind::NotFound.into()))));
    let channel = channel(&world, &names);
    let early = tokio::spawn({
        let channel = channel.clone();
        async move { call(&channel).await }
    });
    names.say(&[&server]);
    early.await.unwrap().unwrap();
    *names.0.lock().unwrap() = Err(io::ErrorKind::TimedOut.into());
    for _ in 0..20 {
        call(&channel).await.unwrap();
    }
}

#[tokio::test]
async fn a_replica_that_dies_does_not_fail_what_can_go_elsewhere() {
    let world = World::new();
    let (one, two) = (Accounts::new(), Accounts::new());
    let (first, second) = (world.identity(&one).await, world.identity(&two).await);
    let names = Arc::new(Names(Mutex::new(Ok(vec![]))));
    names.say(&[&first, &second]);
    let channel = channel(&world, &names);
    wait_for(async || {
        call(&channel).await.unwrap();
        one.count() > 0 && two.count() > 0
    })
    .await;
    first.tasks.stop(std::time::Duration::from_secs(10)).await.unwrap();
    names.say(&[&second]);
    for _ in 0..50 {
        call(&channel).await.unwrap();
    }
}

#[tokio::test]
async fn a_missing_or_malformed_address_is_named() {
    let world = World::new();
    let mut config = world.config("gateway");
    config.peers.insert("identity".to_owned(), "http://identity:4000".parse().unwrap());
    config.peers.insert("billing".to_owned(), url("127.0.0.1:1".parse().unwrap()));
    let mesh = Mesh::new(config, "gateway", &world.context).unwrap();
    let missing = mesh.channel("audit").err().unwrap().to_string();
    assert!(missing.contains("peers.audit"), "{missing}");
    let malformed = mesh.channel("identity").err().unwrap().to_string();
    assert!(malformed.contains("peers.identity"), "{malformed}");
    assert!(mesh.channel("billing").is_ok());
}
