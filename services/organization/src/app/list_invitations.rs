//! Open and expired invitations of an organization (ORG-6).

use super::{By, Organizations, ReadError, authorize};
use crate::{domain::invitation::Invitation, store};
use pass_types::{OrganizationId, Page, PageSize};
use uuid::Uuid;

/// Which invitations.
#[derive(Debug)]
pub struct ListInvitations {
    /// Of which organization.
    pub organization: OrganizationId,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

impl Organizations {
    /// Invitations, latest first, for those who may invite.
    #[tracing::instrument(skip_all, fields(org.id = %list.organization))]
    pub async fn list_invitations(
        &self,
        by: &By,
        list: ListInvitations,
    ) -> Result<Page<Invitation>, ReadError> {
        let mut tx = self.pool.begin().await?;
        let inviter = authorize::inviter(&mut tx, by, list.organization).await?;
        let organization = inviter.organization();
        let name = format!("invitations/{organization}");
        let key = &self.settings.page_key;
        // Ids sort by the time they were made at.
        let before = key.open(&name, &list.token)?.map_or(Uuid::max(), |(_, id)| id);
        let mut items = store::invitations::list(&mut tx, organization, before, list.size.limit()).await?;
        tx.commit().await?;
        let next = list.size.cut(&mut items, |last| (String::new(), last.id.uuid()));
        let next = next.map(|last| key.seal(&self.entropy, &name, &last)).unwrap_or_default();
        Ok(Page { items, next })
    }
}
