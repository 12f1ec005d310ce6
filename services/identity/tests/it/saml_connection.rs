//! The connection as administrators run it (SML-1, SML-5, SML-6, SML-10).

use crate::{connected::Connected, idp::Idp};
use openssl::{hash::MessageDigest, sign::Verifier, x509::X509};
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, events::v1::envelope::Payload, identity::v1::*, types::v1::Role};
use pass_testkit::wait_for;
use pass_types::OrganizationId;
use save_saml_draft_request::Source;
use time::Duration;

impl Connected {
    async fn save(&self, source: Option<Source>) -> Result<SamlConnection, Failure> {
        let organization_id = self.company.organization.to_string();
        let request = SaveSamlDraftRequest { organization_id, source, ..Default::default() };
        Ok(self.console().save_saml_draft(request).await?.draft.unwrap())
    }

    async fn settings(&self) -> GetSamlSettingsResponse {
        let organization_id = self.company.organization.to_string();
        self.console().get_saml_settings(GetSamlSettingsRequest { organization_id }).await.unwrap()
    }

    async fn disable(&self, confirmation: i32) -> Result<(), Failure> {
        let organization_id = self.company.organization.to_string();
        let request = DisableSamlConnectionRequest { organization_id, confirmation };
        self.console().disable_saml_connection(request).await.map(drop)
    }

    async fn create_test(&self, connection_id: &str) -> Result<CreateSamlTestResponse, Failure> {
        let organization_id = self.company.organization.to_string();
        let request = CreateSamlTestRequest { organization_id, connection_id: connection_id.to_owned() };
        self.console().create_saml_test(request).await
    }

    async fn sp_metadata(&self, space_key: &str) -> Result<String, Failure> {
        let request = GetServiceProviderMetadataRequest { space_key: space_key.to_owned() };
        Ok(self.gateway().get_service_provider_metadata(request).await?.xml)
    }
}

