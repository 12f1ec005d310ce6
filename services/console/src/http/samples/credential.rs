//! Asking for another address.

use super::{account, frame, page};
use crate::http::{email_change::EmailChange, frame::Done};
use askama::Template;
use pass_types::Language;
use pass_web::{Page, Refusal};

pub fn all(language: Language) -> Vec<(&'static str, String)> {
    let form = |page: Page, email: &str| {
        let (frame, current) = (frame("account"), account().email);
        EmailChange { page, frame, current, email: email.to_owned() }.render().unwrap()
    };
    let wrong = page(language).refused(Refusal::of_field("email", "must be an email address"));
    vec![
        ("email-change", form(page(language).noticed(Done::SignedInAgain.key()), "")),
        ("email-change-wrong", form(wrong, "taro@<example>")),
    ]
}
