//! Certificates: development ones, wrong files, and new ones without a restart.

use crate::support::{DOMAIN, World, quick, serve, services::Accounts};
use pass_mesh::{
    CallContext, Channel, Mesh, MeshError, Peer,
    development::{Files, Pki},
};
use pass_proto::identity::v1::{RequestSignUpRequest, account_service_client::AccountServiceClient};
use pass_testkit::wait_for;
use pass_types::Origin;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use tokio::time::Instant;

async fn call(channel: &Channel) -> Result<(), tonic::Status> {
    let request = CallContext::anonymous(Origin::default()).request(RequestSignUpRequest::default());
    AccountServiceClient::new(channel.clone()).request_sign_up(request).await.map(drop)
}

/// Puts another program's files where `to` has its own.
fn replace(from: &Files, to: &Files) {
    fs::copy(&from.key_file, &to.key_file).unwrap();
    fs::copy(&from.certificate_file, &to.certificate_file).unwrap();
    fs::copy(&from.ca_file, &to.ca_file).unwrap();
}

#[test]
fn what_is_there_is_kept_and_keys_are_private() {
    let world = World::new();
    let files = world.pki.service("identity").unwrap();
    let before = fs::read(&files.certificate_file).unwrap();
    let again = Pki::open(world.folder.path(), DOMAIN).unwrap().service("identity").unwrap();
    assert_eq!(again, files);
    assert_eq!(fs::read(&files.certificate_file).unwrap(), before);
    for key in [&files.key_file, &world.folder.path().join("ca.key")] {
        assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for wrong in ["", "../identity", "Identity", "a b", "product/x"] {
        assert!(world.pki.service(wrong).is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn wrong_files_are_named_before_anything_starts() {
    let world = World::new();
    let mesh = |change: &dyn Fn(&mut pass_mesh::MeshConfig)| {
        let mut config = world.config("identity");
        change(&mut config);
        Mesh::new(config, "identity", &world.context).err().map(|error| error.to_string())
    };
    assert_eq!(mesh(&|_| {}), None);
    let gateway = world.pki.service("gateway").unwrap();
    let empty = world.folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let missing = mesh(&|config| config.key_file = "/nowhere/x.key".into()).unwrap();
    assert!(missing.contains("/nowhere/x.key"), "{missing}");
    let unfit = mesh(&|config| config.key_file = gateway.key_file.clone()).unwrap();
    assert!(unfit.contains("does not fit"), "{unfit}");
    for (what, config) in [
        ("ca_file", mesh(&|config| config.ca_file = empty.clone())),
        ("certificate_file", mesh(&|config| config.certificate_file = empty.clone())),
        ("key_file", mesh(&|config| config.key_file = empty.clone())),
    ] {
        assert!(config.as_ref().is_some_and(|it| it.contains(what)), "{what}: {config:?}");
    }
    let other = Mesh::new(world.config("gateway"), "identity", &world.context);
    assert!(matches!(other.err(), Some(MeshError::Name("identity", _))));
}

/// Both ends take a new certificate of a new authority from the same files while they run.
#[tokio::test]
async fn certificates_are_renewed_without_a_restart() {
    let (world, accounts) = (World::new(), Accounts::new());
    let copy = |name: &str| {
        let (from, folder) =
            (world.pki.service(name).unwrap(), world.folder.path().join(format!("{name}-own")));
        fs::create_dir(&folder).unwrap();
        let to = Files {
            ca_file: folder.join("ca.pem"),
            certificate_file: folder.join("own.pem"),
            key_file: folder.join("own.key"),
        };
        replace(&from, &to);
        to
    };
    let (identity_files, gateway_files) = (copy("identity"), copy("gateway"));
    let mut config = quick(identity_files.config(DOMAIN));
    // Connections are short-lived, so that each side has to show its certificate again and again.
    config.limits.connection_age = Duration::from_millis(20);
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let channel = world.channel_with(quick(gateway_files.config(DOMAIN)), "gateway", &server);
    call(&channel).await.unwrap();

    let renewed = Pki::open(world.folder.path().join("renewed"), DOMAIN).unwrap();
    replace(&renewed.service("identity").unwrap(), &identity_files);
    replace(&renewed.service("gateway").unwrap(), &gateway_files);
    // A newcomer with only the new authority is taken once the server has read its files again.
    let newcomer = quick(renewed.service("gateway").unwrap().config(DOMAIN));
    let newcomer = world.channel_with(newcomer, "gateway", &server);
    wait_for(async || call(&newcomer).await.is_ok()).await;
    wait_for(async || {
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(200) {
            if call(&channel).await.is_err() {
                return false;
            }
        }
        true
    })
    .await;
    // And one with only the old is not: nothing but the new files can have let the others in.
    assert!(call(&world.channel("gateway", &server)).await.is_err());
    assert_eq!(accounts.last().peer, Peer::Service("gateway".to_owned()));
}

#[tokio::test]
async fn half_written_files_change_nothing() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let files = world.pki.service("identity").unwrap();
    let whole = fs::read(&files.certificate_file).unwrap();
    fs::write(&files.certificate_file, &whole[..whole.len() / 2]).unwrap();
    let channel = world.channel("gateway", &server);
    // Long enough for several readings of the file, and every new connection is served.
    for _ in 0..20 {
        call(&world.channel("gateway", &server)).await.unwrap();
    }
    call(&channel).await.unwrap();
    assert!(Path::new(&files.key_file).exists());
}
