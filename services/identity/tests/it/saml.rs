//! Signing in by SAML, when the identity provider says the truth (SML).

use crate::{company::Company, connected::Connected, suite::PASSWORD};
use pass_proto::{convert::instant, errors::v1::ErrorReason, events::v1::envelope::Payload, identity::v1::*};
use pass_types::Kind;
use time::Duration;

/// proves SML-2, SML-3, MAN-2: the first sign-in makes the account active, and gives a session like any other
#[tokio::test]
async fn the_first_sign_in() {
    let acme = Connected::start().await;
    let id = acme.employ("hanako@acme.example").await;
    for identifier in ["acme", " Acme", "hanako@acme.example"] {
        let returning = acme.leave(identifier).await.unwrap();
        assert_eq!(returning.asked.sp, "https://pass.test/saml/AcmeSpace1");
        assert_eq!(returning.asked.acs, "https://pass.test/saml/AcmeSpace1/acs");
        assert!(
            returning.asked.url.as_str().starts_with("https://idp.acme.example/sso?tenant=1&SAMLRequest=")
        );
    }
    let replaced = acme.company.suite.sign_in("admin@personal.example").await.token;
    let returning = acme.leave("acme").await.unwrap();
    let says = returning.asked.about("Hanako@acme.example", &acme.assertion_id(), acme.now());
    let consumed = acme.post(&acme.idp.answer(&says), "").await.unwrap();
    assert!(!consumed.unsolicited);
    assert_eq!(acme.company.suite.count("SELECT count(*) FROM sessions WHERE methods = '{fed}'").await, 0);
    let request = FinishSamlSignInRequest {
        handle: consumed.handle,
        browser_token: returning.browser,
        replaced_token: replaced.clone(),
    };
    let finished = acme.gateway().finish_saml_sign_in(request).await.unwrap();
    assert_eq!((finished.account_id, finished.continuation.as_str()), (id.to_string(), "r-1"));
    let token = finished.session.unwrap().token;
    let resolved = acme.gateway().resolve_session(ResolveSessionRequest { token }).await.unwrap();
    assert_eq!(resolved.session.unwrap().methods, ["fed"]);
    assert_eq!(resolved.account.unwrap().organization_id, acme.company.organization.to_string());
    let old = acme.gateway().resolve_session(ResolveSessionRequest { token: replaced }).await.unwrap_err();
    assert_eq!(old.reason, ErrorReason::SessionEnded);

    let active = managed_account::State::Active;
    assert_eq!(acme.company.get(id).await.unwrap().state(), active);
    acme.sign_in("hanako@acme.example").await.unwrap();
    let told = acme.company.suite.events_of(id).await;
    assert!(matches!(
        &told[2..],
        [Payload::ManagedAccountActivated(_), Payload::SignedIn(_), Payload::SignedIn(_)]
    ));
    let log = acme.log().await;
    assert!(log[0].failed_check.is_empty() && log[0].account_id == id.to_string() && !log[0].test);
    let kept = "SELECT count(*) FROM login_history WHERE method = 'fed' AND refused IS NULL";
    assert_eq!(acme.company.suite.count(kept).await, 2);
}

/// proves ACC-11: the history says what a sign-in by SAML was for, whether it was refused or not
#[tokio::test]
async fn what_a_sign_in_was_for() {
    let acme = Connected::start().await;
    let id = acme.employ("hanako@acme.example").await;
    acme.sign_in("hanako@acme.example").await.unwrap();
    acme.company.suspend(id).await.unwrap();
    acme.sign_in("hanako@acme.example").await.unwrap_err();
    let query = "SELECT product, method, refused FROM login_history WHERE method = 'fed' ORDER BY id";
    let history: Vec<(String, String, Option<String>)> =
        sqlx::query_as(query).fetch_all(&acme.company.suite.database.pool).await.unwrap();
    let seen: Vec<_> = history.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_deref())).collect();
    assert_eq!(seen, [("Backlog", "fed", None), ("Backlog", "fed", Some("ACCOUNT_SUSPENDED"))]);
}

