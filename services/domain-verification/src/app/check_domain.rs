//! What identity asks: whether addresses may be under a domain (DOM-3), and where somebody may sign in (SML-8).

use super::{Domains, ReadError};
use crate::{domain::name::DomainName, store};
use pass_types::OrganizationId;

/// How many organizations are told.
const MOST: i64 = 10;

impl Domains {
    /// Whether an organization has verified that very name. What is no name of ours was never verified.
    /// Only services of the suite may ask.
    #[tracing::instrument(skip_all, fields(org.id = %organization))]
    pub async fn check_domain(
        &self,
        organization: OrganizationId,
        name: Option<DomainName>,
    ) -> Result<bool, ReadError> {
        let Some(name) = name else { return Ok(false) };
        let mut conn = self.pool.acquire().await?;
        Ok(store::domains::is_verified(&mut conn, organization, &name).await?)
    }

    /// The organizations that have verified that very name, at most 10. Only services of the suite may ask.
    #[tracing::instrument(skip_all)]
    pub async fn find_organizations(
        &self,
        name: Option<DomainName>,
    ) -> Result<Vec<OrganizationId>, ReadError> {
        let Some(name) = name else { return Ok(vec![]) };
        let mut conn = self.pool.acquire().await?;
        Ok(store::domains::organizations(&mut conn, &name, MOST).await?)
    }
}
