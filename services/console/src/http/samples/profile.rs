//! The profile with an image, and deleting the account.

use super::{ID, account, frame, page};
use crate::{
    grpc::{Account, DeletionPlace, DeletionPreview, Obstacle},
    http::{
        Images,
        account::{Fields, ProfilePage},
        account_deletion::{AccountDeleted, AccountDeleting, AccountDeletion},
    },
};
use askama::Template;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Language};
use pass_web::{Page, Refusal};

/// All that may stand in the way of a deletion.
pub const OBSTACLES: [Obstacle; 3] =
    [Obstacle::OnlyMember, Obstacle::LastAdministrator, Obstacle::LastPlanAdmin];

pub fn all(language: Language) -> Vec<(&'static str, String)> {
    let refused = |kind, reason| page(language).refused(Refusal::new(kind, reason));
    let pictured = Account { image: "AbCdEfGhIjKlMnOpQrStUvWxYz012345".to_owned(), ..account() };
    let free = [None, None];
    let needed = [Some(Obstacle::LastAdministrator), None];
    vec![
        ("account-image", profile(refused(Kind::InvalidInput, ErrorReason::ImageFormat), &pictured)),
        ("account-conflict", profile(refused(Kind::Conflict, ErrorReason::Conflict), &account())),
        ("account-deletion", deletion(page(language), free)),
        (
            "account-deletion-needed",
            deletion(refused(Kind::Precondition, ErrorReason::AccountNeeded), needed),
        ),
        ("account-deleted", AccountDeleted { page: page(language) }.render().unwrap()),
        ("account-deleting", AccountDeleting { page: page(language) }.render().unwrap()),
    ]
}

fn profile(page: Page, account: &Account) -> String {
    let gateway = Images::of("https://pass.example");
    let shown = (gateway.url(&account.image, 192), gateway.security(), String::new());
    ProfilePage::new(page, frame("account"), account, shown, Fields::from(account)).render().unwrap()
}

fn deletion(page: Page, obstacles: [Option<Obstacle>; 2]) -> String {
    let place = |(name, obstacle): (&str, Option<Obstacle>)| DeletionPlace {
        organization: ID.parse().unwrap(),
        name: name.to_owned(),
        obstacle,
    };
    let places = ["Acme株式会社", "Studio Kiln <3"].into_iter().zip(obstacles).map(place).collect();
    let preview = DeletionPreview { places, connected_spaces: 2 };
    let email = account().email;
    AccountDeletion::new(page, frame("account"), email, preview, String::new()).render().unwrap()
}
