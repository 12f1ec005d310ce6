//! Whether a person may use a product (API-3).

use super::Organizations;
use crate::{
    domain::access::{Decision, Refusal},
    store,
};
use pass_mesh::{Fault, Problem, faults};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Person, Product, SpaceId};

/// What is asked. The product is the one that asks.
#[derive(Debug)]
pub struct CheckAccess {
    /// Which product.
    pub product: Product,
    /// Which Space; none: the product's in the token's organization.
    pub space: Option<SpaceId>,
}

/// There is no decision.
#[derive(Debug, thiserror::Error)]
pub enum CheckAccessError {
    /// A fault of ours.
    #[error("access could not be checked")]
    Fault(#[source] Fault),
}

faults!(CheckAccessError: sqlx::Error);

impl Problem for CheckAccessError {
    fn kind(&self) -> Kind {
        let Self::Fault(fault) = self;
        fault.kind()
    }

    fn reason(&self) -> ErrorReason {
        let Self::Fault(fault) = self;
        fault.reason()
    }
}

impl Organizations {
    /// Decides. The token says which organization is active (API-2); whether the person still is its
    /// member is asked of the database. One query, and a second one only when a Space is not found.
    #[tracing::instrument(skip_all, fields(account.id = %person.account, product = %check.product))]
    pub async fn check_access(
        &self,
        person: &Person,
        check: CheckAccess,
    ) -> Result<Decision, CheckAccessError> {
        const NOT_A_MEMBER: Decision = Decision::Refused(Refusal::NotAMember);
        let CheckAccess { product, space } = check;
        let Some(membership) = &person.membership else { return Ok(NOT_A_MEMBER) };
        let mut conn = self.pool.acquire().await?;
        let place = store::access::place(&mut conn, membership.organization, person.account, product).await?;
        let Some(place) = place else { return Ok(NOT_A_MEMBER) };
        let here = place.space.as_ref().map(|space| &space.id);
        match space {
            Some(asked) if here != Some(&asked) => {
                let elsewhere = store::access::space_exists(&mut conn, product, &asked).await?;
                let refusal = if elsewhere { Refusal::NotAMember } else { Refusal::NoSpace };
                Ok(Decision::Refused(refusal))
            }
            _ => Ok(place.decide(self.clock.now())),
        }
    }
}
