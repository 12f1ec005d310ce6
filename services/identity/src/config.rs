//! Settings of the service.

use crate::{
    BuildError,
    app::{
        Rules,
        hashing::{Capacity, Cost},
        passwords::range::Ranges,
        saml::Judges,
    },
    domain::{
        guessing::{Allowance, InARow},
        session::Policy,
        throttle::Limit,
    },
};
use pass_events::BrokerConfig;
use pass_mesh::MeshConfig;
use pass_runtime::{config::SecretText, database::DatabaseConfig, seal::Envelope};
use pass_types::{Invalid, Product};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use time::Duration;
use url::Url;

/// Settings of the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Its database.
    pub database: DatabaseConfig,
    /// The broker.
    pub broker: BrokerConfig,
    /// Its place in the mesh.
    pub mesh: MeshConfig,
    /// Where it serves the mesh.
    pub listen: SocketAddr,
    /// The gateway's issuer URL, exactly as in its tokens; its pages begin there: a sign-up goes on at
    /// `<issuer>/sign-up/<token>`.
    pub issuer: String,
    /// What links are derived from; at least 16 bytes, the same in every replica.
    pub link_secret: SecretText,
    /// How passwords are hashed.
    pub passwords: PasswordConfig,
    /// How long sessions last.
    pub sessions: SessionConfig,
    /// Signing in by SAML.
    pub saml: SamlConfig,
    /// Where the console's pages begin: a test's verdict is at
    /// `<console_url>/organizations/<id>/saml/tests/<id>`.
    pub console_url: String,
    /// Products' legacy spaces.
    pub legacy: LegacyConfig,
    /// How often things may be done.
    pub limits: LimitConfig,
    /// Milliseconds between two rounds of housekeeping: ending sessions whose time is over, pruning,
    /// finishing changes of Managed Accounts that were left half-way.
    pub housekeeping_millis: u64,
    /// Milliseconds that another service may take for one step of such a change. After twelve of them without a
    /// sign of life the change counts as left.
    pub step_millis: u32,
}

/// How passwords are hashed: Argon2id (ACC-6). When these change, a password is hashed anew at its next use.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordConfig {
    /// KiB of memory that one hash takes.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub lanes: u32,
    /// Hashes at once; 0: as many as there are processors.
    pub workers: usize,
    /// Hashes that may wait; more are turned away.
    pub queue: usize,
    /// A service that knows leaked passwords, by the range protocol of "Pwned Passwords": it is asked for
    /// `<range_url>/<first 5 digits of the SHA-1>`. Empty: none is asked.
    pub range_url: String,
    /// It may have a private address: it runs beside the suite.
    pub range_private: bool,
    /// Milliseconds that it may take; after that a password counts as not leaked.
    pub range_millis: u32,
}

/// How long sessions last.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// Minutes without use after which a session is over.
    pub idle_minutes: u32,
    /// Minutes after which it is over in any case.
    pub absolute_minutes: u32,
}

/// Signing in by SAML.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamlConfig {
    /// Seals our key pairs, and the secrets of authenticator apps, in the database: at least 32 bytes.
    pub secret: SecretText,
    /// The one before; what it sealed is sealed anew within minutes, and then it can go. Empty: none.
    pub previous_secret: SecretText,
    /// Answers that are judged at once; 0: as many as there are processors.
    pub workers: usize,
    /// Answers that may wait; more are turned away.
    pub queue: usize,
}

/// Products' legacy spaces (SPC).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LegacyConfig {
    /// The products that have some: each has an address in `mesh.products`.
    pub products: Vec<Product>,
    /// Milliseconds that a product may take for an answer.
    pub call_millis: u32,
}

