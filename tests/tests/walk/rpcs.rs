//! All RPCs, from the descriptors.

use crate::{
    fixture::Fixture,
    logs,
    people::{Person, forged},
    rpc_row::{For, Gets, Row, token},
    rpc_table::rows,
    spoiled::{Spoiled, garbled, spoiled},
    unchanged::{Snapshot, check_exceptions},
    wire::{Said, access, lists, peers},
};
use bytes::Bytes;
use pass_mesh::Failure;
use pass_proto::{
    errors::v1::ErrorReason,
    options::v1::{Access, ActorKind, Audience},
};
use prost_reflect::MethodDescriptor;
use std::collections::BTreeSet;

/// How nonsense is refused.
const DOCUMENTED: &[ErrorReason] = &[
    ErrorReason::ConfirmationNeeded,
    ErrorReason::Conflict,
    ErrorReason::CredentialsInvalid,
    ErrorReason::InvalidArgument,
    ErrorReason::LinkInvalid,
    ErrorReason::NotFound,
    ErrorReason::OrganizationUnknown,
    ErrorReason::PageTokenInvalid,
    ErrorReason::PasswordLength,
    ErrorReason::PasswordWrong,
    ErrorReason::SamlMetadataInvalid,
    ErrorReason::SamlRefused,
    ErrorReason::SecondFactorInvalid,
    ErrorReason::SecondFactorMissing,
    ErrorReason::SecondStepOver,
    ErrorReason::SessionEnded,
    ErrorReason::SpaceCredentialsInvalid,
    ErrorReason::SpaceUnknown,
];

/// How a request is refused that was read: it was done before, in this way or another.
const DONE_BEFORE: &[ErrorReason] = &[
    ErrorReason::AlreadyMember,
    ErrorReason::AttemptSuperseded,
    ErrorReason::LinkInvalid,
    ErrorReason::RequestIdReused,
];

/// A row, its method and its rule.
struct Step<'f> {
    row: Row<'f>,
    method: MethodDescriptor,
    access: Access,
    /// A program that may call.
    peer: &'static str,
}

/// proves API-3, API-4, ORG-4, ORG-5, ORG-6: every RPC refuses every caller that it is not for, changes nothing,
/// and shows nobody anything of another organization
#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_refuses_whom_it_is_not_for() {
    logs::keep();
    let fixture = Box::pin(Fixture::make()).await;
    check_exceptions(&fixture.suite).await;
    let steps = steps(&fixture);
    let mut wrong = Vec::new();
    let mut before = Snapshot::take(&fixture.suite).await;
    for step in &steps {
        let (walker, Row { method, notes, .. }) = (Walker { fixture: &fixture, step }, &step.row);
        wrong.extend(walker.wrong_peers().await);
        wrong.extend(walker.wrong_actors().await);
        wrong.extend(walker.wrong_tokens().await);
        wrong.extend(walker.wrong_people().await);
        if !notes.is_empty() {
            let after = Snapshot::take(&fixture.suite).await;
            let noted: &[&str] = if step.row.all_noted { notes } else { &[] };
            let asking = format!("asking {method} as the wrong caller");
            wrong.extend(after.changes_since(&before, &asking, noted));
        }
        wrong.extend(walker.bad_input().await);
        let after = Snapshot::take(&fixture.suite).await;
        wrong.extend(after.changes_since(&before, &format!("asking {method} wrongly"), notes));
        before = after;
    }
    for step in &steps {
        wrong.extend(Walker { fixture: &fixture, step }.right_people().await);
    }
    wrong.extend(logs::spilled(&fixture));
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rows with their methods; panics when the table is not the contract.
fn steps(fixture: &Fixture) -> Vec<Step<'_>> {
    let services = fixture.pool.services().filter(|service| service.full_name().starts_with("pass."));
    let methods: Vec<_> = services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    let rows = rows(fixture);
    let known: BTreeSet<_> = rows.iter().map(|row| format!("pass.{}", row.method)).collect();
    assert_eq!(known.len(), rows.len(), "tests/tests/walk/rpc_table.rs has a row twice");
    for method in &methods {
        let name = method.full_name();
        assert!(known.contains(name), "{name} is new: say in tests/tests/walk/rpc_table.rs who may call it");
    }
    let steps = rows.into_iter().map(|row| {
        let method = methods.iter().find(|method| method.full_name() == format!("pass.{}", row.method));
        let method =
            method.unwrap_or_else(|| panic!("{} is gone: take it out of rpc_table.rs", row.method)).clone();
        let access = access(&method);
        check_rule(&row, &access);
        let peer =
            peers(&access).0.first().copied().unwrap_or_else(|| panic!("nobody may call {}", row.method));
        Step { row, method, access, peer }
    });
    steps.collect()
}

