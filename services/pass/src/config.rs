//! The settings of the program: its own, and one table a service.

use crate::Service;
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
    /// Nulab Pass: applications, trials, seats.
    pub billing: billing::Config,
    /// Domains, proven by DNS.
    pub domain_verification: domain_verification::Config,
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
            billing: billing::Config::default(),
            domain_verification: domain_verification::Config::default(),
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
    /// Whether services that run in one process know its gateway by the gateway's own address.
    pub(crate) fn agree(&self, services: &[Service]) -> Result<(), Disagreement> {
        if !services.contains(&Service::Gateway) {
            return Ok(());
        }
        let issuer = self.gateway.web.public_url.as_str().trim_end_matches('/');
        let said = [
            (Service::Identity, "identity.issuer", &self.identity.issuer),
            (Service::Organization, "organization.issuer", &self.organization.issuer),
            (Service::Billing, "billing.issuer", &self.billing.issuer),
            (Service::DomainVerification, "domain_verification.issuer", &self.domain_verification.issuer),
            (Service::Console, "console.issuer", &self.console.issuer),
        ];
        let other = said.iter().find(|(service, _, said)| services.contains(service) && *said != issuer);
        other.map_or(Ok(()), |(_, setting, _)| Err(Disagreement(setting)))
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
