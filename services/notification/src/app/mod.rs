//! Use cases.

mod credentials;
mod deliver;
mod prepare;

pub use deliver::{deliver_next, prune};

use crate::smtp::Smtp;
use pass_mesh::Channel;
use pass_proto::{
    billing::v1::application_service_client::ApplicationServiceClient,
    identity::v1::directory_service_client::DirectoryServiceClient,
    organization::v1::{
        invitation_service_client::InvitationServiceClient,
        membership_service_client::MembershipServiceClient,
    },
};
use pass_types::SharedClock;
use sqlx::PgPool;
use url::Url;

/// What the use cases work with.
#[derive(Clone)]
pub struct Notification {
    /// The service's own database.
    pub pool: PgPool,
    /// The time.
    pub clock: SharedClock,
    /// Knows people, and mints the links of their mails.
    pub identity: DirectoryServiceClient<Channel>,
    /// Knows invitations, and mints their links.
    pub organization: InvitationServiceClient<Channel>,
    /// Knows organizations and who runs them.
    pub members: MembershipServiceClient<Channel>,
    /// Knows applications for Nulab Pass.
    pub billing: ApplicationServiceClient<Channel>,
    /// The way to the mail server.
    pub smtp: Smtp,
    /// Where people see to their account.
    pub console_url: Url,
    /// Where people turn to who can't help themselves.
    pub contact_url: Url,
}

impl Notification {
    /// Where a page of the console is.
    fn console(&self, path: &str) -> String {
        format!("{}{path}", self.console_url.as_str().trim_end_matches('/'))
    }
}
