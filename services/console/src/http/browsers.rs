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
use pass_types::SessionId;
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

/// A guess at browser and system, good enough to recognise one's own; else the start of what it says.
fn device(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => user_agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_recognised() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(device(edge), "Edge · Windows");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(device(safari), "Safari · iPhone");
        assert_eq!(device("curl/8.0"), "curl/8.0");
        assert_eq!(device(""), "");
    }
}
