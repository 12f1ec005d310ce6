//! An organization's SAML connection, from identity (SML).

use super::{AsPerson, List, list, refused, unusable};
use pass_proto::{
    convert::instant,
    identity::v1::{
        self as wire, get_saml_test_response::State as WireTestState, saml_connection::State as WireState,
        saml_verdict::Outcome as WireOutcome, save_saml_draft_request::Source as WireSource,
    },
};
use pass_types::{Invalid, OrganizationId, SamlConnectionId, SamlTestId};
use pass_web::Refusal;
use time::OffsetDateTime;

/// A signing certificate of an identity provider.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// SHA-256, hex.
    pub fingerprint: String,
    /// When it expires.
    pub end_time: OffsetDateTime,
}

/// One version of a connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its id.
    pub id: SamlConnectionId,
    /// The identity provider's.
    pub idp_entity_id: String,
    /// Where people sign in.
    pub sso_url: String,
    /// What it signs with.
    pub certificates: Vec<Certificate>,
    /// All of them, PEM.
    pub pem: String,
    /// Whether our requests are signed.
    pub sign_requests: bool,
    /// Whether the identity provider may begin.
    pub allow_idp_initiated: bool,
    /// When it passed a test.
    pub test_time: Option<OffsetDateTime>,
}

/// All about SAML in an organization.
#[derive(Debug, Clone)]
pub struct SamlSettings {
    /// The connection in force.
    pub active: Option<Connection>,
    /// The draft.
    pub draft: Option<Connection>,
    /// What the identity provider calls us.
    pub sp_entity_id: String,
    /// Where it answers to.
    pub acs_url: String,
    /// Where it reads both.
    pub metadata_url: String,
    /// How many sign in by it.
    pub managed_accounts: i32,
}

/// A draft, as typed.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// Metadata instead of the three fields; empty: typed.
    pub metadata_xml: String,
    /// The identity provider's entity ID.
    pub idp_entity_id: String,
    /// Where people sign in.
    pub sso_url: String,
    /// PEM, or bare base64.
    pub certificates: String,
    /// Whether our requests are signed.
    pub sign_requests: bool,
    /// Whether the identity provider may begin.
    pub allow_idp_initiated: bool,
}

/// Where a test stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestState {
    /// Nobody has come back from the identity provider.
    Waiting,
    /// Every check passed.
    Passed,
    /// One did not.
    Failed,
    /// Nobody came back in time.
    Expired,
}

impl TestState {
    /// The word for it in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// How one check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not so.
    Failed,
    /// An earlier one failed.
    NotReached,
}

impl Outcome {
    /// The word for it in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Its name.
    pub check: String,
    /// How it went.
    pub outcome: Outcome,
    /// What it looks for.
    pub expected: String,
    /// What came.
    pub received: String,
}

/// A test sign-in.
#[derive(Debug, Clone)]
pub struct SamlTest {
    /// Where it stands.
    pub state: TestState,
    /// Check by check.
    pub verdicts: Vec<Verdict>,
}

/// One answer of the identity provider.
#[derive(Debug, Clone)]
pub struct SamlSignIn {
    /// What the person was shown.
    pub reference: String,
    /// When.
    pub time: OffsetDateTime,
    /// Empty: it went through.
    pub failed_check: String,
    /// What that looks for.
    pub expected: String,
    /// What came.
    pub received: String,
    /// It was a test.
    pub test: bool,
    /// Anybody may have posted it.
    pub stranger: bool,
}

impl AsPerson {
    /// What is set.
    pub async fn saml(&self, organization: OrganizationId) -> Result<SamlSettings, Refusal> {
        let message = wire::GetSamlSettingsRequest { organization_id: organization.to_string() };
        let request = self.context.request(message);
        let answer = self.suite.saml.clone().get_saml_settings(request).await.map_err(refused)?;
        settings_of(answer.into_inner()).map_err(unusable("SAML settings"))
    }

    /// Saves a draft (SML-1).
    pub async fn save_saml_draft(
        &self,
        organization: OrganizationId,
        draft: &NewDraft,
    ) -> Result<(), Refusal> {
        let source = if draft.metadata_xml.trim().is_empty() {
            WireSource::Typed(wire::TypedConnection {
                idp_entity_id: draft.idp_entity_id.clone(),
                sso_url: draft.sso_url.clone(),
                certificates: draft.certificates.clone(),
            })
        } else {
            WireSource::MetadataXml(draft.metadata_xml.clone())
        };
        let message = wire::SaveSamlDraftRequest {
            organization_id: organization.to_string(),
            source: Some(source),
            sign_requests: draft.sign_requests,
            allow_idp_initiated: draft.allow_idp_initiated,
        };
        let request = self.context.request(message);
        self.suite.saml.clone().save_saml_draft(request).await.map_err(refused)?;
        Ok(())
    }

    /// Begins a test (SML-6): where the browser goes.
    pub async fn create_saml_test(
        &self,
        organization: OrganizationId,
        connection: SamlConnectionId,
    ) -> Result<String, Refusal> {
        let message = wire::CreateSamlTestRequest {
            organization_id: organization.to_string(),
            connection_id: connection.to_string(),
        };
        let request = self.context.request(message);
        let answer = self.suite.saml.clone().create_saml_test(request).await.map_err(refused)?;
        Ok(answer.into_inner().url)
    }

