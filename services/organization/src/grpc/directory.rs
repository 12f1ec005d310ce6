//! Asking identity who people are.

use crate::domain::member::Profile;
use pass_mesh::{CallContext, Channel, Fault, NeighbourError, answer as answered};
use pass_proto::{
    convert::FromWire,
    identity::v1::{
        Account, BatchGetAccountsRequest, BatchGetAccountsResponse,
        directory_service_client::DirectoryServiceClient,
    },
};
use pass_types::{AccountId, AccountKind, Invalid};

/// Identity's directory.
#[derive(Clone)]
pub struct Directory(DirectoryServiceClient<Channel>);

/// Its name, in errors.
const NAME: &str = "identity";

impl Directory {
    /// By a channel to identity.
    pub fn new(channel: Channel) -> Self {
        Self(DirectoryServiceClient::new(channel))
    }

    /// Who an account's owner is.
    pub async fn profile(&self, calls: &CallContext, account: AccountId) -> Result<Profile, Fault> {
        self.profiles(calls, &[account]).await?.pop().ok_or(Fault::CallerGone)
    }

    /// Who the owners of accounts are, at most 100; those that there are not are left out.
    pub async fn profiles(
        &self,
        calls: &CallContext,
        accounts: &[AccountId],
    ) -> Result<Vec<Profile>, NeighbourError> {
        let account_ids = accounts.iter().map(ToString::to_string).collect();
        let request = calls.request(BatchGetAccountsRequest { account_ids });
        let answer = self.0.clone().batch_get_accounts(request).await;
        let BatchGetAccountsResponse { accounts } = answered(NAME, answer)?;
        let invalid = |invalid| NeighbourError::Answer(NAME, invalid);
        accounts.iter().map(profile).collect::<Result<_, _>>().map_err(invalid)
    }
}

fn profile(account: &Account) -> Result<Profile, Invalid> {
    Ok(Profile {
        account: account.account_id.parse()?,
        kind: AccountKind::from_wire(account.kind)?,
        name: account.name.parse()?,
        email: account.email.parse()?,
    })
}
