//! Who may call: certificates, peers, actors.

use crate::support::{
    DOMAIN, Running, World, quick, refused, serve,
    services::Accounts,
    tokens::{claims, token},
    url,
};
use pass_mesh::{CallContext, Channel, Mesh, Peer, development::Pki};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{
        GetAccountRequest, GetMyAccountRequest, RequestSignUpRequest,
        account_service_client::AccountServiceClient,
    },
};
use pass_types::{Actor, Origin};
use std::time::Duration;
use tonic::{Code, Status, transport::ClientTlsConfig};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

async fn sign_up(channel: Channel, context: CallContext) -> Result<(), Status> {
    let request = context.request(RequestSignUpRequest::default());
    AccountServiceClient::new(channel).request_sign_up(request).await.map(drop)
}

async fn my_account(channel: Channel, context: CallContext) -> Result<(), Status> {
    let request = context.request(GetMyAccountRequest {});
    AccountServiceClient::new(channel).get_my_account(request).await.map(drop)
}

async fn account(channel: Channel, context: CallContext) -> Result<(), Status> {
    let request = context.request(GetAccountRequest::default());
    AccountServiceClient::new(channel).get_account(request).await.map(drop)
}

fn anonymous() -> CallContext {
    CallContext::anonymous(Origin {
        address: "192.0.2.1".to_owned(), user_agent: "Browser/日本".to_owned()
    })
}

async fn world() -> (World, Accounts, Running) {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    (world, accounts, server)
}

#[tokio::test]
async fn a_declared_peer_and_actor_get_through_with_their_origin() {
    let (world, accounts, server) = world().await;
    sign_up(world.channel("gateway", &server), anonymous()).await.unwrap();
    let caller = accounts.last();
    assert_eq!(caller.peer, Peer::Service("gateway".to_owned()));
    assert_eq!(caller.actor, Actor::Anonymous);
    assert_eq!(caller.origin.address, "192.0.2.1");
    assert_eq!(caller.origin.user_agent, "Browser/日本");
    assert!(caller.person().is_err());
}

#[tokio::test]
async fn a_person_gets_through_from_the_console_and_from_a_product() {
    let (world, accounts, server) = world().await;
    let person = CallContext::person(token(&world.clock, "pass"), Origin::default());
    my_account(world.channel("console", &server), person).await.unwrap();
    assert_eq!(accounts.last().person().unwrap().account, claims(&world.clock, "pass").sub);

    let person = CallContext::person(token(&world.clock, "backlog"), Origin::default());
    account(world.product("backlog", &server), person).await.unwrap();
    assert_eq!(accounts.last().peer, Peer::Product("backlog".to_owned()));
}

