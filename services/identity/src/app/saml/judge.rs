//! Where answers are judged: on blocking threads, behind a small semaphore, so that neither many nor
//! hostile answers keep others from being served.

use super::SamlError;
use pass_saml::{Certificate, Gated, PrivateKey, Refusal, Signed, Trust, Verifier};
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

/// Judges answers. Clones share workers and queue.
#[derive(Clone)]
pub struct Judges {
    verifier: Verifier,
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
}

impl Judges {
    /// So many at once, and so many that may wait; more are turned away.
    pub fn new(workers: usize, queue: usize) -> Self {
        Self {
            verifier: Verifier::default(),
            places: Arc::new(Semaphore::new(workers + queue)),
            workers: Arc::new(Semaphore::new(workers)),
        }
    }

    /// Decodes a form field, and lets it through if it has the shape of an answer.
    pub(super) async fn gate(&self, field: String) -> Result<Result<Gated, Refusal>, SamlError> {
        let verifier = self.verifier;
        self.run(move || verifier.decode(&field).and_then(|text| verifier.gate(text))).await
    }

    /// Verifies the signatures of what the gate let through.
    pub(super) async fn verify(
        &self,
        gated: Gated,
        certificates: Vec<Certificate>,
        key: Option<PrivateKey>,
        now: OffsetDateTime,
    ) -> Result<(Gated, Result<Signed, Refusal>), SamlError> {
        let verifier = self.verifier;
        self.run(move || {
            let decryption = key.as_slice();
            let trust = Trust { certificates: &certificates, decryption };
            let signed = verifier.verify(&gated, &trust, now);
            (gated, signed)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SamlError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| SamlError::Busy)?;
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| SamlError::Busy)?;
        let held = (place, worker);
        let work = tokio::task::spawn_blocking(move || (work(), held));
        let (result, _held) = work.await.map_err(SamlError::Interrupted)?;
        Ok(result)
    }
}
