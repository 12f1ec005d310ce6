//! Connecting a space (SPC-2, SPC-3, SPC-4): the product is asked about its own password, outside of any
//! transaction; what it said is then saved in one.

use super::{SpaceError, personal, tries::Counted};
use crate::{
    app::{Identity, Owner, Tx},
    domain::{
        security_event,
        space::{LegacySpace, MOST_LINKS, SpaceLink, SpaceLogin, SpacePassword, SpaceProfile},
        throttle::TooOften,
    },
    events::{self, ByCaller},
    grpc::legacy::{CheckRefused, Directory},
    store,
};
use pass_mesh::Problem;
use pass_types::{Kind, SpaceLinkId};

/// What somebody wants to connect.
pub struct Wish {
    /// Which space.
    pub space: LegacySpace,
    /// Its own user ID.
    pub login: SpaceLogin,
    /// And password.
    pub password: SpacePassword,
    /// What it is to show.
    pub profile: SpaceProfile,
}

impl Identity {
    /// Connects a space to the owner's account. What is connected already gives the same link, which shows what is chosen
    /// now.
    pub async fn connect_space(&self, owner: &Owner<'_>, wish: Wish) -> Result<SpaceLink, SpaceError> {
        personal(owner)?;
        let directory = self.directories.of(wish.space.product).ok_or(SpaceError::WithoutSpaces)?;
        let space = wish.space.clone();
        let connected = self.try_to_connect(owner, directory, wish).await;
        if let Err(error) = &connected
            && !matches!(error.kind(), Kind::Unavailable | Kind::Internal)
        {
            self.refuse_space(owner, &space, error.reason()).await?;
        }
        connected
    }

    async fn try_to_connect(
        &self,
        owner: &Owner<'_>,
        directory: Directory,
        wish: Wish,
    ) -> Result<SpaceLink, SpaceError> {
        let counted = self.begin_space_try(owner, &wish).await?;
        let Wish { space, login, password, profile } = wish;
        let user = match directory.check_password(&space.id, &login, &password).await {
            Ok(user) => user,
            Err(CheckRefused::Wrong) => return Err(SpaceError::CredentialsInvalid),
            Err(refused) => {
                // Who looks for spaces is slowed; a product that is down is nobody's fault.
                let wholly = matches!(refused, CheckRefused::NoAnswer(_));
                self.take_back_space_try(&counted, wholly).await?;
                return Err(refused.into());
            }
        };
        let now = self.clock.now();
        let id = SpaceLinkId::generate(&self.entropy, now);
        let link = SpaceLink { id, account: owner.account, space, user, login, profile, created_at: now };
        self.save_link(owner, &counted, link).await
    }

    /// Saves the link, if nothing is in its way.
    async fn save_link(
        &self,
        owner: &Owner<'_>,
        counted: &Counted,
        link: SpaceLink,
    ) -> Result<SpaceLink, SpaceError> {
        let mut tx = self.pool.begin().await?;
        // The password was right, whatever comes now.
        self.forget_space_tries(&mut tx, counted).await?;
        let saved = self.save_link_in(&mut tx, owner, link).await;
        if matches!(saved, Err(SpaceError::Database(_))) {
            return saved;
        }
        tx.commit().await?;
        saved
    }

    async fn save_link_in(
        &self,
        tx: &mut Tx,
        owner: &Owner<'_>,
        link: SpaceLink,
    ) -> Result<SpaceLink, SpaceError> {
        // One at a time for an account: so the limit holds.
        store::accounts::lock(tx, owner.account).await?.ok_or(SpaceError::NotFound)?;
        let known = store::space_links::of_account(tx, owner.account).await?;
        if let Some(known) = known.iter().find(|known| known.space == link.space) {
            if known.user != link.user {
                return Err(SpaceError::SpaceConnected);
            }
            // It may have been disconnected since it was read: then it is connected anew.
            if let Some(known) = store::space_links::lock(tx, owner.account, known.id).await? {
                return self.set_profile(tx, owner, known, link.profile).await;
            }
        }
        if i64::try_from(known.len()).is_ok_and(|count| count >= MOST_LINKS) {
            return Err(SpaceError::Limit);
        }
        if !store::space_links::insert(tx, &link).await? {
            return Err(SpaceError::UserConnected);
        }
        self.outbox.publish(tx, events::space_connected(&link).by_caller(owner.caller)).await?;
        let kind = security_event::Kind::SpaceConnected;
        self.note_for_owner(tx, owner.caller, owner.account, kind, link.space.id.as_str()).await?;
        Ok(link)
    }
}

impl From<TooOften> for SpaceError {
    fn from(TooOften(wait): TooOften) -> Self {
        Self::TooOften(wait.unsigned_abs())
    }
}

impl From<CheckRefused> for SpaceError {
    fn from(refused: CheckRefused) -> Self {
        match refused {
            CheckRefused::Unknown => Self::Unknown,
            CheckRefused::Closed => Self::Closed,
            CheckRefused::Wrong => Self::CredentialsInvalid,
            CheckRefused::NoAnswer(failure) => Self::NoAnswer(failure),
        }
    }
}