/// proves SML-6: a draft is switched on after that very draft passed a test, by somebody who signed in lately
#[tokio::test]
async fn a_draft_is_tested_and_switched_on() {
    let acme = Connected::without().await;
    let first = acme.draft(false).await;
    assert_eq!(first.state(), saml_connection::State::Draft);
    assert_eq!(acme.activate(&first.connection_id).await.unwrap_err().reason, ErrorReason::SamlTestNeeded);
    let failed = acme.test(&first.connection_id, |says| says.audience = "https://other".to_owned()).await;
    assert_eq!(failed.state(), get_saml_test_response::State::Failed);
    let verdict = |name: &str| failed.verdicts.iter().find(|it| it.check == name).unwrap();
    assert_eq!(verdict("signature").outcome(), saml_verdict::Outcome::Passed);
    assert_eq!(verdict("audience").outcome(), saml_verdict::Outcome::Failed);
    assert_eq!(verdict("audience").expected, "https://pass.test/saml/AcmeSpace1");
    assert_eq!(acme.activate(&first.connection_id).await.unwrap_err().reason, ErrorReason::SamlTestNeeded);

    let passed = acme.test(&first.connection_id, |_| {}).await;
    assert_eq!(passed.state(), get_saml_test_response::State::Passed);
    assert!(passed.verdicts.iter().all(|it| it.outcome() == saml_verdict::Outcome::Passed));
    let second = acme.draft(true).await;
    assert_eq!(acme.activate(&first.connection_id).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!(acme.activate(&second.connection_id).await.unwrap_err().reason, ErrorReason::SamlTestNeeded);
    acme.test(&second.connection_id, |_| {}).await;
    acme.company.suite.clock.advance(Duration::minutes(10));
    assert_eq!(
        acme.activate(&second.connection_id).await.unwrap_err().reason,
        ErrorReason::FreshSignInNeeded
    );
    let mut acme = acme;
    acme.company.administrator = acme.company.suite.sign_in("admin@personal.example").await;
    for _ in 0..2 {
        let active = acme.activate(&second.connection_id).await.unwrap();
        assert_eq!(active.state(), saml_connection::State::Active);
    }
    let settings = acme.settings().await;
    assert_eq!(settings.active.unwrap().connection_id, second.connection_id);
    assert!(settings.draft.is_none());
    assert_eq!(settings.metadata_url, "https://pass.test/saml/AcmeSpace1");

    let third = acme.draft(false).await;
    acme.test(&third.connection_id, |_| {}).await;
    acme.employ("hanako@acme.example").await;
    acme.sign_in("hanako@acme.example").await.unwrap();
    acme.activate(&third.connection_id).await.unwrap();
    let told = acme.company.suite.events().await;
    let told: Vec<_> = told.into_iter().filter_map(|it| it.payload).collect();
    let count = |wanted: fn(&Payload) -> bool| told.iter().filter(|it| wanted(it)).count();
    assert_eq!(count(|it| matches!(it, Payload::SamlConnectionDrafted(_))), 3);
    assert_eq!(count(|it| matches!(it, Payload::SamlConnectionActivated(_))), 2);
    assert_eq!(count(|it| matches!(it, Payload::SamlTestRun(run) if run.failed_check == "audience")), 1);
    assert_eq!(count(|it| matches!(it, Payload::SamlTestRun(run) if run.failed_check.is_empty())), 3);
}

/// proves SML-6: a test that can't be read, or that nobody runs, says so; it is run once
#[tokio::test]
async fn tests_that_go_wrong() {
    let acme = Connected::without().await;
    let draft = acme.draft(false).await;
    let test = acme.create_test(&draft.connection_id).await.unwrap();
    let token = test.url.rsplit_once('/').unwrap().1.to_owned();
    let open = || acme.gateway().begin_saml_test(BeginSamlTestRequest { token: token.clone() });
    let begun = open().await.unwrap();
    let asked = Idp::read(&begun.redirect_url);
    let report = async |test_id: &str| {
        let organization_id = acme.company.organization.to_string();
        let request = GetSamlTestRequest { organization_id, test_id: test_id.to_owned() };
        acme.console().get_saml_test(request).await.unwrap()
    };
    assert_eq!(report(&test.test_id).await.state(), get_saml_test_response::State::Waiting);
    let unread = acme.post("!!!", "nonsense").await.unwrap_err();
    assert_eq!(unread.reason, ErrorReason::SamlRefused, "nobody knows whose test it is");
    assert_eq!(report(&test.test_id).await.state(), get_saml_test_response::State::Waiting);
    let consumed = acme.post("!!!", &asked.relay_state).await.unwrap();
    let finished = acme.finish(&consumed.handle, &begun.browser_token).await.unwrap();
    assert!(finished.test_url.ends_with(&test.test_id));
    let failed = report(&test.test_id).await;
    assert_eq!(failed.state(), get_saml_test_response::State::Failed);
    assert_eq!(failed.verdicts[0].outcome(), saml_verdict::Outcome::Failed);
    assert_eq!(failed.verdicts[1].outcome(), saml_verdict::Outcome::NotReached);
    assert_eq!(open().await.unwrap_err().reason, ErrorReason::LinkInvalid);
    let log = acme.log().await;
    assert!(log[0].test && log[0].failed_check == "encoding");

    let late = acme.create_test(&draft.connection_id).await.unwrap();
    acme.company.suite.clock.advance(Duration::minutes(10));
    assert_eq!(report(&late.test_id).await.state(), get_saml_test_response::State::Expired);
    let token = late.url.rsplit_once('/').unwrap().1.to_owned();
    for token in [token, String::new(), "nonsense".to_owned()] {
        let refused = acme.gateway().begin_saml_test(BeginSamlTestRequest { token }).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::LinkInvalid);
    }
}

/// Tests that end while drafts are saved: one after the other, in whatever order, and none waits for another that
/// waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn tests_end_while_drafts_are_saved() {
    let acme = Connected::without().await;
    let pool = &acme.company.suite.database.pool;
    for _ in 0..3 {
        let draft = acme.draft(false).await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            let test = acme.create_test(&draft.connection_id).await.unwrap();
            let token = test.url.rsplit_once('/').unwrap().1.to_owned();
            let begun = acme.gateway().begin_saml_test(BeginSamlTestRequest { token }).await.unwrap();
            let says = Idp::read(&begun.redirect_url);
            let says = says.about("admin@acme.example", &acme.assertion_id(), acme.now());
            answers.push(acme.idp.answer(&says));
        }
        // All of them begin before one goes on: both need the tests.
        let mut held = pool.begin().await.unwrap();
        sqlx::query("SELECT 1 FROM saml_tests FOR UPDATE").execute(&mut *held).await.unwrap();
        let posts = futures::future::join_all(answers.iter().map(|field| acme.post(field, "")));
        let drafts = futures::future::join_all((0..2).map(|_| acme.draft(false)));
        let release = async {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
            wait_for(async || acme.company.suite.count(waiting).await == 5).await;
            held.rollback().await.unwrap();
        };
        let (posts, _, ()) = futures::join!(posts, drafts, release);
        for refused in posts.into_iter().filter_map(Result::err) {
            assert_eq!(refused.reason, ErrorReason::SamlRefused, "its draft is gone, and nothing else");
        }
    }
    // A call that lost is tried again, so that only the database tells. It does when the connections end.
    acme.company.suite.stop().await;
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    wait_for(async || acme.company.suite.count(connected).await <= pool.size().into()).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(acme.company.suite.count(deadlocks).await, 0);
}