/// proves SML-9, BIL-6: a session ends with the identity provider's, and with Nulab Pass, by the clock
#[tokio::test]
async fn a_session_ends_with_what_it_rests_on() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    let in_an_hour = (acme.now() + Duration::HOUR).replace_nanosecond(0).unwrap();
    let end = |answer: FinishSamlSignInResponse| instant(answer.session.unwrap().expire_time).unwrap();
    let answer = acme.sign_in_as("hanako@acme.example", |says| says.session_until = Some(in_an_hour)).await;
    assert_eq!(end(answer.unwrap()), in_an_hour);
    let in_a_minute = acme.now() + Duration::MINUTE;
    acme.company.suite.world.state().entitled_until = Some(in_a_minute);
    let answer = acme.sign_in_as("hanako@acme.example", |says| says.session_until = Some(in_an_hour)).await;
    let answer = answer.unwrap();
    let token = answer.session.as_ref().unwrap().token.clone();
    assert_eq!(end(answer), in_a_minute);
    acme.company.suite.clock.advance(Duration::MINUTE);
    let over = acme.gateway().resolve_session(ResolveSessionRequest { token }).await.unwrap_err();
    assert_eq!(over.reason, ErrorReason::SessionEnded);
}

/// proves SML-8: what is said before leaving for the identity provider, in this order
#[tokio::test]
async fn before_leaving() {
    let acme = Connected::without().await;
    let why = async |identifier: &str| acme.leave(identifier).await.err().map(|refused| refused.reason);
    for nobody in ["globex", "ACME GMBH", "ac", "", "hanako@globex.example", "a@b@c", &"x".repeat(1 << 16)] {
        assert_eq!(why(nobody).await, Some(ErrorReason::OrganizationUnknown), "{nobody:.20}");
    }
    acme.company.suite.clock.advance(Duration::days(31));
    assert_eq!(why("acme").await, Some(ErrorReason::SamlNotSetUp), "before the end of Nulab Pass");
    assert_eq!(why("hanako@acme.example").await, Some(ErrorReason::OrganizationUnknown));
    let acme = Connected::start().await;
    acme.company.suite.clock.advance(Duration::days(31));
    for identifier in ["acme", "hanako@acme.example"] {
        assert_eq!(acme.leave(identifier).await.err().unwrap().reason, ErrorReason::NulabPassEnded);
    }
}

/// proves SML-8: an address leads to the only connected organization that has verified its domain
#[tokio::test]
async fn an_address_of_two_organizations() {
    let acme = Connected::start().await;
    let other = pass_types::OrganizationId::from(uuid::Uuid::from_u128(7));
    acme.company.suite.world.state().domains.insert((other.to_string(), "acme.example".to_owned()));
    acme.leave("hanako@acme.example").await.unwrap();
    sqlx::query(
        "INSERT INTO saml_connections SELECT gen_random_uuid(), $1, 'Globex0001', state, idp_entity_id, sso_url,
            certificates, sign_requests, allow_idp_initiated, created_at, tested_at FROM saml_connections",
    )
    .bind(other.uuid())
    .execute(&acme.company.suite.database.pool)
    .await
    .unwrap();
    let refused = acme.leave("hanako@acme.example").await.err().unwrap();
    assert_eq!(refused.reason, ErrorReason::OrganizationUnknown, "nobody can say which");
}

/// proves SML-3, SML-8, MAN-5: only this organization's Managed Accounts sign in, while they may
#[tokio::test]
async fn who_is_not_let_in() {
    let acme = Connected::start().await;
    let id = acme.employ("hanako@acme.example").await;
    let personal = acme.company.suite.user("jiro@acme.example").await;
    for email in
        ["nobody@acme.example", "jiro@acme.example", "hanako@sub.acme.example", "hanako@globex.example"]
    {
        let refused = acme.sign_in(email).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::ManagedAccountUnknown, "{email}");
        let log = acme.log().await;
        assert_eq!(
            (&refused.metadata["reference"], log[0].failed_check.as_str()),
            (&log[0].reference, "account")
        );
    }
    let bound = "SELECT count(*) FROM saml_bindings";
    assert_eq!(acme.company.suite.count(bound).await, 0, "a Nulab Account is never linked");
    let told = acme.company.suite.events_of(personal.account).await;
    assert!(!told.iter().any(|it| matches!(it, Payload::SignInRefused(_))));

    let returning = acme.leave("acme").await.unwrap();
    let says = returning.asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
    let consumed = acme.post(&acme.idp.answer(&says), "").await.unwrap();
    acme.company.suspend(id).await.unwrap();
    let refused = acme.finish(&consumed.handle, &returning.browser).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::AccountSuspended));
    assert_eq!(acme.log().await[0].account_id, id.to_string());
    assert!(matches!(acme.company.suite.events_of(id).await.last(), Some(Payload::SignInRefused(_))));

    acme.company.resume(id).await.unwrap();
    acme.sign_in("hanako@acme.example").await.unwrap();
    acme.company.delete(id).await.unwrap();
    let refused = acme.sign_in("hanako@acme.example").await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::ManagedAccountUnknown);
}

