//! Messages about connected spaces to the domain and back, field by field.

use super::{convert, legacy::SpaceView};
use crate::{
    app::spaces::{Listed, MySpaces, Wish},
    domain::space::{LegacySpace, LegacySpaceId, SpaceLink, SpaceProfile, SpaceUserId},
    store::space_links::Connected,
};
use pass_proto::{
    convert::{FromWire, timestamp},
    identity::v1 as wire,
};
use pass_types::{Invalid, Product, SpaceLinkId, Violation};

/// Most users that one question may be about.
const BATCH: usize = 100;

pub fn wish(request: wire::ConnectSpaceRequest) -> Result<Wish, Violation> {
    let wire::ConnectSpaceRequest { product, space_id, user_id, password, use_account_information } = request;
    Ok(Wish {
        space: LegacySpace {
            product: Product::from_wire(product).map_err(|problem| problem.of("product"))?,
            id: space(&space_id)?,
        },
        login: convert::parse(&user_id, "user_id")?,
        password: convert::parse(&password, "password")?,
        profile: if use_account_information { SpaceProfile::Account } else { SpaceProfile::Space },
    })
}

pub fn id(text: &str) -> Result<SpaceLinkId, Violation> {
    convert::id(text, "space_link_id")
}

pub fn space(text: &str) -> Result<LegacySpaceId, Violation> {
    convert::parse(text, "space_id")
}

pub fn choice(request: wire::UpdateMySpaceLinkRequest) -> Result<(SpaceLinkId, SpaceProfile), Violation> {
    let wire::UpdateMySpaceLinkRequest { space_link_id, profile } = request;
    Ok((id(&space_link_id)?, profile_of(profile)?))
}

pub fn my_choice(
    request: wire::SetMySpaceProfileRequest,
) -> Result<(LegacySpaceId, SpaceProfile), Violation> {
    let wire::SetMySpaceProfileRequest { space_id, profile } = request;
    Ok((space(&space_id)?, profile_of(profile)?))
}

pub fn users(
    request: wire::BatchGetSpaceLinksRequest,
) -> Result<(LegacySpaceId, Vec<SpaceUserId>), Violation> {
    let wire::BatchGetSpaceLinksRequest { space_id, space_user_ids } = request;
    if space_user_ids.len() > BATCH {
        return Err(Invalid("must be at most 100 ids").of("space_user_ids"));
    }
    let users = space_user_ids.iter().map(|id| convert::parse(id, "space_user_ids"));
    Ok((space(&space_id)?, users.collect::<Result<_, _>>()?))
}

fn profile_of(value: i32) -> Result<SpaceProfile, Violation> {
    match wire::SpaceProfile::try_from(value) {
        Ok(wire::SpaceProfile::Account) => Ok(SpaceProfile::Account),
        Ok(wire::SpaceProfile::Space) => Ok(SpaceProfile::Space),
        Ok(wire::SpaceProfile::SpaceOnly) => Ok(SpaceProfile::SpaceOnly),
        Ok(wire::SpaceProfile::Unspecified) | Err(_) => {
            Err(Invalid("must be one of the known values").of("profile"))
        }
    }
}

fn profile(profile: SpaceProfile) -> i32 {
    let profile = match profile {
        SpaceProfile::Account => wire::SpaceProfile::Account,
        SpaceProfile::Space => wire::SpaceProfile::Space,
        SpaceProfile::SpaceOnly => wire::SpaceProfile::SpaceOnly,
    };
    profile as i32
}

pub fn link(link: SpaceLink) -> wire::SpaceLink {
    // Whose it is and which user of the space is no news to its owner.
    let SpaceLink { id, account: _, space, user: _, login, profile: shows, created_at } = link;
    wire::SpaceLink {
        space_link_id: id.to_string(),
        product: space.product.to_wire() as i32,
        space_id: space.id.as_str().to_owned(),
        user_id: login.as_str().to_owned(),
        profile: profile(shows),
        create_time: Some(timestamp(created_at)),
        space: None,
    }
}

pub fn my_spaces(spaces: MySpaces) -> wire::ListMySpaceLinksResponse {
    let MySpaces { spaces, products } = spaces;
    let listed =
        |Listed { link: of, view }: Listed| wire::SpaceLink { space: view.map(space_view), ..link(of) };
    wire::ListMySpaceLinksResponse {
        space_links: spaces.into_iter().map(listed).collect(),
        products: products.into_iter().map(|product| product.to_wire() as i32).collect(),
    }
}

fn space_view(view: SpaceView) -> wire::SpaceView {
    let SpaceView { name, sign_in_url, nulab_account_allowed } = view;
    wire::SpaceView { name, sign_in_url: sign_in_url.into(), nulab_account_allowed }
}

pub fn resolved(link: &SpaceLink) -> wire::ResolveSpaceUserResponse {
    wire::ResolveSpaceUserResponse {
        space_user_id: link.user.as_str().to_owned(),
        profile: profile(link.profile),
    }
}

pub fn connected(link: &SpaceLink) -> wire::ConnectedSpace {
    wire::ConnectedSpace {
        space_id: link.space.id.as_str().to_owned(),
        space_user_id: link.user.as_str().to_owned(),
        profile: profile(link.profile),
    }
}

pub fn user(user: Connected) -> wire::ConnectedUser {
    let Connected { user, profile: shows, shown } = user;
    let (name, email) = shown
        .map_or_else(Default::default, |(name, email)| (name.as_str().to_owned(), email.as_str().to_owned()));
    wire::ConnectedUser { space_user_id: user.as_str().to_owned(), profile: profile(shows), name, email }
}
