//! The settings of the program: its own, and one table a service.

use pass_runtime::telemetry::TelemetryConfig;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// All settings. A process reads the whole file and uses the tables of the services that it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Seconds that each step of a stop may take before what still runs is dropped.
    pub shutdown_seconds: u64,
    /// The admin port.
    pub admin: AdminConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
    /// Accounts, credentials, sessions.
    pub identity: identity::Config,
    /// Organizations, members, invitations.
    pub organization: organization::Config,
    /// Mails.
    pub notification: notification::Config,
    /// The OpenID provider and its pages.
    pub gateway: gateway::Config,
    /// The settings pages.
    pub console: console::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shutdown_seconds: 10,
            admin: AdminConfig::default(),
            telemetry: TelemetryConfig::default(),
            identity: identity::Config::default(),
            organization: organization::Config::default(),
            notification: notification::Config::default(),
            gateway: gateway::Config::default(),
            console: console::Config::default(),
        }
    }
}

/// Settings of different services that contradict each other.
#[derive(Debug, thiserror::Error)]
#[error(
    "the setting {0} must be the gateway's web.public_url without a slash at the end: every token would be refused"
)]
pub struct Disagreement(&'static str);

impl Config {
    /// Whether the services know the gateway by the same address, where one file has the settings of all.
    pub(crate) fn agree(&self) -> Result<(), Disagreement> {
        let issuer = self.gateway.web.public_url.as_str().trim_end_matches('/');
        for (setting, said) in [
            ("identity.issuer", &self.identity.issuer),
            ("organization.issuer", &self.organization.issuer),
            ("console.issuer", &self.console.issuer),
        ] {
            // A file for one service alone leaves the others' settings at their defaults.
            if said != issuer && said != "http://pass.localhost:8080" && issuer != "http://localhost:8080" {
                return Err(Disagreement(setting));
            }
        }
        Ok(())
    }
}

/// Where the machine room looks in: `/live`, `/ready`, `/metrics`, `/log-level`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port; keep it off the public network.
    pub listen: SocketAddr,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9090)) }
    }
}
