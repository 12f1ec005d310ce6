//! Pages of connected legacy spaces.

use super::{ID, NOW, frame, page};
use crate::{
    grpc::{ConnectedSpace, SpaceProfile, SpaceView},
    http::{
        frame::Done,
        spaces::{Fields, SpaceConnect, Spaces},
    },
};
use askama::Template;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Language, Product};
use pass_web::Refusal;
use std::time::Duration;

fn space(number: u128, space_id: &str, profile: SpaceProfile, view: Option<SpaceView>) -> ConnectedSpace {
    ConnectedSpace {
        id: if number == 0 { ID.parse().unwrap() } else { uuid::Uuid::from_u128(number).into() },
        product: Product::Backlog,
        space_id: space_id.to_owned(),
        user_id: "taro <b>".to_owned(),
        profile,
        create_time: NOW,
        view,
    }
}

fn view(name: &str, allowed: bool) -> SpaceView {
    let sign_in_url = "https://old-works.backlog.example/login".to_owned();
    SpaceView { name: name.to_owned(), sign_in_url, allowed }
}

/// All of them.
pub fn all(language: Language) -> Vec<(&'static str, String)> {
    let list = |connected, connectable| {
        let page = page(language).noticed(Done::SpaceConnected.key());
        Spaces { page, frame: frame("spaces"), connected, connectable }.render().unwrap()
    };
    let form = |page, fields, wait| {
        SpaceConnect::new(page, frame("spaces"), &[Product::Backlog], fields).waiting(wait).render().unwrap()
    };
    let typed = || Fields { space_user: "taro <b>".to_owned(), ..Fields::of("backlog", "old-works") };
    let refused = |kind, reason| page(language).refused(Refusal::new(kind, reason));
    let spaces = vec![
        space(0, "old-works", SpaceProfile::Account, Some(view("Old Works", true))),
        space(7, "harbour", SpaceProfile::SpaceOnly, Some(view("Harbour & Sons", true))),
        space(8, "kiln", SpaceProfile::Space, Some(view("Studio Kiln", false))),
        space(9, "silent", SpaceProfile::Account, None),
    ];
    vec![
        ("spaces", list(spaces, true)),
        ("spaces-none", list(vec![], true)),
        ("spaces-nowhere", list(vec![], false)),
        ("space-connect", form(page(language), Fields::of("backlog", "old-works"), None)),
        (
            "space-connect-wrong",
            form(refused(Kind::InvalidInput, ErrorReason::SpaceCredentialsInvalid), typed(), None),
        ),
        (
            "space-connect-locked",
            form(
                refused(Kind::RateLimited, ErrorReason::RateLimited),
                typed(),
                Some(Duration::from_secs(601)),
            ),
        ),
    ]
}
