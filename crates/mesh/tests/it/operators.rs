//! What is for operators, and calls that products make on their own behalf.

use crate::support::{
    ISSUER, Running, World, contract, refused, serve,
    services::Accounts,
    tokens::{self, KEY_ID, claims, header, person, sign, token},
};
use pass_mesh::{CallContext, Channel, Claims, Mesh, TOKEN_LIFE};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{
        GetAccountRequest, GetMyAccountRequest, RequestSignUpRequest,
        account_service_client::AccountServiceClient,
    },
};
use pass_types::{Actor, Origin};
use serde_json::json;
use tonic::Status;

/// How the contract's methods for persons that the console calls begin their rule, and how to open it.
const PERSONS: &str = "actors: [ACTOR_KIND_PERSON]\n      audience: AUDIENCE_SUITE";
const OPERATORS: &str = "actors: [ACTOR_KIND_OPERATOR]\n      audience: AUDIENCE_SUITE";
const BOTH: &str = "actors: [ACTOR_KIND_OPERATOR, ACTOR_KIND_PERSON]\n      audience: AUDIENCE_SUITE";

async fn identity(world: &World, accounts: &Accounts, changes: &[(&str, &str)]) -> Running {
    let mesh = Mesh::new(world.config("identity"), "identity", &world.context).unwrap();
    let mesh = mesh.with_descriptors(&contract(changes));
    serve(mesh.server(world.trust()).add(accounts.server())).await
}

async fn my_account(channel: Channel, context: CallContext) -> Result<(), Status> {
    let request = context.request(GetMyAccountRequest {});
    AccountServiceClient::new(channel).get_my_account(request).await.map(drop)
}

async fn sign_up(channel: Channel, context: CallContext) -> Result<(), Status> {
    let request = context.request(RequestSignUpRequest::default());
    AccountServiceClient::new(channel).request_sign_up(request).await.map(drop)
}

/// An operator's token for the audience, as the gateway mints it.
fn operator(world: &World, audience: &str) -> CallContext {
    let mut person = person(&world.clock);
    person.operator = true;
    let claims = Claims::of(&person, ISSUER, audience, "openid", "1".to_owned(), TOKEN_LIFE);
    CallContext::person(claims.sign(KEY_ID, &tokens::encoding_key()).unwrap(), Origin::default())
}

fn plain(world: &World) -> CallContext {
    CallContext::person(token(&world.clock, "pass"), Origin::default())
}

#[tokio::test]
async fn what_is_for_operators_is_for_nobody_else() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = identity(&world, &accounts, &[(PERSONS, OPERATORS)]).await;
    let console = world.channel("console", &server);
    let others = [plain(&world), CallContext::system(), CallContext::anonymous(Origin::default())];
    for other in others {
        assert_eq!(refused(my_account(console.clone(), other).await), ErrorReason::ActorNotAllowed);
    }
    let bare = AccountServiceClient::new(console.clone()).get_my_account(GetMyAccountRequest {}).await;
    assert_eq!(refused(bare), ErrorReason::TokenInvalid);
    assert_eq!(accounts.count(), 0);

    my_account(console.clone(), operator(&world, "pass")).await.unwrap();
    let caller = accounts.last();
    assert!(matches!(caller.actor, Actor::Operator(_)), "{:?}", caller.actor);
    assert_eq!(caller.operator().unwrap().account, person(&world.clock).account);
    assert_eq!(refused(caller.person()), ErrorReason::ActorNotAllowed);

    // Passed on unchanged.
    my_account(console, caller.onward()).await.unwrap();
    assert_eq!(accounts.last().actor, caller.actor);
}

#[tokio::test]
async fn where_persons_may_an_operator_is_a_person() {
    let (world, accounts) = (World::new(), Accounts::new());
    for changes in [&[] as &[_], &[(PERSONS, BOTH)]] {
        let server = identity(&world, &accounts, changes).await;
        for (who, operator) in [(operator(&world, "pass"), true), (plain(&world), false)] {
            my_account(world.channel("console", &server), who).await.unwrap();
            assert_eq!(accounts.last().person().unwrap().operator, operator);
            assert_eq!(refused(accounts.last().operator()), ErrorReason::ActorNotAllowed);
        }
    }
}

#[tokio::test]
async fn no_product_learns_who_is_an_operator_or_brings_one() {
    let (world, accounts) = (World::new(), Accounts::new());
    let server = world.identity(&accounts).await;
    let mut product = AccountServiceClient::new(world.product("backlog", &server));
    // The gateway mints none for it.
    let request = operator(&world, "backlog").request(GetAccountRequest::default());
    product.get_account(request).await.unwrap();
    assert!(!accounts.last().person().unwrap().operator);
    // And one that says so all the same is not taken.
    let mut claims = serde_json::to_value(claims(&world.clock, "backlog")).unwrap();
    claims["operator"] = json!(true);
    let forged = CallContext::person(sign(&header(), &claims), Origin::default());
    let answer = product.get_account(forged.request(GetAccountRequest::default())).await;
    assert_eq!(refused(answer), ErrorReason::TokenInvalid);
    assert_eq!(accounts.count(), 1);
}

/// What a product asks on its own behalf is not done on the service's own by accident.
#[tokio::test]
async fn a_products_own_call_goes_on_as_nobody_elses() {
    let (world, accounts) = (World::new(), Accounts::new());
    let products = (
        "actors: [ACTOR_KIND_PERSON]\n      audience: AUDIENCE_PRODUCT",
        "actors: [ACTOR_KIND_CLIENT]\n      audience: AUDIENCE_PRODUCT",
    );
    let systems = ("actors: [ACTOR_KIND_ANONYMOUS]", "actors: [ACTOR_KIND_ANONYMOUS, ACTOR_KIND_SYSTEM]");
    let server = identity(&world, &accounts, &[products, systems]).await;
    let request = CallContext::system().request(GetAccountRequest::default());
    AccountServiceClient::new(world.product("backlog", &server)).get_account(request).await.unwrap();
    let caller = accounts.last();
    assert_eq!(caller.actor, Actor::Client("backlog".to_owned()));

    let gateway = world.channel("gateway", &server);
    assert_eq!(refused(sign_up(gateway.clone(), caller.onward()).await), ErrorReason::ActorNotAllowed);
    assert_eq!(accounts.count(), 1);
    sign_up(gateway, caller.as_system()).await.unwrap();
    assert_eq!(accounts.last().actor, Actor::System("gateway".to_owned()));
}
