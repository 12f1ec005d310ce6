//! The broker over TLS.

use crate::support::{Record, World, signed_in};
use pass_events::{BrokerConfig, BrokerError};
use pass_mesh::development::Pki;
use pass_testkit::{OwnBroker, certificates, wait_for};
use std::path::PathBuf;

fn over_tls(broker: &OwnBroker, ca_file: Option<PathBuf>) -> BrokerConfig {
    BrokerConfig { url: broker.tls_url().into(), ca_file, ..broker.config() }
}

/// proves: events travel over TLS, to a broker whose authority is configured and to no other
#[tokio::test]
async fn events_travel_over_tls_to_a_broker_with_the_right_certificate_only() {
    let pki = certificates();
    let broker = OwnBroker::start_with_tls(pki.service("rabbitmq").unwrap()).await;
    let right = over_tls(&broker, Some(pki.ca_file()));
    wait_for(async || right.reachable().await.is_ok()).await;
    let world = World::on(right).await;
    let _consumer = world.consumer(Record).await;
    world.relay();
    world.publish(signed_in(1)).await;
    world.settled(1).await;

    let folder = tempfile::tempdir().unwrap();
    let foreign = Pki::open(folder.path(), "test").unwrap().ca_file();
    // Nor does the system trust an authority for development.
    for wrong in [Some(foreign), None] {
        let refused = over_tls(&broker, wrong).reachable().await.unwrap_err();
        assert!(matches!(refused, BrokerError::Refused { .. }), "{refused:?}");
        let why = pass_runtime::chain(&refused);
        assert!(why.starts_with("can't connect to the broker") && why.contains("certificate"), "{why}");
        assert!(!why.contains("guest"), "{why}");
    }
}

#[tokio::test]
async fn a_wrong_file_of_authorities_is_named_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let config = BrokerConfig {
        url: "amqps://localhost/%2f".to_owned().into(),
        ca_file: Some(file.clone()),
        ..BrokerConfig::default()
    };
    let missing = config.reachable().await.unwrap_err();
    assert!(missing.to_string().contains("broker.ca_file"), "{missing}");
    std::fs::write(&file, "no certificate").unwrap();
    let empty = config.reachable().await.unwrap_err();
    assert!(matches!(empty, BrokerError::NoAuthority) && empty.to_string().contains("broker.ca_file"));
}
