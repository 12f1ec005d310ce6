//! Calling products: by names of their own, and one that is down takes nobody's time.

use crate::support::{Running, World, refused, serve, services::Accounts, url};
use pass_mesh::{CallContext, Channel, Mesh, Trust};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{GetSignUpRequest, account_service_client::AccountServiceClient},
};
use pass_testkit::wait_for;
use pass_types::Origin;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tonic::{Code, Status};

/// A product that serves accounts, as nobody does in earnest.
async fn product(world: &World, name: &'static str, accounts: &Accounts) -> Running {
    let config = world.pki.product(name).unwrap().config(crate::support::DOMAIN);
    let mesh = Mesh::new(config, name, &world.context).unwrap();
    let trust = Trust::new(crate::support::ISSUER, world.clock.clone());
    serve(mesh.server(trust).add(accounts.server())).await
}

/// The gateway, which may call that.
fn gateway(world: &World, products: &[(&str, &Running)]) -> Mesh {
    let mut config = world.config("gateway");
    config.limits.circuit_pause = Duration::from_millis(300);
    for (name, product) in products {
        config.products.insert((*name).to_owned(), url(product.address));
    }
    Mesh::new(config, "gateway", &world.context).unwrap()
}

async fn ask(channel: &Channel) -> Result<(), Status> {
    let context = CallContext::anonymous(Origin::default()).within(Duration::from_millis(200));
    let request = context.request(GetSignUpRequest::default());
    AccountServiceClient::new(channel.clone()).get_sign_up(request).await.map(drop)
}

#[tokio::test]
async fn a_product_that_hangs_is_not_waited_for_and_does_not_hold_up_another() {
    let world = World::new();
    let stuck = Arc::new(AtomicBool::new(true));
    let hanging = stuck.clone();
    let backlog = Accounts::working(move |_| {
        let stuck = hanging.load(Ordering::SeqCst);
        async move { if stuck { std::future::pending().await } else { Ok(()) } }
    });
    let (hangs, works) =
        (product(&world, "backlog", &backlog).await, product(&world, "cacoo", &Accounts::new()).await);
    let mesh = gateway(&world, &[("backlog", &hangs), ("cacoo", &works)]);
    let (hangs, works) = (mesh.product("backlog").unwrap(), mesh.product("cacoo").unwrap());
    for _ in 0..5 {
        assert_eq!(ask(&hangs).await.unwrap_err().code(), Code::DeadlineExceeded);
    }
    let (asked, began) = (backlog.count(), Instant::now());
    for _ in 0..20 {
        assert_eq!(refused(ask(&hangs.clone()).await), ErrorReason::Unavailable);
    }
    assert!(began.elapsed() < Duration::from_millis(200), "at once: {:?}", began.elapsed());
    assert_eq!(backlog.count(), asked, "it was not asked");
    ask(&works).await.unwrap();

    stuck.store(false, Ordering::SeqCst);
    wait_for(async || ask(&hangs).await.is_ok()).await;
    for _ in 0..20 {
        ask(&hangs).await.unwrap();
    }
}

/// A service can't pass for a product, nor one product for another.
#[tokio::test]
async fn a_product_has_the_certificate_of_a_product() {
    let (world, accounts) = (World::new(), Accounts::new());
    let service = world.identity(&accounts).await;
    let other = product(&world, "cacoo", &accounts).await;
    for impostor in [&service, &other] {
        let channel = gateway(&world, &[("backlog", impostor)]).product("backlog").unwrap();
        assert_eq!(refused(ask(&channel).await), ErrorReason::Unavailable);
    }
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn a_missing_or_malformed_address_of_a_product_is_named() {
    let world = World::new();
    let mut config = world.config("gateway");
    config.products.insert("backlog".to_owned(), "http://backlog:4000".parse().unwrap());
    let mesh = Mesh::new(config, "gateway", &world.context).unwrap();
    let missing = mesh.product("cacoo").err().unwrap().to_string();
    assert!(missing.contains("products.cacoo"), "{missing}");
    let malformed = mesh.product("backlog").err().unwrap().to_string();
    assert!(malformed.contains("products.backlog"), "{malformed}");
}
