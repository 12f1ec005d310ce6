//! Identity, billing and the gateway, as far as organization talks to them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, stream, stream::BoxStream};
use jsonwebtoken::EncodingKey;
use p256::{elliptic_curve::sec1::ToEncodedPoint, pkcs8::EncodePrivateKey};
use pass_mesh::Claims;
use pass_proto::{
    billing::v1::{
        CheckEntitlementRequest, CheckEntitlementResponse, FreeSeatRequest, FreeSeatResponse,
        TakeSeatRequest, TakeSeatResponse, check_entitlement_response::State,
        seat_service_server::SeatService,
    },
    convert::FromWire,
    gateway::v1::{
        CheckRevocationRequest, CheckRevocationResponse, Heartbeat, WatchTrustRequest, WatchTrustResponse,
        trust_service_server::TrustService, watch_trust_response::Message,
    },
    identity::v1::{
        Account, BatchGetAccountsRequest, BatchGetAccountsResponse, CountManagedAccountsRequest,
        CountManagedAccountsResponse, GetMailPreferencesRequest, GetMailPreferencesResponse,
        PrepareManagedInvitationMailRequest, PrepareManagedInvitationMailResponse, PrepareSignUpMailRequest,
        PrepareSignUpMailResponse, directory_service_server::DirectoryService,
    },
};
use pass_types::{AccountId, AccountKind, Entropy};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tonic::{Request, Response, Status};

const KEY_ID: &str = "test";

/// Identity's directory, with the accounts that a test puts in.
#[derive(Clone, Default)]
pub struct People(Arc<Mutex<Accounts>>);

#[derive(Default)]
struct Accounts {
    now: BTreeMap<String, Account>,
    /// What some are to be after they were asked for once more.
    next: BTreeMap<String, Account>,
}

impl People {
    pub fn put(&self, id: AccountId, kind: AccountKind, name: &str, email: &str) {
        self.0.lock().unwrap().now.insert(id.to_string(), account(id, kind, name, email));
    }

    /// Changes the account right after somebody has asked for it.
    pub fn put_when_asked(&self, id: AccountId, kind: AccountKind, name: &str, email: &str) {
        self.0.lock().unwrap().next.insert(id.to_string(), account(id, kind, name, email));
    }

    pub fn delete(&self, id: AccountId) {
        self.0.lock().unwrap().now.remove(&id.to_string());
    }
}

fn account(id: AccountId, kind: AccountKind, name: &str, email: &str) -> Account {
    Account {
        account_id: id.to_string(),
        kind: kind.to_wire().into(),
        name: name.to_owned(),
        email: email.to_owned(),
        ..Account::default()
    }
}

#[tonic::async_trait]
impl DirectoryService for People {
    async fn batch_get_accounts(
        &self,
        request: Request<BatchGetAccountsRequest>,
    ) -> Result<Response<BatchGetAccountsResponse>, Status> {
        let BatchGetAccountsRequest { account_ids } = request.into_inner();
        let mut people = self.0.lock().unwrap();
        let accounts = account_ids.iter().filter_map(|id| people.now.get(id).cloned()).collect();
        for id in account_ids {
            if let Some(next) = people.next.remove(&id) {
                people.now.insert(id, next);
            }
        }
        Ok(Response::new(BatchGetAccountsResponse { accounts }))
    }

    async fn get_mail_preferences(
        &self,
        _: Request<GetMailPreferencesRequest>,
    ) -> Result<Response<GetMailPreferencesResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_sign_up_mail(
        &self,
        _: Request<PrepareSignUpMailRequest>,
    ) -> Result<Response<PrepareSignUpMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn prepare_managed_invitation_mail(
        &self,
        _: Request<PrepareManagedInvitationMailRequest>,
    ) -> Result<Response<PrepareManagedInvitationMailResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn count_managed_accounts(
        &self,
        _: Request<CountManagedAccountsRequest>,
    ) -> Result<Response<CountManagedAccountsResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }
}

/// Billing, with the entitlements that a test gives.
#[derive(Clone, Default)]
pub struct Billing(Arc<Mutex<Entitlements>>);

#[derive(Default)]
struct Entitlements {
    states: BTreeMap<String, State>,
    asked: usize,
}

impl Billing {
    pub fn put(&self, organization: &str, state: State) {
        self.0.lock().unwrap().states.insert(organization.to_owned(), state);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

#[tonic::async_trait]
impl SeatService for Billing {
    async fn check_entitlement(
        &self,
        request: Request<CheckEntitlementRequest>,
    ) -> Result<Response<CheckEntitlementResponse>, Status> {
        let CheckEntitlementRequest { organization_id } = request.into_inner();
        let mut entitlements = self.0.lock().unwrap();
        entitlements.asked += 1;
        let state = entitlements.states.get(&organization_id).copied().unwrap_or(State::None);
        let end_time = Some(pass_proto::convert::timestamp(time::OffsetDateTime::UNIX_EPOCH));
        Ok(Response::new(CheckEntitlementResponse { state: state.into(), end_time }))
    }

    async fn take_seat(&self, _: Request<TakeSeatRequest>) -> Result<Response<TakeSeatResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }

    async fn free_seat(&self, _: Request<FreeSeatRequest>) -> Result<Response<FreeSeatResponse>, Status> {
        Err(Status::unimplemented("organization does not ask this"))
    }
}

/// The gateway's signing key, and what it tells about it.
#[derive(Clone)]
pub struct Gateway {
    key: EncodingKey,
    jwks: String,
}

impl Gateway {
    pub fn new(entropy: &Entropy) -> Self {
        let secret = p256::SecretKey::from_slice(&entropy.bytes::<32>()).unwrap();
        let point = secret.public_key().to_encoded_point(false);
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let jwk = serde_json::json!({
            "kty": "EC", "crv": "P-256", "kid": KEY_ID, "use": "sig", "alg": "ES256", "x": x, "y": y,
        });
        let jwks = serde_json::json!({ "keys": [jwk] }).to_string();
        Self { key: EncodingKey::from_ec_der(secret.to_pkcs8_der().unwrap().as_bytes()), jwks }
    }

    pub fn token(&self, claims: &Claims) -> String {
        claims.sign(KEY_ID, &self.key).unwrap()
    }
}

#[tonic::async_trait]
impl TrustService for Gateway {
    type WatchTrustStream = BoxStream<'static, Result<WatchTrustResponse, Status>>;

    async fn watch_trust(
        &self,
        _: Request<WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let keys = stream::iter([Message::Jwks(self.jwks.clone()), Message::Heartbeat(Heartbeat {})]);
        let heartbeats = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Message::Heartbeat(Heartbeat {}), ()))
        });
        let messages = keys.chain(heartbeats);
        Ok(Response::new(messages.map(|it| Ok(WatchTrustResponse { message: Some(it) })).boxed()))
    }

    async fn check_revocation(
        &self,
        _: Request<CheckRevocationRequest>,
    ) -> Result<Response<CheckRevocationResponse>, Status> {
        Ok(Response::new(CheckRevocationResponse { revoked: false }))
    }
}