/// proves SML-1: from metadata or typed in; what can't be used is refused and said, and changes nothing
#[tokio::test]
async fn what_can_be_saved() {
    let acme = Connected::without().await;
    let draft = acme.save(Some(Source::MetadataXml(acme.idp.metadata(false)))).await.unwrap();
    assert_eq!((draft.idp_entity_id.as_str(), draft.certificates.len()), ("https://idp.acme.example", 1));
    assert_eq!(draft.sso_url, "https://idp.acme.example/sso");
    let pem = X509::from_pem(draft.certificates[0].pem.as_bytes()).unwrap();
    let fingerprint = pem.digest(MessageDigest::sha256()).unwrap();
    let said = draft.certificates[0].fingerprint.as_bytes().chunks(2);
    let said = said.map(|hex| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
    assert!(said.eq(fingerprint.iter().copied()));
    let good = acme.idp.metadata(false);
    for (metadata, said) in [
        (String::new(), "can be read"),
        ("<!DOCTYPE a><a/>".to_owned(), "can be read"),
        ("<a/>".to_owned(), "one SAML 2.0 identity provider"),
        (good.replace("use=\"signing\"", "use=\"encryption\""), "must have a signing certificate"),
        (good.replace("HTTP-Redirect", "HTTP-POST"), "HTTP-Redirect"),
    ] {
        let refused = acme.save(Some(Source::MetadataXml(metadata))).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::SamlMetadataInvalid);
        assert_eq!(refused.violations[0].0, "metadata_xml");
        assert!(refused.violations[0].1.contains(said), "{:?}", refused.violations);
    }
    let nothing = acme.save(None).await.unwrap_err();
    assert_eq!((nothing.reason, nothing.violations[0].0.as_str()), (ErrorReason::InvalidArgument, "source"));
    let typed = Source::Typed(TypedConnection::default());
    assert_eq!(acme.save(Some(typed)).await.unwrap_err().reason, ErrorReason::InvalidArgument);
    assert_eq!(acme.settings().await.draft.unwrap().connection_id, draft.connection_id);

    acme.company.suite.clock.advance(Duration::days(31));
    let ended = acme.save(Some(Source::MetadataXml(good))).await.unwrap_err();
    assert_eq!(ended.reason, ErrorReason::NulabPassEnded);
    let ended = acme.create_test(&draft.connection_id).await.unwrap_err();
    assert_eq!(ended.reason, ErrorReason::NulabPassEnded);
}

/// proves SML-1, SML-2: our metadata names us, and requests are signed with its key when the provider wants that
#[tokio::test]
async fn requests_are_signed_when_wanted() {
    let acme = Connected::without().await;
    assert_eq!(acme.sp_metadata("AcmeSpace1").await.unwrap_err().reason, ErrorReason::NotFound);
    let draft = acme.save(Some(Source::MetadataXml(acme.idp.metadata(true)))).await.unwrap();
    assert!(draft.sign_requests, "the metadata decides");
    acme.test(&draft.connection_id, |_| {}).await;
    acme.activate(&draft.connection_id).await.unwrap();
    let xml = acme.sp_metadata("AcmeSpace1").await.unwrap();
    assert!(xml.contains("entityID=\"https://pass.test/saml/AcmeSpace1\""));
    assert!(xml.contains("Location=\"https://pass.test/saml/AcmeSpace1/acs\""));
    for nobody in ["Nobody0001", "", "../AcmeSpace1"] {
        assert_eq!(acme.sp_metadata(nobody).await.unwrap_err().reason, ErrorReason::NotFound);
    }
    let url = acme.leave("acme").await.unwrap().asked.url;
    let key = certificate_of(&xml).public_key().unwrap();
    let query = url.query().unwrap();
    let (signed, signature) = query.split_once("&Signature=").unwrap();
    let signature =
        url::form_urlencoded::parse(format!("s={signature}").as_bytes()).next().unwrap().1.into_owned();
    let signature = openssl::base64::decode_block(&signature).unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    assert!(verifier.verify_oneshot(&signature, signed.as_bytes()).unwrap());

    let pool = &acme.company.suite.database.pool;
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM saml_keys").fetch_one(pool).await.unwrap();
    assert!(openssl::pkey::PKey::private_key_from_pkcs8(&sealed[12..]).is_err(), "at rest it is sealed");
    sqlx::query("UPDATE saml_keys SET sealed = ''").execute(pool).await.unwrap();
    assert_eq!(
        acme.sp_metadata("AcmeSpace1").await.unwrap(),
        xml,
        "anybody may ask: it is not opened for that"
    );
}

