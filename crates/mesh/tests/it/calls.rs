//! A call's way: deadlines, retries, cancellation, crashes, sizes.

use crate::support::{World, refused, serve, services::Accounts, tokens::token};
use pass_mesh::{CallContext, Caller, Failure, Limits, Mesh, Problem, status};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{
        GetAccountRequest, GetMyAccountRequest, GetSignUpRequest, RequestSignUpRequest,
        account_service_client::AccountServiceClient,
    },
};
use pass_testkit::wait_for;
use pass_types::{Kind, Origin};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, time::Instant};
use tonic::{Code, Status};

fn anonymous() -> CallContext {
    CallContext::anonymous(Origin::default())
}

fn left(caller: &Caller) -> Duration {
    caller.deadline.expect("a deadline").saturating_duration_since(Instant::now())
}

#[tokio::test]
async fn the_default_deadline_arrives() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await.unwrap();
    assert!(left(&accounts.last()) <= Duration::from_secs(5));
    client
        .request_sign_up(anonymous().within(Duration::from_secs(25)).request(RequestSignUpRequest::default()))
        .await
        .unwrap();
    let left = left(&accounts.last());
    assert!(left > Duration::from_secs(10) && left <= Duration::from_secs(25), "{left:?}");
}

#[tokio::test]
async fn a_deadline_shrinks_on_its_way() {
    let world = World::new();
    let inner = Accounts::new();
    let inner_server = world.identity(&inner).await;
    let onward = world.channel("console", &inner_server);
    let outer = Accounts::working(move |caller| {
        let mut client = AccountServiceClient::new(onward.clone());
        async move { client.get_my_account(caller.onward().request(GetMyAccountRequest {})).await.map(drop) }
    });
    let outer_server = world.identity(&outer).await;
    let mut client = AccountServiceClient::new(world.channel("console", &outer_server));
    let person = CallContext::person(token(&world.clock, "pass"), Origin::default());
    let started = Instant::now();
    client
        .get_my_account(person.within(Duration::from_secs(25)).request(GetMyAccountRequest {}))
        .await
        .unwrap();
    let [outer, inner] = [outer.last(), inner.last()].map(|caller| caller.deadline.unwrap());
    // Each is counted on from when its request came in, so it is later by the way, and no more.
    assert!(outer <= Instant::now() + Duration::from_secs(25));
    assert!(inner.saturating_duration_since(outer) <= started.elapsed(), "not a new 25 s");
    assert!(outer > started + Duration::from_secs(10));
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let (world, accounts) = (World::new(), Accounts::working(|_| std::future::pending()));
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let context = anonymous().within(Duration::from_millis(200));
    let status = client.request_sign_up(context.request(RequestSignUpRequest::default())).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(Failure::of(&status).kind, Kind::Unavailable);
}

