//! Taking an identity provider's answer (security.md, the pipeline): judged, used once, and kept as a
//! pending sign-in until the browser that began it comes with what it kept. No session yet.

use super::{SamlError, acs_url, log::About, pass_ended, sp_entity_id};
use crate::{
    app::{Identity, Tx},
    domain::{
        device::ProductName,
        saml::{Connection, Finding, Identified, Name, Outcome, Outstanding, PENDING_LIFE, Pending},
        saml_test::{Line, LineOutcome, TestState},
        sign_up::Continuation,
    },
    events::{self, ByCaller},
    store,
};
use pass_mesh::Caller;
use pass_saml::{Expected, Gated, MAX_VALIDITY, NameIdFormat, Refusal, Validated, validate};
use pass_types::{OrganizationId, SamlTestId, Secret, SecretHash, SpaceKey, network};
use sha2::{Digest, Sha256};

/// An answer that was accepted.
pub struct Consumed {
    /// For the page that finishes the sign-in.
    pub handle: Secret,
    /// The identity provider started it.
    pub unsolicited: bool,
}

/// What an answer is judged for and by.
struct Case {
    organization: OrganizationId,
    /// In force, or tested; `None`: there is none.
    connection: Option<Connection>,
    /// The request that it answers, or whose relay state it brings.
    request: Option<Outstanding>,
}

impl Case {
    fn test(&self) -> Option<SamlTestId> {
        self.request.as_ref().and_then(|request| request.test)
    }

    /// What the log says of its answer.
    fn about(&self, stranger: bool) -> About {
        About {
            organization: self.organization,
            connection: self.connection.as_ref().map(|it| it.id),
            test: self.test().is_some(),
            account: None,
            stranger,
        }
    }
}

/// What was found.
struct Judged {
    /// SHA-256 of the assertion's id, if the identity provider signed it.
    signed: Option<[u8; 32]>,
    lines: Vec<Line>,
    result: Result<Validated, Finding>,
}

impl From<&Finding> for Line {
    fn from(finding: &Finding) -> Self {
        Self {
            name: finding.check.to_owned(),
            outcome: LineOutcome::Failed,
            expected: finding.expected.clone(),
            received: finding.received.clone(),
        }
    }
}

impl From<&Refusal> for Judged {
    fn from(refusal: &Refusal) -> Self {
        Self {
            signed: None,
            lines: refusal.verdicts().into_iter().map(Line::from).collect(),
            result: Err(Finding::from(refusal)),
        }
    }
}

impl Identity {
    /// Judges an answer that was posted to the ACS of the organization with this Space Key.
    #[tracing::instrument(skip_all)]
    pub async fn consume_saml_response(
        &self,
        caller: &Caller,
        space_key: &SpaceKey,
        response: String,
        relay_state: &str,
    ) -> Result<Consumed, SamlError> {
        let by_network = self.saml_subject(caller, space_key);
        let mut db = self.pool.acquire().await?;
        let now = self.clock.now();
        let empty_at = store::throttles::empty_at(&mut db, &by_network, now).await?;
        self.rules.failed_sign_ins_per_network.take(empty_at, now)?;
        let Some(organization) = store::saml::connections::organization(&mut db, space_key).await? else {
            return Err(SamlError::Refused(self.reference()));
        };
        drop(db);
        let gated = self.judges.gate(response).await?;
        let case = self.case(organization, space_key, gated.as_ref().ok(), relay_state).await?;
        let judged = self.judge(&case, gated).await?;
        match case.test() {
            Some(test) => self.end_test(caller, case, test, judged).await,
            None => self.accept(caller, case, judged, &by_network).await,
        }
    }

    /// What failed answers are counted by.
    fn saml_subject(&self, caller: &Caller, space_key: &SpaceKey) -> SecretHash {
        let who = format!("{space_key} {}", network(&caller.origin.address));
        self.subject("SAML answer network", &who)
    }

    /// The route names the organization, its connection in force the identity provider; only a test of that
    /// organization has another connection.
    async fn case(
        &self,
        organization: OrganizationId,
        space_key: &SpaceKey,
        gated: Option<&Gated>,
        relay_state: &str,
    ) -> Result<Case, SamlError> {
        let now = self.clock.now();
        let mut db = self.pool.acquire().await?;
        let mut request = None;
        if let Some(id) = gated.and_then(|gated| gated.facts().in_response_to.as_deref()) {
            request = store::saml::flows::request(&mut db, organization, id, now).await?;
        }
        if request.is_none()
            && let Ok(relay) = relay_state.parse::<Secret>()
        {
            let relay = relay.hash();
            request = store::saml::flows::request_of_relay(&mut db, organization, &relay, now).await?;
        }
        let tested = request.as_ref().filter(|request| request.test.is_some());
        let connection = match tested {
            Some(request) => {
                store::saml::connections::find(&mut db, organization, request.connection).await?
            }
            None => store::saml::connections::in_force(&mut db, space_key).await?,
        };
        Ok(Case { organization, connection, request })
    }

