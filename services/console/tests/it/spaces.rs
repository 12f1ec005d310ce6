//! Legacy spaces of the person's account (SPC).

use crate::suite::{Suite, THING};
use http::{StatusCode, header};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{
        ConnectSpaceRequest, DisconnectSpaceRequest, ListMySpaceLinksResponse, SpaceLink, SpaceProfile,
        SpaceView, UpdateMySpaceLinkRequest,
    },
    types::v1::Product,
};
use pass_types::{Clock, Invalid, Kind};

const LIST: &str = "/account/spaces";
const CONNECT: &str = "/account/spaces/connect";

async fn suite(profile: SpaceProfile, space: Option<SpaceView>) -> Suite {
    let suite = Suite::start().await;
    let now = suite.clock.now();
    suite.services.change(|data| {
        data.space_links = ListMySpaceLinksResponse {
            space_links: vec![SpaceLink {
                space_link_id: THING.to_owned(),
                product: Product::Backlog.into(),
                space_id: "old-works".to_owned(),
                user_id: "<taro>".to_owned(),
                profile: profile.into(),
                create_time: Some(timestamp(now)),
                space,
            }],
            products: vec![Product::Backlog.into()],
        };
    });
    suite
}

fn view(allowed: bool) -> SpaceView {
    SpaceView {
        name: "Old Works".to_owned(),
        sign_in_url: "https://old-works.backlog.test/login".to_owned(),
        nulab_account_allowed: allowed,
    }
}

fn typed<'a>(user: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("product", "backlog"),
        ("space", " old-works "),
        ("space_user", user),
        ("space_password", "a word of old"),
    ];
    fields.extend(more);
    fields
}

/// proves SPC-3: the list is a switcher; SPC-1, SPC-5: it leads only where the Nulab Account is let in
#[tokio::test]
async fn the_list() {
    let opens = "href=\"https://old-works.backlog.test/login\"";
    for (profile, space, opened, said) in [
        (SpaceProfile::Account, Some(view(true)), true, "Old Works"),
        (SpaceProfile::Space, Some(view(true)), true, "Old Works"),
        (SpaceProfile::SpaceOnly, Some(view(true)), false, "Old Works"),
        (SpaceProfile::Account, Some(view(false)), false, "Log in with Nulab Account is switched off"),
        (SpaceProfile::Account, None, false, "Does not answer right now"),
    ] {
        let suite = suite(profile, space).await;
        let (browser, _) = suite.signed_in().await;
        let page = browser.get(LIST).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.body.contains(opens), opened, "{profile:?}: {}", page.body);
        assert!(page.body.contains(said) && page.body.contains("old-works"), "{}", page.body);
        assert!(page.body.contains("&#60;taro&#62;") && !page.body.contains("<taro>"), "{}", page.body);
    }
}

/// proves SPC-2: the box is ticked by default; what is typed goes to identity; a space sends people here with its id
#[tokio::test]
async fn connecting() {
    let suite = suite(SpaceProfile::Account, Some(view(true))).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account/spaces/new/backlog/harbour").await;
    assert!(page.body.contains("name=\"space\" type=\"text\" value=\"harbour\""), "{}", page.body);
    assert!(page.body.contains("name=\"account_information\" value=\"on\" checked"), "{}", page.body);
    let nowhere = browser.get("/account/spaces/new/nothing/harbour").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let done = browser.post(&page, CONNECT, &typed("taro ", &[("account_information", "on")])).await;
    assert_eq!(done.location(), format!("{LIST}?done=space-connected"));
    let done = browser.post(&page, CONNECT, &typed("taro", &[])).await;
    assert_eq!(done.location(), format!("{LIST}?done=space-connected"));
    let asked = suite.services.asked::<ConnectSpaceRequest>("connect_space");
    assert_eq!(asked.iter().map(|it| it.use_account_information).collect::<Vec<_>>(), [true, false]);
    assert_eq!((asked[0].space_id.as_str(), asked[0].user_id.as_str()), ("old-works", "taro"));
    assert_eq!(asked[0].password, "a word of old");
}