/// A handler whose caller goes away, or stops waiting, still completes: no half-done work.
#[tokio::test]
async fn a_callers_cancellation_does_not_drop_the_handler() {
    let world = World::new();
    let (gate, done) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (waits, counts) = (gate.clone(), done.clone());
    let accounts = Accounts::working(move |_| {
        let (gate, done) = (waits.clone(), counts.clone());
        async move {
            gate.acquire().await.unwrap().forget();
            done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let server = world.identity(&accounts).await;
    let channel = world.channel("gateway", &server);
    let call = |context: CallContext| {
        let mut client = AccountServiceClient::new(channel.clone());
        tokio::spawn(
            async move { client.request_sign_up(context.request(RequestSignUpRequest::default())).await },
        )
    };
    let canceled = call(anonymous());
    wait_for(async || accounts.count() == 1).await;
    canceled.abort();
    assert!(canceled.await.unwrap_err().is_cancelled());

    let late = call(anonymous().within(Duration::from_millis(100)));
    assert_eq!(late.await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!((accounts.count(), done.load(Ordering::SeqCst)), (2, 0));
    gate.add_permits(2);
    wait_for(async || done.load(Ordering::SeqCst) == 2).await;
}

#[derive(Debug, thiserror::Error)]
#[error("the database is away")]
struct Away;

impl Problem for Away {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::Unavailable
    }
}

/// Accounts that are not available the first `times`.
fn flaky(times: usize) -> Accounts {
    let left = Arc::new(AtomicUsize::new(times));
    Accounts::working(move |_| {
        let away = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1)).is_ok();
        async move { if away { Err(status(Away)) } else { Ok(()) } }
    })
}

#[tokio::test]
async fn only_idempotent_methods_are_tried_again() {
    let world = World::new();
    let accounts = flaky(2);
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    client.get_sign_up(anonymous().request(GetSignUpRequest::default())).await.unwrap();
    assert_eq!(accounts.count(), 3);

    let accounts = flaky(2);
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let answer = client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await;
    assert_eq!(refused(answer), ErrorReason::Unavailable);
    assert_eq!(accounts.count(), 1);
}

#[tokio::test]
async fn tries_have_an_end_and_keep_to_the_deadline() {
    let world = World::new();
    let accounts = flaky(usize::MAX);
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let answer = client.get_sign_up(anonymous().request(GetSignUpRequest::default())).await;
    assert_eq!(refused(answer), ErrorReason::Unavailable);
    assert_eq!(accounts.count(), 4);
    let deadlines = accounts.calls.lock().unwrap().iter().map(|it| it.deadline.unwrap()).collect::<Vec<_>>();
    assert!(deadlines.iter().all(|it| *it <= deadlines[0] + Duration::from_secs(1)), "one deadline for all");
}

#[tokio::test]
async fn what_is_refused_by_the_rules_is_not_tried_again() {
    let world = World::new();
    let accounts = Accounts::working(|_| async { Err(Status::failed_precondition("no")) });
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    client.get_sign_up(anonymous().request(GetSignUpRequest::default())).await.unwrap_err();
    assert_eq!(accounts.count(), 1);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable_and_stops_nobody_from_starting() {
    let world = World::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = world.config("gateway");
    config.peers.insert("identity".to_owned(), crate::support::url(address));
    let channel = Mesh::new(config, "gateway", &world.context).unwrap().channel("identity").unwrap();
    let mut client = AccountServiceClient::new(channel);
    let answer = client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await;
    assert_eq!(refused(answer), ErrorReason::Unavailable);

    // It comes later; nobody has to start again.
    let accounts = Accounts::new();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let server = world.service("identity").server(world.trust()).add(accounts.server());
    let _running = crate::support::serve_on(listener, server);
    client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await.unwrap();
    assert_eq!(accounts.count(), 1);
}

#[tokio::test]
async fn a_panic_is_an_internal_error_that_says_nothing() {
    let world = World::new();
    let accounts = Accounts::working(|_| async { panic!("secret detail") });
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    for _ in 0..2 {
        let answer = client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await;
        let status = answer.unwrap_err();
        assert_eq!(Failure::of(&status).reason, ErrorReason::Internal);
        assert!(!format!("{status:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let large = RequestSignUpRequest { name: "x".repeat(5 * 1024 * 1024), ..Default::default() };
    let status = client.request_sign_up(anonymous().request(large)).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    assert_eq!(accounts.count(), 0);
    client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await.unwrap();
}

#[tokio::test]
async fn a_server_that_has_too_much_to_do_refuses_at_once() {
    let world = World::new();
    let gate = Arc::new(Semaphore::new(0));
    let waits = gate.clone();
    let accounts = Accounts::working(move |_| {
        let gate = waits.clone();
        async move { gate.acquire().await.map(drop).map_err(|_| Status::internal("closed")) }
    });
    let mut config = world.config("identity");
    config.limits.concurrent_calls = 1.try_into().unwrap();
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let mut first = client.clone();
    let first = tokio::spawn(async move {
        first.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await
    });
    wait_for(async || accounts.count() == 1).await;
    let second = client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await;
    assert_eq!(refused(second), ErrorReason::Unavailable);
    gate.add_permits(1);
    first.await.unwrap().unwrap();
}

/// A product that hangs, or all of them, leave room for the suite's own calls.
#[tokio::test]
async fn products_together_get_a_quarter_of_the_room() {
    let world = World::new();
    let gate = Arc::new(Semaphore::new(0));
    let waits = gate.clone();
    let accounts = Accounts::working(move |_| {
        let gate = waits.clone();
        async move { gate.acquire().await.map(drop).map_err(|_| Status::internal("closed")) }
    });
    let mut config = world.config("identity");
    config.limits.concurrent_calls = 8.try_into().unwrap();
    let mesh = Mesh::new(config, "identity", &world.context).unwrap();
    let server = serve(mesh.server(world.trust()).add(accounts.server())).await;
    let of_product = |name| {
        let mut client = AccountServiceClient::new(world.product(name, &server));
        let person = CallContext::person(token(&world.clock, name), Origin::default());
        async move { client.get_account(person.request(GetAccountRequest::default())).await }
    };
    let taken = ["backlog", "cacoo"].map(|name| tokio::spawn(of_product(name)));
    wait_for(async || accounts.count() == 2).await;
    assert_eq!(refused(of_product("backlog").await), ErrorReason::Unavailable);
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    gate.add_permits(100);
    client.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await.unwrap();
    for call in taken {
        call.await.unwrap().unwrap();
    }
    of_product("backlog").await.unwrap();
}

/// A caller decides how soon a call is over, not how late.
#[tokio::test]
async fn a_unary_call_ends_at_the_limit_whatever_its_caller_says() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let mut client = AccountServiceClient::new(world.channel("gateway", &server));
    let patient = anonymous().within(Duration::from_hours(1));
    client.request_sign_up(patient.request(RequestSignUpRequest::default())).await.unwrap();
    let left = left(&accounts.last());
    assert!(left > Duration::from_secs(10) && left <= Duration::from_secs(30), "{left:?}");
}

/// `CallContext` can't be forgotten into a call without any bound.
#[tokio::test]
async fn a_served_call_without_a_deadline_gets_one() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let mut raw = AccountServiceClient::new(raw_channel(&world, &server).await);
    raw.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await.unwrap();
    let left = left(&accounts.last());
    assert!(left > Duration::from_secs(10) && left <= Duration::from_secs(30), "{left:?}");
}

/// tonic's own channel, with the gateway's certificate and nothing of ours.
async fn raw_channel(world: &World, server: &crate::support::Running) -> tonic::transport::Channel {
    use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
    let files = world.pki.service("gateway").unwrap();
    let read = |path: &std::path::Path| std::fs::read(path).unwrap();
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read(&files.ca_file)))
        .identity(Identity::from_pem(read(&files.certificate_file), read(&files.key_file)))
        .domain_name("identity");
    let endpoint = Endpoint::from_shared(crate::support::url(server.address).to_string()).unwrap();
    endpoint.tls_config(tls).unwrap().connect().await.unwrap()
}

/// proves: a setting of zero is refused where it is read
#[test]
fn no_bound_of_the_mesh_is_zero() {
    let serde_json::Value::Object(bounds) = serde_json::to_value(Limits::default()).unwrap() else {
        panic!("settings are a table")
    };
    assert!(bounds.len() >= 10);
    for bound in bounds.keys() {
        let zero = serde_json::json!({ bound: 0 });
        assert!(serde_json::from_value::<Limits>(zero).is_err(), "{bound}");
    }
}