#[tokio::test]
async fn the_right_authority_and_the_wrong_name_get_nothing() {
    let (world, accounts, server) = world().await;
    let person = || CallContext::person(token(&world.clock, "pass"), Origin::default());
    for wrong in ["notification", "mallory", "product"] {
        let channel = world.pki.service(wrong);
        let name: &'static str = wrong;
        if wrong == "product" {
            // Not a name that a service can have: the certificate is nobody's.
            assert!(Mesh::new(channel.unwrap().config(DOMAIN), name, &world.context).is_err());
            continue;
        }
        let channel = world.channel(name, &server);
        assert_eq!(refused(sign_up(channel.clone(), anonymous()).await), ErrorReason::PeerNotAllowed);
        assert_eq!(refused(my_account(channel.clone(), person()).await), ErrorReason::PeerNotAllowed);
        assert_eq!(refused(account(channel, person()).await), ErrorReason::PeerNotAllowed);
    }
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn a_product_gets_nothing_that_is_for_services() {
    let (world, accounts, server) = world().await;
    let channel = world.product("backlog", &server);
    let suite = CallContext::person(token(&world.clock, "pass"), Origin::default());
    assert_eq!(refused(my_account(channel.clone(), suite).await), ErrorReason::PeerNotAllowed);
    assert_eq!(refused(sign_up(channel, anonymous()).await), ErrorReason::PeerNotAllowed);
    // A product whose name is a service's is still a product.
    let channel = world.product("gateway", &server);
    assert_eq!(refused(sign_up(channel, anonymous()).await), ErrorReason::PeerNotAllowed);
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn another_authority_and_no_certificate_get_no_connection() {
    let (world, accounts, server) = world().await;
    let foreign = Pki::open(world.folder.path().join("foreign"), DOMAIN).unwrap();
    let mut config = quick(foreign.service("gateway").unwrap().config(DOMAIN));
    config.ca_file = world.pki.ca_file();
    let status = sign_up(world.channel_with(config, "gateway", &server), anonymous()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");

    let tls = ClientTlsConfig::new()
        .ca_certificate(tonic::transport::Certificate::from_pem(std::fs::read(world.pki.ca_file()).unwrap()))
        .domain_name("identity");
    let endpoint = tonic::transport::Endpoint::from_shared(url(server.address).to_string()).unwrap();
    let endpoint = endpoint.tls_config(tls).unwrap().timeout(Duration::from_secs(5));
    let mut nobody = AccountServiceClient::new(endpoint.connect_lazy());
    let answer = nobody.request_sign_up(anonymous().request(RequestSignUpRequest::default())).await;
    assert!(answer.is_err());
    let mut health = HealthClient::new(endpoint.connect_lazy());
    assert!(health.check(HealthCheckRequest::default()).await.is_err());
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn a_server_with_another_services_certificate_is_not_talked_to() {
    let (world, accounts) = (World::new(), Accounts::new());
    let impostor = serve(world.service("notification").server(world.trust()).add(accounts.server())).await;
    let status = sign_up(world.channel("gateway", &impostor), anonymous()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn a_certificate_of_another_trust_domain_gets_nothing_not_even_health() {
    let (world, accounts, server) = world().await;
    // The same authority signs for another domain.
    let elsewhere = Pki::open(world.folder.path(), "elsewhere.test").unwrap();
    let config = quick(elsewhere.service("gateway").unwrap().config("elsewhere.test"));
    let channel = world.channel_with(config, "gateway", &server);
    assert_eq!(refused(sign_up(channel.clone(), anonymous()).await), ErrorReason::PeerNotAllowed);
    let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
    assert_eq!(refused(health), ErrorReason::PeerNotAllowed);
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn health_is_for_everybody_with_a_certificate() {
    let (world, _, server) = world().await;
    for channel in [world.channel("notification", &server), world.product("backlog", &server)] {
        let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap();
        assert_eq!(answer.into_inner().status, 1);
    }
}

#[tokio::test]
async fn reflection_is_off_unless_in_development() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };
    for development in [false, true] {
        let world = World::new();
        let mut config = world.config("identity");
        config.development = development;
        let mesh = Mesh::new(config, "identity", &world.context).unwrap();
        let server = serve(mesh.server(world.trust()).add(Accounts::new().server())).await;
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut client = ServerReflectionClient::new(world.channel("gateway", &server));
        let answer = client.server_reflection_info(futures::stream::iter([request])).await;
        match answer {
            Ok(answer) => {
                assert!(development);
                assert!(answer.into_inner().message().await.unwrap().is_some());
            }
            Err(status) => assert_eq!((development, status.code()), (false, Code::Unimplemented)),
        }
    }
}

#[tokio::test]
async fn a_wrong_kind_of_actor_gets_nothing() {
    let (world, accounts, server) = world().await;
    let person = CallContext::person(token(&world.clock, "pass"), Origin::default());
    let gateway = world.channel("gateway", &server);
    assert_eq!(refused(sign_up(gateway.clone(), person).await), ErrorReason::ActorNotAllowed);
    assert_eq!(refused(sign_up(gateway, CallContext::system()).await), ErrorReason::ActorNotAllowed);
    let console = world.channel("console", &server);
    assert_eq!(refused(my_account(console.clone(), anonymous()).await), ErrorReason::ActorNotAllowed);
    assert_eq!(
        refused(my_account(console.clone(), CallContext::system()).await),
        ErrorReason::ActorNotAllowed
    );
    // A product on its own behalf.
    let product = world.product("backlog", &server);
    assert_eq!(refused(account(product.clone(), CallContext::system()).await), ErrorReason::ActorNotAllowed);
    assert_eq!(refused(account(product.clone(), anonymous()).await), ErrorReason::ActorNotAllowed);
    // Who says nothing at all lacks a token.
    let bare = AccountServiceClient::new(product).get_account(GetAccountRequest::default()).await;
    assert_eq!(refused(bare), ErrorReason::TokenInvalid);
    let bare = AccountServiceClient::new(console).get_my_account(GetMyAccountRequest {}).await;
    assert_eq!(refused(bare), ErrorReason::TokenInvalid);
    assert_eq!(accounts.count(), 0);
}

#[tokio::test]
async fn a_product_does_not_say_where_a_browser_is() {
    let (world, accounts, server) = world().await;
    let origin = Origin { address: "192.0.2.9".to_owned(), user_agent: "Lie".to_owned() };
    let person = CallContext::person(token(&world.clock, "backlog"), origin);
    account(world.product("backlog", &server), person).await.unwrap();
    assert_eq!(accounts.last().origin, Origin::default());
}

#[tokio::test]
async fn calling_onward_keeps_the_token_and_the_origin() {
    let (world, accounts, server) = world().await;
    let origin = Origin { address: "192.0.2.7".to_owned(), user_agent: "Browser".to_owned() };
    let person = CallContext::person(token(&world.clock, "pass"), origin.clone());
    my_account(world.channel("console", &server), person).await.unwrap();
    let first = accounts.last();
    my_account(world.channel("console", &server), first.onward()).await.unwrap();
    assert_eq!(accounts.last().actor, first.actor);
    assert_eq!(accounts.last().origin, origin);
    let refused_as_system = my_account(world.channel("console", &server), first.as_system()).await;
    assert_eq!(refused(refused_as_system), ErrorReason::ActorNotAllowed);
}
