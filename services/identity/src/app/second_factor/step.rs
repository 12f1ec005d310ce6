//! The second step: a factor is shown to finish a sign-in whose password was right, or in a session that is to
//! prove itself again. The browser keeps the step's token; a try is counted under the step's lock, so that several
//! at once are no more than one after the other.

use super::{SecondFactorError, change::actor, guessing::Guess};
use crate::{
    app::{Browser, Identity, NewSession, SessionError, Tx},
    domain::{
        account::Account,
        device::Visit,
        second_factor::{
            Code, Purpose, RecoveryCode, STEP_LIFE, STEP_TRIES, SecondStep, digest_of, method_of_key,
        },
        security_event::Kind as Noted,
        session::{Beginning, EndCause, Method, Session},
    },
    events::{self, ByCaller},
    store::{
        self,
        second_factors::{authenticators, keys, recovery_codes, steps},
    },
};
use pass_mesh::Caller;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountId, AccountKind, Actor, Secret};
use time::OffsetDateTime;
use uuid::Uuid;

/// A second step that has just begun.
pub struct NewStep {
    /// What the browser keeps; not shown again.
    pub token: Secret,
    /// When it is over.
    pub expires_at: OffsetDateTime,
}

/// What a second step may be done with.
pub struct Offer {
    /// Codes of an app.
    pub authenticator: bool,
    /// Keys: the challenge for them, as JSON for the browser.
    pub key_options: Option<String>,
    /// Recovery codes.
    pub recovery_codes: bool,
    /// It is a session's.
    pub step_up: bool,
}

/// What a browser shows.
pub enum Shown {
    /// A code of the app.
    Code(Code),
    /// A recovery code.
    RecoveryCode(RecoveryCode),
    /// A key's answer, as JSON.
    Key(String),
}

impl Shown {
    /// What it is counted by, if it can be guessed.
    pub(super) fn limit(&self) -> Option<&'static str> {
        match self {
            Self::Code(_) => Some("second factor code"),
            // Apart, so that wrong codes of a stranger leave it to the owner.
            Self::RecoveryCode(_) => Some("recovery code"),
            Self::Key(_) => None,
        }
    }

    /// The field of the request that it came in.
    fn field(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::RecoveryCode(_) => "recovery_code",
            Self::Key(_) => "credential_json",
        }
    }

    /// How it would sign in.
    fn method(&self) -> Method {
        match self {
            Self::Code(_) | Self::RecoveryCode(_) => Method::OneTimeCode,
            Self::Key(_) => Method::HardwareKey,
        }
    }
}

/// A browser that comes to show a second factor.
pub struct Finish {
    /// The step's.
    pub token: Secret,
    /// What it shows.
    pub shown: Shown,
    /// The browser's session.
    pub session: Option<Secret>,
    /// Which browser it is, and what for.
    pub visit: Visit,
}

/// What came of it.
pub enum Finished {
    /// Somebody is signed in.
    SignedIn(Box<NewSession>),
    /// The session of that account has proved itself, and has a new token.
    SteppedUp(AccountId, Secret),
}

impl Identity {
    /// Begins the second step of a sign-in by this password's hash, if the account has a second factor. Until it is done,
    /// the sign-in is a refused one in the login history.
    pub(in crate::app) async fn second_step_of_sign_in(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: AccountId,
        password_hash: &str,
        visit: &Visit,
    ) -> Result<Option<NewStep>, sqlx::Error> {
        if !store::second_factors::any(tx, account).await? {
            return Ok(None);
        }
        let now = self.clock.now();
        let entry = store::login_history::Entry {
            id: self.entropy.uuid(now),
            account,
            at: now,
            origin: &caller.origin,
            product: visit.product.as_str(),
            method: Method::Password,
            refused: Some(ErrorReason::SecondFactorNeeded.code()),
        };
        store::login_history::insert(tx, &entry).await?;
        let purpose = Purpose::SignIn(digest_of(password_hash));
        self.begin_step(tx, account, purpose, Some(entry.id)).await.map(Some)
    }

    /// Tells of right passwords whose second factor did not follow; whether there may be more.
    pub(in crate::app) async fn tell_of_unfinished_steps(
        &self,
        now: OffsetDateTime,
        most: i64,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let (mut sign_ins, over) = steps::prune(&mut tx, now, most).await?;
        // Whoever publishes for several accounts takes them in the same order.
        sign_ins.sort_unstable_by_key(|(account, _)| *account);
        for (account, origin) in sign_ins {
            let refused = events::sign_in_refused(account, ErrorReason::SecondFactorNeeded);
            self.outbox.publish(&mut tx, refused.by(&Actor::Anonymous).from(&origin)).await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(over) == Ok(most))
    }

