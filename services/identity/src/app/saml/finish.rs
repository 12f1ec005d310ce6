//! Ending a sign-in in the browser that began it (SML-3, SML-8). What an answer said becomes a session only
//! with what the browser kept: somebody else's answer signs nobody in (login CSRF).

use super::{SamlError, log::About, pass_ended};
use crate::{
    app::{Identity, NewSession, Tx},
    domain::{
        device::Visit,
        managed::{Managed, State},
        saml::{ConnectionState, Finding, Identified, Kept, Outcome, Pending},
        session::{Beginning, EndCause, Method},
        sign_up::Continuation,
    },
    events::{self, ByCaller},
    grpc::neighbours::Named,
    store,
};
use pass_mesh::Caller;
use pass_proto::errors::v1::ErrorReason;
use pass_saml::NameIdFormat;
use pass_types::{AccountId, Email, OrganizationName, Secret, SecretHash};
use time::OffsetDateTime;

/// How many tokens of sign-ins that are under way in it a browser may show.
const MOST_TOKENS: usize = 8;

/// What a browser shows of what it kept.
pub enum Shown {
    /// Nothing, and says so: its person was asked on a page of ours.
    Nothing,
    /// Tokens: of a sign-in in each of its tabs.
    Tokens(Vec<Secret>),
    /// Something that was never given to any.
    Nonsense,
}

impl Shown {
    /// What came with the request: empty for nothing.
    pub fn of(token: &str) -> Self {
        match token {
            "" => Self::Nothing,
            tokens => {
                let tokens = tokens.split('.').take(MOST_TOKENS).map(str::parse).collect::<Result<_, _>>();
                tokens.map_or(Self::Nonsense, Self::Tokens)
            }
        }
    }

    /// Whether it is what a pending sign-in asks for. One that the identity provider began (`None`) is finished
    /// by a browser that shows nothing, and by no other: a link must not be enough (login CSRF).
    fn is_that_of(&self, kept: Option<Kept>) -> bool {
        match self {
            Self::Nothing => kept.is_none(),
            Self::Tokens(_) | Self::Nonsense => self.token_of(kept).is_some(),
        }
    }

    /// The token that a pending sign-in asks for, if it is there.
    fn token_of(&self, kept: Option<Kept>) -> Option<&Secret> {
        match self {
            Self::Tokens(tokens) => tokens.iter().find(|token| kept == Some(Kept::of(token))),
            Self::Nothing | Self::Nonsense => None,
        }
    }
}

/// A browser that comes to finish.
pub struct Finish {
    /// From the ACS.
    pub handle: Secret,
    /// What it kept; nothing for a sign-in that the identity provider started.
    pub browser: Shown,
    /// Its session so far.
    pub replaced: Option<Secret>,
}

/// What came of it, and which of the browser's tokens has done its work.
pub struct Done {
    /// What came of it.
    pub finished: Finished,
    /// Of no use any more.
    pub used: Option<Secret>,
}

/// What came of it.
pub enum Finished {
    /// Somebody is signed in.
    SignedIn {
        /// The session.
        session: Box<NewSession>,
        /// Where they wanted to go.
        continuation: Continuation,
    },
    /// It was a test; where its verdict is shown.
    Tested(String),
}

/// Who a sign-in is for that the identity provider started.
pub struct Waiting {
    /// The organization.
    pub organization: OrganizationName,
    /// As the identity provider says.
    pub email: Option<Email>,
}

/// How somebody is signed in.
struct LetIn {
    managed: Managed,
    anew: bool,
    not_after: OffsetDateTime,
}

/// Why nobody is signed in.
enum NotLetIn {
    Unknown(Finding),
    Suspended(AccountId),
    PassEnded,
    OtherBrowser,
    OtherConnection,
}

impl Identity {
    /// Who a pending sign-in that the identity provider started is for.
    pub async fn pending_saml_sign_in(&self, caller: &Caller, handle: &Secret) -> Result<Waiting, SamlError> {
        let mut db = self.pool.acquire().await?;
        let pending = store::saml::flows::pending(&mut db, &handle.hash(), self.clock.now()).await?;
        drop(db);
        let pending = pending.filter(|pending| pending.browser.is_none()).ok_or(SamlError::LinkInvalid)?;
        let Outcome::SignIn(who) = pending.outcome else { return Err(SamlError::LinkInvalid) };
        let named = Named::Id(pending.organization);
        let organization = self.neighbours.organization(&caller.as_system(), named).await;
        let organization = organization.map_err(SamlError::Neighbour)?.ok_or(SamlError::LinkInvalid)?;
        Ok(Waiting { organization: organization.name, email: who.email })
    }

