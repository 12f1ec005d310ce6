//! The use cases, one file a capability. Each authorizes, begins, loads, decides, saves, publishes and
//! commits, in that order; nothing is hashed and nobody is called inside a transaction.

mod authorize;
mod deletion;
mod devices;
mod directory;
mod disown;
mod email_change;
mod guessing;
pub mod hashing;
mod history;
mod housekeeping;
pub mod images;
mod login_alerts;
mod lookup;
mod managed;
pub mod operators;
pub mod passwords;
mod profile;
mod resealing;
pub mod saml;
pub mod second_factor;
mod security_events;
mod sessions;
mod sign_in;
mod sign_up;
pub mod spaces;

pub use directory::{DirectoryError, SignUpMail};
pub use email_change::AddressChange;
pub use login_alerts::AskedAbout;
pub use lookup::View;
pub use managed::{Invited, ManagedInvitationMail, Target};
pub use passwords::PasswordResetMail;
pub use sessions::{Browser, SessionError};
pub use sign_in::{Attempt, SignedIn};
pub use sign_up::SignedUp;

use crate::domain::{
    guessing::{Allowance, InARow},
    session::{Beginning, EndCause, Policy, Session},
    throttle::Limit,
};
use crate::{
    events,
    events::ByCaller,
    grpc::{legacy::Directories, neighbours::Neighbours},
    store,
};
use hashing::Hasher;
use pass_events::{Event, Outbox};
use pass_mesh::{Caller, Failure};
use pass_proto::errors::v1::ErrorReason;
use pass_runtime::seal::Envelope;
use pass_types::{AccountId, Actor, Entropy, Kind, LinkKey, Secret, SecretHash, SessionId, SharedClock};
use passwords::range::Ranges;
use sqlx::{PgPool, Postgres, Transaction};
use std::time::Duration;
use time::OffsetDateTime;
use tonic::Status;

/// What the use cases work with; they are its methods.
pub struct Identity {
    /// The database.
    pub pool: PgPool,
    /// Where events are written.
    pub outbox: Outbox,
    /// What hashes passwords.
    pub hasher: Hasher,
    /// What else knows leaked ones, if anything does.
    pub ranges: Option<Ranges>,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: Entropy,
    /// What links are derived from.
    pub links: LinkKey,
    /// What operators decide.
    pub rules: Rules,
    /// What judges identity providers' answers.
    pub judges: saml::Judges,
    /// What seals keys in the database.
    pub envelope: Envelope,
    /// What is asked of other services.
    pub neighbours: Neighbours,
    /// What is asked of products about their legacy spaces.
    pub directories: Directories,
    /// What second factors are sealed and judged by.
    pub second_factors: second_factor::Tools,
    /// Where profile images are decoded.
    pub decoding: images::Decoding,
}

/// Sessions that an account has at once, at most: to end all of them is one change.
const MOST_SESSIONS: i64 = 100;

/// What operators decide.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long sessions last.
    pub sessions: Policy,
    /// Sign-ups per email address.
    pub sign_ups_per_address: Limit,
    /// Sign-ups per network.
    pub sign_ups_per_network: Limit,
    /// Password resets per email address.
    pub password_resets_per_address: Limit,
    /// Password resets per network.
    pub password_resets_per_network: Limit,
    /// Changes of address per account.
    pub email_changes_per_account: Limit,
    /// Changes to the same address, by whomever.
    pub email_changes_per_address: Limit,
    /// Failed sign-ins per network.
    pub failed_sign_ins_per_network: Limit,
    /// Wrong passwords per address, from browsers that its account does not know (ACC-14).
    pub wrong_passwords_per_account: Allowance,
    /// Wrong passwords per browser that the account knows.
    pub wrong_passwords_per_known_device: Allowance,
    /// Wrong passwords in a row, at whatever pace, of either (ACC-14).
    pub wrong_passwords_in_a_row: InARow,
    /// Wrong codes of a second factor per account (ACC-9).
    pub wrong_codes_per_account: Limit,
    /// Images per account.
    pub images_per_account: Limit,
    /// SAML sign-ins that may be begun per network.
    pub saml_sign_ins_per_network: Limit,
    /// Wrong passwords of a legacy space's user, by whomever (SPC-2).
    pub space_tries_per_user: Limit,
    /// Wrong passwords of legacy spaces, per network.
    pub space_tries_per_network: Limit,
    /// Where the pages of the console begin.
    pub console_url: String,
    /// Where the pages of the gateway begin.
    pub gateway_url: String,
    /// How long a call to another service may take, as a step of a change.
    pub call: Duration,
}

