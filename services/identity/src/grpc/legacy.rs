//! What identity asks products about their legacy spaces (`pass.product.v1.LegacyDirectory`).
//!
//! Each product has a deadline and a circuit of its own: one that hangs holds nobody up for long, and the
//! others not at all.

use crate::domain::space::{LegacySpaceId, SpaceLogin, SpacePassword, SpaceUserId};
use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshError};
use pass_proto::{
    errors::v1::ErrorReason,
    product::v1::{
        self as wire, BatchGetSpacesRequest, CheckPasswordRequest,
        legacy_directory_client::LegacyDirectoryClient,
    },
};
use pass_types::{Invalid, Kind, Product};
use std::{collections::BTreeMap, time::Duration};
use url::Url;

/// The products that have legacy spaces. Clones share connections.
#[derive(Clone)]
pub struct Directories {
    directories: BTreeMap<Product, LegacyDirectoryClient<Channel>>,
    patience: Duration,
}

/// One product's legacy spaces.
pub struct Directory {
    client: LegacyDirectoryClient<Channel>,
    patience: Duration,
}

/// A space, as its product describes it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceView {
    /// For people.
    pub name: String,
    /// Where it is logged in to with a Nulab Account.
    pub sign_in_url: Url,
    /// Whether it lets people do so (SPC-1).
    pub nulab_account_allowed: bool,
}

/// Why a product did not say that a password is right.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CheckRefused {
    /// It has no such space.
    #[error("the product has no such space")]
    Unknown,
    /// The space lets nobody log in with a Nulab Account (SPC-1).
    #[error("the space does not allow it")]
    Closed,
    /// User ID or password are wrong.
    #[error("user ID or password are wrong")]
    Wrong,
    /// It did not answer, or nothing that can be used.
    #[error("the product could not be asked")]
    NoAnswer(#[source] Failure),
}

impl Directories {
    /// By channels of the mesh, one for each product.
    pub fn new(mesh: &Mesh, products: &[Product], patience: Duration) -> Result<Self, MeshError> {
        let directory =
            |product: &Product| Ok((*product, LegacyDirectoryClient::new(mesh.product(product.as_str())?)));
        let directories = products.iter().map(directory).collect::<Result<_, MeshError>>()?;
        Ok(Self { directories, patience })
    }

    /// The products that have legacy spaces.
    pub fn products(&self) -> impl Iterator<Item = Product> + '_ {
        self.directories.keys().copied()
    }

    /// A product's, if it has any.
    pub fn of(&self, product: Product) -> Option<Directory> {
        let client = self.directories.get(&product)?.clone();
        Some(Directory { client, patience: self.patience })
    }
}

impl Directory {
    /// The user whose password it is, by the permanent id. Asked as identity itself: nothing about the person who
    /// asks goes to the product.
    pub async fn check_password(
        mut self,
        space: &LegacySpaceId,
        login: &SpaceLogin,
        password: &SpacePassword,
    ) -> Result<SpaceUserId, CheckRefused> {
        let question = CheckPasswordRequest {
            space_id: space.as_str().to_owned(),
            user_id: login.as_str().to_owned(),
            password: password.as_str().to_owned(),
        };
        let calls = CallContext::system().within(self.patience);
        match self.client.check_password(calls.request(question)).await {
            Ok(answer) => {
                let wire::CheckPasswordResponse { space_user_id, name: _ } = answer.into_inner();
                space_user_id.parse().map_err(|problem| CheckRefused::NoAnswer(unusable(problem)))
            }
            Err(status) => Err(refusal(Failure::of(&status))),
        }
    }

    /// Those of the spaces that the product has.
    pub async fn spaces(
        mut self,
        ids: &[LegacySpaceId],
    ) -> Result<BTreeMap<LegacySpaceId, SpaceView>, Failure> {
        let space_ids = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let calls = CallContext::system().within(self.patience);
        let answer = self.client.batch_get_spaces(calls.request(BatchGetSpacesRequest { space_ids })).await?;
        let wire::BatchGetSpacesResponse { spaces } = answer.into_inner();
        spaces.into_iter().map(view).collect::<Result<_, _>>().map_err(unusable)
    }
}

fn refusal(failure: Failure) -> CheckRefused {
    match failure.reason {
        ErrorReason::SpaceUnknown => CheckRefused::Unknown,
        ErrorReason::SpaceClosed => CheckRefused::Closed,
        ErrorReason::CredentialsInvalid => CheckRefused::Wrong,
        _ => CheckRefused::NoAnswer(failure),
    }
}

/// The link leads people's browsers, so it is one of the web.
fn view(space: wire::LegacySpace) -> Result<(LegacySpaceId, SpaceView), Invalid> {
    let wire::LegacySpace { space_id, name, sign_in_url, nulab_account_allowed } = space;
    let sign_in_url = Url::parse(&sign_in_url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let sign_in_url = sign_in_url.ok_or(Invalid("a space's address must be an http or https URL"))?;
    if name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Invalid("a space's name must be at most 200 characters"));
    }
    Ok((space_id.parse()?, SpaceView { name, sign_in_url, nulab_account_allowed }))
}

fn unusable(Invalid(problem): Invalid) -> Failure {
    Failure {
        kind: Kind::Internal,
        reason: ErrorReason::Internal,
        violations: Vec::new(),
        message: format!("a product's answer is not valid: {problem}"),
        metadata: std::collections::HashMap::new(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_leads_browsers_to_the_web_only() {
        let at = |url: &str| {
            view(wire::LegacySpace {
                space_id: "old".to_owned(),
                name: "Old Works".to_owned(),
                sign_in_url: url.to_owned(),
                nulab_account_allowed: true,
            })
        };
        assert!(at("https://old.backlog.example/login").is_ok());
        for bad in ["javascript:alert(1)", "data:text/html,x", "/login", "", "ftp://backlog.example"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }
}
