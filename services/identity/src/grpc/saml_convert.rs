//! Messages about SAML to the domain and back.

use super::convert::{id, new_session, parse};
use crate::{
    app::saml::{Done, Finished, Identifier, Saving, Source, SpFacts, Standing, Waiting, Wish},
    domain::saml::{Connection, ConnectionState, Settings},
    domain::saml_test::{Line, LineOutcome, Test, TestReport, TestState},
    store::saml::log::Shown,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use pass_proto::{
    convert::timestamp,
    identity::v1::{self as wire, save_saml_draft_request as draft},
};
use pass_saml::Certificate;
use pass_types::{Invalid, Violation};
use std::fmt::Write;

pub fn wish(request: wire::BeginSamlSignInRequest) -> Result<Wish, Violation> {
    let wire::BeginSamlSignInRequest { identifier, continuation, force_authentication, product } = request;
    Ok(Wish {
        identifier: Identifier::typed(&identifier),
        continuation: parse(&continuation, "continuation")?,
        product: parse(&product, "product")?,
        force_authn: force_authentication,
    })
}

pub fn saving(request: wire::SaveSamlDraftRequest) -> Result<Saving, Violation> {
    let wire::SaveSamlDraftRequest { organization_id, source, sign_requests, allow_idp_initiated } = request;
    let source = match source {
        None => return Err(Invalid("must be there").of("source")),
        Some(draft::Source::MetadataXml(xml)) => Source::Metadata(xml),
        Some(draft::Source::Typed(typed)) => {
            let wire::TypedConnection { idp_entity_id, sso_url, certificates } = typed;
            Source::Typed(Settings::typed(&idp_entity_id, &sso_url, &certificates)?)
        }
    };
    let organization = id(&organization_id, "organization_id")?;
    Ok(Saving { organization, source, sign_requests, allow_idp_initiated })
}

pub fn standing(standing: Standing) -> wire::GetSamlSettingsResponse {
    let Standing { active, draft, ours, accounts } = standing;
    let SpFacts { entity_id, acs_url, metadata_url } = ours;
    wire::GetSamlSettingsResponse {
        active: active.map(connection),
        draft: draft.map(connection),
        sp_entity_id: entity_id,
        acs_url,
        metadata_url,
        managed_account_count: i32::try_from(accounts).unwrap_or(i32::MAX),
    }
}

pub fn connection(connection: Connection) -> wire::SamlConnection {
    let Connection { id, organization: _, space_key: _, state, settings, created_at, tested_at } = connection;
    let Settings { idp_entity_id, sso_url, certificates, sign_requests, allow_idp_initiated } = settings;
    let state = match state {
        ConnectionState::Draft => wire::saml_connection::State::Draft,
        ConnectionState::Active => wire::saml_connection::State::Active,
        ConnectionState::Disabled => wire::saml_connection::State::Disabled,
    };
    wire::SamlConnection {
        connection_id: id.to_string(),
        state: state as i32,
        idp_entity_id,
        sso_url,
        certificates: certificates.iter().map(certificate).collect(),
        sign_requests,
        allow_idp_initiated,
        create_time: Some(timestamp(created_at)),
        test_time: tested_at.map(timestamp),
    }
}

fn certificate(certificate: &Certificate) -> wire::SamlCertificate {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let text = STANDARD.encode(certificate.der());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    let fingerprint = certificate.fingerprint().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    wire::SamlCertificate {
        pem,
        fingerprint,
        start_time: Some(timestamp(certificate.not_before())),
        end_time: Some(timestamp(certificate.not_after())),
    }
}

pub fn report(report: TestReport) -> wire::GetSamlTestResponse {
    use wire::get_saml_test_response::State;
    let TestReport { test, verdicts } = report;
    let Test { id: _, organization: _, connection, state, expires_at: _ } = test;
    let state = match state {
        TestState::Waiting => State::Waiting,
        TestState::Passed => State::Passed,
        TestState::Failed => State::Failed,
        TestState::Expired => State::Expired,
    };
    wire::GetSamlTestResponse {
        state: state as i32,
        verdicts: verdicts.into_iter().map(verdict).collect(),
        connection_id: connection.to_string(),
    }
}

fn verdict(line: Line) -> wire::SamlVerdict {
    use wire::saml_verdict::Outcome;
    let Line { name, outcome, expected, received } = line;
    let outcome = match outcome {
        LineOutcome::Passed => Outcome::Passed,
        LineOutcome::Failed => Outcome::Failed,
        LineOutcome::NotReached => Outcome::NotReached,
    };
    wire::SamlVerdict { check: name, outcome: outcome as i32, expected, received }
}

pub fn sign_in(shown: Shown) -> wire::SamlSignIn {
    let Shown { id: _, reference, at, failed_check, expected, received, test, account_id, stranger } = shown;
    wire::SamlSignIn {
        reference,
        time: Some(timestamp(at)),
        failed_check,
        expected,
        received,
        test,
        account_id: account_id.map(|id| id.to_string()).unwrap_or_default(),
        stranger,
    }
}

pub fn waiting(waiting: Waiting) -> wire::GetPendingSamlSignInResponse {
    let Waiting { organization, email } = waiting;
    wire::GetPendingSamlSignInResponse {
        organization_name: organization.as_str().to_owned(),
        email: email.map(|email| email.as_str().to_owned()).unwrap_or_default(),
    }
}

pub fn done(done: Done) -> wire::FinishSamlSignInResponse {
    let Done { finished, used } = done;
    let browser_token = used.map(|token| token.reveal()).unwrap_or_default();
    match finished {
        Finished::Tested(test_url) => {
            wire::FinishSamlSignInResponse { test_url, browser_token, ..Default::default() }
        }
        Finished::SignedIn { session, continuation } => wire::FinishSamlSignInResponse {
            account_id: session.session.account.to_string(),
            session: Some(new_session(&session)),
            continuation: continuation.as_str().to_owned(),
            test_url: String::new(),
            browser_token,
        },
    }
}