    /// Begins showing a second factor again in the session of a browser.
    pub async fn begin_step_up(&self, token: &str) -> Result<NewStep, SecondFactorError> {
        let Browser { session, account } = self.browser_of(token).await?;
        if account.kind == AccountKind::Managed {
            return Err(SecondFactorError::Managed);
        }
        let mut tx = self.pool.begin().await?;
        if !store::second_factors::any(&mut tx, account.id).await? {
            return Err(SecondFactorError::Missing);
        }
        // Of those that were begun before a browser keeps none.
        steps::end_of_session(&mut tx, session.id).await?;
        let step = self.begin_step(&mut tx, account.id, Purpose::StepUp(session.id), None).await?;
        tx.commit().await?;
        Ok(step)
    }

    async fn begin_step(
        &self,
        tx: &mut Tx,
        account: AccountId,
        purpose: Purpose,
        history: Option<Uuid>,
    ) -> Result<NewStep, sqlx::Error> {
        let token = Secret::generate(&self.entropy);
        let expires_at = self.clock.now() + STEP_LIFE;
        let step = SecondStep { account, purpose, challenge: None };
        steps::insert(tx, &token.hash(), &step, STEP_TRIES, expires_at, history).await?;
        Ok(NewStep { token, expires_at })
    }

    /// What a second step may be done with; its keys get a new challenge.
    pub async fn second_step(&self, token: &Secret) -> Result<Offer, SecondFactorError> {
        let token = token.hash();
        let mut tx = self.pool.begin().await?;
        let step = steps::lock(&mut tx, &token, self.clock.now()).await?;
        let step = step.ok_or(SecondFactorError::Over)?;
        let factors = store::second_factors::of(&mut tx, step.account).await?;
        if !factors.any() {
            return Err(SecondFactorError::Over);
        }
        let mut key_options = None;
        if !factors.keys.is_empty() {
            let known = keys::credentials(&mut tx, step.account).await?;
            let begun = self.second_factors.ceremonies.begin_use(&known)?;
            steps::challenge(&mut tx, &token, &begun.state).await?;
            key_options = Some(begun.options);
        }
        tx.commit().await?;
        Ok(Offer {
            authenticator: factors.authenticator.is_some(),
            key_options,
            recovery_codes: factors.recovery_codes > 0,
            step_up: matches!(step.purpose, Purpose::StepUp(_)),
        })
    }

    /// Shows a second factor.
    #[tracing::instrument(skip_all)]
    pub async fn finish_second_step(
        &self,
        caller: &Caller,
        finish: Finish,
    ) -> Result<Finished, SecondFactorError> {
        let (now, token) = (self.clock.now(), finish.token.hash());
        let mut tx = self.pool.begin().await?;
        let step = steps::lock(&mut tx, &token, now).await?.ok_or(SecondFactorError::Over)?;
        let account = store::accounts::lock(&mut tx, step.account).await?.ok_or(SecondFactorError::Over)?;
        let stepping = self.still_wanted(&mut tx, &step, finish.session.as_ref()).await?;
        let may = self.may_guess(&mut tx, caller, &account, &finish, stepping.as_ref(), now).await;
        let guess = match may {
            Err(too_many @ (SecondFactorError::Locked(_) | SecondFactorError::TooOften(_))) => {
                // It was counted, or told.
                tx.commit().await?;
                return Err(too_many);
            }
            guess => guess?,
        };
        let Some(method) = self.proves(&mut tx, caller, &step, &finish.shown, now).await? else {
            steps::miss(&mut tx, &token).await?;
            self.refuse_factor(&mut tx, caller, &account, &finish, stepping.as_ref(), guess).await?;
            tx.commit().await?;
            return Err(SecondFactorError::Invalid(finish.shown.field()));
        };
        if let Some(guess) = &guess {
            self.count_right_code(&mut tx, guess, now).await?;
        }
        if let Some(history) = steps::end(&mut tx, &token).await? {
            store::login_history::remove(&mut tx, history).await?;
        }
        let finished = match stepping {
            Some(session) => {
                let session = session.with_second_factor(method, now);
                Finished::SteppedUp(account.id, self.step_up(&mut tx, &session).await?)
            }
            None => self.let_in_twice(&mut tx, caller, &account, method, finish).await?,
        };
        tx.commit().await?;
        Ok(finished)
    }

