//! Organization and the gateway, as far as billing talks to them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, stream, stream::BoxStream};
use jsonwebtoken::EncodingKey;
use p256::{elliptic_curve::sec1::ToEncodedPoint, pkcs8::EncodePrivateKey};
use pass_mesh::{Claims, Problem, status};
use pass_proto::{
    convert::{FromWire, privileges_to_wire},
    errors::v1::ErrorReason,
    gateway::v1::{
        CheckRevocationRequest, CheckRevocationResponse, Heartbeat, WatchTrustRequest, WatchTrustResponse,
        trust_service_server::TrustService, watch_trust_response::Message,
    },
    organization::v1::{
        FindMemberRequest, FindMemberResponse, FindOrganizationRequest, FindOrganizationResponse,
        ListAdministratorsRequest, ListAdministratorsResponse, Member, Organization,
        ResolveMembershipRequest, ResolveMembershipResponse, find_organization_request::By,
        membership_service_server::MembershipService,
    },
};
use pass_types::{Email, Entropy, Kind, Privilege, Role};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tonic::{Request, Response, Status};

const KEY_ID: &str = "test";

/// Organization, with what a test puts in.
#[derive(Clone, Default)]
pub struct Organizations(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    organizations: BTreeMap<String, FindOrganizationResponse>,
    /// By organization.
    members: BTreeMap<String, Vec<Member>>,
    down: bool,
}

impl Organizations {
    /// An organization, with its Space Key, and with or without a product.
    pub fn put(&self, id: &str, space_key: &str, has_product: bool) {
        let organization = Organization {
            organization_id: id.to_owned(),
            space_key: space_key.to_owned(),
            ..Organization::default()
        };
        let found = FindOrganizationResponse { organization: Some(organization), has_product };
        self.0.lock().unwrap().organizations.insert(id.to_owned(), found);
    }

    /// A member, in place of what the account was before.
    pub fn put_member(&self, id: &str, account: &str, email: &str, role: Role, privileges: &[Privilege]) {
        self.remove_member(id, account);
        let member = Member {
            account_id: account.to_owned(),
            email: email.to_owned(),
            role: role.to_wire().into(),
            privileges: privileges_to_wire(&privileges.iter().copied().collect()),
            ..Member::default()
        };
        self.0.lock().unwrap().members.entry(id.to_owned()).or_default().push(member);
    }

    pub fn remove_member(&self, id: &str, account: &str) {
        self.change_members(id, |members| members.retain(|it| it.account_id != account));
    }

    pub fn suspend(&self, id: &str, account: &str) {
        self.change_members(id, |members| {
            members.iter_mut().filter(|it| it.account_id == account).for_each(|it| it.suspended = true);
        });
    }

    fn change_members(&self, id: &str, change: impl FnOnce(&mut Vec<Member>)) {
        change(self.0.lock().unwrap().members.entry(id.to_owned()).or_default());
    }

    /// From now on it fails, or answers again.
    pub fn fail(&self, down: bool) {
        self.0.lock().unwrap().down = down;
    }

    fn up(&self) -> Result<(), Status> {
        if self.0.lock().unwrap().down { Err(Status::unavailable("down")) } else { Ok(()) }
    }
}

/// What organization answers about one that there is not.
#[derive(Debug, thiserror::Error)]
#[error("there is no such organization")]
struct NoOrganization;

impl Problem for NoOrganization {
    fn kind(&self) -> Kind {
        Kind::NotFound
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::NotFound
    }
}

#[tonic::async_trait]
impl MembershipService for Organizations {
    async fn resolve_membership(
        &self,
        request: Request<ResolveMembershipRequest>,
    ) -> Result<Response<ResolveMembershipResponse>, Status> {
        self.up()?;
        let ResolveMembershipRequest { account_id, organization_id, product: _ } = request.into_inner();
        let state = self.0.lock().unwrap();
        let members = state.members.get(&organization_id).into_iter().flatten();
        let mut found = members.filter(|it| it.account_id == account_id);
        let place = found.next().map(|it| ResolveMembershipResponse {
            organization_id,
            role: it.role,
            privileges: it.privileges.clone(),
        });
        Ok(Response::new(place.unwrap_or_default()))
    }

    async fn find_organization(
        &self,
        request: Request<FindOrganizationRequest>,
    ) -> Result<Response<FindOrganizationResponse>, Status> {
        self.up()?;
        let Some(By::OrganizationId(id)) = request.into_inner().by else {
            return Err(Status::unimplemented("billing asks by id only"));
        };
        let found = self.0.lock().unwrap().organizations.get(&id).cloned();
        found.map(Response::new).ok_or_else(|| status(NoOrganization))
    }

    async fn find_member(
        &self,
        request: Request<FindMemberRequest>,
    ) -> Result<Response<FindMemberResponse>, Status> {
        self.up()?;
        let FindMemberRequest { organization_id, email } = request.into_inner();
        let email: Email = email.parse().map_err(|_| Status::invalid_argument("email"))?;
        let state = self.0.lock().unwrap();
        let members = state.members.get(&organization_id).into_iter().flatten();
        let same = |it: &&Member| it.email.parse::<Email>().is_ok_and(|its| its == email);
        Ok(Response::new(FindMemberResponse { members: members.filter(same).cloned().collect() }))
    }

    async fn list_administrators(
        &self,
        _: Request<ListAdministratorsRequest>,
    ) -> Result<Response<ListAdministratorsResponse>, Status> {
        Err(Status::unimplemented("billing does not ask this"))
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
