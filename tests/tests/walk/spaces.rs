//! Connected legacy spaces: the administrator's, and how each RPC and route about spaces is asked.

use crate::{
    asker::Asker,
    fixture::Fixture,
    people::Person,
    route_row::{
        Purpose, Row as Route,
        Shown::{Page, Refused as Shown, SignIn},
        Site, row as route, to,
    },
    rpc_row::{For, Gets::Refused, Row, own, people, row},
};
use pass_proto::{
    errors::v1::ErrorReason::{ManagedByOrganization, NotFound, SpaceNotConnected, SpaceUserConnected},
    identity::v1::{
        BatchGetSpaceLinksRequest, ConnectSpaceRequest, ConnectSpaceResponse, DisconnectSpaceRequest,
        ListMySpaceLinksRequest, ListMySpacesRequest, ListMySpacesResponse, ResolveSpaceUserRequest,
        SetMySpaceProfileRequest, SpaceProfile, UpdateMySpaceLinkRequest,
    },
    product::v1::{BatchGetSpacesRequest, CheckPasswordRequest},
    types::v1::Product,
};
use pass_tests::SPACE_PASSWORD;

/// Where a refused connection is written down.
const NOTES: &[&str] = &["identity.space_tries", "identity.outbox", "identity.outbox_keys"];

/// What the administrator has connected.
pub struct Spaces {
    /// The link.
    pub link: String,
    /// The space's user.
    pub user: String,
}

fn wish() -> ConnectSpaceRequest {
    ConnectSpaceRequest {
        product: Product::Backlog.into(),
        space_id: "old-works".to_owned(),
        user_id: "taro".to_owned(),
        password: SPACE_PASSWORD.to_owned(),
        use_account_information: true,
    }
}

impl Spaces {
    /// Connects "old-works", with account information.
    pub async fn make(asker: &Asker<'_>, administrator: &Person) -> Self {
        let name = "identity.v1.SpaceLinkService.ConnectSpace";
        let made: ConnectSpaceResponse = asker.ask(administrator, name, &wish()).await;
        let link = made.space_link.expect("a link").space_link_id;
        let name = "identity.v1.SpaceLinkService.ListMySpaces";
        let listed: ListMySpacesResponse =
            asker.ask_product(administrator, name, &ListMySpacesRequest {}).await;
        Self { link, user: listed.spaces[0].space_user_id.clone() }
    }
}

/// The rows of RPCs, in the order in which the right callers are answered.
pub fn rpcs(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let (connected, unconnected) = (Refused(SpaceUserConnected), Refused(SpaceNotConnected));
    let unknown = Refused(NotFound);
    let space_id = || "old-works".to_owned();
    let mut rows = directory();
    rows.extend([
        // What succeeded before gives the same link; nobody else gets the space user.
        row(
            "identity.v1.SpaceLinkService.ConnectSpace",
            people(taro, connected, connected, connected),
            &wish(),
        )
        .managed(Refused(ManagedByOrganization))
        .lenient(&["use_account_information: missing"])
        .all_noted(NOTES),
        row("identity.v1.SpaceLinkService.ListMySpaceLinks", own(taro), &ListMySpaceLinksRequest {})
            .managed(Refused(ManagedByOrganization)),
        row(
            "identity.v1.SpaceLinkService.UpdateMySpaceLink",
            people(taro, unknown, unknown, unknown),
            &UpdateMySpaceLinkRequest {
                space_link_id: f.spaces.link.clone(),
                profile: SpaceProfile::Space.into(),
            },
        ),
        row(
            "identity.v1.SpaceLinkService.ResolveSpaceUser",
            people(taro, unconnected, unconnected, unconnected),
            &ResolveSpaceUserRequest { space_id: space_id() },
        ),
        row("identity.v1.SpaceLinkService.ListMySpaces", own(taro), &ListMySpacesRequest {}),
        row(
            "identity.v1.SpaceLinkService.SetMySpaceProfile",
            people(taro, unconnected, unconnected, unconnected),
            &SetMySpaceProfileRequest { space_id: space_id(), profile: SpaceProfile::Account.into() },
        ),
        row(
            "identity.v1.SpaceLinkService.BatchGetSpaceLinks",
            For::Client,
            &BatchGetSpaceLinksRequest { space_id: space_id(), space_user_ids: vec![f.spaces.user.clone()] },
        )
        .lenient(&["space_user_ids: missing"]),
        row(
            "identity.v1.SpaceLinkService.DisconnectSpace",
            people(taro, unknown, unknown, unknown),
            &DisconnectSpaceRequest { space_link_id: f.spaces.link.clone() },
        ),
    ]);
    rows
}

/// What identity asks the sample product.
fn directory<'f>() -> Vec<Row<'f>> {
    let ConnectSpaceRequest { space_id, user_id, password, .. } = wish();
    vec![
        row(
            "product.v1.LegacyDirectory.BatchGetSpaces",
            For::System,
            &BatchGetSpacesRequest { space_ids: vec![space_id.clone()] },
        )
        // What is no space's id is left out.
        .lenient(&["space_ids: missing", "space_ids: wrong", "space_ids: nul", "space_ids: long"]),
        row(
            "product.v1.LegacyDirectory.CheckPassword",
            For::System,
            &CheckPasswordRequest { space_id, user_id, password },
        ),
    ]
}

/// The rows of the console's pages.
pub fn routes(f: &Fixture) -> Vec<Route<'_>> {
    let of = |method, path, purpose| {
        let mut row = route(f, Site::Console, method, path, purpose);
        if path.contains("{space}/") {
            row.parameters = vec![("space", f.spaces.link.as_str())];
        }
        row
    };
    let look = |path| {
        let mut row = of("GET", path, Purpose::Look).mine(&Page);
        row.managed = Some(Shown(403));
        row
    };
    let mine = |path| {
        let mut row = of("POST", path, Purpose::Form).shown(SignIn, Shown(404), Shown(404), Shown(404));
        row.right.1 = to("/account/spaces?done=");
        row
    };
    let mut sent = look("/account/spaces/new/{product}/{space}");
    sent.parameters = vec![("product", "backlog"), ("space", "old-works")];
    // Whether there is such a space is said when it is connected.
    sent.lenient = &["space"];
    let mut connect = of("POST", "/account/spaces/connect", Purpose::Form).shown(
        SignIn,
        Shown(409),
        Shown(409),
        Shown(409),
    );
    connect.managed = Some(Shown(403));
    connect.right.1 = to("/account/spaces?done=");
    connect.lenient = &["account_information"];
    connect.notes = NOTES;
    let connect = connect
        .field("product", "backlog")
        .field("space", "old-works")
        .field("space_user", "taro")
        .field("space_password", SPACE_PASSWORD)
        .field("account_information", "on");
    vec![
        look("/account/spaces"),
        look("/account/spaces/connect"),
        sent,
        connect,
        mine("/account/spaces/{space}/profile").field("profile", "space"),
        mine("/account/spaces/{space}/disconnect"),
    ]
}
