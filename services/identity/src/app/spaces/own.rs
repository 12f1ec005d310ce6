//! The owner's connected spaces: the list, what each shows, disconnecting (SPC-3, SPC-5, SPC-6).

use super::{SpaceError, personal};
use crate::{
    app::{Identity, Owner, Tx},
    domain::{
        security_event,
        space::{LegacySpaceId, SpaceLink, SpaceProfile},
    },
    events::{self, ByCaller},
    grpc::legacy::SpaceView,
    store,
};
use pass_types::{Product, SpaceLinkId};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// All of somebody's connected spaces.
pub struct MySpaces {
    /// The earliest first.
    pub spaces: Vec<Listed>,
    /// Products of which spaces can be connected.
    pub products: Vec<Product>,
}

/// One of them, and what its product says of it.
pub struct Listed {
    /// The link.
    pub link: SpaceLink,
    /// `None`: the product did not answer, or has no such space any more.
    pub view: Option<SpaceView>,
}

type Views = BTreeMap<LegacySpaceId, SpaceView>;

impl Identity {
    /// The owner's connected spaces. Products that don't answer leave out what they would have said.
    pub async fn my_spaces(&self, owner: &Owner<'_>) -> Result<MySpaces, SpaceError> {
        personal(owner)?;
        let links = {
            let mut db = self.pool.acquire().await?;
            store::space_links::of_account(&mut db, owner.account).await?
        };
        let mut views = self.space_views(&links).await;
        let listed = links.into_iter().map(|link| {
            let view = views.get_mut(&link.space.product).and_then(|views| views.remove(&link.space.id));
            Listed { link, view }
        });
        Ok(MySpaces { spaces: listed.collect(), products: self.directories.products().collect() })
    }

    /// What the products say of their spaces; all are asked at once.
    async fn space_views(&self, links: &[SpaceLink]) -> BTreeMap<Product, Views> {
        let mut wanted = BTreeMap::<Product, Vec<LegacySpaceId>>::new();
        for link in links {
            wanted.entry(link.space.product).or_default().push(link.space.id.clone());
        }
        let mut asked = JoinSet::new();
        for (product, ids) in wanted {
            if let Some(directory) = self.directories.of(product) {
                asked.spawn(async move { (product, directory.spaces(&ids).await) });
            }
        }
        let mut views = BTreeMap::new();
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((product, Ok(spaces))) => {
                    views.insert(product, spaces);
                }
                Ok((product, Err(failure))) => {
                    let error = &failure as &dyn std::error::Error;
                    tracing::warn!(%product, error, "a product's spaces are listed without what it says");
                }
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "asking a product"),
            }
        }
        views
    }

    /// Chooses what a space shows, and how it is logged in to.
    pub async fn change_space_link(
        &self,
        owner: &Owner<'_>,
        id: SpaceLinkId,
        profile: SpaceProfile,
    ) -> Result<SpaceLink, SpaceError> {
        let mut tx = self.pool.begin().await?;
        let link = store::space_links::lock(&mut tx, owner.account, id).await?;
        let link = self.set_profile(&mut tx, owner, link.ok_or(SpaceError::NotFound)?, profile).await?;
        tx.commit().await?;
        Ok(link)
    }

    pub(super) async fn set_profile(
        &self,
        tx: &mut Tx,
        owner: &Owner<'_>,
        link: SpaceLink,
        profile: SpaceProfile,
    ) -> Result<SpaceLink, SpaceError> {
        if link.profile == profile {
            return Ok(link);
        }
        let link = SpaceLink { profile, ..link };
        store::space_links::set_profile(tx, link.id, profile).await?;
        self.outbox.publish(tx, events::space_link_changed(&link).by_caller(owner.caller)).await?;
        let kind = match profile {
            SpaceProfile::Account => security_event::Kind::SpaceProfileShared,
            SpaceProfile::Space => security_event::Kind::SpaceProfileSeparate,
            SpaceProfile::SpaceOnly => security_event::Kind::SpaceProfileOwn,
        };
        self.note_for_owner(tx, owner.caller, owner.account, kind, link.space.id.as_str()).await?;
        Ok(link)
    }

    /// Removes a link. The space and its user remain as they are (SPC-6).
    pub async fn disconnect_space(&self, owner: &Owner<'_>, id: SpaceLinkId) -> Result<(), SpaceError> {
        let mut tx = self.pool.begin().await?;
        let link = store::space_links::lock(&mut tx, owner.account, id).await?;
        let link = link.ok_or(SpaceError::NotFound)?;
        store::space_links::delete(&mut tx, link.id).await?;
        self.outbox.publish(&mut tx, events::space_disconnected(&link).by_caller(owner.caller)).await?;
        let kind = security_event::Kind::SpaceDisconnected;
        self.note_for_owner(&mut tx, owner.caller, owner.account, kind, link.space.id.as_str()).await?;
        Ok(tx.commit().await?)
    }
}