/// How often things may be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitConfig {
    /// Mails per hour that sign-ups may send to one address.
    pub sign_ups_per_address: u32,
    /// Sign-ups per hour from one network (IPv4 /24, IPv6 /48).
    pub sign_ups_per_network: u32,
    /// Mails per hour that password resets may send to one address.
    pub password_resets_per_address: u32,
    /// Password resets per hour from one network.
    pub password_resets_per_network: u32,
    /// Changes of the address per day that one account may ask for.
    pub email_changes_per_account: u32,
    /// Mails per hour that such changes may send to one new address.
    pub email_changes_per_address: u32,
    /// Failed sign-ins per 10 minutes from one network; by SAML, to one organization.
    pub failed_sign_ins_per_network: u32,
    /// Wrong passwords per 15 minutes for one address, whether or not it has an account; after that, browsers that
    /// the account does not know wait for 15 minutes.
    pub wrong_passwords_per_account: u32,
    /// The same for each browser that the account knows.
    pub wrong_passwords_per_known_device: u32,
    /// Wrong passwords in a row, at whatever pace, of either; after that one a day can be tried, until a right one or
    /// a password reset. NIST SP 800-63B asks for 100 at most.
    pub wrong_passwords_in_a_row: u32,
    /// Wrong codes of a second factor per hour for one account; the same for its recovery codes.
    pub wrong_codes_per_account: u32,
    /// Files per hour that one account may try to have as its image.
    pub images_per_account: u32,
    /// SAML sign-ins per 10 minutes that one network may begin.
    pub saml_sign_ins_per_network: u32,
    /// Wrong passwords per hour for one user of a legacy space, from all accounts together.
    pub space_tries_per_user: u32,
    /// Wrong passwords of legacy spaces per 10 minutes from one network.
    pub space_tries_per_network: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: DatabaseConfig::default(),
            broker: BrokerConfig::default(),
            mesh: MeshConfig::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 4001)),
            issuer: "http://pass.localhost:8080".to_owned(),
            link_secret: SecretText::default(),
            passwords: PasswordConfig::default(),
            sessions: SessionConfig::default(),
            saml: SamlConfig::default(),
            console_url: "http://console.localhost:8081".to_owned(),
            legacy: LegacyConfig::default(),
            limits: LimitConfig::default(),
            housekeeping_millis: 10_000,
            step_millis: 5_000,
        }
    }
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            iterations: 2,
            lanes: 1,
            workers: 0,
            queue: 64,
            range_url: String::new(),
            range_private: false,
            range_millis: 1_000,
        }
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { idle_minutes: 30, absolute_minutes: 12 * 60 }
    }
}

impl Default for SamlConfig {
    fn default() -> Self {
        let (secret, previous_secret) = (SecretText::default(), SecretText::default());
        Self { secret, previous_secret, workers: 0, queue: 256 }
    }
}

impl Default for LegacyConfig {
    fn default() -> Self {
        Self { products: Vec::new(), call_millis: 3_000 }
    }
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            sign_ups_per_address: 5,
            sign_ups_per_network: 30,
            password_resets_per_address: 5,
            password_resets_per_network: 30,
            email_changes_per_account: 10,
            email_changes_per_address: 5,
            failed_sign_ins_per_network: 100,
            wrong_passwords_per_account: 10,
            wrong_passwords_per_known_device: 10,
            wrong_passwords_in_a_row: 100,
            wrong_codes_per_account: 10,
            images_per_account: 20,
            saml_sign_ins_per_network: 1000,
            space_tries_per_user: 30,
            space_tries_per_network: 100,
        }
    }
}

