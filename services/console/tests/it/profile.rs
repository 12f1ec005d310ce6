//! The image, two who edit at once, and deleting the account.

use crate::suite::{Answer, Browser, PUBLIC_URL, Suite};
use http::{Method, StatusCode, header};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{
        DeleteMyAccountRequest, DeletionPlace, PreviewMyDeletionResponse, RemoveMyImageRequest,
        SetMyImageRequest, UpdateMyAccountRequest, deletion_place::Obstacle,
    },
    types::v1 as wire,
};
use pass_types::{Invalid, Kind};

const BOUNDARY: &str = "----of-a-test";

/// A form with a file, as browsers send it. `parts` are names, what they say of themselves, and contents.
async fn upload(browser: &Browser, origin: Option<&str>, parts: &[(&str, &str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, more, content) in parts {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
                .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    browser
        .send(Method::POST, "/account/image", |mut request| {
            if let Some(origin) = origin {
                request = request.header(header::ORIGIN, origin);
            }
            request.header(header::CONTENT_TYPE, kind).body(body)
        })
        .await
}

const FILE: &str = "; filename=\"../../me.svg\"\r\nContent-Type: image/svg+xml";

/// proves ACC-5: the chosen file goes to identity as it is, whatever it is called, and what is kept is shown
#[tokio::test]
async fn an_image_is_chosen_and_shown_and_taken_away() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    assert!(!page.body.contains("/images/"), "there is none");
    let token = page.hidden("form_token").as_bytes().to_vec();
    let content = b"\x89PNG\r\n\x00\xff--not the end\r\n".repeat(100);
    let saved =
        upload(&browser, Some(PUBLIC_URL), &[("form_token", "", &token), ("image", FILE, &content)]).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/account?done=image-saved"));
    assert_eq!(suite.services.asked::<SetMyImageRequest>("set_my_image")[0].image, content);
    let page = browser.get("/account?done=image-saved").await;
    let url = format!("{}/images/AbCdEfGhIjKlMnOpQrStUvWxYz012345", suite.gateway.issuer);
    assert!(
        page.body.contains(&format!("src=\"{url}/192\"")) && page.body.contains(&format!("src=\"{url}/48\""))
    );
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains(&format!("img-src 'self' {};", suite.gateway.issuer)), "{policy}");
    assert!(browser.get("/sessions").await.body.contains(&format!("src=\"{url}/48\"")), "in every page");

    let removed = browser.post(&page, "/account/image/remove", &[]).await;
    assert_eq!(removed.location(), "/account?done=image-removed");
    assert_eq!(suite.services.asked::<RemoveMyImageRequest>("remove_my_image").len(), 1);
    assert!(!browser.get("/account").await.body.contains("/images/"));
}

