//! Asking identity who people are.

use crate::domain::member::Profile;
use pass_mesh::{CallContext, Channel, Failure, Problem};
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    identity::v1::{
        Account, BatchGetAccountsRequest, BatchGetAccountsResponse,
        directory_service_client::DirectoryServiceClient,
    },
};
use pass_types::{AccountId, AccountKind, Invalid, Kind};

/// Identity's directory.
#[derive(Clone)]
pub struct Directory(DirectoryServiceClient<Channel>);

/// Identity did not say who somebody is.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It refused or did not answer.
    #[error("identity did not answer")]
    Call(#[source] Failure),
    /// It said something that can't be.
    #[error("identity's answer is not valid")]
    Answer(#[source] Invalid),
    /// There is no such account any more.
    #[error("there is no such account")]
    Gone,
}

impl Problem for DirectoryError {
    fn kind(&self) -> Kind {
        match self {
            Self::Call(failure) if failure.kind == Kind::Unavailable => Kind::Unavailable,
            Self::Call(_) | Self::Answer(_) => Kind::Internal,
            Self::Gone => Kind::Unauthenticated,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self.kind() {
            Kind::Unavailable => ErrorReason::Unavailable,
            Kind::Unauthenticated => ErrorReason::TokenRevoked,
            _ => ErrorReason::Internal,
        }
    }
}

impl Directory {
    /// By a channel to identity.
    pub fn new(channel: Channel) -> Self {
        Self(DirectoryServiceClient::new(channel))
    }

    /// Who an account's owner is.
    pub async fn profile(&self, calls: &CallContext, account: AccountId) -> Result<Profile, DirectoryError> {
        self.profiles(calls, &[account]).await?.pop().ok_or(DirectoryError::Gone)
    }

    /// Who the owners of accounts are, at most 100; those that there are not are left out.
    pub async fn profiles(
        &self,
        calls: &CallContext,
        accounts: &[AccountId],
    ) -> Result<Vec<Profile>, DirectoryError> {
        let account_ids = accounts.iter().map(ToString::to_string).collect();
        let request = calls.request(BatchGetAccountsRequest { account_ids });
        let answer = self.0.clone().batch_get_accounts(request).await;
        let BatchGetAccountsResponse { accounts } =
            answer.map_err(|status| DirectoryError::Call(Failure::of(&status)))?.into_inner();
        accounts.iter().map(profile).collect::<Result<_, _>>().map_err(DirectoryError::Answer)
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