    /// Verifies and validates what came through the gate.
    async fn judge(&self, case: &Case, gated: Result<Gated, Refusal>) -> Result<Judged, SamlError> {
        let Some(connection) = &case.connection else {
            return Ok(Judged { signed: None, lines: Vec::new(), result: Err(not_connected()) });
        };
        let gated = match gated {
            Ok(gated) => gated,
            Err(refusal) => return Ok(Judged::from(&refusal)),
        };
        let mut key = None;
        if gated.is_encrypted() {
            let mut db = self.pool.acquire().await?;
            key = self.saml_key(&mut db, case.organization).await?;
        }
        let (now, certificates) = (self.clock.now(), connection.settings.certificates.clone());
        let (gated, signed) = self.judges.verify(gated, certificates, key, now).await?;
        let signed = match signed {
            Ok(signed) => signed,
            Err(refusal) => return Ok(Judged::from(&refusal)),
        };
        let (judged_by, expected) = (judged_by(connection), self.expected(connection, case));
        let validation = validate(&signed, gated.facts(), &judged_by, &expected, now);
        let lines = validation.verdicts.into_iter().map(Line::from).collect();
        let result = validation.result.map_err(|refusal| Finding::from(&refusal));
        Ok(Judged { signed: Some(Sha256::digest(signed.assertion_id()).into()), lines, result })
    }

    fn expected(&self, connection: &Connection, case: &Case) -> Expected {
        let gateway_url = &self.rules.gateway_url;
        let ours = case.request.as_ref().map(|it| (it.sp_entity_id.clone(), it.acs_url.clone()));
        let now = || {
            (sp_entity_id(gateway_url, &connection.space_key), acs_url(gateway_url, &connection.space_key))
        };
        let (sp_entity_id, acs_url) = ours.unwrap_or_else(now);
        Expected {
            sp_entity_id,
            acs_url,
            request: case.request.as_ref().map(|request| pass_saml::OutstandingRequest {
                id: request.id.clone(),
                issued_at: request.issued_at,
                force_authn: request.force_authn,
            }),
            idp_initiated_allowed: connection.settings.allow_idp_initiated,
        }
    }

    /// Keeps what was accepted as a pending sign-in, or refuses.
    async fn accept(
        &self,
        caller: &Caller,
        case: Case,
        judged: Judged,
        by_network: &SecretHash,
    ) -> Result<Consumed, SamlError> {
        let finding = match (judged.result, &case.connection) {
            (Ok(validated), Some(connection)) => {
                match self.take(caller, &case, connection, validated).await? {
                    Ok(consumed) => return Ok(consumed),
                    Err(finding) => finding,
                }
            }
            (Err(finding), _) => finding,
            (Ok(_), None) => not_connected(),
        };
        let mut tx = self.pool.begin().await?;
        let now = self.clock.now();
        let empty_at = store::throttles::lock(&mut tx, by_network, now).await?;
        let after = self.rules.failed_sign_ins_per_network.take(empty_at, now).unwrap_or(empty_at);
        store::throttles::save(&mut tx, by_network, after).await?;
        // What is signed can be posted again by anybody who has seen it.
        let first = match &judged.signed {
            Some(digest) => {
                store::saml::strangers::is_first_refusal(&mut tx, case.organization, digest, now).await?
            }
            None => false,
        };
        let about = case.about(!first);
        let reference = self.note(&mut tx, caller, about, Some(finding)).await?;
        tx.commit().await?;
        Err(SamlError::Refused(reference))
    }

    /// Uses an answer that is right, and keeps it as a pending sign-in; what was wrong if it was used before. That
    /// Nulab Pass has ended on the way (BIL-6) is said at once, to who brings such an answer and for once. Who is
    /// suspended, or not known here, is told by `finish`: there an answer becomes somebody.
    async fn take(
        &self,
        caller: &Caller,
        case: &Case,
        connection: &Connection,
        validated: Validated,
    ) -> Result<Result<Consumed, Finding>, SamlError> {
        let entitled = self.still_entitled_until(&caller.as_system(), case.organization).await?;
        let mut tx = self.pool.begin().await?;
        if let Some(finding) = self.use_once(&mut tx, case, &validated).await? {
            // What was taken before the refusal is given back.
            tx.rollback().await?;
            return Ok(Err(finding));
        }
        if entitled.is_none() {
            let reference = self.note(&mut tx, caller, case.about(false), Some(pass_ended())).await?;
            tx.commit().await?;
            return Err(SamlError::PassEndedMeanwhile(reference));
        }
        let consumed = self.keep(&mut tx, case, connection, validated).await?;
        tx.commit().await?;
        Ok(Ok(consumed))
    }