/// proves ACC-5: what was wrong is said beside the field; nothing chosen is said without asking anybody
#[tokio::test]
async fn a_refused_image_is_said_beside_the_field() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.account.language = wire::Language::Ja as i32);
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    let token = page.hidden("form_token").as_bytes().to_vec();
    let nothing =
        upload(&browser, Some(PUBLIC_URL), &[("form_token", "", &token), ("image", FILE, b"")]).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(nothing.body.contains(r##"<a href="#image">画像を選択してください。"##), "{}", nothing.body);
    assert!(suite.services.asked::<SetMyImageRequest>("set_my_image").is_empty());
    let wrong = || vec![Invalid("must be a PNG, JPEG or WebP").of("image")];
    suite.services.refuse("set_my_image", Kind::InvalidInput, ErrorReason::ImageFormat, wrong());
    let refused =
        upload(&browser, Some(PUBLIC_URL), &[("form_token", "", &token), ("image", FILE, b"<svg>")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains(r##"<a href="#image">PNG、JPEG、WebPの画像ではありません。"##),
        "{}",
        refused.body
    );
    suite.services.relent();
    // A larger one is read to its end, but not kept: one byte more than may be tells identity.
    for size in [1024 * 1024 + 1, 9 * 1024 * 1024, 17 * 1024 * 1024] {
        let large = vec![7; size];
        upload(&browser, Some(PUBLIC_URL), &[("form_token", "", &token), ("image", FILE, &large)]).await;
        let asked = suite.services.asked::<SetMyImageRequest>("set_my_image");
        assert_eq!(asked.last().unwrap().image.len(), 1024 * 1024 + 1);
    }
}

/// proves security.md, "OpenID provider": form tokens and Origin checks on this form, too
#[tokio::test]
async fn only_our_own_page_posts_an_image() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let token = browser.get("/account").await.hidden("form_token").as_bytes().to_vec();
    let (good, file) = (("form_token", "", token.as_slice()), ("image", FILE, &b"x"[..]));
    for (origin, parts, status) in [
        (Some(PUBLIC_URL), vec![file], 403),
        (Some(PUBLIC_URL), vec![("form_token", "", &b"nonsense"[..]), file], 403),
        (Some(PUBLIC_URL), vec![good, good, file], 400),
        (Some("https://evil.example"), vec![good, file], 403),
        (None, vec![good, file], 403),
        (Some(PUBLIC_URL), vec![good, file, file], 400),
        (Some(PUBLIC_URL), vec![good, ("other", "", b"x"), file], 400),
    ] {
        let answer = upload(&browser, origin, &parts).await;
        assert_eq!(answer.status.as_u16(), status, "{origin:?} {parts:?}");
    }
    let long = vec![b'x'; 5_000];
    let answer = upload(&browser, Some(PUBLIC_URL), &[("form_token", "", &long), file]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(suite.services.changes(), Vec::<&str>::new());
}

/// proves ACC-3: of two who edit at once the second is told, keeps what was typed, and may save it then
#[tokio::test]
async fn two_who_edit_at_once_are_told() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.account.etag = "3".to_owned());
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    assert_eq!(page.hidden("etag"), "3");
    suite.services.change(|data| data.account.etag = "4".to_owned());
    suite.services.refuse("update_my_account", Kind::Conflict, ErrorReason::Conflict, vec![]);
    let fields = [
        ("name", "Typed"),
        ("unique_id", "hana"),
        ("language", "en"),
        ("time_zone", "UTC"),
        ("appearance", "dark"),
        ("etag", page.hidden("etag")),
    ];
    let refused = browser.post(&page, "/account", &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body.contains("value=\"Typed\"") && refused.body.contains("role=\"alert\""),
        "{}",
        refused.body
    );
    assert_eq!(refused.hidden("etag"), "4");
    let asked = suite.services.asked::<UpdateMyAccountRequest>("update_my_account");
    assert_eq!(asked[0].account.as_ref().unwrap().etag, "3");
}

fn acme(obstacle: Obstacle) -> PreviewMyDeletionResponse {
    let place = DeletionPlace {
        organization_id: crate::suite::ORGANIZATION.to_owned(),
        name: "Acme <3".to_owned(),
        obstacle: obstacle.into(),
    };
    PreviewMyDeletionResponse { places: vec![place], connected_spaces: 2 }
}

/// proves ACC-13: it is said what will happen, the address is typed, and then nobody is signed in any more
#[tokio::test]
async fn an_account_is_deleted_by_typing_its_address() {
    let suite = Suite::start().await;
    suite.services.change(|data| data.deletion = acme(Obstacle::None));
    let (browser, _) = suite.signed_in().await;
    assert!(browser.get("/account").await.body.contains("href=\"/account/delete\""));
    let page = browser.get("/account/delete").await;
    for said in ["Acme &#60;3", "2 connected spaces", "taro@example.com"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let wrong = Invalid("must be the account's address").of("confirmation");
    suite.services.refuse("delete_my_account", Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong]);
    let refused = browser.post(&page, "/account/delete", &[("confirmation", "x@example.com")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.body.contains(r##"<a href="#confirmation">"##)
            && refused.body.contains("value=\"x@example.com\"")
    );
    suite.services.relent();
    let done = browser.post(&page, "/account/delete", &[("confirmation", "taro@example.com")]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/account-deleted"));
    let asked = suite.services.asked::<DeleteMyAccountRequest>("delete_my_account");
    assert_eq!(asked.last().unwrap().confirmation, "taro@example.com");
    assert!(browser.cookie("__Host-console").is_none());
    assert_eq!(suite.count("sessions").await, 0);
    assert_eq!(browser.get("/account-deleted").await.status, StatusCode::OK);
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
}

/// proves ACC-13: a deletion that has begun is not said to have failed: it goes on by itself, and the person is signed in
/// until it is done. Where identity does not answer, nobody knows, and nothing is promised
#[tokio::test]
async fn a_deletion_that_has_begun_goes_on_by_itself() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account/delete").await;
    suite.services.refuse("delete_my_account", Kind::Unavailable, ErrorReason::AccountDeleting, vec![]);
    let begun = browser.post(&page, "/account/delete", &[("confirmation", "taro@example.com")]).await;
    assert_eq!((begun.status, begun.location()), (StatusCode::SEE_OTHER, "/account-deleting"));
    let shown = browser.get("/account-deleting").await;
    assert_eq!(shown.status, StatusCode::OK);
    for said in ["The deletion has begun", "goes on by itself", "you are signed out everywhere"] {
        assert!(shown.body.contains(said), "{said}: {}", shown.body);
    }
    assert!(browser.cookie("__Host-console").is_some());
    suite.services.refuse("delete_my_account", Kind::Unavailable, ErrorReason::Unavailable, vec![]);
    let unknown = browser.post(&page, "/account/delete", &[("confirmation", "taro@example.com")]).await;
    assert_eq!(unknown.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!unknown.body.contains("has begun"), "{}", unknown.body);
}

/// proves ACC-13, ORG-7: who is needed sees by whom and what to do, and no form
#[tokio::test]
async fn who_is_needed_sees_what_to_do() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    for (obstacle, said) in [
        (Obstacle::OnlyMember, "its only member"),
        (Obstacle::LastAdministrator, "its last administrator"),
        (Obstacle::LastPlanAdmin, "its last Plan Admin"),
    ] {
        suite.services.change(|data| data.deletion = acme(obstacle));
        let page = browser.get("/account/delete").await;
        assert!(page.body.contains(said) && !page.body.contains("name=\"confirmation\""), "{}", page.body);
    }
    // Somebody else left meanwhile: the answer says so, with the page as it is now.
    let page = browser.get("/account").await;
    suite.services.refuse("delete_my_account", Kind::Precondition, ErrorReason::AccountNeeded, vec![]);
    let refused = browser.post(&page, "/account/delete", &[("confirmation", "taro@example.com")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.body.contains("Organizations need this account")
            && refused.body.contains("its last Plan Admin")
    );
    assert!(browser.cookie("__Host-console").is_some());
}

/// proves ACC-13: it takes a fresh sign-in, which leads back to the question
#[tokio::test]
async fn it_takes_a_fresh_sign_in() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account/delete").await;
    suite.services.refuse("delete_my_account", Kind::Precondition, ErrorReason::FreshSignInNeeded, vec![]);
    let sent = browser.post(&page, "/account/delete", &[("confirmation", "taro@example.com")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let expected = "to=%2Faccount%2Fdelete%3Fdone%3Dsigned-in-again";
    assert!(
        sent.location().contains(expected) && sent.location().contains("fresh=true"),
        "{}",
        sent.location()
    );
}

/// proves ACC-9: from the account to what protects it, which is the gateway's; a Managed Account has neither (MAN-6)
#[tokio::test]
async fn the_account_leads_to_what_protects_it() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let link = format!("href=\"{}/security\"", suite.gateway.issuer);
    let page = browser.get("/account").await;
    assert!(page.body.contains(&link), "{}", page.body);
    suite.services.change(|data| data.account.kind = wire::AccountKind::Managed as i32);
    let page = browser.get("/account").await;
    assert_eq!((page.status, page.body.contains("/security\"")), (StatusCode::OK, false), "{}", page.body);
}

/// proves MAN-4, MAN-5: a Managed Account's page says who manages it, and has nothing to delete it with
#[tokio::test]
async fn managed_people_are_told_who_manages_them() {
    let suite = Suite::start().await;
    suite.services.change(|data| {
        data.account.kind = wire::AccountKind::Managed as i32;
        data.account.organization_id = crate::suite::ORGANIZATION.to_owned();
    });
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("This account is managed by Acme."), "{}", page.body);
    assert!(!page.body.contains("name=\"name\"") && !page.body.contains("name=\"email\""));
    for field in ["image", "unique_id", "language", "time_zone", "appearance"] {
        assert!(page.body.contains(&format!("name=\"{field}\"")), "{field}");
    }
    assert!(!page.body.contains("/account/delete"));
    assert_eq!(browser.get("/account/delete").await.location(), "/account");
}

/// proves ACC-3: pages for nobody look like those of whoever was signed in last
#[tokio::test]
async fn pages_for_nobody_look_like_the_last_ones() {
    let suite = Suite::start().await;
    suite.services.change(|data| {
        data.account.language = wire::Language::Ja as i32;
        data.account.appearance = wire::Appearance::Dark as i32;
    });
    let stranger = suite.browser().get("/signed-out").await;
    assert!(stranger.body.contains(r#"<html lang="en" data-appearance="system">"#));
    let (browser, _) = suite.signed_in().await;
    let page = browser.get("/account").await;
    browser.post(&page, "/sign-out", &[]).await;
    let page = browser.get("/signed-out").await;
    assert!(page.body.contains(r#"<html lang="ja" data-appearance="dark">"#), "{}", page.body);
    let asked = browser.get("/sign-in").await;
    assert!(asked.location().contains("ui_locales=ja"), "{}", asked.location());
}
