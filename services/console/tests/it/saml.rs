//! SAML of an organization.

use crate::{
    services::TEST_URL,
    suite::{ORGANIZATION, Suite, THING},
};
use http::{StatusCode, header};
use pass_proto::{
    convert::timestamp,
    errors::v1::ErrorReason,
    identity::v1::{
        ActivateSamlConnectionRequest, CreateSamlTestRequest, DisableSamlConnectionRequest,
        GetSamlSettingsResponse, GetSamlTestResponse, ListSamlSignInsRequest, SamlCertificate,
        SamlConnection, SamlSignIn, SamlVerdict, SaveSamlDraftRequest, get_saml_test_response::State,
        save_saml_draft_request::Source,
    },
    organization::v1::{ListMembersRequest, Member, list_members_request},
    types::v1 as wire,
};
use pass_types::{Clock, Invalid, Kind};

fn settings() -> String {
    format!("/organizations/{ORGANIZATION}/saml")
}

async fn with_draft(tested: bool) -> Suite {
    let suite = Suite::start().await;
    let now = Some(timestamp(suite.clock.now()));
    let draft = SamlConnection {
        connection_id: THING.to_owned(),
        state: 1,
        idp_entity_id: "https://idp.example/metadata".to_owned(),
        sso_url: "https://idp.example/sso?x=1".to_owned(),
        certificates: vec![SamlCertificate {
            pem: "PEM".to_owned(),
            fingerprint: "ab12".to_owned(),
            start_time: now,
            end_time: now,
        }],
        sign_requests: true,
        allow_idp_initiated: false,
        create_time: now,
        test_time: now.filter(|_| tested),
    };
    suite.services.change(|data| {
        data.saml = GetSamlSettingsResponse {
            draft: Some(draft),
            sp_entity_id: "https://pass.test/saml/KEY".to_owned(),
            acs_url: "https://pass.test/saml/KEY/acs".to_owned(),
            metadata_url: "https://pass.test/saml/KEY/metadata".to_owned(),
            managed_account_count: 2,
            ..GetSamlSettingsResponse::default()
        };
    });
    suite
}

/// proves SML-1: what to tell the identity provider; a draft from metadata or typed
#[tokio::test]
async fn a_draft_is_saved() {
    let suite = with_draft(false).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&settings()).await;
    for shown in
        ["/saml/KEY\"", "/saml/KEY/acs\"", "/saml/KEY/metadata\"", "ab12", "https://idp.example/metadata"]
    {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let typed = [
        ("metadata_xml", " "),
        ("idp_entity_id", " urn:idp "),
        ("sso_url", "https://idp.example/sso"),
        ("certificates", "PEM"),
        ("allow_idp_initiated", "true"),
    ];
    let done = browser.post(&page, &settings(), &typed).await;
    assert_eq!(done.location(), format!("{}?done=saml-saved", settings()));
    let metadata =
        [("metadata_xml", "<EntityDescriptor/>"), ("idp_entity_id", "ignored"), ("sign_requests", "on")];
    browser.post(&page, &settings(), &metadata).await;
    let asked = suite.services.asked::<SaveSamlDraftRequest>("save_saml_draft");
    assert!(matches!(&asked[0].source, Some(Source::Typed(it)) if it.idp_entity_id == "urn:idp"));
    assert_eq!((asked[0].sign_requests, asked[0].allow_idp_initiated), (false, true));
    assert_eq!(asked[1].source, Some(Source::MetadataXml("<EntityDescriptor/>".to_owned())));
    assert_eq!((asked[1].sign_requests, asked[1].allow_idp_initiated), (true, false));

    let wrong = Invalid("has no signing certificate").of("metadata_xml");
    let method = "save_saml_draft";
    suite.services.refuse(method, Kind::InvalidInput, ErrorReason::SamlMetadataInvalid, vec![wrong]);
    let refused = browser.post(&page, &settings(), &metadata).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.contains(r##"<a href="#metadata_xml">This metadata"##), "{}", refused.body);
    assert!(refused.body.contains("has no signing certificate"), "{}", refused.body);
    assert!(refused.body.contains("&#60;EntityDescriptor/&#62;"), "what was typed is still there");
    let wrong = Invalid("must begin with https://").of("typed.sso_url");
    suite.services.refuse(method, Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong]);
    let refused = browser.post(&page, &settings(), &typed).await;
    assert!(refused.body.contains(r##"<a href="#sso_url">Enter the address"##), "{}", refused.body);
}

/// proves SML-6: a test leads to the gateway, and browsers let it
#[tokio::test]
async fn a_test_leads_to_the_gateway() {
    let suite = with_draft(false).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&settings()).await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.ends_with(&format!("form-action 'self' {}", suite.gateway.issuer)), "{policy}");
    assert!(!page.body.contains("/switch-on"), "not before it passed a test");
    let tests = format!("{}/tests", settings());
    let sent = browser.post(&page, &tests, &[("connection_id", page.hidden("connection_id"))]).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, TEST_URL));
    assert_eq!(suite.services.asked::<CreateSamlTestRequest>("create_saml_test")[0].connection_id, THING);
    suite.services.refuse("create_saml_test", Kind::Precondition, ErrorReason::NulabPassEnded, vec![]);
    let refused = browser.post(&page, &tests, &[("connection_id", THING)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.post(&page, &tests, &[("connection_id", "x")]).await.status, StatusCode::BAD_REQUEST);
}

