//! Where the person is signed in (ACC-12).

use super::{
    Done, SignedIn,
    frame::{Frame, Pages, View},
    sign_in::Nothing,
};
use crate::grpc::SignedInBrowser;
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use pass_types::{SessionId, device_name};
use pass_web::{Form, Page, Refusal, html};

/// The list of sessions.
#[derive(Template)]
#[template(path = "sessions.html")]
pub struct SessionsPage {
    pub page: Page,
    pub frame: Frame,
    pub sessions: Vec<Entry>,
    pub pages: Pages,
}

/// One of them.
pub struct Entry {
    pub id: String,
    /// What the browser seems to be, for instance "Firefox · Linux".
    pub device: String,
    pub address: String,
    pub create_time: time::OffsetDateTime,
    pub last_use_time: time::OffsetDateTime,
    /// The one that asks.
    pub this: bool,
}

impl Entry {
    /// For showing to whoever has the session `mine`.
    pub fn of(browser: SignedInBrowser, mine: SessionId) -> Self {
        let SignedInBrowser { session, create_time, last_use_time, address, user_agent } = browser;
        Self {
            id: session.to_string(),
            device: device(&user_agent),
            address,
            create_time,
            last_use_time,
            this: session == mine,
        }
    }
}

/// Shows them.
pub async fn show(me: SignedIn, Query(view): Query<View>) -> Result<Response, Response> {
    let (sessions, next) = me.suite.sessions(&view.page).await.map_err(|refusal| me.failed(refusal))?;
    let sessions = sessions.into_iter().map(|it| Entry::of(it, me.session.id)).collect();
    let pages = view.pages("/sessions", &next);
    let frame = Frame::of(&me, "sessions");
    Ok(html(&SessionsPage { page: view.noticed(me.page()), frame, sessions, pages }))
}

/// Ends one.
pub async fn end(
    me: SignedIn,
    Path(session): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    let session: SessionId = session.parse().map_err(|_| me.failed(Refusal::not_found()))?;
    me.suite.end_session(session).await.map_err(|refusal| me.failed(refusal))?;
    Ok(Done::SessionEnded.then("/sessions"))
}

/// Ends all but the one that asks.
pub async fn end_others(me: SignedIn, Form(Nothing {}): Form<Nothing>) -> Result<Response, Response> {
    me.suite.end_other_sessions().await.map_err(|refusal| me.failed(refusal))?;
    Ok(Done::OthersEnded.then("/sessions"))
}

/// What a browser seems to be, good enough to recognise one's own; else the start of what it says, on one line.
pub fn device(user_agent: &str) -> String {
    let visible = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    device_name(user_agent).unwrap_or_else(|| user_agent.chars().filter(visible).take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_says_is_short_and_on_one_line() {
        assert_eq!(
            device("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0"),
            "Edge · Windows"
        );
        assert_eq!(device("curl/8.0"), "curl/8.0");
        assert_eq!(device("a\nb\u{202e}c\0"), "abc");
        assert_eq!(device(&"x".repeat(10_000)), "x".repeat(60));
        assert_eq!(device(""), "");
    }
}