/// Panics when the rule lets in more kinds of callers than the table knows of.
fn check_rule(row: &Row<'_>, access: &Access) {
    let kind = match row.callers {
        For::System => ActorKind::System,
        For::Anonymous => ActorKind::Anonymous,
        For::Client => ActorKind::Client,
        For::People { .. } => ActorKind::Person,
        For::Operators { .. } => ActorKind::Operator,
    };
    let actors: Vec<_> = access.actors().collect();
    let mut known = vec![kind];
    known.extend(row.system_too.then_some(ActorKind::System));
    assert_eq!(actors, known, "{}: rpc_table.rs knows of other kinds of actors", row.method);
    // What products may call takes products' tokens, which nothing else takes.
    let products = access.peers.iter().any(|peer| peer == "product");
    assert!(!products || access.peers.len() == 1, "{}: products and services at once", row.method);
    assert_eq!(products, access.audience() == Audience::Product, "{}: peers against audience", row.method);
}

/// Walks one method.
struct Walker<'w, 'f> {
    fixture: &'f Fixture,
    step: &'w Step<'f>,
}

impl Walker<'_, '_> {
    fn product(&self) -> bool {
        self.step.access.audience() == Audience::Product
    }

    async fn call(&self, peer: &str, said: &Said, message: &[u8]) -> Result<Bytes, Failure> {
        self.fixture.wire.call(peer, &self.step.method, said, message).await
    }

    /// What is wrong with getting anything but a refusal with one of these reasons.
    async fn refused(
        &self,
        who: &str,
        peer: &str,
        said: &Said,
        message: &[u8],
        reasons: &[ErrorReason],
    ) -> Vec<String> {
        match self.call(peer, said, message).await {
            Err(failure) if reasons.contains(&failure.reason) => vec![],
            Err(failure) => vec![format!("{} {who}: {failure:?}, not {reasons:?}", self.step.row.method)],
            Ok(_) => vec![format!("{} {who}: an answer, not {reasons:?}", self.step.row.method)],
        }
    }

    /// Programs that are not in the method's list, with everything else right.
    async fn wrong_peers(&self) -> Vec<String> {
        let (_, others) = peers(&self.step.access);
        assert!(others.contains(&"stranger"), "nobody has a rule for it");
        let said = self.step.row.callers.said(self.product());
        let mut wrong = Vec::new();
        for peer in others {
            for said in [&said, &Said::Nothing, &Said::System, &Said::Anonymous] {
                let who = format!("from {peer} ({said:?})");
                wrong.extend(
                    self.refused(&who, peer, said, &self.step.row.request, &[ErrorReason::PeerNotAllowed])
                        .await,
                );
            }
        }
        wrong
    }

    /// Programs that are, for a kind of actor that is not.
    async fn wrong_actors(&self) -> Vec<String> {
        let (access, row) = (&self.step.access, &self.step.row);
        let mut attempts = Vec::new();
        if !lists(access, ActorKind::Anonymous) {
            attempts.push((Said::Anonymous, ErrorReason::ActorNotAllowed));
        }
        if !lists(access, ActorKind::System) && !lists(access, ActorKind::Client) {
            attempts.push((Said::System, ErrorReason::ActorNotAllowed));
            let reason =
                if takes_tokens(access) { ErrorReason::TokenInvalid } else { ErrorReason::ActorNotAllowed };
            attempts.push((Said::Nothing, reason));
        }
        let f = self.fixture;
        let mut tokens = vec![];
        if lists(access, ActorKind::Operator) {
            tokens.extend([&f.administrator.console, &f.not_yet_operator]);
        } else if !lists(access, ActorKind::Person) {
            tokens.extend([&f.administrator.console, &f.administrator.product, &f.operator.console]);
        }
        for token in tokens {
            attempts.push((Said::Token(token.access.clone()), ErrorReason::ActorNotAllowed));
        }
        let mut wrong = Vec::new();
        for peer in peers(access).0 {
            for (said, reason) in &attempts {
                let who = format!("from {peer} as {said:?}");
                wrong.extend(self.refused(&who, peer, said, &row.request, &[*reason]).await);
            }
        }
        wrong
    }