/// proves SML-6: each check's verdict
#[tokio::test]
async fn a_test_shows_each_checks_verdict() {
    let suite = with_draft(false).await;
    let (browser, _) = suite.signed_in().await;
    let verdict = |check: &str, outcome| SamlVerdict {
        check: check.to_owned(),
        outcome,
        expected: "https://pass.test".to_owned(),
        received: "<b>evil".to_owned(),
    };
    let verdicts = vec![verdict("signature", 1), verdict("audience", 2), verdict("something_new", 3)];
    let connection_id = THING.to_owned();
    let path = format!("{}/tests/{THING}", settings());
    for (state, text) in [
        (State::Waiting, "Nobody has come back"),
        (State::Passed, "Every check passed."),
        (State::Failed, "A check did not pass"),
        (State::Expired, "in time"),
    ] {
        let (verdicts, connection_id) = (verdicts.clone(), connection_id.clone());
        suite.services.change(|data| {
            data.saml_test = GetSamlTestResponse { state: state as i32, verdicts, connection_id };
        });
        let page = browser.get(&path).await.body;
        assert!(page.contains(text), "{text}: {page}");
        for shown in ["Signature", "Audience", "something_new", "Not reached", "&#60;b&#62;evil"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
    }
    suite.services.refuse("get_saml_test", Kind::NotFound, ErrorReason::NotFound, vec![]);
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{}/tests/x", settings())).await.status, StatusCode::NOT_FOUND);
}

/// proves SML-6, security.md "Organizations apart": only what passed a test is switched on, after a fresh sign-in
#[tokio::test]
async fn a_tested_draft_is_switched_on_after_a_fresh_sign_in() {
    let suite = with_draft(true).await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&settings()).await;
    let switch_on = format!("{}/switch-on", settings());
    assert!(page.body.contains(&switch_on), "{}", page.body);
    let fields = [("connection_id", THING)];
    let method = "activate_saml_connection";
    suite.services.refuse(method, Kind::Forbidden, ErrorReason::FreshSignInNeeded, vec![]);
    let sent = browser.post(&page, &switch_on, &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(!sent.location().contains("taro"), "no address is in the console's own: {}", sent.location());
    let to_gateway = browser.get(sent.location()).await;
    assert!(to_gateway.location().contains("&prompt=login"), "{}", to_gateway.location());
    assert!(!to_gateway.location().contains("taro"), "{}", to_gateway.location());
    let back = suite.gateway.signs_in(to_gateway.location(), suite.account, suite.session_id());
    let again = browser.get(&back).await;
    assert_eq!(again.location(), format!("{}?done=signed-in-again", settings()));
    let page = browser.get(again.location()).await;
    assert!(page.body.contains("You have signed in again."), "{}", page.body);
    suite.services.refuse(method, Kind::Precondition, ErrorReason::SamlTestNeeded, vec![]);
    let refused = browser.post(&page, &switch_on, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Run a test sign-in with these settings first."), "{}", refused.body);
    suite.services.relent();
    let done = browser.post(&page, &switch_on, &fields).await;
    assert_eq!(done.location(), format!("{}?done=saml-on", settings()));
    let asked = suite.services.asked::<ActivateSamlConnectionRequest>(method);
    assert_eq!(asked.last().unwrap().connection_id, THING);
}

/// An ordinary sign-in does not ask somebody who is signed in.
#[tokio::test]
async fn only_a_fresh_sign_in_is_asked_for_as_one() {
    let suite = Suite::start().await;
    let to_gateway = suite.browser().get("/sign-in?to=%2Faccount&fresh=no").await;
    assert!(!to_gateway.location().contains("prompt="), "{}", to_gateway.location());
}

/// proves SML-10: who loses access is listed, and their number typed
#[tokio::test]
async fn saml_is_switched_off_by_typing_the_number() {
    let suite = with_draft(true).await;
    let join_time = Some(timestamp(suite.clock.now()));
    suite.services.change(|data| {
        let managed = Member {
            account_id: THING.to_owned(),
            kind: wire::AccountKind::Managed as i32,
            name: "Hanako".to_owned(),
            role: wire::Role::Member as i32,
            join_time,
            ..Member::default()
        };
        let kind = wire::AccountKind::Nulab as i32;
        let nulab = Member { kind, name: "Jiro".to_owned(), ..managed.clone() };
        let suspended = Member { suspended: true, name: "Saburo".to_owned(), ..managed.clone() };
        data.members = vec![managed, nulab, suspended];
    });
    let (browser, _) = suite.signed_in().await;
    let form = format!("{}/switch-off", settings());
    let page = browser.get(&form).await;
    assert!(page.body.contains("2 people lose access.") && page.body.contains("Hanako"), "{}", page.body);
    assert!(!page.body.contains("Jiro") && !page.body.contains("Saburo"), "{}", page.body);
    let mistyped = browser.post(&page, &form, &[("confirmation", "two")]).await;
    assert_eq!(mistyped.status, StatusCode::BAD_REQUEST);
    assert!(!suite.services.changes().contains(&"disable_saml_connection"));
    let method = "disable_saml_connection";
    suite.services.refuse_needing(method, Kind::Precondition, ErrorReason::ConfirmationNeeded, "2");
    let refused = browser.post(&page, &form, &[("confirmation", "3")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains(r##"<a href="#confirmation">Type the number"##), "{}", refused.body);
    suite.services.refuse(method, Kind::Forbidden, ErrorReason::FreshSignInNeeded, vec![]);
    let sent = browser.post(&page, &form, &[("confirmation", "2")]).await;
    assert!(sent.location().contains("switch-off%3Fdone%3Dsigned-in-again"), "{}", sent.location());
    suite.services.relent();
    let done = browser.post(&page, &form, &[("confirmation", " 2 ")]).await;
    assert_eq!(done.location(), format!("{}?done=saml-off", settings()));
    let asked = suite.services.asked::<DisableSamlConnectionRequest>(method);
    assert_eq!(asked.last().unwrap().confirmation, 2);
}

/// proves SML-10: however many lose access, their exact number is typed, and all of them are there to be paged
/// through: each page is one call
#[tokio::test]
async fn whoever_loses_access_is_listed_page_by_page() {
    let suite = with_draft(true).await;
    let join_time = Some(timestamp(suite.clock.now()));
    let managed = |number: i32| Member {
        account_id: THING.to_owned(),
        kind: wire::AccountKind::Managed as i32,
        name: format!("Person {number}"),
        role: wire::Role::Member as i32,
        join_time,
        ..Member::default()
    };
    suite.services.change(|data| {
        data.saml.managed_account_count = 2_345;
        data.members = (1..=100).map(managed).collect();
    });
    let (browser, _) = suite.signed_in().await;
    let form = format!("{}/switch-off", settings());
    let page = browser.get(&form).await.body;
    for shown in ["2345 people lose access.", "Type 2345 to", ">Person 1 ", ">Person 100 "] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let next = format!("{form}?page=next%26page");
    assert!(page.contains(&format!("href=\"{next}\"")), "{page}");
    let last = browser.get(&next).await.body;
    assert!(last.contains("2345 people") && last.contains(&format!("href=\"{form}\"")), "{last}");
    let asked = suite.services.asked::<ListMembersRequest>("list_members");
    assert_eq!(asked.iter().map(|it| it.page_token.as_str()).collect::<Vec<_>>(), ["", "next&page"]);
    for it in asked {
        let wanted = (wire::AccountKind::Managed, list_members_request::State::Active, 100);
        assert_eq!((it.kind(), it.state(), it.page_size), wanted);
    }
}

/// proves SML-5: the log tells which check failed and what was received
#[tokio::test]
async fn the_log_tells_why_a_sign_in_was_refused() {
    let suite = with_draft(true).await;
    let time = Some(timestamp(suite.clock.now()));
    suite.services.change(|data| {
        data.saml_sign_ins = vec![SamlSignIn {
            reference: "K7QM-4XPD".to_owned(),
            time,
            failed_check: "audience".to_owned(),
            expected: "ours".to_owned(),
            received: "<b>theirs".to_owned(),
            stranger: true,
            ..SamlSignIn::default()
        }];
    });
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&format!("{}/sign-ins?page=tok%2Fen", settings())).await.body;
    for shown in
        ["K7QM-4XPD", "Audience", "ours", "&#60;b&#62;theirs", "Not signed by", "/saml/sign-ins?page=later"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(suite.services.asked::<ListSamlSignInsRequest>("list_saml_sign_ins")[0].page_token, "tok/en");
}