    /// Ends a pending sign-in.
    #[tracing::instrument(skip_all)]
    pub async fn finish_saml_sign_in(&self, caller: &Caller, finish: Finish) -> Result<Done, SamlError> {
        let handle = finish.handle.hash();
        let mut db = self.pool.acquire().await?;
        let pending = store::saml::flows::pending(&mut db, &handle, self.clock.now()).await?;
        drop(db);
        let pending = pending.ok_or(SamlError::LinkInvalid)?;
        if !finish.browser.is_that_of(pending.browser) {
            // Whoever has the handle has not the browser that began it: it is of no use to anybody any more. One
            // that no browser began is still its person's, on the page that asks them.
            if pending.browser.is_none() {
                return Err(SamlError::LinkInvalid);
            }
            let tx = self.take_pending(&handle).await?;
            return Err(self.turn_away_managed(tx, caller, &pending, NotLetIn::OtherBrowser).await?);
        }
        let used = finish.browser.token_of(pending.browser).cloned();
        let finished = match &pending.outcome {
            Outcome::SignIn(who) => self.finish_sign_in(caller, &finish, &pending, who).await?,
            Outcome::Test(test) => {
                self.take_pending(&handle).await?.commit().await?;
                let (console, organization) = (&self.rules.console_url, pending.organization);
                Finished::Tested(format!("{console}/organizations/{organization}/saml/tests/{test}"))
            }
        };
        Ok(Done { finished, used })
    }

    /// Takes a pending sign-in, in a transaction of its own; of several at once, one gets it.
    async fn take_pending(&self, handle: &SecretHash) -> Result<Tx, SamlError> {
        let mut tx = self.pool.begin().await?;
        let taken = store::saml::flows::take_pending(&mut tx, handle).await?;
        if taken { Ok(tx) } else { Err(SamlError::LinkInvalid) }
    }

    /// Signs in whoever it is, or says why not.
    async fn finish_sign_in(
        &self,
        caller: &Caller,
        finish: &Finish,
        pending: &Pending,
        who: &Identified,
    ) -> Result<Finished, SamlError> {
        let entitled_until = self.still_entitled_until(&caller.as_system(), pending.organization).await?;
        let mut tx = self.take_pending(&finish.handle.hash()).await?;
        let found = match entitled_until {
            Some(until) => self.account_of(&mut tx, pending, who).await?.map(|managed| (managed, until)),
            None => Err(NotLetIn::PassEnded),
        };
        match found {
            Ok((managed, until)) => {
                let not_after = who.session_not_on_or_after.map_or(until, |it| it.min(until));
                let let_in = LetIn { managed, anew: who.anew, not_after };
                let session = self.let_in_managed(&mut tx, caller, pending, let_in).await?;
                if let Some(replaced) = &finish.replaced {
                    self.end_in(&mut tx, caller, replaced, EndCause::Replaced).await?;
                }
                tx.commit().await?;
                let continuation = pending.continuation.clone();
                Ok(Finished::SignedIn { session: Box::new(session), continuation })
            }
            Err(why) => Err(self.turn_away_managed(tx, caller, pending, why).await?),
        }
    }

