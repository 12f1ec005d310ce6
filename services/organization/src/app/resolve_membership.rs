//! Which organization a new token names (API-2).

use super::{Organizations, ReadError};
use crate::store::members;
use pass_types::{AccountId, Membership, OrganizationId, Product};

/// For which token.
#[derive(Debug, Clone, Copy)]
pub struct ResolveMembership {
    /// Whose.
    pub account: AccountId,
    /// The organization that was asked for.
    pub organization: Option<OrganizationId>,
    /// The product that it is for; none: the console.
    pub product: Option<Product>,
}

impl Organizations {
    /// The place to name, if there is one. Only services of the suite may ask.
    #[tracing::instrument(skip_all, fields(account.id = %resolve.account))]
    pub async fn resolve_membership(
        &self,
        resolve: ResolveMembership,
    ) -> Result<Option<Membership>, ReadError> {
        let ResolveMembership { account, organization, product } = resolve;
        let mut conn = self.pool.acquire().await?;
        Ok(match organization {
            Some(organization) => members::place(&mut conn, organization, account).await?,
            None => members::first_place(&mut conn, account, product, self.clock.now()).await?,
        })
    }
}