/// proves SPC-1, SPC-2, SPC-4: what is refused is said at the field; nothing typed is lost but the password
#[tokio::test]
async fn refusals() {
    let suite = suite(SpaceProfile::Account, Some(view(true))).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(CONNECT).await;
    let field = |path: &'static str| vec![Invalid("is wrong").of(path)];
    for (kind, reason, violations, text) in [
        (Kind::InvalidInput, ErrorReason::InvalidArgument, field("space_id"), "Use 1 to 64 lower-case"),
        (Kind::InvalidInput, ErrorReason::InvalidArgument, field("user_id"), "Enter the user ID"),
        (
            Kind::InvalidInput,
            ErrorReason::InvalidArgument,
            field("password"),
            "Enter the password of the space",
        ),
        (Kind::InvalidInput, ErrorReason::InvalidArgument, field("product"), "Choose a product"),
        (Kind::NotFound, ErrorReason::SpaceUnknown, vec![], "There is no such space"),
        (
            Kind::Precondition,
            ErrorReason::SpaceClosed,
            vec![],
            "does not let people log in with a Nulab Account",
        ),
        (
            Kind::InvalidInput,
            ErrorReason::SpaceCredentialsInvalid,
            vec![],
            "User ID or password of the space is wrong",
        ),
        (Kind::AlreadyExists, ErrorReason::SpaceUserConnected, vec![], "another Nulab Account already"),
        (Kind::AlreadyExists, ErrorReason::SpaceConnected, vec![], "Another user of this space"),
        (Kind::Precondition, ErrorReason::SpaceLinkLimit, vec![], "as many connected spaces"),
        (Kind::RateLimited, ErrorReason::RateLimited, vec![], "too many tries"),
        (Kind::Unavailable, ErrorReason::ProductUnavailable, vec![], "The product does not answer right now"),
    ] {
        suite.services.refuse("connect_space", kind, reason, violations);
        let refused = browser.post(&page, CONNECT, &typed("taro", &[])).await;
        assert!(!refused.status.is_success() && !refused.status.is_redirection(), "{reason:?}");
        assert!(refused.body.contains(text), "{reason:?}: {}", refused.body);
        assert!(refused.body.contains("value=\"taro\""), "{reason:?}: what was typed is still there");
        assert!(!refused.body.contains("a word of old"), "{reason:?}: but the password");
        assert!(!refused.body.contains("value=\"on\" checked"), "{reason:?}: nor is the box ticked again");
    }
    suite.services.relent();
    let mut fields = typed("taro", &[]);
    fields[0] = ("product", "nothing");
    let refused = browser.post(&page, CONNECT, &fields).await;
    assert!(refused.body.contains("Choose a product"), "{}", refused.body);
    suite.services.refuse("list_my_space_links", Kind::Forbidden, ErrorReason::ManagedByOrganization, vec![]);
    assert_eq!(browser.get(LIST).await.status, StatusCode::FORBIDDEN);
}

/// proves SPC-2: who is locked out is told until when
#[tokio::test]
async fn who_is_locked_out_is_told_until_when() {
    let suite = suite(SpaceProfile::Account, Some(view(true))).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(CONNECT).await;
    suite.services.refuse_for("connect_space", std::time::Duration::from_secs(601));
    let refused = browser.post(&page, CONNECT, &typed("taro", &[])).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers[header::RETRY_AFTER], "601");
    assert!(refused.body.contains("You can try again in 11 min."), "{}", refused.body);
}

/// proves SPC-5, SPC-6: each space's choice, and disconnecting
#[tokio::test]
async fn choosing_and_disconnecting() {
    let suite = suite(SpaceProfile::Account, Some(view(true))).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(LIST).await;
    for (text, profile) in [
        ("account", SpaceProfile::Account),
        ("space", SpaceProfile::Space),
        ("space-only", SpaceProfile::SpaceOnly),
    ] {
        let done = browser.post(&page, &format!("{LIST}/{THING}/profile"), &[("profile", text)]).await;
        assert_eq!(done.location(), format!("{LIST}?done=space-changed"));
        let asked = suite.services.asked::<UpdateMySpaceLinkRequest>("update_my_space_link");
        assert_eq!(asked.last().map(|it| (it.space_link_id.as_str(), it.profile())), Some((THING, profile)));
    }
    let refused = browser.post(&page, &format!("{LIST}/{THING}/profile"), &[("profile", "x")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains("Choose what the space shows"), "{}", refused.body);
    let done = browser.post(&page, &format!("{LIST}/{THING}/disconnect"), &[]).await;
    assert_eq!(done.location(), format!("{LIST}?done=space-disconnected"));
    let asked = suite.services.asked::<DisconnectSpaceRequest>("disconnect_space");
    assert_eq!(asked[0].space_link_id, THING);
    for path in ["x/profile", "x/disconnect"] {
        let nowhere = browser.post(&page, &format!("{LIST}/{path}"), &[("profile", "space")]).await;
        assert_eq!(nowhere.status, StatusCode::NOT_FOUND, "{path}");
    }
}
