//! Hashing passwords (ACC-6): Argon2id, on blocking threads, a few at a time, in memory that is used
//! again; more than a bounded queue of them is turned away at once.
//!
//! For who has no password there is one that nobody knows, so that checking takes as long (ACC-8). When the parameters
//! were changed, hashes with the earlier ones are there until their owners sign in; whoever has no account is then
//! checked at one of the costs in use, always the same, and as many of them at each as there are accounts.

use crate::domain::password::Password;
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{self, Ident, Output, ParamsString, PasswordHash, SaltString},
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Entropy, Kind};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const ARGON2ID: Ident<'static> = Ident::new_unwrap("argon2id");
const OUTPUT_LENGTH: usize = 32;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub lanes: u32,
}

/// How many hashes at a time.
#[derive(Debug, Clone, Copy)]
pub struct Capacity {
    /// So many run.
    pub workers: usize,
    /// So many wait.
    pub queue: usize,
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting.
    #[error("too many passwords are being checked")]
    Busy,
    /// What is stored is not a PHC string of Argon2id, or the parameters are out of range.
    #[error("the stored password hash can't be used")]
    Malformed(#[source] password_hash::Error),
    /// The process is stopping, or the thread crashed.
    #[error("the hashing thread ended")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl Problem for HashError {
    fn kind(&self) -> Kind {
        match self {
            Self::Busy => Kind::RateLimited,
            Self::Malformed(_) | Self::Interrupted(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Busy => ErrorReason::RateLimited,
            Self::Malformed(_) | Self::Interrupted(_) => ErrorReason::Internal,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Busy).then_some(Duration::from_secs(1))
    }
}

/// Whether a password is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not.
    Wrong,
    /// It is.
    Right {
        /// It was hashed with other parameters than are wanted now (ACC-6).
        outdated: bool,
    },
}

/// What is stored for a share of those who have no password.
struct Nobody {
    share: f64,
    stored: String,
}

/// Hashes passwords. Clones share workers and queue.
#[derive(Clone)]
pub struct Hasher {
    cost: Cost,
    nobody: Arc<Mutex<Vec<Nobody>>>,
    entropy: Entropy,
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
    done: Arc<Mutex<BTreeMap<Cost, u64>>>,
}

impl Hasher {
    /// Refuses parameters that Argon2 does not take.
    pub fn new(cost: Cost, capacity: Capacity, entropy: &Entropy) -> Result<Self, HashError> {
        let nobody = Nobody { share: 1.0, stored: encode(cost, &entropy.bytes(), &entropy.bytes())? };
        Ok(Self {
            cost,
            nobody: Arc::new(Mutex::new(vec![nobody])),
            entropy: entropy.clone(),
            places: Arc::new(Semaphore::new(capacity.workers + capacity.queue)),
            workers: Arc::new(Semaphore::new(capacity.workers)),
            memory: Arc::default(),
            done: Arc::default(),
        })
    }

    /// The PHC string to store for a password.
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        let (cost, salt) = (self.cost, self.entropy.bytes::<16>());
        let output = self.run(move |this| this.argon2id(cost, &password, &salt)).await??;
        encode(cost, &salt, &output)
    }