    /// Whose sign-in it is: of the account that the name is bound to, or of this organization's Managed Account
    /// with the address, which the name is bound to from now on. Never a Nulab Account's.
    async fn account_of(
        &self,
        tx: &mut Tx,
        pending: &Pending,
        who: &Identified,
    ) -> Result<Result<Managed, NotLetIn>, sqlx::Error> {
        let organization = pending.organization;
        let active = store::saml::connections::current(tx, organization, ConnectionState::Active).await?;
        if active.is_none_or(|active| active.id != pending.connection) {
            return Ok(Err(NotLetIn::OtherConnection));
        }
        // An address is not lasting: it is whoever's it is now.
        let bound = match who.name.format {
            NameIdFormat::Persistent => store::saml::bindings::find(tx, organization, &who.name).await?,
            NameIdFormat::EmailAddress => None,
        };
        let by_address = match (&bound, &who.email) {
            (None, Some(email)) => store::saml::bindings::owner(tx, organization, email).await?,
            _ => None,
        };
        let none = || Finding::new("account", "a Managed Account of the organization", "none");
        let unknown = || Err(NotLetIn::Unknown(none()));
        let Some(id) = bound.or(by_address) else { return Ok(unknown()) };
        let held = store::managed_accounts::lock(tx, id).await?;
        let Some(managed) = held.map(|held| held.managed) else { return Ok(unknown()) };
        match managed.state {
            State::Provisioning | State::Deleting => return Ok(unknown()),
            State::Suspending | State::Suspended | State::Resuming => {
                return Ok(Err(NotLetIn::Suspended(id)));
            }
            State::Invited | State::Active => {}
        }
        if bound.is_none() {
            let now = self.clock.now();
            if !store::saml::bindings::bind(tx, organization, &who.name, id, now).await? {
                let finding =
                    Finding::new("account", "the name that the account is bound to", "another name");
                return Ok(Err(NotLetIn::Unknown(finding)));
            }
        }
        Ok(Ok(managed))
    }

    /// Begins the session; the first one makes the account active (MAN-2).
    async fn let_in_managed(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        pending: &Pending,
        let_in: LetIn,
    ) -> Result<NewSession, sqlx::Error> {
        let LetIn { managed, anew, not_after } = let_in;
        let now = self.clock.now();
        let account = managed.account.id;
        if let Ok((managed, true)) = managed.signed_in(now) {
            store::managed_accounts::save(tx, &managed, None, None).await?;
            let activated = events::managed_account_activated(&managed);
            self.outbox.publish(tx, activated.by_caller(caller)).await?;
        }
        let (method, origin) = (Method::Federated, caller.origin.clone());
        let beginning = Beginning {
            account,
            organization: Some(pending.organization),
            method,
            second: None,
            anew,
            origin,
            visit: Visit { device: None, product: pending.product.clone() },
            not_after: Some(not_after),
        };
        let session = self.begin_session(tx, caller, beginning, now).await?;
        self.note(tx, caller, about(pending, Some(account)), None).await?;
        Ok(session)
    }

    /// Writes down why nobody was signed in.
    async fn turn_away_managed(
        &self,
        mut tx: Tx,
        caller: &Caller,
        pending: &Pending,
        why: NotLetIn,
    ) -> Result<SamlError, sqlx::Error> {
        type Refused = fn(String) -> SamlError;
        let (account, finding, error): (_, _, Refused) = match why {
            NotLetIn::Suspended(id) => {
                let finding = Finding::new("account_state", "an account that is not suspended", "suspended");
                (Some(id), finding, SamlError::AccountSuspended)
            }
            NotLetIn::PassEnded => (None, pass_ended(), SamlError::PassEndedMeanwhile),
            NotLetIn::OtherBrowser => {
                let finding = Finding::new("browser", "the browser that began the sign-in", "another one");
                (None, finding, SamlError::OtherBrowser)
            }
            NotLetIn::OtherConnection => {
                let finding = Finding::new("connection", "the connection that is switched on", "another one");
                (None, finding, SamlError::Refused)
            }
            NotLetIn::Unknown(finding) => (None, finding, SamlError::AccountUnknown),
        };
        if let Some(account) = account {
            let now = self.clock.now();
            let entry = store::login_history::Entry {
                id: self.entropy.uuid(now),
                account,
                at: now,
                origin: &caller.origin,
                product: pending.product.as_str(),
                method: Method::Federated,
                refused: Some(ErrorReason::AccountSuspended.code()),
            };
            store::login_history::insert(&mut tx, &entry).await?;
            let refused = events::sign_in_refused(account, ErrorReason::AccountSuspended);
            let refused = refused.organization(pending.organization);
            self.outbox.publish(&mut tx, refused.by_caller(caller)).await?;
        }
        let reference = self.note(&mut tx, caller, about(pending, account), Some(finding)).await?;
        tx.commit().await?;
        Ok(error(reference))
    }
}

fn about(pending: &Pending, account: Option<AccountId>) -> About {
    let (organization, connection) = (pending.organization, Some(pending.connection));
    let test = matches!(pending.outcome, Outcome::Test(_));
    // What is pending was signed.
    About { organization, connection, test, account, stranger: false }
}