/// The signed-in person, who may do with their own account and sessions whatever these offer.
pub struct Owner<'a> {
    /// Whose account.
    pub account: AccountId,
    /// By which session.
    pub session: SessionId,
    /// As the mesh knows them.
    pub caller: &'a Caller,
}

impl<'a> Owner<'a> {
    /// Authorizes the caller, who must be a person.
    pub fn of(caller: &'a Caller) -> Result<Self, Status> {
        let person = caller.person()?;
        Ok(Self { account: person.account, session: person.session, caller })
    }
}

/// A session that has just begun, and the token of it, which is not shown again.
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// What the browser keeps.
    pub token: Secret,
}

type Tx = Transaction<'static, Postgres>;

impl Identity {
    /// Begins a session in the transaction, with its entry in the login history and its event.
    async fn begin_session(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        beginning: Beginning,
        now: OffsetDateTime,
    ) -> Result<NewSession, sqlx::Error> {
        let id = SessionId::generate(&self.entropy, now);
        let (account, organization) = (beginning.account, beginning.organization);
        // After a password comes what decides.
        let method = beginning.second.unwrap_or(beginning.method);
        let visit = beginning.visit.clone();
        let session = Session::begin(id, beginning, self.rules.sessions, now);
        let token = Secret::generate(&self.entropy);
        let others = store::sessions::insert(tx, &session, &token.hash()).await?;
        if others >= MOST_SESSIONS {
            for id in store::sessions::end_oldest(tx, account, MOST_SESSIONS, now).await? {
                let ended = events::session_ended(account, id, EndCause::Replaced);
                self.outbox.publish(tx, ended.by_caller(caller)).await?;
            }
        }
        let entry = store::login_history::Entry {
            id: self.entropy.uuid(now),
            account,
            at: now,
            origin: &caller.origin,
            product: visit.product.as_str(),
            method,
            refused: None,
        };
        store::login_history::insert(tx, &entry).await?;
        let event = events::signed_in(&session).by_caller(caller);
        let event = match organization {
            Some(organization) => event.organization(organization),
            None => event,
        };
        self.outbox.publish(tx, event).await?;
        if organization.is_none() {
            self.recognize(tx, caller, &session, &visit).await?;
        }
        Ok(NewSession { session, token })
    }

    /// Tells of a refusal, which changed nothing (AUD-1).
    async fn tell(&self, refused: Event) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        self.outbox.publish(&mut tx, refused).await?;
        tx.commit().await
    }

    /// What a limit counts by: a keyed hash, so that the table tells nothing about anybody.
    fn subject(&self, limit: &str, who: &str) -> SecretHash {
        Secret::derive(&self.links, &[b"throttle", limit.as_bytes(), who.as_bytes()]).hash()
    }
}

/// The service itself, as the actor of what it does by the clock.
fn myself() -> Actor {
    Actor::System(crate::NAME.to_owned())
}

/// What kind of failure another service's is, here.
fn neighbour_kind(failure: &Failure) -> (Kind, ErrorReason) {
    match failure.kind {
        Kind::Unavailable | Kind::RateLimited | Kind::Conflict => {
            (Kind::Unavailable, ErrorReason::Unavailable)
        }
        _ => (Kind::Internal, ErrorReason::Internal),
    }
}

/// What kind of failure the database's is: one that passes, or a fault of ours.
fn database_kind(error: &sqlx::Error) -> (Kind, ErrorReason) {
    match pass_mesh::database_kind(error) {
        Kind::Unavailable => (Kind::Unavailable, ErrorReason::Unavailable),
        kind => (kind, ErrorReason::Internal),
    }
}
