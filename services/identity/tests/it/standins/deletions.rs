//! Organization's and billing's parts of deleting an account.

use super::{State, World};
use pass_mesh::{Problem, open, status};
use pass_proto::{
    billing::v1::{ForgetPersonRequest, ForgetPersonResponse, person_service_server::PersonService},
    errors::v1::ErrorReason,
    organization::v1::{
        AccountPlace, EraseAccountRequest, EraseAccountResponse, PreviewAccountDeletionRequest,
        PreviewAccountDeletionResponse, account_deletion_service_server::AccountDeletionService,
        account_place::Obstacle,
    },
};
use pass_types::{AccountId, Kind, OrganizationId};
use tonic::{Request, Response, Status};

/// What organization decided, and what it was asked to erase.
#[derive(Debug, Default)]
pub struct Deletions {
    /// Places of everybody.
    pub places: Vec<AccountPlace>,
    /// Account, attempt and address of each wish that was granted.
    pub erased: Vec<(String, i32, String)>,
    /// Account and attempt of each wish that came.
    pub asked: Vec<(String, i32)>,
    /// Account and address of everybody whom billing was asked to forget.
    pub forgotten: Vec<(String, String)>,
}

#[derive(Debug, thiserror::Error)]
#[error("organizations need the account")]
struct Needed(String);

impl Problem for Needed {
    fn kind(&self) -> Kind {
        Kind::Precondition
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::AccountNeeded
    }
    fn metadata(&self) -> Vec<(&'static str, String)> {
        vec![("organizations", self.0.clone())]
    }
}

impl World {
    /// Everybody is a member of an organization of that name, which needs them or does not.
    pub fn everybody_in(&self, name: &str, organization: OrganizationId, obstacle: Obstacle) {
        let (organization_id, name, obstacle) = (organization.to_string(), name.to_owned(), obstacle.into());
        self.state().deletions.places = vec![AccountPlace { organization_id, name, obstacle }];
    }

    /// The attempts at deleting an account that organization was asked about.
    pub fn attempts_at_deleting(&self, account: AccountId) -> Vec<i32> {
        let state = self.state();
        let asked = state.deletions.asked.iter().filter(|(id, _)| *id == account.to_string());
        asked.map(|(_, attempt)| *attempt).collect()
    }
}

fn erase(state: &mut State, request: EraseAccountRequest) -> Result<EraseAccountResponse, Status> {
    let EraseAccountRequest { account_id, attempt, email } = request;
    let deletions = &mut state.deletions;
    deletions.asked.push((account_id.clone(), attempt));
    let needing = deletions.places.iter().filter(|it| it.obstacle() != Obstacle::None);
    let needing: Vec<_> = needing.map(|it| it.name.clone()).collect();
    if !needing.is_empty() {
        return Err(status(Needed(needing.join("\n"))));
    }
    if !deletions.erased.iter().any(|(id, _, _)| *id == account_id) {
        deletions.erased.push((account_id, attempt, email));
    }
    Ok(EraseAccountResponse {})
}

#[tonic::async_trait]
impl AccountDeletionService for World {
    async fn preview_account_deletion(
        &self,
        request: Request<PreviewAccountDeletionRequest>,
    ) -> Result<Response<PreviewAccountDeletionResponse>, Status> {
        let (_, PreviewAccountDeletionRequest { account_id: _ }) = open(request)?;
        self.step("preview_account_deletion", |state| {
            Ok(PreviewAccountDeletionResponse { places: state.deletions.places.clone() })
        })
        .await
    }

    async fn erase_account(
        &self,
        request: Request<EraseAccountRequest>,
    ) -> Result<Response<EraseAccountResponse>, Status> {
        let (_, request) = open(request)?;
        self.step("erase_account", |state| erase(state, request)).await
    }
}

#[tonic::async_trait]
impl PersonService for World {
    async fn forget_person(
        &self,
        request: Request<ForgetPersonRequest>,
    ) -> Result<Response<ForgetPersonResponse>, Status> {
        let (_, ForgetPersonRequest { account_id, email }) = open(request)?;
        self.step("forget_person", |state| {
            state.deletions.forgotten.push((account_id, email));
            Ok(ForgetPersonResponse {})
        })
        .await
    }
}
