//! Signing up (ACC-1): asking for an account, following the link, choosing the password.

use super::{Identity, NewSession, database_kind, passwords::ChoiceError};
use crate::domain::{
    account::Account,
    device::Visit,
    session::{Beginning, EndCause, Method},
    sign_up::{Continuation, SignUp, Wish},
    throttle::TooOften,
};
use crate::{
    events::{self, ByCaller},
    store::{self, accounts::WriteError},
};
use pass_mesh::{Caller, Problem};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, Kind, Secret, SignUpId, UniqueId, Violation, network};
use std::time::Duration;

/// What the links of sign-ups are minted for.
const PURPOSE: &str = "sign-up";
/// A sign-up has one link.
const ATTEMPT: i32 = 1;

/// What came of a completed sign-up.
pub struct SignedUp {
    /// The new account.
    pub account: Account,
    /// The person is signed in to it.
    pub session: NewSession,
    /// Where they wanted to go.
    pub continuation: Continuation,
}

/// Why a sign-up did not go on.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Too many from this network.
    #[error("there were too many sign-ups from this network; wait a while, then try again")]
    TooOften(Duration),
    /// Used, expired, never was, or the address got an account meanwhile.
    #[error("this link was used or has expired")]
    LinkInvalid,
    /// The password was not taken (ACC-6).
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The database failed.
    #[error("signing up")]
    Database(#[from] sqlx::Error),
}

impl Identity {
    /// Asks for an account. Does the same whether or not the address has one: the mail tells.
    pub async fn request_sign_up(&self, caller: &Caller, wish: Wish) -> Result<(), SignUpError> {
        let now = self.clock.now();
        let by_network = self.subject("sign-up network", &network(&caller.origin.address));
        let by_address = self.subject("sign-up address", wish.email.key());
        let mut tx = self.pool.begin().await?;

        let empty_at = store::throttles::lock(&mut tx, &by_network, now).await?;
        let network_after = self.rules.sign_ups_per_network.take(empty_at, now)?;
        store::throttles::save(&mut tx, &by_network, network_after).await?;

        let empty_at = store::throttles::lock(&mut tx, &by_address, now).await?;
        if let Ok(address_after) = self.rules.sign_ups_per_address.take(empty_at, now) {
            store::throttles::save(&mut tx, &by_address, address_after).await?;
            let sign_up = SignUp::begin(SignUpId::generate(&self.entropy, now), wish, now);
            store::sign_ups::insert(&mut tx, &sign_up).await?;
            self.outbox.publish(&mut tx, events::sign_up_requested(sign_up.id).by_caller(caller)).await?;
        } // Else: whoever owns the mailbox has mails enough, and nobody else learns that.
        tx.commit().await?;
        Ok(())
    }

    /// The sign-up that a link is for.
    pub async fn sign_up_of_link(&self, token: &str) -> Result<SignUp, SignUpError> {
        let id = self.open_link(token)?;
        let mut db = self.pool.acquire().await?;
        let sign_up = store::sign_ups::open(&mut db, id, self.clock.now()).await?;
        let sign_up = sign_up.ok_or(SignUpError::LinkInvalid)?;
        if store::accounts::nulab_account_has(&mut db, &sign_up.wish.email).await? {
            return Err(SignUpError::LinkInvalid);
        }
        Ok(sign_up)
    }

    /// Makes the account with its first password, signs it in, and ends the session that the browser had.
    pub async fn complete_sign_up(
        &self,
        caller: &Caller,
        token: &str,
        password: String,
        replaced: Option<Secret>,
        visit: Visit,
    ) -> Result<SignedUp, SignUpError> {
        let sign_up = self.sign_up_of_link(token).await?;
        let hash = self.hash_chosen(password, &sign_up.wish.name, &sign_up.wish.email).await?;
        self.open_account(caller, sign_up.id, &hash, replaced.as_ref(), visit).await
    }

    /// The token of a sign-up's link; the same each time.
    pub(super) fn mint_link(&self, id: SignUpId) -> String {
        self.links.mint(PURPOSE, id.uuid(), ATTEMPT)
    }

    fn open_link(&self, token: &str) -> Result<SignUpId, SignUpError> {
        match self.links.open(PURPOSE, token) {
            Some((id, ATTEMPT)) => Ok(id.into()),
            _ => Err(SignUpError::LinkInvalid),
        }
    }

    async fn open_account(
        &self,
        caller: &Caller,
        id: SignUpId,
        password_hash: &str,
        replaced: Option<&Secret>,
        visit: Visit,
    ) -> Result<SignedUp, SignUpError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // Who comes second here waits for the first, and finds nothing.
        let sign_up = store::sign_ups::take(&mut tx, id, now).await?.ok_or(SignUpError::LinkInvalid)?;
        let continuation = sign_up.wish.continuation.clone();
        let (id, unique_id) = (AccountId::generate(&self.entropy, now), UniqueId::generate(&self.entropy));
        let account = sign_up.complete(id, unique_id, now);
        store::accounts::insert(&mut tx, &account, Some(password_hash)).await?;
        // Whoever wished for the address has to ask anew, should it be free again.
        store::email_changes::forget_open_to(&mut tx, &account.email).await?;
        let created = events::account_created(account.id, account.kind);
        self.outbox.publish(&mut tx, created.by_caller(caller)).await?;
        let (origin, method) = (caller.origin.clone(), Method::Password);
        // The owner's own browser: the first sign-in is no news (ACC-10).
        self.see(&mut tx, account.id, &visit, &origin, now).await?;
        let beginning = Beginning {
            account: account.id,
            organization: None,
            method,
            second: None,
            anew: true,
            origin,
            visit,
            not_after: None,
        };
        let session = self.begin_session(&mut tx, caller, beginning, now).await?;
        if let Some(replaced) = replaced {
            self.end_in(&mut tx, caller, replaced, EndCause::Replaced).await?;
        }
        tx.commit().await?;
        Ok(SignedUp { account, session, continuation })
    }
}

impl From<TooOften> for SignUpError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl From<WriteError> for SignUpError {
    fn from(error: WriteError) -> Self {
        match error {
            // Another sign-up for the address was faster.
            WriteError::EmailTaken(_) => Self::LinkInvalid,
            WriteError::UniqueIdTaken(error) | WriteError::Database(error) => Self::Database(error),
        }
    }
}

impl Problem for SignUpError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooOften(_) => Kind::RateLimited,
            Self::LinkInvalid => Kind::Precondition,
            Self::Choice(error) => error.kind(),
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::TooOften(_) => ErrorReason::RateLimited,
            Self::LinkInvalid => ErrorReason::LinkInvalid,
            Self::Choice(error) => error.reason(),
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Choice(error) => error.violations(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften(wait) => Some(*wait),
            Self::Choice(error) => error.retry_after(),
            _ => None,
        }
    }
}
