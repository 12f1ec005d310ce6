//! Refusals as browsers and programs see them: a page in the person's language, or problem+json (RFC
//! 9457). The one table from kinds of errors to HTTP statuses is here.

use crate::{Page, html_with};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use pass_mesh::Failure;
use pass_proto::errors::v1::ErrorReason;
use pass_types::Kind;
use std::{collections::HashMap, time::Duration};

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which kind of error.
    pub kind: Kind,
    /// The stable reason.
    pub reason: ErrorReason,
    /// Which fields are wrong: path in the request message, and what is wrong (English, for developers).
    pub violations: Vec<(String, String)>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// More about the reason, for instance `needed` or `reference`, as the reason's comment says.
    pub metadata: HashMap<String, String>,
}

impl Refusal {
    /// A refusal without more detail.
    pub fn new(kind: Kind, reason: ErrorReason) -> Self {
        Self { kind, reason, violations: Vec::new(), retry_after: None, metadata: HashMap::new() }
    }

    /// A field that is wrong.
    #[must_use]
    pub fn of_field(field: &str, problem: &str) -> Self {
        let violations = vec![(field.to_owned(), problem.to_owned())];
        Self { violations, ..Self::malformed() }
    }

    /// There is no such page.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, ErrorReason::NotFound)
    }

    /// A request that no page of ours makes.
    #[must_use]
    pub fn malformed() -> Self {
        Self::new(Kind::InvalidInput, ErrorReason::InvalidArgument)
    }

    /// A form that is not of one of our pages, or of another browser (CSRF).
    #[must_use]
    pub fn form_invalid() -> Self {
        Self::new(Kind::Forbidden, ErrorReason::FormInvalid)
    }

    /// A fault of ours; the log has the cause.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Kind::Internal, ErrorReason::Internal)
    }

    /// Too many, too fast.
    #[must_use]
    pub fn rate_limited() -> Self {
        Self::new(Kind::RateLimited, ErrorReason::RateLimited)
    }

    /// The fields that are wrong, by their last name: violations, and reasons that are always about one.
    pub fn fields(&self) -> Vec<&str> {
        let named = self.violations.iter().map(|(path, _)| path.rsplit('.').next().unwrap_or(path));
        let mut fields: Vec<&str> = named.collect();
        fields.extend(self.field_of_reason().filter(|field| !fields.contains(field)));
        fields
    }

    /// The field that the reason is always about, if there is one: what it says is more than that the field
    /// is wrong.
    pub fn field_of_reason(&self) -> Option<&'static str> {
        match self.reason {
            ErrorReason::UniqueIdTaken => Some("unique_id"),
            ErrorReason::SpaceIdTaken => Some("space_id"),
            ErrorReason::TrialUsed => Some("product"),
            ErrorReason::AlreadyMember
            | ErrorReason::AlreadyInvited
            | ErrorReason::EmailTaken
            | ErrorReason::MigrateInstead
            | ErrorReason::AddressIsManaged
            | ErrorReason::DomainNotVerified => Some("email"),
            ErrorReason::OrganizationHandleTaken | ErrorReason::OrganizationHandleLimit => Some("handle"),
            ErrorReason::OrganizationUnknown => Some("identifier"),
            ErrorReason::TeamNameTaken
            | ErrorReason::DomainPublicSuffix
            | ErrorReason::DomainMailProvider
            | ErrorReason::DomainKnown => Some("name"),
            ErrorReason::SamlMetadataInvalid => Some("metadata_xml"),
            ErrorReason::ConfirmationNeeded => Some("confirmation"),
            ErrorReason::SecondFactorInvalid => {
                let shown = |field: &&str| self.violations.iter().any(|(path, _)| path == *field);
                ["code", "recovery_code", "credential_json"].into_iter().find(shown)
            }
            ErrorReason::PasswordLength | ErrorReason::PasswordGuessable | ErrorReason::PasswordLeaked => {
                Some("password")
            }
            ErrorReason::PasswordWrong => Some("current_password"),
            ErrorReason::ImageTooLarge
            | ErrorReason::ImageFormat
            | ErrorReason::ImageDimensions
            | ErrorReason::ImageBroken
            | ErrorReason::ImageAnimated => Some("image"),
            ErrorReason::SpaceUnknown
            | ErrorReason::SpaceClosed
            | ErrorReason::SpaceConnected
            | ErrorReason::SpaceLinkLimit => Some("space"),
            ErrorReason::SpaceUserConnected => Some("space_user"),
            ErrorReason::SpaceCredentialsInvalid => Some("space_password"),
            _ => None,
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let Failure { kind, reason, violations, retry_after, message: _, metadata } = failure;
        Self { kind, reason, violations, retry_after, metadata }
    }
}

/// The table from kinds of errors to HTTP statuses.
#[must_use]
pub fn http_status(kind: Kind) -> StatusCode {
    match kind {
        Kind::InvalidInput => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::AlreadyExists | Kind::Conflict => StatusCode::CONFLICT,
        Kind::Precondition => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A refusal for a program, as problem+json (RFC 9457): `type` is `about:blank`, `reason` the stable
/// reason, `violations` what is wrong with which field.
pub fn problem(refusal: &Refusal) -> Response {
    let status = http_status(refusal.kind);
    let violations: Vec<_> = refusal
        .violations
        .iter()
        .map(|(field, problem)| serde_json::json!({ "field": field, "problem": problem }))
        .collect();
    let mut body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "reason": refusal.reason.code(),
    });
    if !violations.is_empty() {
        body["violations"] = violations.into();
    }
    let kind = HeaderValue::from_static("application/problem+json");
    let response = (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response();
    with_retry_after(response, refusal.retry_after)
}

/// A whole page that says what was refused.
#[derive(Template)]
#[template(path = "error.html")]
#[derive(Debug)]
pub struct ErrorPage {
    page: Page,
    heading: &'static str,
}

impl ErrorPage {
    /// The page, as a template.
    pub fn new(page: Page, refusal: Refusal) -> Self {
        let heading = match refusal.kind {
            Kind::NotFound => "page-not-found",
            Kind::Unavailable | Kind::Internal => "page-fault",
            _ => "page-refused",
        };
        Self { page: page.refused(refusal), heading }
    }
}

/// A whole page that says what was refused, with its status.
pub fn error_page(page: Page, refusal: Refusal) -> Response {
    let (status, retry_after) = (http_status(refusal.kind), refusal.retry_after);
    with_retry_after(html_with(status, &ErrorPage::new(page, refusal)), retry_after)
}

fn with_retry_after(mut response: Response, retry_after: Option<Duration>) -> Response {
    if let Some(wait) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    response
}
