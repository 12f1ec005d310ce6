//! SAML pages.

use super::{ID, NOW, acme, frame, member, page, pages};
use crate::{
    grpc::{Certificate, Connection, Outcome, SamlSettings, SamlSignIn, SamlTest, TestState, Verdict},
    http::{
        frame::{Done, Head},
        saml::{Fields, SamlPage},
        saml_log::{SamlSignIns, SamlTestPage},
        saml_off::SamlOff,
    },
};
use askama::Template;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Language, Role};
use pass_web::Refusal;
use time::Duration;

fn connection(tested: bool) -> Connection {
    Connection {
        id: ID.parse().unwrap(),
        idp_entity_id: "https://idp.acme.example/metadata".to_owned(),
        sso_url: "https://idp.acme.example/sso".to_owned(),
        certificates: vec![Certificate {
            fingerprint: "ab12".repeat(16),
            end_time: NOW + Duration::days(300),
        }],
        pem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----".to_owned(),
        sign_requests: true,
        allow_idp_initiated: false,
        test_time: tested.then_some(NOW),
    }
}

fn settings(active: Option<Connection>, draft: Option<Connection>) -> SamlSettings {
    SamlSettings {
        active,
        draft,
        sp_entity_id: "https://pass.example/saml/aB3dE6gH9k".to_owned(),
        acs_url: "https://pass.example/saml/aB3dE6gH9k/acs".to_owned(),
        metadata_url: "https://pass.example/saml/aB3dE6gH9k/metadata".to_owned(),
        managed_accounts: 120,
    }
}

fn verdict(check: &str, outcome: Outcome, expected: &str, received: &str) -> Verdict {
    let (check, expected, received) = (check.to_owned(), expected.to_owned(), received.to_owned());
    Verdict { check, outcome, expected, received }
}

fn tests(language: Language) -> Vec<(&'static str, String)> {
    let show = |state, verdicts| {
        let (page, head) = (page(language), Head::of(&acme(), "nulab-pass"));
        let (test, again) = (SamlTest { state, verdicts }, Some(connection(false)));
        SamlTestPage { page, frame: frame("organizations"), head, test, again }.render().unwrap()
    };
    let audience = "https://pass.example/saml/aB3dE6gH9k";
    let failed = vec![
        verdict("encoding", Outcome::Passed, "", ""),
        verdict("signature", Outcome::Passed, "", ""),
        verdict("audience", Outcome::Failed, audience, "https://other.example <script>"),
        verdict("a_later_one", Outcome::NotReached, "", ""),
    ];
    vec![
        ("saml-test-passed", show(TestState::Passed, vec![verdict("signature", Outcome::Passed, "", "")])),
        ("saml-test-failed", show(TestState::Failed, failed)),
        ("saml-test-waiting", show(TestState::Waiting, vec![])),
        ("saml-test-expired", show(TestState::Expired, vec![])),
    ]
}

fn log(language: Language) -> Vec<(&'static str, String)> {
    let entry = |failed: &str, test| SamlSignIn {
        reference: "K7QM-4XPD".to_owned(),
        time: NOW,
        failed_check: failed.to_owned(),
        expected: if failed.is_empty() { "" } else { "not later than 2026-03-02T09:00:00Z" }.to_owned(),
        received: if failed.is_empty() { "" } else { "2026-03-02T08:00:00Z" }.to_owned(),
        test,
        stranger: false,
    };
    let stranger = SamlSignIn { stranger: true, ..entry("signature", false) };
    let show = |entries| {
        let (page, head) = (page(language), Head::of(&acme(), "nulab-pass"));
        SamlSignIns { page, frame: frame("organizations"), head, entries, pages: pages("/next") }
            .render()
            .unwrap()
    };
    vec![
        (
            "saml-sign-ins",
            show(vec![entry("", false), entry("not_on_or_after", false), stranger, entry("", true)]),
        ),
        ("saml-sign-ins-none", show(vec![])),
    ]
}

pub fn all(language: Language) -> Vec<(&'static str, String)> {
    let show = |page, settings: SamlSettings, why| {
        let shown = settings.draft.as_ref().or(settings.active.as_ref());
        let fields = shown.map(Fields::of).unwrap_or_default();
        let (frame, head) = (frame("organizations"), Head::of(&acme(), "nulab-pass"));
        SamlPage { page, frame, head, settings, why, fields }.render().unwrap()
    };
    let mut wrong = Refusal::new(Kind::InvalidInput, ErrorReason::SamlMetadataInvalid);
    wrong.violations.push(("metadata_xml".to_owned(), "has no signing certificate".to_owned()));
    let why = wrong.violations.iter().map(|(_, problem)| problem.clone()).collect();
    let untested = page(language).refused(Refusal::new(Kind::Precondition, ErrorReason::SamlTestNeeded));
    let losers = vec![
        member("鈴木 花子", "hanako@acme.example", Role::Member, &[]),
        member("山田 太郎", "taro@acme.example", Role::Member, &[]),
    ];
    let off = SamlOff {
        page: page(language).refused(Refusal::new(Kind::Precondition, ErrorReason::ConfirmationNeeded)),
        frame: frame("organizations"),
        head: Head::of(&acme(), "nulab-pass"),
        count: 120,
        losers,
        pages: pages("/next"),
        confirmation: "3".to_owned(),
    };
    let mut all = vec![
        ("saml-nothing", show(page(language), settings(None, None), vec![])),
        ("saml-wrong", show(page(language).refused(wrong), settings(None, None), why)),
        ("saml-draft", show(untested, settings(None, Some(connection(false))), vec![])),
        (
            "saml-tested",
            show(
                page(language).noticed(Done::SignedInAgain.key()),
                settings(Some(connection(true)), Some(connection(true))),
                vec![],
            ),
        ),
        ("saml-off", off.render().unwrap()),
    ];
    all.extend(tests(language));
    all.extend(log(language));
    all
}
