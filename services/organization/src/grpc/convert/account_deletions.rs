//! Accounts that their owners delete.

use super::{field, parse};
use crate::{
    app::EraseAccount,
    domain::deletion::{Obstacle, Place},
};
use pass_proto::organization::v1::{self as wire, account_place::Obstacle as Wire};
use pass_types::{AccountId, Invalid};
use tonic::Status;

pub fn preview_account_deletion(request: &wire::PreviewAccountDeletionRequest) -> Result<AccountId, Status> {
    let wire::PreviewAccountDeletionRequest { account_id } = request;
    parse("account_id", account_id)
}

pub fn account_places(places: &[Place]) -> wire::PreviewAccountDeletionResponse {
    wire::PreviewAccountDeletionResponse { places: places.iter().map(account_place).collect() }
}

fn account_place(place: &Place) -> wire::AccountPlace {
    let obstacle = match place.obstacle() {
        None => Wire::None,
        Some(Obstacle::OnlyMember) => Wire::OnlyMember,
        Some(Obstacle::LastAdministrator) => Wire::LastAdministrator,
        Some(Obstacle::LastPlanAdmin) => Wire::LastPlanAdmin,
    };
    wire::AccountPlace {
        organization_id: place.organization.to_string(),
        name: place.name.as_str().to_owned(),
        obstacle: obstacle.into(),
    }
}

pub fn erase_account(request: &wire::EraseAccountRequest) -> Result<EraseAccount, Status> {
    let wire::EraseAccountRequest { account_id, attempt, email } = request;
    let positive = if *attempt > 0 { Ok(*attempt) } else { Err(Invalid("must be 1 or more")) };
    Ok(EraseAccount {
        account: parse("account_id", account_id)?,
        attempt: field("attempt", positive)?,
        email: parse("email", email)?,
    })
}
