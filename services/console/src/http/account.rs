//! The person's own account (ACC-3, ACC-4).

use super::{
    Done, SignedIn,
    frame::{Frame, View},
    zones,
};
use crate::grpc::{Account, Profile};
use askama::Template;
use axum::{extract::Query, response::Response};
use pass_types::{AccountKind, Appearance, Language};
use pass_web::{Form, Page, Refusal, html, html_with};

/// The profile's form.
#[derive(Template)]
#[template(path = "account.html")]
pub struct ProfilePage {
    pub page: Page,
    pub frame: Frame,
    pub email: String,
    /// The address of the image; empty: none.
    pub image: String,
    /// The state of the account that is shown.
    pub etag: String,
    pub managed: bool,
    /// The gateway's page of password and second factors.
    pub security: String,
    /// The organization that owns a Managed Account; empty: nobody's, or it can't be told.
    pub managed_by: String,
    pub name: String,
    pub unique_id: String,
    pub language: String,
    pub time_zone: String,
    pub appearance: String,
    pub languages: Vec<(String, String, String)>,
    pub zones: Vec<(String, String)>,
    pub appearances: Vec<(String, String, String)>,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    #[serde(default)]
    name: String,
    unique_id: String,
    language: String,
    time_zone: String,
    appearance: String,
    /// The state of the account that the person saw.
    #[serde(default)]
    etag: String,
}

impl ProfilePage {
    /// The form with what the fields have.
    pub fn new(
        page: Page,
        frame: Frame,
        account: &Account,
        (image, security, managed_by): (String, String, String),
        fields: Fields,
    ) -> Self {
        let languages =
            Language::ALL.iter().map(|it| word(it.as_str(), page.t(&format!("language-{it}")))).collect();
        let appearances =
            Appearance::ALL.iter().map(|it| word(it.as_str(), page.t(&format!("appearance-{it}")))).collect();
        Self {
            frame,
            email: account.email.clone(),
            image,
            security,
            etag: fields.etag,
            managed: account.kind == AccountKind::Managed,
            managed_by,
            zones: zones::options(&fields.time_zone),
            languages,
            appearances,
            // Of a Managed Account it is not the person's to type (MAN-4).
            name: if account.kind == AccountKind::Managed { account.name.clone() } else { fields.name },
            unique_id: fields.unique_id,
            language: fields.language,
            time_zone: fields.time_zone,
            appearance: fields.appearance,
            page,
        }
    }
}

fn word(value: &str, text: String) -> (String, String, String) {
    (value.to_owned(), text, String::new())
}

impl From<&Account> for Fields {
    fn from(account: &Account) -> Self {
        Self {
            name: account.name.clone(),
            unique_id: account.unique_id.clone(),
            language: account.language.to_string(),
            time_zone: account.time_zone.to_string(),
            appearance: account.appearance.to_string(),
            etag: account.etag.clone(),
        }
    }
}

/// Shows it.
pub async fn show(me: SignedIn, Query(view): Query<View>) -> Response {
    let fields = Fields::from(&me.account);
    html(&page_of(&me, view.noticed(me.page()), fields).await)
}

async fn page_of(me: &SignedIn, page: Page, fields: Fields) -> ProfilePage {
    let shown = (me.images.url(&me.account.image, 192), me.images.security(), owner(me).await);
    ProfilePage::new(page, Frame::of(me, "account"), &me.account, shown, fields)
}

/// The page again, as it is stored, after a refusal of something else than its fields.
pub async fn refused(me: &SignedIn, refusal: Refusal) -> Response {
    match me.again(refusal) {
        Ok((status, page)) => html_with(status, &page_of(me, page, Fields::from(&me.account)).await),
        Err(answer) => answer,
    }
}

/// Saves it. What was saved shows at once, in this page too (ACC-3).
pub async fn save(me: SignedIn, Form(fields): Form<Fields>) -> Response {
    let with_name = me.account.kind == AccountKind::Nulab;
    let saved = match profile(&fields) {
        Ok(profile) => me.suite.change_profile(&profile, with_name).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Done::Saved.then("/account"),
        // Somebody else changed it: what was typed stays, over what is stored now, which the next try replaces.
        Err(refusal) => match me.again(refusal) {
            Ok((status, page)) => {
                let fields = Fields { etag: me.account.etag.clone(), ..fields };
                html_with(status, &page_of(&me, page, fields).await)
            }
            Err(answer) => answer,
        },
    }
}

/// The name of the organization that owns the account (MAN-4). That it can't be told is no reason to show nothing.
async fn owner(me: &SignedIn) -> String {
    let Some(owner) = me.account.owner else { return String::new() };
    match me.suite.organization(owner).await {
        Ok((membership, _)) => membership.organization.name,
        Err(_) => String::new(),
    }
}

fn profile(fields: &Fields) -> Result<Profile, Refusal> {
    let wrong = |field: &'static str| move |_| Refusal::of_field(field, "must be one of the choices");
    Ok(Profile {
        name: fields.name.clone(),
        unique_id: fields.unique_id.clone(),
        language: fields.language.parse().map_err(wrong("language"))?,
        time_zone: fields.time_zone.clone(),
        appearance: fields.appearance.parse().map_err(wrong("appearance"))?,
        etag: fields.etag.clone(),
    })
}