/// proves BIL-6, SML-10: the end of Nulab Pass and a switched-off connection are noticed at every entrance
#[tokio::test]
async fn an_end_on_the_way() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    let back = async || {
        let returning = acme.leave("acme").await.unwrap();
        let says = returning.asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
        let field = acme.idp.answer(&says);
        (returning, field)
    };
    let (returning, field) = back().await;
    let late = [back().await.1, back().await.1];
    let consumed = acme.post(&field, "").await.unwrap();
    for (late, none) in late.iter().zip([None, Some(acme.now())]) {
        acme.company.suite.world.state().entitled_until = none;
        let at_acs = acme.post(late, "").await.unwrap_err();
        assert_eq!(at_acs.reason, ErrorReason::NulabPassEnded);
        let entry = acme.log().await.swap_remove(0);
        assert_eq!(
            (&entry.failed_check[..], &entry.reference),
            ("nulab_pass", &at_acs.metadata["reference"])
        );
    }
    let at_finish = acme.finish(&consumed.handle, &returning.browser).await.unwrap_err();
    assert_eq!(at_finish.reason, ErrorReason::NulabPassEnded);
    let entry = acme.log().await.swap_remove(0);
    assert_eq!((&entry.failed_check[..], &entry.reference), ("nulab_pass", &at_finish.metadata["reference"]));
    let told = acme.company.suite.events().await;
    let told = told.iter().filter(
        |it| matches!(&it.payload, Some(Payload::SamlSignInRefused(it)) if it.failed_check == "nulab_pass"),
    );
    assert_eq!(told.count(), 3);
    acme.company.suite.world.state().entitled_until = Some(acme.now() + Duration::DAY);
    let over = acme.finish(&consumed.handle, &returning.browser).await.unwrap_err();
    assert_eq!(over.reason, ErrorReason::LinkInvalid, "it was for once");
    assert_eq!(acme.post(&late[0], "").await.unwrap_err().reason, ErrorReason::SamlRefused, "so was this");
    acme.sign_in("hanako@acme.example").await.unwrap();

    let (returning, field) = back().await;
    let consumed = acme.post(&field, "").await.unwrap();
    let (_, late) = back().await;
    let request = DisableSamlConnectionRequest {
        organization_id: acme.company.organization.to_string(),
        confirmation: 1,
    };
    acme.console().disable_saml_connection(request).await.unwrap();
    let refused = acme.finish(&consumed.handle, &returning.browser).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SamlRefused);
    assert_eq!(acme.post(&late, "").await.unwrap_err().reason, ErrorReason::SamlRefused);
    assert_eq!(acme.log().await[0].failed_check, "connection");
}

/// A pending sign-in is for the browser that began it, once, for two minutes (login CSRF).
#[tokio::test]
async fn a_pending_sign_in_is_for_one_browser() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    let pending = async || {
        let returning = acme.leave("acme").await.unwrap();
        let says = returning.asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
        (acme.post(&acme.idp.answer(&says), "").await.unwrap().handle, returning.browser)
    };
    let (over, elsewhere) = (ErrorReason::LinkInvalid, ErrorReason::SignInElsewhere);
    let (handle, browser) = pending().await;
    let other = acme.leave("acme").await.unwrap().browser;
    for foreign in [String::new(), "nonsense".to_owned(), other] {
        let (handle, _) = pending().await;
        assert_eq!(acme.finish(&handle, &foreign).await.unwrap_err().reason, elsewhere);
    }
    acme.finish(&handle, &browser).await.unwrap();
    assert_eq!(acme.finish(&handle, &browser).await.unwrap_err().reason, over, "once");
    let (handle, browser) = pending().await;
    assert_eq!(acme.finish(&handle, "x").await.unwrap_err().reason, elsewhere);
    assert_eq!(acme.finish(&handle, &browser).await.unwrap_err().reason, over, "whoever stole it used it up");
    let ((handle, browser), (_, tab)) = (pending().await, pending().await);
    let finished = acme.finish(&handle, &format!("{tab}.{browser}")).await.unwrap();
    assert_eq!(finished.browser_token, browser, "of several tabs the one that began it");
    for nonsense in ["x.", ".", &"A.".repeat(1 << 15), &format!("{tab}.").repeat(8)] {
        let (handle, browser) = pending().await;
        let refused = acme.finish(&handle, &format!("{nonsense}{browser}")).await.unwrap_err();
        assert_eq!(refused.reason, elsewhere);
    }
    let (handle, browser) = pending().await;
    acme.company.suite.clock.advance(Duration::minutes(2));
    assert_eq!(acme.finish(&handle, &browser).await.unwrap_err().reason, over, "for two minutes");
    for nonsense in ["", "nonsense", &"A".repeat(43), &"x".repeat(1 << 16)] {
        assert_eq!(acme.finish(nonsense, &browser).await.unwrap_err().reason, over);
    }
    let pending = GetPendingSamlSignInRequest { handle };
    let refused = acme.gateway().get_pending_saml_sign_in(pending).await.unwrap_err();
    assert_eq!(refused.reason, over, "that is for those that the provider starts");
}

