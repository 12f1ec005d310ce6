//! Certificates: read from files, and read again when the files change.

use crate::{MeshConfig, MeshError, Peer};
use pass_runtime::Shutdown;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};
use std::{path::Path, sync::Arc};
use tokio::sync::watch;
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

type Cause = Option<Box<dyn std::error::Error + Send + Sync>>;

/// What the files hold, made ready for both ends of a connection.
pub(crate) struct Credentials {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: ClientTlsConfig,
    digest: [u8; 32],
}

struct Files {
    authorities: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(config: &MeshConfig) -> Result<Self, MeshError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| MeshError::Read { path: path.to_owned(), source })
        };
        Ok(Self {
            authorities: read(&config.ca_file)?,
            certificate: read(&config.certificate_file)?,
            key: read(&config.key_file)?,
        })
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [&self.authorities, &self.certificate, &self.key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }
}

impl Credentials {
    /// Reads the files of `name`. A certificate that does not fit its key, or that is not in that name,
    /// is refused.
    pub(crate) fn load(config: &MeshConfig, name: &'static str) -> Result<Self, MeshError> {
        Self::of(&Files::read(config)?, config, name)
    }

    fn of(files: &Files, config: &MeshConfig, name: &'static str) -> Result<Self, MeshError> {
        let authorities = certificates(&files.authorities, "ca_file has no certificate")?;
        let chain = certificates(&files.certificate, "certificate_file has no certificate")?;
        let key = PrivateKeyDer::from_pem_slice(&files.key)
            .map_err(|error| wrong("key_file has no private key", error))?;
        let own = Peer::of_certificate(&chain[0], &config.trust_domain);
        if own.is_none_or(|own| own.name() != name) {
            return Err(MeshError::Name(name, config.trust_domain.clone()));
        }
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority).map_err(|error| wrong("ca_file has no usable authority", error))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| wrong("ca_file has no usable authority", error))?;
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .and_then(|builder| builder.with_client_cert_verifier(verifier).with_single_cert(chain, key))
            .map_err(|error| wrong("the certificate does not fit the key", error))?;
        server.alpn_protocols = vec![b"h2".to_vec()];
        let client = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&files.authorities))
            .identity(Identity::from_pem(&files.certificate, &files.key))
            .timeout(config.limits.connect);
        Ok(Self { server: Arc::new(server), client, digest: files.digest() })
    }
}

fn certificates(pem: &[u8], problem: &'static str) -> Result<Vec<CertificateDer<'static>>, MeshError> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| wrong(problem, error))?;
    if found.is_empty() { Err(MeshError::Certificates(problem, None)) } else { Ok(found) }
}

fn wrong(problem: &'static str, error: impl std::error::Error + Send + Sync + 'static) -> MeshError {
    let cause: Cause = Some(Box::new(error));
    MeshError::Certificates(problem, cause)
}

/// Reads the files again and again, until shutdown, and hands on what is new. Files that can't be used
/// (half-written, for instance) are logged, and what was there stays.
pub(crate) async fn reload(
    config: MeshConfig,
    name: &'static str,
    current: watch::Sender<Arc<Credentials>>,
    shutdown: Shutdown,
) {
    let mut refused = None;
    while shutdown.or(tokio::time::sleep(config.limits.reload)).await.is_some() {
        let files = match Files::read(&config) {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "certificates can't be read again");
                continue;
            }
        };
        let digest = files.digest();
        if digest == current.borrow().digest || refused == Some(digest) {
            continue;
        }
        match Credentials::of(&files, &config, name) {
            Ok(credentials) => {
                tracing::info!("certificates were renewed");
                current.send_replace(Arc::new(credentials));
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "new certificates can't be used");
                refused = Some(digest);
            }
        }
    }
}