    /// Whether a step is still of use: the password is the one that was typed, or the session lives, in this
    /// browser. The session of a step-up.
    async fn still_wanted(
        &self,
        tx: &mut Tx,
        step: &SecondStep,
        shown: Option<&Secret>,
    ) -> Result<Option<Session>, SecondFactorError> {
        match &step.purpose {
            Purpose::SignIn(digest) => {
                let same = steps::has_password(tx, step.account, digest).await?;
                if same { Ok(None) } else { Err(SecondFactorError::Over) }
            }
            Purpose::StepUp(id) => {
                let over = || SecondFactorError::Session(SessionError::Over);
                let shown = shown.ok_or_else(over)?;
                let session = store::sessions::by_token(tx, &shown.hash()).await?;
                let session = session.filter(|session| session.id == *id).ok_or_else(over)?;
                session.live(self.rules.sessions, self.clock.now()).map(Some).map_err(|_| over())
            }
        }
    }

    /// The method that what was shown is, if it is right; it is used up then.
    async fn proves(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        step: &SecondStep,
        shown: &Shown,
        now: OffsetDateTime,
    ) -> Result<Option<Method>, SecondFactorError> {
        let account = step.account;
        let right = match shown {
            Shown::Code(code) => {
                let Some(sealed) = authenticators::secret(tx, account).await? else { return Ok(None) };
                match self.totp_of(account, &sealed)?.step_of(code, now) {
                    Some(step) => authenticators::use_up(tx, account, step, now).await?,
                    None => false,
                }
            }
            Shown::RecoveryCode(code) => {
                let right = recovery_codes::use_up(tx, account, &code.hash(account)).await?;
                if right {
                    let left = recovery_codes::count(tx, account).await?;
                    let event = events::recovery_code_used(account, left).by_caller(caller);
                    self.outbox.publish(tx, event).await?;
                    self.note_for_owner(tx, caller, account, Noted::RecoveryCodeUsed, "").await?;
                }
                right
            }
            Shown::Key(answer) => {
                let Some(challenge) = &step.challenge else { return Ok(None) };
                let known = keys::credentials(tx, account).await?;
                let proof = self.second_factors.ceremonies.finish_use(challenge, answer, &known)?;
                let Some(proof) = proof else { return Ok(None) };
                let right = keys::used(tx, account, &proof.credential, now).await?;
                return Ok(right.then_some(method_of_key(proof.backed_up)));
            }
        };
        Ok(right.then_some(Method::OneTimeCode))
    }

    /// Begins the session of a sign-in by both.
    async fn let_in_twice(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &Account,
        second: Method,
        finish: Finish,
    ) -> Result<Finished, SecondFactorError> {
        let beginning = Beginning {
            account: account.id,
            organization: None,
            method: Method::Password,
            anew: true,
            second: Some(second),
            origin: caller.origin.clone(),
            visit: finish.visit,
            not_after: None,
        };
        let session = self.begin_session(tx, caller, beginning, self.clock.now()).await?;
        if let Some(replaced) = &finish.session {
            self.end_in(tx, caller, replaced, EndCause::Replaced).await?;
        }
        Ok(Finished::SignedIn(Box::new(session)))
    }

    /// Counts, tells and notes a factor that was not right. In a session (`stepping`) it is no failed sign-in.
    async fn refuse_factor(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        account: &Account,
        finish: &Finish,
        stepping: Option<&Session>,
        guess: Option<Guess>,
    ) -> Result<(), SecondFactorError> {
        let now = self.clock.now();
        // Counted before it is told: wrong passwords take the limits and the account's key of the outbox in that order.
        let locked = match &guess {
            Some(guess) => self.count_guess(tx, guess, now).await?,
            None => false,
        };
        let reason = ErrorReason::SecondFactorInvalid;
        if let Some(session) = stepping {
            let refused = events::second_factor_change_refused(account.id, reason);
            let refused = refused.by(&actor(account, session, now)).from(&caller.origin);
            self.outbox.publish(tx, refused).await?;
        } else {
            let entry = store::login_history::Entry {
                id: self.entropy.uuid(now),
                account: account.id,
                at: now,
                origin: &caller.origin,
                product: finish.visit.product.as_str(),
                method: finish.shown.method(),
                refused: Some(reason.code()),
            };
            store::login_history::insert(tx, &entry).await?;
            let refused = events::sign_in_refused(account.id, reason);
            self.outbox.publish(tx, refused.by_caller(caller)).await?;
        }
        if locked {
            self.note_for_owner(tx, caller, account.id, Noted::SecondFactorLocked, "").await?;
            self.outbox.publish(tx, events::second_factor_locked(account.id).by_caller(caller)).await?;
        }
        Ok(())
    }
}
