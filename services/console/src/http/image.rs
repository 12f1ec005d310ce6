//! The person's image (ACC-5): chosen on the profile page, shown by the gateway.

use super::{Done, SignedIn, account, sign_in::Nothing};
use axum::response::Response;
use pass_web::{Form, Refusal, Upload};

/// The gateway's pages that ours show or lead to: people's images, and what protects an account.
#[derive(Debug, Clone)]
pub struct Images(std::sync::Arc<str>);

impl Images {
    /// Of the gateway with this issuer.
    pub fn of(issuer: &str) -> Self {
        Self(issuer.into())
    }

    /// The address of an image in a size; empty: there is no image.
    pub fn url(&self, image: &str, size: u16) -> String {
        if image.is_empty() { String::new() } else { format!("{}/images/{image}/{size}", self.0) }
    }

    /// The address of the page of password and second factors: they are typed and used there only.
    pub fn security(&self) -> String {
        format!("{}/security", self.0)
    }
}

/// Takes the chosen file.
pub async fn save(me: SignedIn, Upload(file): Upload) -> Response {
    let saved = if file.is_empty() {
        Err(Refusal::of_field("image", "must be chosen"))
    } else {
        me.suite.set_image(file).await
    };
    match saved {
        Ok(_) => Done::ImageSaved.then("/account"),
        Err(refusal) => account::refused(&me, refusal).await,
    }
}

/// Takes the image away.
pub async fn remove(me: SignedIn, Form(Nothing {}): Form<Nothing>) -> Response {
    match me.suite.remove_image().await {
        Ok(_) => Done::ImageRemoved.then("/account"),
        Err(refusal) => me.failed(refusal),
    }
}