    /// What is stored for somebody without a password, which nobody knows. `draw` is the same for the same somebody, and
    /// spread evenly over all of them.
    pub fn nobody(&self, draw: u64) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
        let mut draw = draw as f64 / u64::MAX as f64;
        let nobodies = lock(&self.nobody);
        let found = nobodies.iter().find(|nobody| {
            draw -= nobody.share;
            draw <= 0.0
        });
        found.or(nobodies.last()).map(|nobody| nobody.stored.clone()).unwrap_or_default()
    }

    /// Says what costs are in use: hashes with them, and how many accounts have such ones.
    pub fn in_use(&self, hashes: &[(String, i64)]) -> Result<(), HashError> {
        let all: i64 = hashes.iter().map(|(_, count)| count).sum();
        if all <= 0 {
            return Ok(());
        }
        let nobody = |(hash, count): &(String, i64)| {
            let (cost, ..) = decode(hash)?;
            let stored = encode(cost, &self.entropy.bytes(), &self.entropy.bytes())?;
            #[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
            let share = *count as f64 / all as f64;
            Ok((cost, Nobody { share, stored }))
        };
        let mut nobodies = hashes.iter().map(nobody).collect::<Result<Vec<_>, HashError>>()?;
        // Those at the cost that is wanted come last: as accounts go over to it, nobody else changes places.
        nobodies.sort_by_key(|(cost, _)| (*cost == self.cost, *cost));
        *lock(&self.nobody) = nobodies.into_iter().map(|(_, nobody)| nobody).collect();
        Ok(())
    }

    /// Whether `password` is the one of `stored`.
    pub async fn verify(&self, password: Password, stored: String) -> Result<Verdict, HashError> {
        let wanted = self.cost;
        self.run(move |this| {
            let (cost, salt, expected) = decode(&stored)?;
            let found = this.argon2id(cost, &password, &salt)?;
            // `Output` compares in constant time.
            let right = Output::new(&found).map_err(HashError::Malformed)? == expected;
            Ok(if right { Verdict::Right { outdated: cost != wanted } } else { Verdict::Wrong })
        })
        .await?
    }

    /// How many hashes of each cost were made: for planning, and how a test knows that who has no
    /// account costs the same.
    pub fn done(&self) -> BTreeMap<Cost, u64> {
        lock(&self.done).clone()
    }

    /// Runs work that needs a processor for long, when it is its turn.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| HashError::Busy)?;
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| HashError::Busy)?;
        let this = self.clone();
        let held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, worker);
        // The next one begins at once, and not only when somebody looks at what came of this one.
        let work = move || {
            let result = work(&this);
            drop(held);
            result
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }

    fn argon2id(
        &self,
        cost: Cost,
        password: &Password,
        salt: &[u8],
    ) -> Result<[u8; OUTPUT_LENGTH], HashError> {
        let params = params(cost)?;
        let mut memory = lock(&self.memory).pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let mut output = [0; OUTPUT_LENGTH];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut memory)
            .map_err(|error| HashError::Malformed(error.into()))?;
        lock(&self.memory).push(memory);
        *lock(&self.done).entry(cost).or_default() += 1;
        Ok(output)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn params(cost: Cost) -> Result<Params, HashError> {
    Params::new(cost.memory_kib, cost.iterations, cost.lanes, Some(OUTPUT_LENGTH))
        .map_err(|error| HashError::Malformed(error.into()))
}

/// The PHC string.
fn encode(cost: Cost, salt: &[u8; 16], output: &[u8; OUTPUT_LENGTH]) -> Result<String, HashError> {
    let encode = || -> Result<String, password_hash::Error> {
        let salt = SaltString::encode_b64(salt)?;
        let hash = PasswordHash {
            algorithm: ARGON2ID,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params(cost).map_err(|_| password_hash::Error::Algorithm)?)?,
            salt: Some(salt.as_salt()),
            hash: Some(Output::new(output)?),
        };
        Ok(hash.to_string())
    };
    encode().map_err(HashError::Malformed)
}

