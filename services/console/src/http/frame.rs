//! The console's frame around pages, and the good news at the top of them.

use super::SignedIn;
use crate::grpc::Membership;
use axum::response::{IntoResponse, Redirect, Response};
use pass_types::Role;
use pass_web::Page;

/// What the bar at the top shows.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Who is signed in.
    pub name: String,
    /// Which entry of the navigation the page belongs to.
    pub at: &'static str,
}

impl Frame {
    /// For the person.
    pub fn of(me: &SignedIn, at: &'static str) -> Self {
        Self { name: me.account.name.clone(), at }
    }
}

/// What the pages of an organization show above their content.
#[derive(Debug, Clone)]
pub struct Head {
    /// The organization's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The person's role in it.
    pub role: Role,
    /// Whether the person may invite.
    pub may_invite: bool,
    /// Which tab is shown.
    pub tab: &'static str,
}

impl Head {
    /// For the person's place in the organization.
    pub fn of(membership: &Membership, tab: &'static str) -> Self {
        Self {
            id: membership.organization.id.to_string(),
            name: membership.organization.name.clone(),
            role: membership.role,
            may_invite: membership.may_invite(),
            tab,
        }
    }
}

/// What was done just before a page: good news to show on it. In the URL as `?done=…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The profile was changed.
    Saved,
    /// A session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OthersEnded,
    /// A trial began.
    TrialStarted,
    /// Somebody was invited.
    Invited,
    /// An invitation was mailed again.
    Resent,
    /// An invitation was withdrawn.
    Canceled,
    /// The person became a member.
    Joined,
}

impl Done {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Saved,
        Self::SessionEnded,
        Self::OthersEnded,
        Self::TrialStarted,
        Self::Invited,
        Self::Resent,
        Self::Canceled,
        Self::Joined,
    ];

    /// The text's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Saved => "done-saved",
            Self::SessionEnded => "done-session-ended",
            Self::OthersEnded => "done-others-ended",
            Self::TrialStarted => "done-trial-started",
            Self::Invited => "done-invited",
            Self::Resent => "done-resent",
            Self::Canceled => "done-canceled",
            Self::Joined => "done-joined",
        }
    }

    /// On to a page of the console that says so (303: a reload does not repeat what was done).
    pub fn then(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.key().trim_start_matches("done-"))).into_response()
    }
}

/// What a page's address may say besides its path. What can't be read is left out.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct View {
    /// What was done just before.
    pub done: String,
    /// Which page of the list.
    pub page: String,
    /// Whom to look for.
    pub query: String,
}

impl View {
    /// The page with the good news, if there are any.
    pub fn noticed(&self, page: Page) -> Page {
        let said = format!("done-{}", self.done);
        match Done::ALL.into_iter().find(|done| done.key() == said) {
            Some(done) => page.noticed(done.key()),
            None => page,
        }
    }
}

/// The address of the same list from another place on.
pub fn list_address(path: &str, query: &str, page_token: &str) -> String {
    let pairs = [("query", query), ("page", page_token)];
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(pairs) {
        Ok(text) if !text.is_empty() => format!("{path}?{text}"),
        _ => path.to_owned(),
    }
}
