//! How often a space's password may be tried (SPC-2): five wrong ones lock an account out of a space user for
//! 15 minutes; beside that, wrong ones of all accounts at a space user, and of one network, are slowed.
//!
//! A try counts before the product is asked and is taken back when it was no wrong one, so that what runs at
//! once, in any number of replicas, can't be more than there may be.

use super::{SpaceError, Wish};
use crate::{
    app::{Identity, Owner},
    domain::throttle::Limit,
    store,
};
use pass_types::{SecretHash, network};

/// What one try counts for.
pub(super) struct Counted {
    pair: SecretHash,
    wide: [(Limit, SecretHash); 2],
}

impl Identity {
    /// Counts a try.
    pub(super) async fn begin_space_try(
        &self,
        owner: &Owner<'_>,
        wish: &Wish,
    ) -> Result<Counted, SpaceError> {
        let user = format!("{}/{}/{}", wish.space.product, wish.space.id.as_str(), wish.login.key());
        let network = network(&owner.caller.origin.address);
        let counted = Counted {
            pair: self.subject("space pair", &format!("{}/{user}", owner.account)),
            wide: [
                (self.rules.space_tries_per_user, self.subject("space user", &user)),
                (self.rules.space_tries_per_network, self.subject("space network", &network)),
            ],
        };
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let tries = store::space_tries::lock(&mut tx, &counted.pair, now).await?.begin(now)?;
        store::space_tries::save(&mut tx, &counted.pair, tries).await?;
        for (limit, subject) in &counted.wide {
            let empty_at = store::throttles::lock(&mut tx, subject, now).await?;
            store::throttles::save(&mut tx, subject, limit.take(empty_at, now)?).await?;
        }
        tx.commit().await?;
        Ok(counted)
    }

    /// The product did not say that it was wrong. `wholly`: it does not count for the wide limits either.
    pub(super) async fn take_back_space_try(
        &self,
        counted: &Counted,
        wholly: bool,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let tries = store::space_tries::lock(&mut tx, &counted.pair, now).await?.take_back();
        store::space_tries::save(&mut tx, &counted.pair, tries).await?;
        if wholly {
            self.take_back_wide(&mut tx, counted).await?;
        }
        tx.commit().await
    }

    /// It was right: the pair has no wrong tries any more, in the transaction of what came of it.
    pub(super) async fn forget_space_tries(
        &self,
        tx: &mut crate::app::Tx,
        counted: &Counted,
    ) -> Result<(), sqlx::Error> {
        store::space_tries::forget(tx, &counted.pair).await?;
        self.take_back_wide(tx, counted).await
    }

    async fn take_back_wide(&self, tx: &mut crate::app::Tx, counted: &Counted) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        for (limit, subject) in &counted.wide {
            let empty_at = store::throttles::lock(tx, subject, now).await?;
            store::throttles::save(tx, subject, limit.give_back(empty_at)).await?;
        }
        Ok(())
    }
}
