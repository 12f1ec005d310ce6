//! The person's connected legacy spaces (SPC), from identity.

use super::{AsPerson, refused, unusable};
use pass_proto::{
    convert::{FromWire, instant},
    identity::v1 as wire,
};
use pass_types::{Invalid, Product, SpaceLinkId};
use pass_web::Refusal;
use time::OffsetDateTime;

/// A connected space.
#[derive(Debug, Clone)]
pub struct ConnectedSpace {
    /// The link.
    pub id: SpaceLinkId,
    /// Of which product.
    pub product: Product,
    /// Its Space ID.
    pub space_id: String,
    /// What the person typed to connect it.
    pub user_id: String,
    /// What it shows.
    pub profile: SpaceProfile,
    /// Since when.
    pub create_time: OffsetDateTime,
    /// What its product says of it; `None`: nothing now.
    pub view: Option<SpaceView>,
}

/// What a product says of a space.
#[derive(Debug, Clone)]
pub struct SpaceView {
    /// Its name.
    pub name: String,
    /// Where it is logged in to.
    pub sign_in_url: String,
    /// Whether it lets people log in with a Nulab Account (SPC-1).
    pub allowed: bool,
}

/// What a connected space shows, and how it is logged in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceProfile {
    /// The account's name, address and so on.
    Account,
    /// The space's own.
    Space,
    /// The space's own, and its own login only (SPC-5).
    SpaceOnly,
}

impl SpaceProfile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Account, Self::Space, Self::SpaceOnly];

    /// As texts and forms have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Space => "space",
            Self::SpaceOnly => "space-only",
        }
    }

    /// The key of the text for it, which says the product.
    pub fn key(self) -> &'static str {
        match self {
            Self::Account => "space-profile-account",
            Self::Space => "space-profile-space",
            Self::SpaceOnly => "space-profile-space-only",
        }
    }

    /// What a form chose.
    pub fn chosen(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    fn to_wire(self) -> i32 {
        let profile = match self {
            Self::Account => wire::SpaceProfile::Account,
            Self::Space => wire::SpaceProfile::Space,
            Self::SpaceOnly => wire::SpaceProfile::SpaceOnly,
        };
        profile as i32
    }

    fn from_wire(value: i32) -> Result<Self, Invalid> {
        match wire::SpaceProfile::try_from(value) {
            Ok(wire::SpaceProfile::Account) => Ok(Self::Account),
            Ok(wire::SpaceProfile::Space) => Ok(Self::Space),
            Ok(wire::SpaceProfile::SpaceOnly) => Ok(Self::SpaceOnly),
            Ok(wire::SpaceProfile::Unspecified) | Err(_) => Err(Invalid("must be a known profile")),
        }
    }
}

/// What the person typed to connect a space. Never logged: it has a password.
pub struct NewSpaceLink {
    /// Of which product.
    pub product: Product,
    /// Its Space ID.
    pub space_id: String,
    /// Its own user ID.
    pub user_id: String,
    /// And password.
    pub password: String,
    /// "Use Nulab Account information".
    pub use_account_information: bool,
}

impl AsPerson {
    /// The person's connected spaces, and the products of which some can be connected.
    pub async fn spaces(&self) -> Result<(Vec<ConnectedSpace>, Vec<Product>), Refusal> {
        let request = self.context.request(wire::ListMySpaceLinksRequest {});
        let answer = self.suite.spaces.clone().list_my_space_links(request).await.map_err(refused)?;
        let wire::ListMySpaceLinksResponse { space_links, products } = answer.into_inner();
        let spaces = space_links.into_iter().map(space_of).collect::<Result<_, _>>();
        let products = products.into_iter().map(Product::from_wire).collect::<Result<_, _>>();
        Ok((spaces.map_err(unusable("space"))?, products.map_err(unusable("product"))?))
    }

    /// Connects a space (SPC-2).
    pub async fn connect_space(&self, new: NewSpaceLink) -> Result<(), Refusal> {
        let NewSpaceLink { product, space_id, user_id, password, use_account_information } = new;
        let product = product.to_wire() as i32;
        let message =
            wire::ConnectSpaceRequest { product, space_id, user_id, password, use_account_information };
        let request = self.context.request(message);
        self.suite.spaces.clone().connect_space(request).await.map_err(refused)?;
        Ok(())
    }

    /// Chooses what a connected space shows (SPC-5).
    pub async fn change_space(&self, id: SpaceLinkId, profile: SpaceProfile) -> Result<(), Refusal> {
        let message =
            wire::UpdateMySpaceLinkRequest { space_link_id: id.to_string(), profile: profile.to_wire() };
        let request = self.context.request(message);
        self.suite.spaces.clone().update_my_space_link(request).await.map_err(refused)?;
        Ok(())
    }

    /// Disconnects a space (SPC-6).
    pub async fn disconnect_space(&self, id: SpaceLinkId) -> Result<(), Refusal> {
        let request = self.context.request(wire::DisconnectSpaceRequest { space_link_id: id.to_string() });
        self.suite.spaces.clone().disconnect_space(request).await.map_err(refused)?;
        Ok(())
    }
}

fn space_of(link: wire::SpaceLink) -> Result<ConnectedSpace, Invalid> {
    let wire::SpaceLink { space_link_id, product, space_id, user_id, profile, create_time, space } = link;
    let view = space.map(|wire::SpaceView { name, sign_in_url, nulab_account_allowed }| SpaceView {
        name,
        sign_in_url,
        allowed: nulab_account_allowed,
    });
    Ok(ConnectedSpace {
        id: space_link_id.parse()?,
        product: Product::from_wire(product)?,
        space_id,
        user_id,
        profile: SpaceProfile::from_wire(profile)?,
        create_time: instant(create_time)?,
        view,
    })
}
