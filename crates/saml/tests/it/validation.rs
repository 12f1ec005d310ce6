//! The validator: every document here is genuinely signed by the connection's own key.

use crate::support::{
    ACS, IDP, REQUEST, SP, Setting, assert_refused,
    documents::{self, ADDRESS, assertion_with, response_with, unsigned_part},
    swap,
};
use pass_saml::{Check, Outcome};

const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

#[test]
fn names_of_others_are_refused_however_it_is_signed() {
    let other = "https://other.example.test";
    let destination = format!(r#"Destination="{ACS}""#);
    let recipient = format!(r#"Recipient="{ACS}""#);
    let issuer = format!("<saml:Issuer>{IDP}<");
    let response_issuer = format!(r#"SAML:2.0:assertion">{IDP}<"#);
    let elsewhere = format!(r#"SAML:2.0:assertion">{other}<"#);
    let recipient_elsewhere = format!(r#"Recipient="{other}""#);
    assert_refused(
        &Setting::default(),
        [
            ("another audience", assertion_with(&format!(">{SP}<"), &format!(">{other}<")), Check::Audience),
            (
                "another audience, response signed",
                response_with(&format!(">{SP}<"), &format!(">{other}<")),
                Check::Audience,
            ),
            (
                "an audience that begins alike",
                assertion_with(&format!(">{SP}<"), &format!(">{SP}/x<")),
                Check::Audience,
            ),
            (
                "an audience with a space",
                assertion_with(&format!(">{SP}<"), &format!("> {SP}<")),
                Check::Audience,
            ),
            ("another recipient", assertion_with(&recipient, &recipient_elsewhere), Check::Recipient),
            (
                "another recipient, response signed",
                response_with(&recipient, &recipient_elsewhere),
                Check::Recipient,
            ),
            ("no recipient", assertion_with(&format!(" {recipient}"), ""), Check::Recipient),
            (
                "another destination, assertion signed",
                unsigned_part(&destination, r#"Destination="x""#),
                Check::Destination,
            ),
            (
                "another destination, response signed",
                response_with(&destination, r#"Destination="x""#),
                Check::Destination,
            ),
            ("no destination", unsigned_part(&format!(" {destination}"), ""), Check::Destination),
            (
                "another issuer of the assertion",
                assertion_with(&issuer, &format!("<saml:Issuer>{other}<")),
                Check::AssertionIssuer,
            ),
            (
                "another issuer of the assertion, response signed",
                response_with(&issuer, &format!("<saml:Issuer>{other}<")),
                Check::AssertionIssuer,
            ),
            (
                "another issuer of the response, assertion signed",
                unsigned_part(&response_issuer, &elsewhere),
                Check::ResponseIssuer,
            ),
            (
                "another issuer of the response, response signed",
                response_with(&response_issuer, &elsewhere),
                Check::ResponseIssuer,
            ),
            (
                "an issuer of another format",
                assertion_with("<saml:Issuer>", r#"<saml:Issuer Format="urn:x">"#),
                Check::AssertionIssuer,
            ),
        ],
    );
}

#[test]
fn conditions_must_be_there_and_name_us() {
    let without = |text: &str, begin: &str, end: &str| {
        let from = text.find(begin).unwrap();
        let to = text.find(end).unwrap() + end.len();
        format!("{}{}", &text[..from], &text[to..])
    };
    let remove = |begin: &str, end: &str| documents::assertion_edited(|text| without(&text, begin, end));
    let of_response = |begin: &str, end: &str| documents::response_edited(|text| without(&text, begin, end));
    let restriction =
        format!("<saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>");
    let foreign = "<saml:AudienceRestriction><saml:Audience>urn:x</saml:Audience></saml:AudienceRestriction>";
    let unknown = r#"<saml:Condition xmlns:x="urn:x" x:y="z"></saml:Condition>"#;
    assert_refused(
        &Setting::default(),
        [
            ("no Conditions", remove("<saml:Conditions", "</saml:Conditions>"), Check::Conditions),
            (
                "no AudienceRestriction",
                remove("<saml:AudienceRestriction>", "</saml:AudienceRestriction>"),
                Check::Audience,
            ),
            ("no Audience", remove("<saml:Audience>", "</saml:Audience>"), Check::Audience),
            (
                "two restrictions, one foreign",
                assertion_with(&restriction, &format!("{restriction}{foreign}")),
                Check::Audience,
            ),
            (
                "no Conditions, response signed",
                of_response("<saml:Conditions", "</saml:Conditions>"),
                Check::Conditions,
            ),
            (
                "no AudienceRestriction, response signed",
                of_response("<saml:AudienceRestriction>", "</saml:AudienceRestriction>"),
                Check::Audience,
            ),
            (
                "two restrictions, one foreign, response signed",
                response_with(&restriction, &format!("{foreign}{restriction}")),
                Check::Audience,
            ),
            (
                "a condition that we don't know",
                assertion_with(&restriction, &format!("{restriction}{unknown}")),
                Check::Conditions,
            ),
        ],
    );
    let both = swap(&restriction, "</saml:Audience>", "</saml:Audience><saml:Audience>urn:x</saml:Audience>");
    assert!(
        Setting::default().judge(assertion_with(&restriction, &both)).is_ok(),
        "two audiences of one restriction"
    );
    let once = format!("{restriction}<saml:OneTimeUse></saml:OneTimeUse>");
    assert!(Setting::default().judge(assertion_with(&restriction, &once)).is_ok(), "OneTimeUse");
}

/// proves SML-2: unsolicited responses only where they are allowed, and answers only to our own request
#[test]
fn answers_to_no_request_or_another_are_refused() {
    let answer = format!(r#" InResponseTo="{REQUEST}""#);
    let unsolicited = || documents::response_edited(|text| swap(&text, &answer, ""));
    let setting = |request: bool, idp_initiated_allowed: bool| {
        let mut setting = Setting::default();
        setting.expected.idp_initiated_allowed = idp_initiated_allowed;
        if !request {
            setting.expected.request = None;
        }
        setting
    };
    let other = |text: String| swap(&text, REQUEST, "_another");
    let case = |name: &'static str, document: String| [(name, document, Check::InResponseTo)];
    assert_refused(&setting(false, false), case("unsolicited", unsolicited()));
    assert_refused(&setting(true, true), case("unsolicited although we asked", unsolicited()));
    assert_refused(&setting(false, true), case("an answer to no request", documents::signed()));
    assert_refused(&setting(false, false), case("an answer to a used request", documents::signed()));
    assert_refused(&setting(true, false), case("an answer to another", documents::response_edited(other)));
    assert_refused(
        &setting(true, true),
        case("an answer to another, still", documents::response_edited(other)),
    );
    let outside = unsigned_part(&answer, r#" InResponseTo="_another""#);
    assert_refused(&setting(true, false), case("only the response answers another", outside));
    let outside = unsigned_part(&answer, "");
    assert_refused(&setting(true, false), case("only the confirmation answers", outside));
    let inside = assertion_with(&answer, "");
    assert_refused(&setting(true, false), case("only the response answers", inside));
}

#[test]
fn confirmations_must_be_by_bearer_once() {
    let method = |method: &str| assertion_with(BEARER, &format!("urn:oasis:names:tc:SAML:2.0:cm:{method}"));
    let confirmation = |count: usize| {
        documents::assertion_edited(|text| {
            let begin = text.find("<saml:SubjectConfirmation ").unwrap();
            let end = text.find("</saml:SubjectConfirmation>").unwrap() + "</saml:SubjectConfirmation>".len();
            format!("{}{}{}", &text[..begin], text[begin..end].repeat(count), &text[end..])
        })
    };
    assert_refused(
        &Setting::default(),
        [
            ("holder of key", method("holder-of-key"), Check::Confirmation),
            ("sender vouches", method("sender-vouches"), Check::Confirmation),
            ("no method", assertion_with(&format!(r#" Method="{BEARER}""#), ""), Check::Confirmation),
            ("none", confirmation(0), Check::Confirmation),
            ("two", confirmation(2), Check::Confirmation),
        ],
    );
}

#[test]
fn every_status_but_success_is_refused() {
    let success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    let codes = [
        "Requester",
        "Responder",
        "VersionMismatch",
        "AuthnFailed",
        "InvalidAttrNameOrValue",
        "InvalidNameIDPolicy",
        "NoAuthnContext",
        "NoAvailableIDP",
        "NoPassive",
        "NoSupportedIDP",
        "PartialLogout",
        "ProxyCountExceeded",
        "RequestDenied",
        "RequestUnsupported",
        "RequestVersionDeprecated",
        "RequestVersionTooHigh",
        "RequestVersionTooLow",
        "ResourceNotRecognized",
        "TooManyResponses",
        "UnknownAttrProfile",
        "UnknownPrincipal",
        "UnsupportedBinding",
    ];
    for code in codes {
        let code = format!("urn:oasis:names:tc:SAML:2.0:status:{code}");
        let failed = swap(&documents::response(""), success, &code);
        assert_refused(
            &Setting::default(),
            [
                ("assertion signed", unsigned_part(success, &code), Check::Status),
                ("response signed", response_with(success, &code), Check::Status),
                ("without an assertion", failed, Check::Status),
            ],
        );
    }
    let inner = format!(r#"<samlp:StatusCode Value="{success}"></samlp:StatusCode></samlp:StatusCode>"#);
    let nested = unsigned_part(success, "urn:oasis:names:tc:SAML:2.0:status:Responder").replacen(
        "</samlp:StatusCode>",
        &inner,
        1,
    );
    assert_refused(&Setting::default(), [("success below a failure", nested, Check::Status)]);
}

#[test]
fn versions_and_statements_must_be_there() {
    let version = r#" Version="2.0"><saml:Issuer>"#;
    let no_statement = documents::assertion_edited(|text| {
        let begin = text.find("<saml:AuthnStatement").unwrap();
        let end = text.find("</saml:AuthnStatement>").unwrap() + "</saml:AuthnStatement>".len();
        format!("{}{}", &text[..begin], &text[end..])
    });
    assert_refused(
        &Setting::default(),
        [
            (
                "an assertion of version 1.1",
                assertion_with(version, r#" Version="1.1"><saml:Issuer>"#),
                Check::Version,
            ),
            ("an assertion without version", assertion_with(version, "><saml:Issuer>"), Check::Version),
            (
                "a response of version 1.1",
                unsigned_part(r#"Version="2.0""#, r#"Version="1.1""#),
                Check::Version,
            ),
            ("no AuthnStatement", no_statement, Check::AuthnStatement),
            (
                "no AuthnInstant",
                assertion_with(r#" AuthnInstant="2026-03-01T11:59:40Z""#, ""),
                Check::AuthnStatement,
            ),
        ],
    );
}

/// proves SML-5 and SML-6: every check that failed is told, with what was received, redacted
#[test]
fn all_that_is_wrong_is_told_at_once() {
    let document = documents::assertion_edited(|text| {
        let text = swap(&text, &format!(">{SP}<"), ">urn:another<");
        let text = swap(&text, BEARER, "urn:none");
        swap(&text, ADDRESS, "taro tanaka@example.test")
    });
    let field = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, document);
    let validation = Setting::default().receive(&field).unwrap();
    let of =
        |check| validation.verdicts.iter().find(|verdict| verdict.check == check).unwrap().outcome.clone();
    let failed = |expected: &str, received: &str| Outcome::Failed {
        expected: expected.to_owned(),
        received: received.to_owned(),
    };
    assert_eq!(of(Check::Signature), Outcome::Passed);
    assert_eq!(of(Check::Audience), failed(SP, "urn:another"));
    assert_eq!(of(Check::Confirmation), failed(BEARER, "urn:none"));
    assert_eq!(of(Check::Recipient), Outcome::NotReached);
    assert_eq!(of(Check::NameId), failed("a name without white space", "t…@example.test"));
    assert_eq!(validation.result.unwrap_err().check(), Check::Confirmation, "the first of them");
}
