//! The person's image, and the end of the account, from identity.

use super::{Account, AsPerson, identity::account_of, refused, unusable};
use pass_proto::identity::v1 as wire;
use pass_types::{Invalid, OrganizationId};
use pass_web::Refusal;

/// What deleting the account would do (ACC-13).
#[derive(Debug, Clone)]
pub struct DeletionPreview {
    /// The organizations that the person would leave.
    pub places: Vec<DeletionPlace>,
    /// How many legacy spaces would be disconnected.
    pub connected_spaces: i32,
}

/// An organization that the person would leave.
#[derive(Debug, Clone)]
pub struct DeletionPlace {
    /// Which.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// What stands in the way.
    pub obstacle: Option<Obstacle>,
}

/// Why an organization needs the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It has no other member.
    OnlyMember,
    /// It has no other administrator that counts.
    LastAdministrator,
    /// It has no other Plan Admin that counts.
    LastPlanAdmin,
}

impl Obstacle {
    /// As texts name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnlyMember => "only-member",
            Self::LastAdministrator => "last-administrator",
            Self::LastPlanAdmin => "last-plan-admin",
        }
    }
}

impl AsPerson {
    /// Gives the person's account another image.
    pub async fn set_image(&self, image: Vec<u8>) -> Result<Account, Refusal> {
        let request = self.context.request(wire::SetMyImageRequest { image });
        let answer = self.suite.profiles.clone().set_my_image(request).await.map_err(refused)?;
        account_of(answer.into_inner().account).map_err(unusable("account"))
    }

    /// Takes the image away.
    pub async fn remove_image(&self) -> Result<Account, Refusal> {
        let request = self.context.request(wire::RemoveMyImageRequest {});
        let answer = self.suite.profiles.clone().remove_my_image(request).await.map_err(refused)?;
        account_of(answer.into_inner().account).map_err(unusable("account"))
    }

    /// What deleting the account would do.
    pub async fn preview_deletion(&self) -> Result<DeletionPreview, Refusal> {
        let request = self.context.request(wire::PreviewMyDeletionRequest {});
        let answer = self.suite.profiles.clone().preview_my_deletion(request).await.map_err(refused)?;
        let wire::PreviewMyDeletionResponse { places, connected_spaces } = answer.into_inner();
        let places = places.into_iter().map(place).collect::<Result<_, _>>();
        Ok(DeletionPreview { places: places.map_err(unusable("place"))?, connected_spaces })
    }

    /// Deletes the account, for ever.
    pub async fn delete_account(&self, confirmation: String) -> Result<(), Refusal> {
        let request = self.context.request(wire::DeleteMyAccountRequest { confirmation });
        self.suite.profiles.clone().delete_my_account(request).await.map_err(refused)?;
        Ok(())
    }
}

fn place(place: wire::DeletionPlace) -> Result<DeletionPlace, Invalid> {
    use wire::deletion_place::Obstacle as Wire;
    let obstacle = match place.obstacle() {
        Wire::None => None,
        Wire::OnlyMember => Some(Obstacle::OnlyMember),
        Wire::LastAdministrator => Some(Obstacle::LastAdministrator),
        Wire::LastPlanAdmin => Some(Obstacle::LastPlanAdmin),
        Wire::Unspecified => return Err(Invalid("an obstacle is missing")),
    };
    let wire::DeletionPlace { organization_id, name, obstacle: _ } = place;
    Ok(DeletionPlace { organization: organization_id.parse()?, name, obstacle })
}
