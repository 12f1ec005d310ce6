//! What an operator sets.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};
use url::Url;

/// A program's place in the mesh.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeshConfig {
    /// Whose certificates are taken: `spiffe://<trust domain>/…`.
    pub trust_domain: String,
    /// The certificate authorities that all programs of the mesh trust (PEM).
    pub ca_file: PathBuf,
    /// This program's certificate and what leads to the authority (PEM).
    pub certificate_file: PathBuf,
    /// The certificate's private key (PEM, PKCS#8).
    pub key_file: PathBuf,
    /// Where each service is: name, `https://host:port`. All addresses of the host are used; whatever it
    /// is called, the service's certificate must have the service's name as a DNS name.
    pub peers: BTreeMap<String, Url>,
    /// Where each product is that this program calls: name, `https://host:port`. Its certificate must have
    /// `<name>.product` as a DNS name.
    pub products: BTreeMap<String, Url>,
    /// Serves gRPC reflection. Off in production.
    pub development: bool,
    /// Bounds of time and amount.
    pub limits: Limits,
}

impl Default for MeshConfig {
    fn default() -> Self {
        Self {
            trust_domain: "pass.internal".to_owned(),
            ca_file: "certificates/ca.pem".into(),
            certificate_file: "certificates/service.pem".into(),
            key_file: "certificates/service.key".into(),
            peers: BTreeMap::new(),
            products: BTreeMap::new(),
            development: false,
            limits: Limits::default(),
        }
    }
}

/// Bounds of time (in seconds, fractions allowed) and amount.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How long a call that says nothing else may take.
    #[serde(with = "seconds")]
    pub call: Duration,
    /// How long a served call may take at most (a stream: as long as its caller says).
    #[serde(with = "seconds")]
    pub served_call: Duration,
    /// How long connecting may take, TLS included.
    #[serde(with = "seconds")]
    pub connect: Duration,
    /// How often names are resolved again.
    #[serde(with = "seconds")]
    pub resolve: Duration,
    /// How often certificate files are read again.
    #[serde(with = "seconds")]
    pub reload: Duration,
    /// Keep-alive: a silent connection is asked this often, and closed when it does not answer.
    #[serde(with = "seconds")]
    pub keep_alive: Duration,
    /// How old a served connection gets, so that callers balance again and show new certificates.
    #[serde(with = "seconds")]
    pub connection_age: Duration,
    /// How long what runs may go on: on a connection that is too old, and at shutdown.
    #[serde(with = "seconds")]
    pub grace: Duration,
    /// Calls served at once; more are refused as UNAVAILABLE, for another replica to take. Products
    /// together get a quarter of them.
    pub concurrent_calls: NonZeroUsize,
    /// Calls at once over one connection.
    pub concurrent_streams: NonZeroU32,
    /// So many calls in a row without an answer, and a product is not asked for a while.
    pub circuit_failures: NonZeroU32,
    /// How long that is; then one call finds out whether it is back.
    #[serde(with = "seconds")]
    pub circuit_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(5),
            served_call: Duration::from_secs(30),
            connect: Duration::from_secs(3),
            resolve: Duration::from_secs(5),
            reload: Duration::from_secs(5),
            keep_alive: Duration::from_secs(20),
            connection_age: Duration::from_mins(30),
            grace: Duration::from_secs(10),
            concurrent_calls: NonZeroUsize::new(1024).expect("more than zero"),
            concurrent_streams: NonZeroU32::new(256).expect("more than zero"),
            circuit_failures: NonZeroU32::new(5).expect("more than zero"),
            circuit_pause: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// What products may take of [`concurrent_calls`](Limits::concurrent_calls), all together.
    pub(crate) fn concurrent_product_calls(&self) -> usize {
        self.concurrent_calls.get().div_ceil(4)
    }
}

/// The largest message, either way: 4 MiB (tonic's own default for what is received).
pub(crate) const MESSAGE_BYTES: usize = 4 * 1024 * 1024;

mod seconds {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) if !duration.is_zero() && seconds <= 86_400.0 => Ok(duration),
            _ => Err(D::Error::custom("must be a number of seconds, more than 0 and at most a day")),
        }
    }
}