    /// Tokens that are not for this, or not good (any more).
    async fn wrong_tokens(&self) -> Vec<String> {
        if !takes_tokens(&self.step.access) {
            return vec![];
        }
        let f = self.fixture;
        let who = if lists(&self.step.access, ActorKind::Operator) { &f.operator } else { &f.administrator };
        let (right, other, expired, revoked) = if self.product() {
            (&who.product, &who.console, &f.expired_product, &f.revoked_product)
        } else {
            (&who.console, &who.product, &f.expired, &f.revoked)
        };
        let mut attempts = vec![
            (self.step.peer, Said::Token(other.access.clone()), ErrorReason::TokenAudience),
            (self.step.peer, Said::Token(expired.access.clone()), ErrorReason::TokenInvalid),
            (self.step.peer, Said::Token(revoked.access.clone()), ErrorReason::TokenRevoked),
            (self.step.peer, Said::TokenTwice(right.access.clone()), ErrorReason::TokenInvalid),
        ];
        for forged in forged(&right.access).into_iter().chain([right.id.clone(), right.refresh.clone()]) {
            attempts.push((self.step.peer, Said::Token(forged), ErrorReason::TokenInvalid));
        }
        if self.product() {
            // Another product, with what was given to this one.
            attempts.push(("cacoo", Said::Token(right.access.clone()), ErrorReason::TokenAudience));
        }
        let mut wrong = Vec::new();
        for (peer, said, reason) in attempts {
            let who = format!("from {peer} with {said:?}");
            wrong.extend(self.refused(&who, peer, &said, &self.step.row.request, &[reason]).await);
        }
        wrong
    }

    /// People whose role is too small, or who belong elsewhere.
    async fn wrong_people(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (who, person, gets) in self.everybody() {
            if let Gets::Refused(reason) = gets {
                let said = Said::Token(token(person, self.product()));
                wrong.extend(
                    self.refused(who, self.step.peer, &said, &self.step.row.request, &[reason]).await,
                );
            }
        }
        if let Some((crossed, reason)) = &self.step.row.crossed {
            let said = Said::Token(token(&self.fixture.outsider, self.product()));
            let who = "as the outsider, with something of Acme's";
            wrong.extend(self.refused(who, self.step.peer, &said, crossed, &[*reason]).await);
        }
        if let Some(message) = &self.step.row.without_pass {
            let said = Said::Token(token(&self.fixture.administrator, self.product()));
            let (who, reason) = ("without Nulab Pass", ErrorReason::NulabPassNeeded);
            wrong.extend(self.refused(who, self.step.peer, &said, message, &[reason]).await);
        }
        wrong
    }

    fn everybody(&self) -> Vec<(&'static str, &Person, Gets)> {
        let f = self.fixture;
        let (member, guest, outsider) = match self.step.row.callers {
            For::People { member, guest, outsider, .. } => (member, guest, outsider),
            For::Operators { .. } => {
                let refused = Gets::Refused(ErrorReason::ActorNotAllowed);
                (refused, refused, refused)
            }
            For::System | For::Anonymous | For::Client => return vec![],
        };
        let mut everybody = vec![
            ("as a member", &f.member, member),
            ("as a guest", &f.guest, guest),
            ("as another organization's administrator", &f.outsider, outsider),
        ];
        if let For::People { .. } = self.step.row.callers {
            everybody.push(("as an operator", &f.operator, outsider));
            // What one member makes a second one can't.
            if self.step.row.makes.is_empty() {
                let gets = self.step.row.managed.unwrap_or(member);
                everybody.push(("as a member with a Managed Account", &f.managed, gets));
            }
        }
        everybody
    }