impl Config {
    /// Refuses what can't be meant.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let (sessions, limits) = (&self.sessions, &self.limits);
        for (name, value) in [
            ("sessions.idle_minutes", sessions.idle_minutes),
            ("sessions.absolute_minutes", sessions.absolute_minutes),
            ("limits.sign_ups_per_address", limits.sign_ups_per_address),
            ("limits.sign_ups_per_network", limits.sign_ups_per_network),
            ("limits.password_resets_per_address", limits.password_resets_per_address),
            ("limits.password_resets_per_network", limits.password_resets_per_network),
            ("limits.email_changes_per_account", limits.email_changes_per_account),
            ("limits.email_changes_per_address", limits.email_changes_per_address),
            ("passwords.range_millis", self.passwords.range_millis),
            ("limits.failed_sign_ins_per_network", limits.failed_sign_ins_per_network),
            ("limits.wrong_passwords_per_account", limits.wrong_passwords_per_account),
            ("limits.wrong_passwords_per_known_device", limits.wrong_passwords_per_known_device),
            ("limits.wrong_passwords_in_a_row", limits.wrong_passwords_in_a_row),
            ("limits.wrong_codes_per_account", limits.wrong_codes_per_account),
            ("limits.images_per_account", limits.images_per_account),
            ("limits.saml_sign_ins_per_network", limits.saml_sign_ins_per_network),
            ("limits.space_tries_per_user", limits.space_tries_per_user),
            ("limits.space_tries_per_network", limits.space_tries_per_network),
            ("legacy.call_millis", self.legacy.call_millis),
            ("housekeeping_millis", u32::from(self.housekeeping_millis > 0)),
            ("step_millis", self.step_millis),
        ] {
            if value == 0 {
                return Err(BuildError::Setting(name, "must be more than 0"));
            }
        }
        if limits.wrong_passwords_in_a_row > InARow::MOST {
            return Err(BuildError::Setting("limits.wrong_passwords_in_a_row", "must be at most 100"));
        }
        for (name, url) in [("issuer", &self.issuer), ("console_url", &self.console_url)] {
            if url.ends_with('/') || !url.starts_with("http") || !url.contains("://") {
                let problem = "must be an http:// or https:// URL without a slash at the end";
                return Err(BuildError::Setting(name, problem));
            }
        }
        Ok(())
    }

    pub(crate) fn rules(&self) -> Rules {
        let (sessions, limits) = (&self.sessions, &self.limits);
        let limit = |times, period| Limit { times, period };
        Rules {
            sessions: Policy {
                idle: Duration::minutes(sessions.idle_minutes.into()),
                absolute: Duration::minutes(sessions.absolute_minutes.into()),
            },
            sign_ups_per_address: limit(limits.sign_ups_per_address, Duration::HOUR),
            sign_ups_per_network: limit(limits.sign_ups_per_network, Duration::HOUR),
            password_resets_per_address: limit(limits.password_resets_per_address, Duration::HOUR),
            password_resets_per_network: limit(limits.password_resets_per_network, Duration::HOUR),
            email_changes_per_account: limit(limits.email_changes_per_account, Duration::DAY),
            email_changes_per_address: limit(limits.email_changes_per_address, Duration::HOUR),
            failed_sign_ins_per_network: limit(limits.failed_sign_ins_per_network, Duration::minutes(10)),
            wrong_passwords_per_account: Allowance(limit(
                limits.wrong_passwords_per_account,
                Duration::minutes(15),
            )),
            wrong_passwords_per_known_device: Allowance(limit(
                limits.wrong_passwords_per_known_device,
                Duration::minutes(15),
            )),
            wrong_passwords_in_a_row: InARow::most(limits.wrong_passwords_in_a_row),
            wrong_codes_per_account: limit(limits.wrong_codes_per_account, Duration::HOUR),
            images_per_account: limit(limits.images_per_account, Duration::HOUR),
            saml_sign_ins_per_network: limit(limits.saml_sign_ins_per_network, Duration::minutes(10)),
            space_tries_per_user: limit(limits.space_tries_per_user, Duration::HOUR),
            space_tries_per_network: limit(limits.space_tries_per_network, Duration::minutes(10)),
            console_url: self.console_url.clone(),
            gateway_url: self.issuer.clone(),
            call: std::time::Duration::from_millis(self.step_millis.into()),
        }
    }
}

impl SamlConfig {
    pub(crate) fn judges(&self) -> Judges {
        let processors = || std::thread::available_parallelism().map_or(2, usize::from);
        Judges::new(if self.workers == 0 { processors() } else { self.workers }, self.queue)
    }

    pub(crate) fn envelope(&self) -> Result<Envelope, Invalid> {
        let previous = Some(self.previous_secret.expose()).filter(|secret| !secret.is_empty());
        Envelope::new("identity SAML keys", std::iter::once(self.secret.expose()).chain(previous))
    }

    /// What seals second factors: keys of their own, by the same secret.
    pub(crate) fn second_factor_envelope(&self) -> Result<Envelope, Invalid> {
        let previous = Some(self.previous_secret.expose()).filter(|secret| !secret.is_empty());
        Envelope::new("identity second factors", std::iter::once(self.secret.expose()).chain(previous))
    }
}

impl PasswordConfig {
    pub(crate) fn cost(&self) -> Cost {
        Cost { memory_kib: self.memory_kib, iterations: self.iterations, lanes: self.lanes }
    }

    /// What else knows leaked passwords, if anything does.
    pub(crate) fn ranges(&self) -> Result<Option<Ranges>, BuildError> {
        let url = self.range_url.as_str();
        if url.is_empty() {
            return Ok(None);
        }
        if !Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        {
            return Err(BuildError::Setting("passwords.range_url", "must be an http:// or https:// URL"));
        }
        let deadline = std::time::Duration::from_millis(self.range_millis.into());
        Ranges::new(url, self.range_private, deadline).map(Some).map_err(BuildError::Client)
    }

    pub(crate) fn capacity(&self) -> Capacity {
        let processors = || std::thread::available_parallelism().map_or(2, usize::from);
        let workers = if self.workers == 0 { processors() } else { self.workers };
        Capacity { workers, queue: self.queue }
    }
}
