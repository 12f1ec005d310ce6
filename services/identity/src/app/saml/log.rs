//! The sign-in log (SML-5): what an administrator sees of each answer, under the reference that the person
//! who was refused is shown.

use super::SamlError;
use crate::{
    app::{Identity, Owner, Tx},
    domain::saml::{Finding, LogEntry},
    events::{self, ByCaller},
    store::{self, saml::log::Shown},
};
use pass_mesh::Caller;
use pass_types::{AccountId, OrganizationId, SamlConnectionId};
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

    /// Writes an entry, and tells of a refusal; its reference.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        about: About,
        finding: Option<Finding>,
    ) -> Result<String, sqlx::Error> {
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
        };
        store::saml::log::insert(tx, &entry).await?;
        if !about.test && entry.finding.is_some() {
            self.outbox.publish(tx, events::saml_sign_in_refused(&entry).by_caller(caller)).await?;
        }
        Ok(entry.reference)
    }
}