    /// The right caller, with something wrong in the request.
    async fn bad_input(&self) -> Vec<String> {
        let (row, said) = (&self.step.row, self.step.row.callers.said(self.product()));
        let mut wrong = Vec::new();
        for Spoiled { what, message } in spoiled(&self.step.method.input(), &row.request) {
            if !is_lenient(row, &what) {
                wrong.extend(self.refused(&what, self.step.peer, &said, &message, DOCUMENTED).await);
            }
        }
        for message in garbled(&row.request) {
            let who = format!("garbled: {message:?}");
            wrong.extend(
                self.refused(&who, self.step.peer, &said, &message, &[ErrorReason::InvalidArgument]).await,
            );
        }
        wrong
    }

    /// Those whom the method is for get an answer, in which nobody finds what is not theirs.
    async fn right_people(&self) -> Vec<String> {
        let (row, f) = (&self.step.row, self.fixture);
        let mut wrong = Vec::new();
        for (who, person, gets) in self.everybody() {
            if gets != Gets::Answer {
                continue;
            }
            let own = own_things(f, person).await;
            let before = Snapshot::of_others(&f.suite, &own).await;
            let said = Said::Token(token(person, self.product()));
            match self.call(self.step.peer, &said, &row.request).await {
                Ok(answer) if person.of_acme => drop(answer),
                Ok(answer) => wrong.extend(
                    f.secrets()
                        .into_iter()
                        .filter(|secret| contains(&answer, secret))
                        .map(|secret| format!("{} {who}: the answer has {secret:?}", row.method)),
                ),
                Err(failure) => wrong.push(format!("{} {who}: {failure:?}, not an answer", row.method)),
            }
            let after = Snapshot::of_others(&f.suite, &own).await;
            wrong.extend(after.changes_since(&before, &format!("{} {who}", row.method), row.makes));
        }
        let said = row.callers.said(self.product());
        wrong.extend(self.answered("as the right caller", &said, &row.request, &[]).await);
        if row.system_too {
            let who = "as a service, after the right caller";
            wrong.extend(self.answered(who, &Said::System, &row.request, &[]).await);
        }
        for Spoiled { what, message } in spoiled(&self.step.method.input(), &row.request) {
            if is_lenient(row, &what) {
                // It is read like the first one, which has been.
                wrong.extend(self.answered(&what, &said, &message, DONE_BEFORE).await);
            }
        }
        wrong
    }

    /// What is wrong with getting anything but what the right caller gets, or a refusal with one of these.
    async fn answered(&self, who: &str, said: &Said, message: &[u8], or: &[ErrorReason]) -> Vec<String> {
        let (row, peer) = (&self.step.row, self.step.peer);
        if let Some(reason) = row.but_refused {
            let reasons: Vec<_> = or.iter().copied().chain([reason]).collect();
            return self.refused(who, peer, said, message, &reasons).await;
        }
        match self.call(peer, said, message).await {
            Ok(_) => vec![],
            Err(failure) if or.contains(&failure.reason) => vec![],
            Err(failure) => vec![format!("{} {who}: {failure:?}, not an answer", row.method)],
        }
    }
}

/// What the rows say that are a person's own: account, sessions, organization.
async fn own_things(f: &Fixture, person: &Person) -> Vec<String> {
    let sql = "SELECT id::text FROM sessions WHERE account_id = $1::uuid";
    let sessions =
        sqlx::query_scalar(sql).bind(&person.account).fetch_all(&f.suite.databases["identity"].pool);
    let mut own: Vec<String> = sessions.await.expect("sessions");
    own.push(person.account.clone());
    if std::ptr::eq(person, &raw const f.outsider) {
        own.push(f.other.clone());
    }
    own
}

fn takes_tokens(access: &Access) -> bool {
    lists(access, ActorKind::Person) || lists(access, ActorKind::Operator)
}

fn is_lenient(row: &Row<'_>, what: &str) -> bool {
    let (field, _) = what.split_once(": ").expect("what is wrong with which field");
    row.lenient.iter().any(|lenient| *lenient == what || *lenient == format!("{field}: *"))
}

fn contains(answer: &[u8], secret: &str) -> bool {
    answer.windows(secret.len()).any(|window| window == secret.as_bytes())
}