    /// Takes the request and notes the assertion; what was wrong if either was used before.
    async fn use_once(
        &self,
        tx: &mut Tx,
        case: &Case,
        validated: &Validated,
    ) -> Result<Option<Finding>, sqlx::Error> {
        let digest = Sha256::digest(&validated.assertion_id).into();
        let until = validated.not_on_or_after;
        if !store::saml::flows::use_assertion(tx, case.organization, &digest, until).await? {
            return Ok(Some(Finding::new("replay", "an assertion that was not used", "one that was used")));
        }
        if let Some(request) = &case.request
            && !store::saml::flows::take_request(tx, &request.id).await?
        {
            return Ok(Some(Finding::new("in_response_to", "a request that waits", "one that was answered")));
        }
        Ok(None)
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        case: &Case,
        connection: &Connection,
        validated: Validated,
    ) -> Result<Consumed, sqlx::Error> {
        let name = Name {
            idp_entity_id: connection.settings.idp_entity_id.clone(),
            format: validated.name_id.format,
            hash: Sha256::digest(&validated.name_id.value).into(),
        };
        let pending = Pending {
            organization: case.organization,
            connection: connection.id,
            browser: case.request.as_ref().map(|request| request.browser),
            continuation: continuation(case),
            product: product(case),
            outcome: Outcome::SignIn(Identified {
                name,
                email: validated.address,
                session_not_on_or_after: validated.session_not_on_or_after,
                // The validator has seen that the sign-in is not older than the request, clocks being a minute
                // apart at most.
                anew: case.request.as_ref().is_some_and(|request| request.force_authn),
            }),
        };
        self.wait(tx, &pending).await
    }

    /// Stores a pending sign-in under a new handle.
    async fn wait(&self, tx: &mut Tx, pending: &Pending) -> Result<Consumed, sqlx::Error> {
        let handle = Secret::generate(&self.entropy);
        let until = self.clock.now() + PENDING_LIFE;
        store::saml::flows::insert_pending(tx, &handle.hash(), pending, until).await?;
        Ok(Consumed { handle, unsolicited: pending.browser.is_none() })
    }

    /// Writes down what a test found; the browser that ran it is shown it. Whatever came is no stranger's the first
    /// time: who has the test's request or relay state has its link. All requests of the test are taken then, so
    /// that nobody writes more into the log by it.
    async fn end_test(
        &self,
        caller: &Caller,
        case: Case,
        test: SamlTestId,
        mut judged: Judged,
    ) -> Result<Consumed, SamlError> {
        let (Some(connection), Some(request)) = (&case.connection, &case.request) else {
            return Err(self.refusal(caller, case.about(true), not_connected()).await?);
        };
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // Before any row, as those do who change the connection: saving a draft removes the tests and requests
        // of the one before, in another order.
        store::saml::connections::lock(&mut tx, case.organization).await?;
        let finding = match judged.result {
            Ok(validated) => {
                let finding = self.use_once(&mut tx, &case, &validated).await?;
                judged.lines.extend(finding.as_ref().map(Line::from));
                finding
            }
            Err(finding) => Some(finding),
        };
        let waited = store::saml::flows::take_requests_of_test(&mut tx, test).await? > 0;
        let about = case.about(finding.is_some() && !waited);
        let state = if finding.is_some() { TestState::Failed } else { TestState::Passed };
        if !store::saml::tests::end(&mut tx, test, state, &judged.lines, now).await? {
            let finding = Finding::new("test", "a test that waits", "one that has ended");
            let reference = self.note(&mut tx, caller, about, Some(finding)).await?;
            tx.commit().await?;
            return Err(SamlError::Refused(reference));
        }
        if state == TestState::Passed {
            store::saml::connections::tested(&mut tx, connection.id, now).await?;
        }
        let failed = finding.as_ref().map(|finding| finding.check);
        self.enter(&mut tx, about, finding.clone()).await?;
        self.outbox.publish(&mut tx, events::saml_test_run(connection, failed).by_caller(caller)).await?;
        let pending = Pending {
            organization: case.organization,
            connection: connection.id,
            browser: Some(request.browser),
            continuation: continuation(&case),
            product: product(&case),
            outcome: Outcome::Test(test),
        };
        let consumed = self.wait(&mut tx, &pending).await?;
        tx.commit().await?;
        Ok(consumed)
    }
}

fn judged_by(connection: &Connection) -> pass_saml::Connection {
    pass_saml::Connection {
        idp_entity_id: connection.settings.idp_entity_id.clone(),
        name_id_formats: vec![NameIdFormat::EmailAddress, NameIdFormat::Persistent],
        address_attribute: None,
        max_validity: MAX_VALIDITY,
    }
}

fn continuation(case: &Case) -> Continuation {
    case.request.as_ref().map(|request| request.continuation.clone()).unwrap_or_default()
}

fn product(case: &Case) -> ProductName {
    case.request.as_ref().map(|request| request.product.clone()).unwrap_or_default()
}

fn not_connected() -> Finding {
    Finding::new("connection", "a connection that is switched on", "none")
}
