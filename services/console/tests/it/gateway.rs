//! The gateway, as far as a relying party sees it: discovery, keys, the token endpoint.

use axum::{
    Form, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, StatusCode, header};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::{SecretKey, elliptic_curve::sec1::ToEncodedPoint, pkcs8::EncodePrivateKey};
use pass_mesh::{Claims, TOKEN_LIFE};
use pass_types::{AccountId, AccountKind, Entropy, GrantId, Person, SessionId, SharedClock};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::Semaphore};
use url::Url;

pub const CLIENT_SECRET: &str = "the console's secret";
const KEY_ID: &str = "key-1";

/// The stand-in. Clones share it.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

pub struct Inner {
    pub issuer: String,
    pub jwks: String,
    key: EncodingKey,
    clock: SharedClock,
    entropy: Entropy,
    state: Mutex<Lists>,
    /// How many token answers may be given; a test takes them away to hold answers back.
    pub answers: Semaphore,
}

#[derive(Default)]
struct Lists {
    codes: HashMap<String, Code>,
    refresh: HashMap<String, (AccountId, SessionId)>,
    refreshed: usize,
    refusing: Option<StatusCode>,
    refusing_late: Option<StatusCode>,
    operator: bool,
    change: Option<Value>,
    header: Option<Value>,
}

struct Code {
    challenge: String,
    nonce: String,
    redirect_uri: String,
    account: AccountId,
    session: SessionId,
}

impl std::ops::Deref for Gateway {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Gateway {
    pub async fn start(clock: SharedClock, entropy: &Entropy) -> Self {
        let secret = SecretKey::from_slice(&entropy.bytes::<32>()).unwrap();
        let point = secret.public_key().to_encoded_point(false);
        let [x, y] = [point.x(), point.y()].map(|it| URL_SAFE_NO_PAD.encode(it.unwrap()));
        let public = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID, "x": x, "y": y });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Self(Arc::new(Inner {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            jwks: json!({ "keys": [public] }).to_string(),
            key: EncodingKey::from_ec_der(secret.to_pkcs8_der().unwrap().as_bytes()),
            clock,
            entropy: entropy.clone(),
            state: Mutex::default(),
            answers: Semaphore::new(1_000),
        }));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(|State(it): State<Gateway>| async move { it.jwks.clone() }))
            .route("/token", post(token))
            .with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        gateway
    }

    /// Somebody signs in with the browser that was sent to `location`: where it is sent back to.
    pub fn signs_in(&self, location: &str, account: AccountId, session: SessionId) -> String {
        let location: Url = location.parse().unwrap();
        assert_eq!(location.origin().ascii_serialization(), self.issuer);
        assert_eq!(location.path(), "/authorize");
        let query: HashMap<_, _> = location.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], "console");
        assert_eq!(query["code_challenge_method"], "S256");
        let code = self.entropy.string(20, b"abcdefghij");
        let kept = Code {
            challenge: query["code_challenge"].clone(),
            nonce: query["nonce"].clone(),
            redirect_uri: query["redirect_uri"].clone(),
            account,
            session,
        };
        self.state.lock().unwrap().codes.insert(code.clone(), kept);
        let pairs = [("code", &code), ("state", &query["state"]), ("iss", &self.issuer)];
        format!("/callback?{}", serde_urlencoded::to_string(pairs).unwrap())
    }

    /// How many times refresh tokens were exchanged.
    pub fn refreshed(&self) -> usize {
        self.state.lock().unwrap().refreshed
    }

    /// The next refresh token is answered so, when an answer may be given.
    pub fn refuse_late(&self, status: StatusCode) {
        self.state.lock().unwrap().refusing_late = Some(status);
    }

    /// From now on tokens say that the person is an operator.
    pub fn issue_to_operators(&self) {
        self.state.lock().unwrap().operator = true;
    }

    /// From now on the token endpoint answers so to refresh tokens.
    pub fn refuse(&self, status: Option<StatusCode>) {
        self.state.lock().unwrap().refusing = status;
    }

    /// The ID tokens from now on say something else (null: do not say it).
    pub fn change_id_tokens(&self, claims: Value, header: Value) {
        let mut state = self.state.lock().unwrap();
        (state.change, state.header) = (Some(claims), Some(header));
    }

    /// A token of any type.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some(KEY_ID.to_owned()));
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }

    /// What a good logout token says.
    pub fn logout_claims(&self, session: SessionId) -> Value {
        let now = self.clock.now();
        json!({
            "iss": self.issuer, "aud": "console", "iat": now.unix_timestamp(), "exp": now.unix_timestamp() + 120,
            "jti": self.entropy.uuid(now).to_string(), "sid": session,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        })
    }

    fn answer(&self, account: AccountId, session: SessionId, nonce: Option<&str>) -> Response {
        let now = self.clock.now();
        let person = Person {
            account,
            kind: AccountKind::Nulab,
            session,
            client: "console".parse().unwrap(),
            grant: GrantId::generate(&self.entropy, now),
            membership: None,
            operator: self.state.lock().unwrap().operator,
            issued_at: now,
        };
        let jti = self.entropy.uuid(now).to_string();
        let access = Claims::of(&person, &self.issuer, "pass", "openid", jti.clone(), TOKEN_LIFE);
        let mut id = json!({
            "iss": self.issuer, "sub": account, "aud": "console", "sid": session, "nonce": nonce,
            "iat": now.unix_timestamp(), "exp": now.unix_timestamp() + 300,
        });
        let refresh = self.entropy.string(20, b"klmnopqrst");
        let mut state = self.state.lock().unwrap();
        for (claim, value) in state.change.iter().flat_map(|it| it.as_object().unwrap()) {
            id[claim] = value.clone();
        }
        let typ = state.header.as_ref().and_then(|it| it["typ"].as_str()).unwrap_or("JWT").to_owned();
        let mut id = self.sign(&typ, &id);
        if state.header.as_ref().is_some_and(|it| it["alg"] == "none") {
            let payload = id.split('.').nth(1).unwrap().to_owned();
            let header = json!({ "alg": "none", "typ": "JWT", "kid": KEY_ID }).to_string();
            id = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
        }
        state.refresh.insert(refresh.clone(), (account, session));
        Json(json!({
            "access_token": access.sign(KEY_ID, &self.key).unwrap(), "token_type": "Bearer", "expires_in": 300,
            "refresh_token": refresh, "id_token": id,
        }))
        .into_response()
    }
}

