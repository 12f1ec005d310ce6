//! Standing in for the gateway where services are tested alone: it signs access tokens and tells its key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{StreamExt, stream, stream::BoxStream};
use jsonwebtoken::EncodingKey;
use p256::{elliptic_curve::sec1::ToEncodedPoint, pkcs8::EncodePrivateKey};
use pass_mesh::{Claims, Mesh, Server, Trust, development::Pki};
use pass_proto::gateway::v1::{
    CheckRevocationRequest, CheckRevocationResponse, Heartbeat, WatchTrustRequest, WatchTrustResponse,
    trust_service_server::TrustService, watch_trust_response::Message,
};
use pass_runtime::Context;
use pass_types::Entropy;
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, time::interval};
use tokio_stream::wrappers::IntervalStream;
use tonic::{Request, Response, Status};

const KEY_ID: &str = "test";
/// As often as the real one.
const BEAT: Duration = Duration::from_secs(1);

/// A gateway that issues what a test says, and revokes nothing.
#[derive(Clone)]
pub struct Gateway {
    key: EncodingKey,
    jwks: String,
}

impl Gateway {
    /// One with a key of its own.
    ///
    /// # Panics
    /// Never: every 32 bytes but a handful are a key of the curve.
    #[must_use]
    pub fn new(entropy: &Entropy) -> Self {
        let secret = p256::SecretKey::from_slice(&entropy.bytes::<32>()).expect("a key of the curve");
        let point = secret.public_key().to_encoded_point(false);
        let [x, y] = [point.x(), point.y()].map(|half| URL_SAFE_NO_PAD.encode(half.expect("a point")));
        let jwks = format!(
            r#"{{"keys":[{{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"{KEY_ID}","x":"{x}","y":"{y}"}}]}}"#
        );
        let der = secret.to_pkcs8_der().expect("PKCS #8");
        Self { key: EncodingKey::from_ec_der(der.as_bytes()), jwks }
    }

    /// An access token with these claims.
    ///
    /// # Panics
    /// Never: the key is one of the algorithm.
    #[must_use]
    pub fn token(&self, claims: &Claims) -> String {
        claims.sign(KEY_ID, &self.key).expect("a token")
    }
}

#[tonic::async_trait]
impl TrustService for Gateway {
    type WatchTrustStream = BoxStream<'static, Result<WatchTrustResponse, Status>>;

    async fn watch_trust(
        &self,
        _: Request<WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let keys = stream::iter([Message::Jwks(self.jwks.clone())]);
        let beats = IntervalStream::new(interval(BEAT)).map(|_| Message::Heartbeat(Heartbeat {}));
        let messages = keys.chain(beats).map(|message| Ok(WatchTrustResponse { message: Some(message) }));
        Ok(Response::new(messages.boxed()))
    }

    async fn check_revocation(
        &self,
        _: Request<CheckRevocationRequest>,
    ) -> Result<Response<CheckRevocationResponse>, Status> {
        Ok(Response::new(CheckRevocationResponse { revoked: false }))
    }
}

/// Serves stand-ins of a neighbour on the mesh, on a free port of 127.0.0.1; they end with the context.
///
/// # Panics
/// When its certificate or a port can't be had.
pub async fn neighbour(
    pki: &Pki,
    name: &'static str,
    issuer: &str,
    context: &Context,
    add: impl FnOnce(Server) -> Server,
) -> SocketAddr {
    let config = pki.service(name).expect("a certificate").config(pki.trust_domain());
    let mesh = Mesh::new(config, name, context).expect("a place in the mesh");
    let server = add(mesh.server(Trust::new(issuer, context.clock.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    context.tasks.spawn(name, |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
    address
}
