//! What products ask about their own legacy spaces, each about no other's (SPC-3, SPC-5).

use super::SpaceError;
use crate::{
    app::{Identity, Owner},
    domain::space::{LegacySpace, LegacySpaceId, SpaceLink, SpaceProfile, SpaceUserId},
    events::{self, ByCaller},
    store::{self, space_links::Connected},
};
use pass_mesh::{Caller, Peer};
use pass_proto::errors::v1::ErrorReason;
use pass_types::Product;

/// The product that calls. One that the suite does not know has no spaces here.
fn calling(caller: &Caller) -> Option<Product> {
    match &caller.peer {
        Peer::Product(name) => name.parse().ok(),
        Peer::Service(_) => None,
    }
}

impl Identity {
    /// Who the person is in a space of the calling product, if it is logged in to with the Nulab Account.
    pub async fn space_user(&self, owner: &Owner<'_>, space: LegacySpaceId) -> Result<SpaceLink, SpaceError> {
        let product = calling(owner.caller).ok_or(SpaceError::NotConnected)?;
        let space = LegacySpace { product, id: space };
        let mut tx = self.pool.begin().await?;
        let link = store::space_links::of_space(&mut tx, owner.account, &space).await?;
        let link = link.ok_or(SpaceError::NotConnected)?;
        if link.takes_account() {
            return Ok(link);
        }
        let refused = events::space_sign_in_refused(&link, ErrorReason::SpaceUsesOwnUsers);
        self.outbox.publish(&mut tx, refused.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Err(SpaceError::UsesOwnUsers)
    }

    /// The person's spaces of the calling product.
    pub async fn my_spaces_of_product(&self, owner: &Owner<'_>) -> Result<Vec<SpaceLink>, SpaceError> {
        let product = calling(owner.caller);
        let mut db = self.pool.acquire().await?;
        let mut links = store::space_links::of_account(&mut db, owner.account).await?;
        links.retain(|link| Some(link.space.product) == product);
        Ok(links)
    }

    /// Chooses what a space of the calling product shows.
    pub async fn change_my_space(
        &self,
        owner: &Owner<'_>,
        space: LegacySpaceId,
        profile: SpaceProfile,
    ) -> Result<SpaceLink, SpaceError> {
        let product = calling(owner.caller).ok_or(SpaceError::NotConnected)?;
        let space = LegacySpace { product, id: space };
        let mut tx = self.pool.begin().await?;
        let found = store::space_links::of_space(&mut tx, owner.account, &space).await?;
        let id = found.ok_or(SpaceError::NotConnected)?.id;
        let link = store::space_links::lock(&mut tx, owner.account, id).await?;
        let link = self.set_profile(&mut tx, owner, link.ok_or(SpaceError::NotConnected)?, profile).await?;
        tx.commit().await?;
        Ok(link)
    }

    /// Those of the users of a space of the calling product that are connected.
    pub async fn connected_users(
        &self,
        caller: &Caller,
        space: &LegacySpaceId,
        users: &[SpaceUserId],
    ) -> Result<Vec<Connected>, SpaceError> {
        let Some(product) = calling(caller) else { return Ok(Vec::new()) };
        let mut db = self.pool.acquire().await?;
        Ok(store::space_links::of_users(&mut db, product, space, users).await?)
    }
}
