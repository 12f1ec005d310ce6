//! Accounts' images, as browsers get them (ACC-5).

use crate::{browser::Page, neighbours::IMAGE, suite::Suite};
use reqwest::Method;

async fn get(suite: &Suite, path: &str, shown: Option<&str>) -> Page {
    let shown: Vec<_> = shown.into_iter().map(|tag| ("if-none-match", tag)).collect();
    suite.browser().send(Method::GET, path, None, &shown).await
}

/// proves ACC-5: an image is at an address of its own, for good, and can do nothing there
#[tokio::test]
async fn an_image_is_kept_for_good_and_does_nothing() {
    let suite = Suite::start().await;
    for size in [48, 192] {
        let page = get(&suite, &format!("/images/{IMAGE}/{size}"), None).await;
        assert_eq!((page.status, page.text.as_str()), (200, format!("PNG of {size}").as_str()));
        let expected = [
            ("content-type", "image/png"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "private, max-age=31536000, immutable"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("content-disposition", "inline; filename=\"image.png\""),
            ("cross-origin-resource-policy", "cross-origin"),
        ];
        for (name, value) in expected {
            assert_eq!(page.header(name), value, "{name}");
        }
    }
}

/// proves ACC-5: who has it already is told so, without its content
#[tokio::test]
async fn who_has_it_already_is_told_so() {
    let suite = Suite::start().await;
    let path = format!("/images/{IMAGE}/48");
    let tag = get(&suite, &path, None).await.header("etag").to_owned();
    for shown in [tag.clone(), format!("W/{tag}"), format!("\"another\", {tag}")] {
        let page = get(&suite, &path, Some(&shown)).await;
        assert_eq!((page.status, page.text.as_str()), (304, ""), "{shown}");
        assert_eq!(page.header("cache-control"), "private, max-age=31536000, immutable");
    }
    let other_size = get(&suite, &format!("/images/{IMAGE}/192"), Some(&tag)).await;
    assert_eq!(other_size.status, 200, "another size is another image");
}

/// proves ACC-5, ACC-13: an image that was removed, or went with its account, is gone for who has it, too
#[tokio::test]
async fn a_removed_image_is_gone_for_who_has_it() {
    let suite = Suite::start().await;
    let path = format!("/images/{IMAGE}/48");
    let tag = get(&suite, &path, None).await.header("etag").to_owned();
    assert_eq!(get(&suite, &path, Some(&tag)).await.status, 304);
    suite.neighbours.state().image_removed = true;
    let page = get(&suite, &path, Some(&tag)).await;
    assert_eq!((page.status, page.header("cache-control")), (404, "no-store"));
}

/// What is no image is a page that nobody keeps, and identity is not bothered with nonsense.
#[tokio::test]
async fn what_is_no_image_is_not_there() {
    let suite = Suite::start().await;
    let unknown = "x".repeat(32);
    let paths = [
        format!("/images/{unknown}/48"),
        format!("/images/{IMAGE}/96"),
        format!("/images/{IMAGE}/048"),
        format!("/images/{IMAGE}/-48"),
        format!("/images/{}/48", "x".repeat(5_000)),
        "/images/..%2f..%2fetc/48".to_owned(),
        format!("/images/{}%00/48", &IMAGE[..31]),
    ];
    for path in &paths {
        let page = get(&suite, path, None).await;
        assert_eq!((page.status, page.header("cache-control")), (404, "no-store"), "{path:.60}");
    }
    assert_eq!(suite.neighbours.state().images_asked, 1, "only what can be an image");
}

/// proves ACC-5: products learn the image's address by userinfo, with the scope profile
#[tokio::test]
async fn userinfo_names_the_picture() {
    let suite = Suite::start().await;
    let (product, taro) = (suite.product("backlog").await, suite.neighbours.account("Taro"));
    let browser = suite.browser();
    let token = product.tokens(&browser, &taro).await.text("access_token");
    assert!(product.userinfo(&token).await.good().get("picture").is_none(), "there is none");
    suite.neighbours.change(&taro, |account| account.image = IMAGE.to_owned());
    let picture = product.userinfo(&token).await.good()["picture"].clone();
    assert_eq!(picture, format!("{}/images/{IMAGE}/192", crate::suite::ISSUER));
    let path = picture.as_str().unwrap().strip_prefix(crate::suite::ISSUER).unwrap().to_owned();
    assert_eq!(get(&suite, &path, None).await.status, 200);
}
