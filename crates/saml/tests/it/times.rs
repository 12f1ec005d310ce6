//! Times: every document here is genuinely signed by the connection's own key.

use crate::support::{
    NOW, Setting, assert_refused,
    documents::{self, assertion_with, unsigned_part},
    swap,
};
use pass_saml::Check;
use time::{Duration, macros::datetime};

const CONFIRMED_UNTIL: &str = "2026-03-01T12:04:50Z";
const CONDITIONS_UNTIL: &str = "2026-03-01T12:05:00Z";
const CONDITIONS_FROM: &str = "2026-03-01T11:59:20Z";

#[test]
fn times_are_kept_with_a_skew_of_a_minute() {
    let second = Duration::seconds(1);
    let end = datetime!(2026-03-01 12:04:50 UTC) + Duration::seconds(60);
    let begin = datetime!(2026-03-01 11:59:55 UTC) - Duration::seconds(60);
    let at = |now| Setting::at(now).refusal(documents::signed());
    assert_eq!(at(end - second), None, "the last second");
    assert_eq!(at(end), Some(Check::ConfirmationExpiry), "expired");
    assert_eq!(at(begin), None, "the first second");
    assert_eq!(at(begin - second), Some(Check::IssueInstant), "issued in the future");
    let at_the_edge = assertion_with(CONDITIONS_FROM, "2026-03-01T12:01:00Z");
    assert_eq!(Setting::default().refusal(&at_the_edge), None, "the edge of the skew");
    let behind_it = assertion_with(CONDITIONS_FROM, "2026-03-01T12:01:01Z");
    assert_eq!(Setting::default().refusal(&behind_it), Some(Check::NotBefore));
    let short = assertion_with(CONDITIONS_UNTIL, "2026-03-01T11:59:00Z");
    assert_eq!(Setting::default().refusal(&short), Some(Check::NotOnOrAfter));
    let edge = assertion_with(CONDITIONS_UNTIL, "2026-03-01T11:59:01Z");
    assert_eq!(Setting::default().refusal(&edge), None);
}

#[test]
fn times_that_are_wrong_are_refused() {
    let century = documents::assertion_edited(|text| {
        swap(&swap(&text, CONFIRMED_UNTIL, "2126-03-01T12:00:00Z"), CONDITIONS_UNTIL, "2126-03-01T12:00:00Z")
    });
    let end_of_time = documents::assertion_edited(|text| {
        swap(&swap(&text, CONFIRMED_UNTIL, "9999-12-31T23:59:59Z"), CONDITIONS_UNTIL, "9999-12-31T23:59:59Z")
    });
    let eleven = documents::assertion_edited(|text| {
        swap(&swap(&text, CONFIRMED_UNTIL, "2026-03-01T12:09:51Z"), CONDITIONS_UNTIL, "2026-03-01T12:10:00Z")
    });
    let ten = documents::assertion_edited(|text| {
        swap(&swap(&text, CONFIRMED_UNTIL, "2026-03-01T12:09:50Z"), CONDITIONS_UNTIL, "2026-03-01T12:10:00Z")
    });
    assert_eq!(Setting::default().refusal(ten), None, "ten minutes");
    let issued = r#"IssueInstant="2026-03-01T11:59:50Z""#;
    let answered = r#"IssueInstant="2026-03-01T11:59:55Z""#;
    let no_end = format!(r#" NotOnOrAfter="{CONFIRMED_UNTIL}""#);
    let not_before = format!(r#" NotBefore="{CONDITIONS_FROM}" NotOnOrAfter="{CONFIRMED_UNTIL}""#);
    let data = " NotOnOrAfter=\"2026-03-01T12:04:50Z\"";
    assert_refused(
        &Setting::default(),
        [
            ("100 years", century, Check::Validity),
            ("to the end of time", end_of_time, Check::Validity),
            ("a second more than ten minutes", eleven, Check::Validity),
            (
                "issued long ago",
                assertion_with(issued, r#"IssueInstant="2006-03-01T11:59:50Z""#),
                Check::Validity,
            ),
            (
                "issued in the future",
                assertion_with(issued, r#"IssueInstant="2026-03-01T12:01:01Z""#),
                Check::IssueInstant,
            ),
            (
                "a response of the future",
                unsigned_part(answered, r#"IssueInstant="2026-03-01T12:01:01Z""#),
                Check::IssueInstant,
            ),
            ("no IssueInstant", unsigned_part(&format!(" {answered}"), ""), Check::IssueInstant),
            (
                "an instant without zone",
                assertion_with(issued, r#"IssueInstant="2026-03-01T11:59:50""#),
                Check::IssueInstant,
            ),
            ("a confirmation without end", assertion_with(&no_end, ""), Check::ConfirmationExpiry),
            (
                "a confirmation with a beginning",
                assertion_with(data, &not_before),
                Check::ConfirmationNotBefore,
            ),
            (
                "an end that is no instant",
                assertion_with(CONFIRMED_UNTIL, "tomorrow"),
                Check::ConfirmationExpiry,
            ),
            (
                "a session that has ended",
                assertion_with("2026-03-01T20:00:00Z", "2026-03-01T11:59:00Z"),
                Check::SessionNotOnOrAfter,
            ),
            (
                "a session that ends at no instant",
                assertion_with("2026-03-01T20:00:00Z", "later"),
                Check::SessionNotOnOrAfter,
            ),
            (
                "a sign-in in the future",
                assertion_with("2026-03-01T11:59:40Z", "2026-03-01T12:01:01Z"),
                Check::AuthnStatement,
            ),
        ],
    );
}

#[test]
fn a_fresh_sign_in_must_be_fresh_when_it_was_asked_for() {
    let mut setting = Setting::default();
    if let Some(request) = &mut setting.expected.request {
        (request.force_authn, request.issued_at) = (true, NOW - Duration::seconds(30));
    }
    let fresh = documents::signed();
    assert_eq!(setting.refusal(&fresh), None, "twenty seconds ago");
    let stale = assertion_with("2026-03-01T11:59:40Z", "2026-03-01T09:00:00Z");
    assert_eq!(setting.refusal(&stale), Some(Check::ForcedAuthn));
    assert_eq!(Setting::default().refusal(&stale), None, "where it was not asked for");
}
