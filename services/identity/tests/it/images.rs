//! Profile images, through the transport (ACC-5).

use crate::suite::{Suite, User};
use image::{ExtendedColorType, ImageEncoder, RgbaImage, codecs::png::PngEncoder};
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload, identity::v1::*};
use pass_types::Kind;

pub fn png(colour: [u8; 4]) -> Vec<u8> {
    let picture = RgbaImage::from_pixel(90, 60, image::Rgba(colour));
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&picture, 90, 60, ExtendedColorType::Rgba8).unwrap();
    png
}

pub async fn set(suite: &Suite, user: &User, image: Vec<u8>) -> Result<Account, Failure> {
    let answer = suite.console_as(user).set_my_image(SetMyImageRequest { image }).await?;
    Ok(answer.account.unwrap())
}

pub async fn get(suite: &Suite, image_id: &str, size: i32) -> Result<Vec<u8>, Failure> {
    let request = GetImageRequest { image_id: image_id.to_owned(), size };
    Ok(suite.gateway_anonymous().get_image(request).await?.content)
}

/// proves ACC-5: what is shown is of our own making, in two sizes, under an id that changes with it, and it is told
#[tokio::test]
async fn an_image_is_kept_in_two_sizes() {
    let suite = Suite::start().await;
    let (user, other) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    let console = suite.console_as(&user);
    let before = console.get_my_account(GetMyAccountRequest {}).await.unwrap().account.unwrap();
    assert_eq!(before.image_id, "");
    let red = set(&suite, &user, png([255, 0, 0, 255])).await.unwrap();
    assert_ne!((&red.image_id, &red.etag), (&before.image_id, &before.etag));
    for size in [48, 192] {
        let content = get(&suite, &red.image_id, size).await.unwrap();
        let image =
            image::load_from_memory_with_format(&content, image::ImageFormat::Png).unwrap().into_rgba8();
        assert_eq!(image.dimensions(), (size.unsigned_abs(), size.unsigned_abs()));
        assert_eq!(image.get_pixel(20, 20).0, [255, 0, 0, 255]);
    }
    let again = set(&suite, &user, png([255, 0, 0, 255])).await.unwrap();
    assert_eq!(again, red, "the same image again is nothing new");
    let blue = set(&suite, &user, png([0, 0, 255, 255])).await.unwrap();
    assert_ne!(blue.image_id, red.image_id);
    assert_eq!(get(&suite, &red.image_id, 48).await.unwrap_err().kind, Kind::NotFound, "the old one is gone");
    let same = set(&suite, &other, png([0, 0, 255, 255])).await.unwrap();
    assert_ne!(same.image_id, blue.image_id, "nobody learns that somebody else has the same");
    assert_eq!(suite.count("SELECT count(*) FROM account_images").await, 4);

    let removed = console.remove_my_image(RemoveMyImageRequest {}).await.unwrap().account.unwrap();
    assert_eq!(removed.image_id, "");
    assert_eq!(console.remove_my_image(RemoveMyImageRequest {}).await.unwrap().account.unwrap(), removed);
    assert_eq!(get(&suite, &blue.image_id, 48).await.unwrap_err().kind, Kind::NotFound);
    get(&suite, &same.image_id, 192).await.unwrap();
    let told = suite.events_of(user.account).await.into_iter();
    let told = told.filter(|it| matches!(it, Payload::AccountChanged(it) if it.fields == ["image"]));
    assert_eq!(told.count(), 3);
}

/// proves MAN-4: the person of a Managed Account changes the image
#[tokio::test(flavor = "multi_thread")]
async fn managed_people_have_images_too() {
    let company = crate::company::Company::start().await;
    let account = company.employ("hanako@acme.example").await;
    let token = company.suite.managed_session(account).await;
    let session =
        company.suite.gateway_anonymous().resolve_session(ResolveSessionRequest { token: token.clone() });
    let session = session.await.unwrap().session.unwrap().session_id.parse().unwrap();
    let user = User { account, session, token };
    let console = company.suite.console_as_managed(&user);
    let answer = console.set_my_image(SetMyImageRequest { image: png([0, 255, 0, 255]) }).await.unwrap();
    assert_ne!(answer.account.unwrap().image_id, "");
}

/// proves ACC-5: a file that can't be taken changes nothing, and the answer says what was wrong
#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let kept = set(&suite, &user, png([255, 0, 0, 255])).await.unwrap();
    let mut large = png([0, 0, 255, 255]);
    large.resize(1024 * 1024 + 1, 0);
    let truncated = png([0, 0, 255, 255])[..60].to_vec();
    let mut wide = png([0, 0, 255, 255]);
    // The width in the header, whose checksum is right again.
    wide[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    let crc = crc32(&wide[12..29]);
    wide[29..33].copy_from_slice(&crc.to_be_bytes());
    let cases = [
        (large, ErrorReason::ImageTooLarge),
        (Vec::new(), ErrorReason::InvalidArgument),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(), ErrorReason::ImageFormat),
        (b"<svg onload=alert(1)>".to_vec(), ErrorReason::ImageFormat),
        (truncated, ErrorReason::ImageBroken),
        (wide, ErrorReason::ImageDimensions),
    ];
    for (file, reason) in cases {
        let refused = set(&suite, &user, file).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, reason));
        assert_eq!(refused.violations[0].0, "image");
    }
    let console = suite.console_as(&user);
    let after = console.get_my_account(GetMyAccountRequest {}).await.unwrap().account.unwrap();
    assert_eq!(after, kept);
    for (id, size) in
        [("", 48), ("../x", 48), ("x", 192), (kept.image_id.as_str(), 96), (kept.image_id.as_str(), -1)]
    {
        assert_eq!(get(&suite, id, size).await.unwrap_err().kind, Kind::InvalidInput, "{id} {size}");
    }
}

fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let all = data.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)));
    !all
}

/// proves ACC-5: however many change their image at once, one is decoded at a time, and too many are told to come back
#[tokio::test(flavor = "multi_thread")]
async fn a_rush_is_turned_away() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    // Takes its time.
    let picture =
        RgbaImage::from_fn(400, 400, |x, y| image::Rgba([x.to_le_bytes()[0], y.to_le_bytes()[0], 9, 255]));
    let mut slow = Vec::new();
    PngEncoder::new(&mut slow).write_image(&picture, 400, 400, ExtendedColorType::Rgba8).unwrap();
    assert!(slow.len() < 1024 * 1024, "{}", slow.len());
    let calls = (0..40).map(|_| set(&suite, &user, slow.clone()));
    let answers = futures::future::join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter_map(|it| it.as_ref().err()).collect();
    assert!(!refused.is_empty() && refused.len() < 40, "{}", refused.len());
    for failure in refused {
        assert_eq!((failure.kind, failure.reason), (Kind::RateLimited, ErrorReason::RateLimited));
        assert!(failure.retry_after.is_some());
    }
}

/// proves ACC-5: whoever sends file after file waits, and nobody else does
#[tokio::test]
async fn not_too_often() {
    let suite = Suite::with(|config| config.limits.images_per_account = 2).await;
    let (user, other) = (suite.user("taro@example.com").await, suite.user("jiro@example.com").await);
    set(&suite, &user, b"no image".to_vec()).await.unwrap_err();
    set(&suite, &user, png([255, 0, 0, 255])).await.unwrap();
    let refused = set(&suite, &user, png([0, 0, 255, 255])).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
    let wait = refused.retry_after.unwrap();
    set(&suite, &other, png([0, 0, 255, 255])).await.unwrap();
    suite.clock.advance(wait);
    set(&suite, &user, png([0, 0, 255, 255])).await.unwrap();
}