async fn discovery(State(gateway): State<Gateway>) -> Json<Value> {
    let issuer = &gateway.issuer;
    Json(json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/jwks"),
        "end_session_endpoint": format!("{issuer}/logout"),
    }))
}

async fn token(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let basic = format!("Basic {}", STANDARD.encode(format!("console:{CLIENT_SECRET}")));
    assert_eq!(headers[header::AUTHORIZATION], basic);
    let refused = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if fields["grant_type"] == "refresh_token" {
        let (found, late) = {
            let mut state = gateway.state.lock().unwrap();
            state.refreshed += 1;
            match state.refusing {
                Some(StatusCode::BAD_REQUEST) => return refused("invalid_grant"),
                Some(status) => return status.into_response(),
                None => match state.refusing_late.take() {
                    Some(late) => (None, Some(late)),
                    None => (state.refresh.remove(&fields["refresh_token"]), None),
                },
            }
        };
        let answer = gateway.answers.acquire().await.unwrap();
        if let Some(late) = late {
            // Nobody else is answered for it.
            answer.forget();
            return late.into_response();
        }
        return match found {
            Some((account, session)) => gateway.answer(account, session, None),
            None => refused("invalid_grant"),
        };
    }
    let Some(code) = gateway.state.lock().unwrap().codes.remove(&fields["code"]) else {
        return refused("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&fields["code_verifier"]));
    assert_eq!((&challenge, &code.redirect_uri), (&code.challenge, &fields["redirect_uri"]));
    gateway.answer(code.account, code.session, Some(&code.nonce))
}
