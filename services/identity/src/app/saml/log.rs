//! The sign-in log (SML-5): what an administrator sees of each answer, under the reference that the person
//! who was refused is shown.
//!
//! Anybody may post to an ACS, so whatever the organization's identity provider did not sign is kept apart, and so
//! is what it signed and what comes again: it pushes nothing else out of the log, and is told by the minute (AUD-1).
//! An answer is known again by its assertion, for as long as an entry is kept.

use super::SamlError;
use crate::{
    app::{Identity, Owner, Tx},
    domain::saml::{Finding, LogEntry},
    events::{self, ByCaller},
    store::{self, saml::log::Shown},
};
use pass_mesh::Caller;
use pass_types::{AccountId, OrganizationId, SamlConnectionId};
use time::OffsetDateTime;
use uuid::Uuid;

/// Without characters that look like others.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Whose answer an entry is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) organization: OrganizationId,
    pub(super) connection: Option<SamlConnectionId>,
    pub(super) test: bool,
    pub(super) account: Option<AccountId>,
    /// Anybody may have posted it.
    pub(super) stranger: bool,
}

impl Identity {
    /// The organization's sign-in log, latest first, older than `before`.
    pub async fn saml_sign_ins(
        &self,
        owner: &Owner<'_>,
        organization: OrganizationId,
        before: Option<Uuid>,
        most: i64,
    ) -> Result<Vec<Shown>, SamlError> {
        self.administrator(owner, organization).await?;
        let mut db = self.pool.acquire().await?;
        Ok(store::saml::log::page(&mut db, organization, before, most).await?)
    }

    /// A reference for a refusal.
    pub(super) fn reference(&self) -> String {
        let text = self.entropy.string(8, ALPHABET);
        format!("{}-{}", &text[..4], &text[4..])
    }

    /// Writes an entry, and tells of a refusal, or counts it as a stranger's; its reference.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        about: About,
        finding: Option<Finding>,
    ) -> Result<String, sqlx::Error> {
        let entry = self.enter(tx, about, finding).await?;
        if entry.stranger {
            let minute = entry.at.truncate_to_minute();
            store::saml::strangers::count(tx, entry.organization, minute).await?;
        } else if entry.finding.is_some() {
            self.outbox.publish(tx, events::saml_sign_in_refused(&entry).by_caller(caller)).await?;
        }
        Ok(entry.reference)
    }

    /// Writes down a refusal by itself: the error for the person, who is told the reference.
    pub(super) async fn refusal(
        &self,
        caller: &Caller,
        about: About,
        finding: Finding,
    ) -> Result<SamlError, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let reference = self.note(&mut tx, caller, about, Some(finding)).await?;
        tx.commit().await?;
        Ok(SamlError::Refused(reference))
    }

    /// Writes an entry of which somebody else tells.
    pub(super) async fn enter(
        &self,
        tx: &mut Tx,
        about: About,
        finding: Option<Finding>,
    ) -> Result<LogEntry, sqlx::Error> {
        let now = self.clock.now();
        let entry = LogEntry {
            id: self.entropy.uuid(now),
            organization: about.organization,
            connection: about.connection,
            reference: self.reference(),
            at: now,
            finding,
            test: about.test,
            account: about.account,
            stranger: about.stranger,
        };
        store::saml::log::insert(tx, &entry).await?;
        Ok(entry)
    }

    /// Tells what strangers posted in minutes that are over; whether there may be more.
    pub(in crate::app) async fn tell_of_strangers(
        &self,
        now: OffsetDateTime,
        most: i64,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let mut strangers = store::saml::strangers::take(&mut tx, now.truncate_to_minute(), most).await?;
        // Replicas that publish for the same organizations must take them in the same order.
        strangers.sort_unstable();
        for strangers in &strangers {
            self.outbox.publish(&mut tx, events::saml_strangers_refused(strangers)).await?;
        }
        tx.commit().await?;
        Ok(i64::try_from(strangers.len()) == Ok(most))
    }
}