/// proves SML-2: what the identity provider starts is taken where the organization allows it, after a question
#[tokio::test]
async fn the_provider_starts() {
    let acme = Connected::with(Company::start().await, true).await;
    let id = acme.employ("hanako@acme.example").await;
    let asked = acme.leave("acme").await.unwrap().asked;
    let mut says = asked.about("hanako@acme.example", &acme.assertion_id(), acme.now());
    says.in_response_to = None;
    let consumed = acme.post(&acme.idp.answer(&says), "https://evil.example/").await.unwrap();
    assert!(consumed.unsolicited);
    let pending = GetPendingSamlSignInRequest { handle: consumed.handle.clone() };
    let shown = acme.gateway().get_pending_saml_sign_in(pending).await.unwrap();
    assert_eq!((shown.organization_name.as_str(), shown.email.as_str()), ("Acme", "hanako@acme.example"));
    // A link is not enough: whoever shows anything, or lacks a cookie, was not asked (login CSRF).
    let anothers = acme.leave("acme").await.unwrap().browser;
    for shown in ["-", "nonsense", anothers.as_str()] {
        let refused = acme.finish(&consumed.handle, shown).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::LinkInvalid, "{shown}");
    }
    assert_eq!(acme.company.suite.count("SELECT count(*) FROM sessions WHERE methods = '{fed}'").await, 0);
    let finished = acme.finish(&consumed.handle, "").await.unwrap();
    assert_eq!((finished.account_id, finished.continuation.as_str()), (id.to_string(), ""));
    let replayed = acme.post(&acme.idp.answer(&says), "").await.unwrap_err();
    assert_eq!(replayed.reason, ErrorReason::SamlRefused);
    assert_eq!(acme.log().await[0].failed_check, "replay");
}

/// proves SML-3: a lasting name is bound at its first sign-in; whoever gets the address later is somebody else
#[tokio::test]
async fn names_are_bound() {
    let acme = Connected::start().await;
    let id = acme.employ("hanako@acme.example").await;
    let jiro = acme.employ("jiro@acme.example").await;
    let named = async |name: &str, email: &str| {
        acme.sign_in_as(email, |says| says.persistent = Some(name.to_owned())).await
    };
    assert_eq!(named("opaque-1", "hanako@acme.example").await.unwrap().account_id, id.to_string());
    let later = named("opaque-1", "jiro@acme.example").await.unwrap();
    assert_eq!(later.account_id, id.to_string(), "the name decides, not the address");
    assert_eq!(named("opaque-2", "jiro@acme.example").await.unwrap().account_id, jiro.to_string());
    let successor = named("opaque-3", "hanako@acme.example").await.unwrap_err();
    assert_eq!(successor.reason, ErrorReason::ManagedAccountUnknown);
    let by_address = acme.sign_in("hanako@acme.example").await.unwrap();
    assert_eq!(by_address.account_id, id.to_string(), "an address is a name of its own");
    assert_eq!(acme.company.suite.count("SELECT count(*) FROM saml_bindings").await, 3);
    acme.company.delete(id).await.unwrap();
    assert_eq!(
        named("opaque-1", "x@acme.example").await.unwrap_err().reason,
        ErrorReason::ManagedAccountUnknown
    );
}

/// proves MAN-6: who signs in by SAML has no password, and a password opens nothing of theirs
#[tokio::test]
async fn no_password() {
    let acme = Connected::start().await;
    acme.employ("hanako@acme.example").await;
    acme.sign_in("hanako@acme.example").await.unwrap();
    let refused = acme.gateway().sign_in(crate::suite::credentials("hanako@acme.example", PASSWORD)).await;
    assert_eq!(refused.unwrap_err().reason, ErrorReason::CredentialsInvalid);
}
