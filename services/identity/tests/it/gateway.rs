//! A gateway as small as can be: it issues tokens and tells its key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{Stream, StreamExt};
use jsonwebtoken::EncodingKey;
use p256::{SecretKey, elliptic_curve::sec1::ToEncodedPoint, pkcs8::EncodePrivateKey};
use pass_mesh::{Claims, TOKEN_LIFE};
use pass_proto::gateway::v1::{
    CheckRevocationRequest, CheckRevocationResponse, Heartbeat, WatchTrustRequest, WatchTrustResponse,
    trust_service_server::TrustService, watch_trust_response::Message,
};
use pass_types::Person;
use std::{pin::Pin, time::Duration};
use tonic::{Request, Response, Status};

/// The issuer of every test's tokens.
pub const ISSUER: &str = "https://pass.test";
const KEY_ID: &str = "test";

fn signing_key() -> SecretKey {
    SecretKey::from_slice(&[7; 32]).unwrap()
}

fn jwks() -> String {
    let point = signing_key().public_key().to_encoded_point(false);
    let [x, y] = [point.x(), point.y()].map(|half| URL_SAFE_NO_PAD.encode(half.unwrap()));
    format!(
        r#"{{"keys":[{{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"{KEY_ID}","x":"{x}","y":"{y}"}}]}}"#
    )
}

/// An access token for `audience`.
pub fn access_token(person: &Person, audience: &str) -> String {
    let der = signing_key().to_pkcs8_der().unwrap();
    let key = EncodingKey::from_ec_der(der.as_bytes());
    let claims = Claims::of(person, ISSUER, audience, "openid", "a test's".to_owned(), TOKEN_LIFE);
    claims.sign(KEY_ID, &key).unwrap()
}

/// A gateway that revokes nothing.
pub struct Gateway;

#[tonic::async_trait]
impl TrustService for Gateway {
    type WatchTrustStream = Pin<Box<dyn Stream<Item = Result<WatchTrustResponse, Status>> + Send>>;

    async fn watch_trust(
        &self,
        _: Request<WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let answer = |message| Ok(WatchTrustResponse { message: Some(message) });
        let keys = futures::stream::iter([answer(Message::Jwks(jwks()))]);
        let beats = tokio::time::interval(Duration::from_millis(500));
        let beats = tokio_stream::wrappers::IntervalStream::new(beats);
        let beats = beats.map(move |_| answer(Message::Heartbeat(Heartbeat {})));
        Ok(Response::new(Box::pin(keys.chain(beats))))
    }

    async fn check_revocation(
        &self,
        _: Request<CheckRevocationRequest>,
    ) -> Result<Response<CheckRevocationResponse>, Status> {
        Ok(Response::new(CheckRevocationResponse { revoked: false }))
    }
}