/// proves SML-4: an assertion that is encrypted for us is taken, one for somebody else is not
#[tokio::test]
async fn encrypted_for_us() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    let ours = certificate_of(&acme.sp_metadata("AcmeSpace1").await.unwrap());
    let idps = X509::from_pem(acme.idp.certificate.as_bytes()).unwrap();
    for (recipient, failed) in [(&ours, None), (&idps, Some("decryption"))] {
        let returning = acme.leave("acme").await.unwrap();
        let says = returning.asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
        let answer = acme.post(&acme.idp.encrypted(&says, recipient), "").await;
        if let Some(failed) = failed {
            assert_eq!(answer.unwrap_err().reason, ErrorReason::SamlRefused);
            assert_eq!(acme.log().await[0].failed_check, failed);
        } else {
            acme.finish(&answer.unwrap().handle, &returning.browser).await.unwrap();
        }
    }
}

/// The first certificate of our metadata.
fn certificate_of(xml: &str) -> X509 {
    let certificate = xml.split_once("<ds:X509Certificate>").unwrap().1.split_once('<').unwrap().0;
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    X509::from_pem(pem.as_bytes()).unwrap()
}

/// proves SML-10: switching off is confirmed by the number of those who lose access
#[tokio::test]
async fn switching_off() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    acme.employ("jiro@acme.example").await;
    let suspended = acme.employ("saburo@acme.example").await;
    acme.company.suspend(suspended).await.unwrap();
    assert_eq!(acme.settings().await.managed_account_count, 2);
    for wrong in [0, 1, 3, -1] {
        let refused = acme.disable(wrong).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::ConfirmationNeeded);
        assert_eq!(refused.metadata["needed"], "2");
    }
    for _ in 0..2 {
        acme.disable(2).await.unwrap();
    }
    assert!(acme.settings().await.active.is_none());
    assert_eq!(acme.leave("acme").await.err().unwrap().reason, ErrorReason::SamlNotSetUp);
    acme.company.suite.clock.advance(Duration::minutes(10));
    assert_eq!(acme.disable(2).await.unwrap_err().reason, ErrorReason::FreshSignInNeeded);
}

/// proves ORG-5: only administrators of that very organization
#[tokio::test]
async fn whose_connection_it_is() {
    let acme = Connected::start().await;
    let active = acme.settings().await.active.unwrap().connection_id;
    let member = acme.company.suite.user("member@example.com").await;
    acme.company.suite.world.join(member.account, acme.company.organization, Role::Member);
    let stranger = acme.company.suite.user("stranger@example.com").await;
    let other = OrganizationId::from(uuid::Uuid::from_u128(5));
    acme.company.suite.world.join(stranger.account, other, Role::Administrator);
    for (user, organization, reason) in [
        (&member, acme.company.organization, ErrorReason::RoleMissing),
        (&stranger, acme.company.organization, ErrorReason::NotFound),
    ] {
        let console = acme.company.suite.console_as(user);
        let organization_id = organization.to_string();
        let request = GetSamlSettingsRequest { organization_id: organization_id.clone() };
        assert_eq!(console.get_saml_settings(request).await.unwrap_err().reason, reason);
        let request =
            ListSamlSignInsRequest { organization_id: organization_id.clone(), ..Default::default() };
        assert_eq!(console.list_saml_sign_ins(request).await.unwrap_err().reason, reason);
        let request = DisableSamlConnectionRequest { organization_id, confirmation: 0 };
        assert_eq!(console.disable_saml_connection(request).await.unwrap_err().reason, reason);
    }
    let request = CreateSamlTestRequest { organization_id: other.to_string(), connection_id: active.clone() };
    let refused = acme.company.suite.console_as(&stranger).create_saml_test(request).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::NotFound);
    let request = ActivateSamlConnectionRequest { organization_id: other.to_string(), connection_id: active };
    let refused =
        acme.company.suite.console_as(&stranger).activate_saml_connection(request).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::NotFound);
}

/// A constraint keeps a connection from being without certificates, or in force without a test.
#[tokio::test]
async fn the_database_refuses_too() {
    let acme = Connected::start().await;
    let pool = &acme.company.suite.database.pool;
    for (change, constraint) in [
        ("UPDATE saml_connections SET certificates = '{}'", "saml_connections_certificates_check"),
        ("UPDATE saml_connections SET tested_at = NULL", "saml_connections_check"),
    ] {
        let refused = sqlx::query(change).execute(pool).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().constraint(), Some(constraint));
    }
}