    /// What came of a test (SML-6).
    pub async fn saml_test(
        &self,
        organization: OrganizationId,
        test: SamlTestId,
    ) -> Result<SamlTest, Refusal> {
        let message =
            wire::GetSamlTestRequest { organization_id: organization.to_string(), test_id: test.to_string() };
        let request = self.context.request(message);
        let answer = self.suite.saml.clone().get_saml_test(request).await.map_err(refused)?;
        test_of(answer.into_inner()).map_err(unusable("test"))
    }

    /// Switches a tested draft on (SML-6).
    pub async fn activate_saml(
        &self,
        organization: OrganizationId,
        connection: SamlConnectionId,
    ) -> Result<(), Refusal> {
        let message = wire::ActivateSamlConnectionRequest {
            organization_id: organization.to_string(),
            connection_id: connection.to_string(),
        };
        let request = self.context.request(message);
        self.suite.saml.clone().activate_saml_connection(request).await.map_err(refused)?;
        Ok(())
    }

    /// Switches SAML off (SML-10).
    pub async fn disable_saml(&self, organization: OrganizationId, confirmation: i32) -> Result<(), Refusal> {
        let message =
            wire::DisableSamlConnectionRequest { organization_id: organization.to_string(), confirmation };
        let request = self.context.request(message);
        self.suite.saml.clone().disable_saml_connection(request).await.map_err(refused)?;
        Ok(())
    }

    /// A page of the connection's sign-in log, latest first (SML-5).
    pub async fn saml_sign_ins(
        &self,
        organization: OrganizationId,
        page_token: &str,
    ) -> Result<List<SamlSignIn>, Refusal> {
        let message = wire::ListSamlSignInsRequest {
            organization_id: organization.to_string(),
            page_size: 0,
            page_token: page_token.to_owned(),
        };
        let request = self.context.request(message);
        let answer = self.suite.saml.clone().list_saml_sign_ins(request).await.map_err(refused)?;
        let wire::ListSamlSignInsResponse { sign_ins, next_page_token } = answer.into_inner();
        list(sign_ins, next_page_token, sign_in_of)
    }
}

fn settings_of(settings: wire::GetSamlSettingsResponse) -> Result<SamlSettings, Invalid> {
    let wire::GetSamlSettingsResponse {
        active,
        draft,
        sp_entity_id,
        acs_url,
        metadata_url,
        managed_account_count,
    } = settings;
    Ok(SamlSettings {
        active: active.map(connection_of).transpose()?,
        draft: draft.map(connection_of).transpose()?,
        sp_entity_id,
        acs_url,
        metadata_url,
        managed_accounts: managed_account_count,
    })
}

fn connection_of(connection: wire::SamlConnection) -> Result<Connection, Invalid> {
    let wire::SamlConnection {
        connection_id,
        state,
        idp_entity_id,
        sso_url,
        certificates,
        sign_requests,
        allow_idp_initiated,
        create_time: _,
        test_time,
    } = connection;
    if matches!(WireState::try_from(state), Ok(WireState::Unspecified) | Err(_)) {
        return Err(Invalid("an unknown state of a connection"));
    }
    let pem = certificates.iter().map(|certificate| certificate.pem.trim()).collect::<Vec<_>>().join("\n");
    let certificates = certificates.into_iter().map(|certificate| {
        let wire::SamlCertificate { pem: _, fingerprint, start_time: _, end_time } = certificate;
        Ok(Certificate { fingerprint, end_time: instant(end_time)? })
    });
    Ok(Connection {
        id: connection_id.parse()?,
        idp_entity_id,
        sso_url,
        certificates: certificates.collect::<Result<_, Invalid>>()?,
        pem,
        sign_requests,
        allow_idp_initiated,
        test_time: test_time.map(|at| instant(Some(at))).transpose()?,
    })
}

fn test_of(test: wire::GetSamlTestResponse) -> Result<SamlTest, Invalid> {
    let wire::GetSamlTestResponse { state, verdicts, connection_id: _ } = test;
    let state = match WireTestState::try_from(state) {
        Ok(WireTestState::Waiting) => TestState::Waiting,
        Ok(WireTestState::Passed) => TestState::Passed,
        Ok(WireTestState::Failed) => TestState::Failed,
        Ok(WireTestState::Expired) => TestState::Expired,
        Ok(WireTestState::Unspecified) | Err(_) => return Err(Invalid("an unknown state of a test")),
    };
    let verdicts = verdicts.into_iter().map(verdict_of).collect::<Result<_, _>>()?;
    Ok(SamlTest { state, verdicts })
}

fn verdict_of(verdict: wire::SamlVerdict) -> Result<Verdict, Invalid> {
    let wire::SamlVerdict { check, outcome, expected, received } = verdict;
    let outcome = match WireOutcome::try_from(outcome) {
        Ok(WireOutcome::Passed) => Outcome::Passed,
        Ok(WireOutcome::Failed) => Outcome::Failed,
        Ok(WireOutcome::NotReached) => Outcome::NotReached,
        Ok(WireOutcome::Unspecified) | Err(_) => return Err(Invalid("an unknown outcome of a check")),
    };
    Ok(Verdict { check, outcome, expected, received })
}

fn sign_in_of(sign_in: wire::SamlSignIn) -> Result<SamlSignIn, Invalid> {
    let wire::SamlSignIn { reference, time, failed_check, expected, received, test, account_id: _, stranger } =
        sign_in;
    Ok(SamlSignIn { reference, time: instant(time)?, failed_check, expected, received, test, stranger })
}
