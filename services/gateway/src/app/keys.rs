//! Signing keys: made, sealed, published, used, forgotten. When is decided by [`domain::keys`](crate::domain::keys).

use crate::{
    domain::keys::{Policy, Times},
    events,
    store::{self, keys::StoredKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use p256::{
    SecretKey,
    elliptic_curve::sec1::ToEncodedPoint,
    pkcs8::{DecodePrivateKey, EncodePrivateKey},
};
use pass_events::Outbox;
use pass_runtime::seal::{Envelope, SealError};
use pass_types::{Entropy, SharedClock};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::watch;

/// Why keys can't be kept up.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database.
    #[error("reading or writing the signing keys")]
    Store(#[from] sqlx::Error),
    /// A key can't be opened.
    #[error("opening the signing key {0}")]
    Sealed(String, #[source] SealError),
    /// A key is not what it should be.
    #[error("loading the signing key {0}")]
    Load(String, #[source] jsonwebtoken::errors::Error),
    /// A row that says another public key than its private one has.
    #[error("the signing key {0} is not the one that was sealed")]
    Foreign(String),
    /// No key signs now.
    #[error("there is no signing key")]
    None,
    /// A token could not be signed.
    #[error("signing a token")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

/// All keys that are published.
pub struct Ring {
    keys: Vec<Key>,
    jwks: String,
}

struct Key {
    id: String,
    public: Public,
    times: Times,
    signs: EncodingKey,
    verifies: DecodingKey,
}

/// A public key: what verifiers see of a [`SecretKey`].
struct Public {
    x: String,
    y: String,
}

/// The keys of this process, kept up to date by a job. Clones share them.
#[derive(Clone)]
pub struct Keys {
    ring: Arc<watch::Sender<Arc<Ring>>>,
    policy: Policy,
    envelope: Envelope,
}

impl Keys {
    /// Without keys, until [`Keys::rotate`] was called.
    pub fn new(policy: Policy, envelope: Envelope) -> Self {
        let empty = Ring { keys: Vec::new(), jwks: r#"{"keys":[]}"#.to_owned() };
        Self { ring: Arc::new(watch::Sender::new(Arc::new(empty))), policy, envelope }
    }

    /// The published keys as a JWK Set (RFC 7517).
    pub fn jwks(&self) -> String {
        self.ring.borrow().jwks.clone()
    }

    /// Signs claims with the key that signs at `now`. `typ` tells the kinds of tokens apart (RFC 8725, 3.11).
    pub fn sign(&self, typ: &str, claims: &impl Serialize, now: OffsetDateTime) -> Result<String, KeyError> {
        let ring = self.ring.borrow().clone();
        let times: Vec<_> = ring.keys.iter().map(|key| key.times).collect();
        let key = Policy::current(&times, now).map(|index| &ring.keys[index]).ok_or(KeyError::None)?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.id.clone());
        jsonwebtoken::encode(&header, claims, &key.signs).map_err(KeyError::Sign)
    }

    /// The verifying half of a published key.
    pub fn verifier(&self, key_id: &str) -> Option<DecodingKey> {
        self.ring.borrow().keys.iter().find(|key| key.id == key_id).map(|key| key.verifies.clone())
    }

    /// Makes what is due, forgets what is over, seals anew what an old key sealed; then takes what there
    /// is. Tells other replicas when something changed. Safe to run everywhere, at any time.
    pub async fn rotate(
        &self,
        pool: &PgPool,
        outbox: &Outbox,
        clock: &SharedClock,
        entropy: &Entropy,
    ) -> Result<(), KeyError> {
        let now = clock.now();
        let mut tx = pool.begin().await?;
        store::keys::lock(&mut tx).await?;
        let mut keys = store::keys::all(&mut tx).await?;
        let mut changed = false;
        while let Some(sign) = self.policy.due(&times(&keys), now) {
            let key = self.make(Times { create: now, sign }, entropy);
            store::keys::insert(&mut tx, &key).await?;
            outbox.publish(&mut tx, events::signing_key_created(&key.key_id)).await?;
            keys.push(key);
            changed = true;
        }
        let all = times(&keys);
        for (index, key) in keys.iter().enumerate() {
            if self.policy.is_over(&all, index, now) {
                store::keys::delete(&mut tx, &key.key_id).await?;
                changed = true;
            } else if key.sealed_by != self.envelope.sealing() {
                store::keys::reseal(&mut tx, &self.seal_anew(key, entropy)?).await?;
            }
        }
        if changed {
            store::revocations::notify(&mut tx, "keys").await?;
        }
        tx.commit().await?;
        self.load(pool).await
    }

    /// Takes the keys that the database has, but for those whose row somebody changed: who can write to the
    /// database can't have a key of their own published.
    pub async fn load(&self, pool: &PgPool) -> Result<(), KeyError> {
        let sealed = store::keys::all(&mut *pool.acquire().await?).await?;
        let mut keys = Vec::with_capacity(sealed.len());
        for key in &sealed {
            match self.open(key) {
                Ok(key) => keys.push(key),
                Err(error @ KeyError::Foreign(_)) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "it is not published");
                }
                Err(error) => return Err(error),
            }
        }
        let jwks: Vec<_> = keys.iter().map(jwk).collect();
        let jwks = serde_json::json!({ "keys": jwks }).to_string();
        self.ring.send_replace(Arc::new(Ring { keys, jwks }));
        Ok(())
    }

    fn make(&self, times: Times, entropy: &Entropy) -> StoredKey {
        // A random number is a key but for one in 2^32 tries.
        let secret = std::iter::repeat_with(|| SecretKey::from_slice(&entropy.bytes::<32>()))
            .find_map(Result::ok)
            .expect("the iterator does not end");
        let public = Public::of(&secret);
        let key_id = public.thumbprint();
        let Public { x, y } = public;
        let pkcs8 = secret.to_pkcs8_der().expect("a P-256 key has a PKCS#8 form");
        let sealed = self.envelope.seal(&key_id, pkcs8.as_bytes(), entropy);
        StoredKey { key_id, x, y, sealed, sealed_by: self.envelope.sealing().to_owned(), times }
    }

    fn open(&self, key: &StoredKey) -> Result<Key, KeyError> {
        let opened = self.envelope.open(&key.key_id, &key.sealed_by, &key.sealed);
        let private = opened.map_err(|error| KeyError::Sealed(key.key_id.clone(), error))?;
        let foreign = || KeyError::Foreign(key.key_id.clone());
        let public = Public::of(&SecretKey::from_pkcs8_der(&private).map_err(|_| foreign())?);
        if public.x != key.x || public.y != key.y || public.thumbprint() != key.key_id {
            return Err(foreign());
        }
        let verifies = DecodingKey::from_ec_components(&public.x, &public.y);
        Ok(Key {
            id: key.key_id.clone(),
            public,
            times: key.times,
            signs: EncodingKey::from_ec_der(&private),
            verifies: verifies.map_err(|error| KeyError::Load(key.key_id.clone(), error))?,
        })
    }

    fn seal_anew(&self, key: &StoredKey, entropy: &Entropy) -> Result<StoredKey, KeyError> {
        let opened = self.envelope.open(&key.key_id, &key.sealed_by, &key.sealed);
        let private = opened.map_err(|error| KeyError::Sealed(key.key_id.clone(), error))?;
        let sealed = self.envelope.seal(&key.key_id, &private, entropy);
        Ok(StoredKey { sealed, sealed_by: self.envelope.sealing().to_owned(), ..key.clone() })
    }
}

impl Public {
    fn of(secret: &SecretKey) -> Self {
        let point = secret.public_key().to_encoded_point(false);
        let coordinate = |bytes: Option<&_>| {
            URL_SAFE_NO_PAD.encode::<&[u8]>(bytes.map_or(&[], |b: &p256::FieldBytes| b.as_slice()))
        };
        Self { x: coordinate(point.x()), y: coordinate(point.y()) }
    }

    /// RFC 7638: it names the key.
    fn thumbprint(&self) -> String {
        let Self { x, y } = self;
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }
}

fn times(keys: &[StoredKey]) -> Vec<Times> {
    keys.iter().map(|key| key.times).collect()
}

fn jwk(key: &Key) -> serde_json::Value {
    let Public { x, y } = &key.public;
    serde_json::json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key.id, "x": x, "y": y,
    })
}