/// Reads a PHC string back: cost, salt, hash.
fn decode(stored: &str) -> Result<(Cost, Vec<u8>, Output), HashError> {
    let decode = || -> Result<_, password_hash::Error> {
        let phc = PasswordHash::new(stored)?;
        if phc.algorithm != ARGON2ID || phc.version != Some(Version::V0x13.into()) {
            return Err(password_hash::Error::Algorithm);
        }
        let params = Params::try_from(&phc)?;
        let cost = Cost { memory_kib: params.m_cost(), iterations: params.t_cost(), lanes: params.p_cost() };
        let mut salt = [0; 64];
        let salt = phc.salt.ok_or(password_hash::Error::Algorithm)?.decode_b64(&mut salt)?.to_vec();
        Ok((cost, salt, phc.hash.ok_or(password_hash::Error::Algorithm)?))
    };
    decode().map_err(HashError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordVerifier;
    use std::sync::mpsc;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, lanes: 1 };

    fn hasher(cost: Cost, workers: usize, queue: usize) -> Hasher {
        Hasher::new(cost, Capacity { workers, queue }, &Entropy::from_seed(1)).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::typed(text).unwrap()
    }

    /// proves ACC-6: Argon2id with the configured parameters, as every other implementation reads it
    #[tokio::test]
    async fn a_hash_is_a_phc_string_that_others_verify() {
        let stored = hasher(CHEAP, 1, 1).hash(password("violet otter")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let parsed = PasswordHash::new(&stored).unwrap();
        assert!(Argon2::default().verify_password(b"violet otter", &parsed).is_ok());
    }

    /// proves ACC-6: a hash of other parameters is right and said to be outdated
    #[tokio::test]
    async fn verdicts() {
        let hasher_now = hasher(Cost { iterations: 2, ..CHEAP }, 1, 1);
        let old = hasher(CHEAP, 1, 1).hash(password("violet otter")).await.unwrap();
        let new = hasher_now.hash(password("violet otter")).await.unwrap();
        assert_ne!(new, hasher_now.hash(password("violet otter")).await.unwrap(), "salted");
        for (stored, text, verdict) in [
            (&new, "violet otter", Verdict::Right { outdated: false }),
            (&old, "violet otter", Verdict::Right { outdated: true }),
            (&new, "violet otter ", Verdict::Wrong),
            (&hasher_now.nobody(7), "violet otter", Verdict::Wrong),
        ] {
            assert_eq!(hasher_now.verify(password(text), stored.clone()).await.unwrap(), verdict);
        }
        assert!(hasher_now.verify(password("x"), "$2b$12$x".to_owned()).await.is_err());
        assert!(
            Hasher::new(
                Cost { memory_kib: 1, ..CHEAP },
                Capacity { workers: 1, queue: 1 },
                &Entropy::from_seed(1)
            )
            .is_err()
        );
    }

    /// proves ACC-8: who has no password is checked at the costs in use, in their proportion, and always at the same one;
    /// when accounts go over to the new cost, so do some of these, and none goes back
    #[tokio::test]
    async fn nobody_has_the_costs_of_everybody() {
        let old = hasher(CHEAP, 1, 1).hash(password("violet otter")).await.unwrap();
        let now = hasher(Cost { iterations: 2, ..CHEAP }, 1, 1);
        let new = now.hash(password("violet otter")).await.unwrap();
        let at_old = || -> Vec<bool> {
            (0..100).map(|i| now.nobody(u64::MAX / 100 * i).contains("m=64,t=1,p=1")).collect()
        };
        let count = |at_old: &[bool]| at_old.iter().filter(|at_old| **at_old).count();
        assert_eq!(count(&at_old()), 0);
        let mut before = vec![true; 100];
        for share in [75, 30, 1] {
            now.in_use(&[(new.clone(), 100 - share), (old.clone(), share)]).unwrap();
            let found = at_old();
            assert!(found == at_old() && i64::try_from(count(&found)).unwrap().abs_diff(share) <= 1);
            assert!(found.iter().zip(&before).all(|(now, before)| *before || !now));
            before = found;
        }
        now.in_use(&[]).unwrap();
        assert!(now.in_use(&[("$2b$12$x".to_owned(), 1)]).is_err());
        assert_eq!(at_old(), before, "nothing has changed");
        assert!(!now.nobody(0).contains(old.rsplit('$').next().unwrap()), "nobody knows the password");
    }

    /// proves ACC-6: more than the queue holds is turned away at once, and nothing is lost by it
    #[tokio::test]
    async fn a_full_queue_sheds() {
        let hasher = hasher(CHEAP, 1, 1);
        let (finish, wait) = mpsc::channel::<()>();
        let running = hasher.run(move |_| wait.recv());
        let waiting = hasher.hash(password("violet otter"));
        tokio::pin!(running, waiting);
        assert!(futures::poll!(&mut running).is_pending());
        assert!(futures::poll!(&mut waiting).is_pending());
        assert!(matches!(hasher.hash(password("one more")).await, Err(HashError::Busy)));
        finish.send(()).unwrap();
        running.await.unwrap().unwrap();
        waiting.await.unwrap();
        assert!(hasher.hash(password("one more")).await.is_ok());
    }
}
