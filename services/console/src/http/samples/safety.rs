//! What happened to an account.

use super::{NOW, frame, page, pages};
use crate::{
    grpc::{Login, SecurityEvent},
    http::{
        frame::Done,
        safety::{LoginHistoryPage, SecurityEventsPage},
    },
};
use askama::Template;
use pass_types::Language;
use time::Duration;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1";

fn login(minutes: i64, user_agent: &str, product: &str, method: &str, refused_because: &str) -> Login {
    Login {
        time: NOW - Duration::minutes(minutes),
        address: "203.0.113.9".to_owned(),
        user_agent: user_agent.to_owned(),
        product: product.to_owned(),
        method: method.to_owned(),
        refused_because: refused_because.to_owned(),
    }
}

fn event(minutes: i64, kind: &str, detail: &str) -> SecurityEvent {
    SecurityEvent {
        time: NOW - Duration::minutes(minutes),
        kind: kind.to_owned(),
        address: "2001:db8::1".to_owned(),
        user_agent: SAFARI.to_owned(),
        detail: detail.to_owned(),
    }
}

pub fn all(language: Language) -> Vec<(&'static str, String)> {
    let logins = |logins, next: &str| {
        let (page, frame, pages) = (page(language), frame("sessions"), pages(next));
        LoginHistoryPage { page, frame, logins, pages }.render().unwrap()
    };
    let events = |events, login_alerts: Option<bool>| {
        let (page, frame) = (page(language).noticed(Done::AlertsOff.key()), frame("sessions"));
        let protection = login_alerts.map(|_| "https://pass.example/security".to_owned());
        SecurityEventsPage { page, frame, login_alerts, protection, events, pages: pages("") }
            .render()
            .unwrap()
    };
    vec![
        (
            "login-history",
            logins(
                vec![
                    login(0, FIREFOX, "Backlog", "pwd", ""),
                    login(5, SAFARI, "", "hwk", ""),
                    login(90, "", "Nulab Pass", "pwd", "CREDENTIALS_INVALID"),
                    login(9000, "<script>alert(1)</script>", "Cacoo", "fed", "OF_A_LATER_VERSION"),
                ],
                "/next",
            ),
        ),
        ("login-history-none", logins(vec![], "")),
        (
            "security-events",
            events(
                vec![
                    event(0, "login_alerts_off", ""),
                    event(60, "security_key_added", "家の鍵 <script>"),
                    event(900, "password_changed", ""),
                    event(9000, "of_a_later_version", ""),
                ],
                Some(false),
            ),
        ),
        ("security-events-on", events(vec![event(0, "new_device", "")], Some(true))),
        ("security-events-none", events(vec![], None)),
    ]
}
