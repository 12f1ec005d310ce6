//! Randomness as an argument.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::{Arc, Mutex, PoisonError};
use time::OffsetDateTime;
use uuid::Uuid;

/// The source of all randomness of a process: `ChaCha20`, seeded once.
#[derive(Clone, Debug)]
pub struct Entropy(Arc<Mutex<ChaCha20Rng>>);

impl Entropy {
    /// Seeded by the operating system: for everything but tests.
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters the suite")]
    pub fn from_os() -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::from_os_rng())))
    }

    /// The same sequence for the same seed: for tests and demo data.
    pub fn from_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.with(|rng| rng.fill_bytes(&mut bytes));
        bytes
    }

    /// A UUIDv7 (RFC 9562) for something made at `now`.
    pub fn uuid(&self, now: OffsetDateTime) -> Uuid {
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid()
    }

    /// A number in `0..bound`, every one as likely as the others.
    pub fn below(&self, bound: u32) -> u32 {
        self.with(|rng| rng.random_range(0..bound))
    }

    /// `length` characters of `alphabet` (ASCII), every one as likely as the others.
    pub fn string(&self, length: usize, alphabet: &[u8]) -> String {
        self.with(|rng| {
            (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
        })
    }

    fn with<T>(&self, draw: impl FnOnce(&mut ChaCha20Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_later_sort_later() {
        let entropy = Entropy::from_seed(1);
        let early = entropy.uuid(time::macros::datetime!(2026-01-01 0:00 UTC));
        let late = entropy.uuid(time::macros::datetime!(2026-01-01 0:00:00.001 UTC));
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }
}
