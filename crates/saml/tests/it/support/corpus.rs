//! Every document that the cases judge, with all that it is judged by and what we say: others judge the same
//! (`peers.rs`). The cases write them down themselves, so a new one can't be forgotten.

use super::Setting;
use pass_saml::{Certificate, Refusal, Validation};
use serde::{Deserialize, Serialize};
use std::{env, ffi::OsString, fs::OpenOptions, io::Write, thread};

/// Names the file to write to, in the process that does nothing else.
pub const CORPUS: &str = "PASS_SAML_CORPUS";

/// What is said of a document, by us or by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is taken, as this person's.
    NameId(String),
    /// It is not, for this reason.
    Refused(String),
}

impl Verdict {
    fn ours(judged: &Result<Validation, Refusal>) -> Self {
        match judged.as_ref().map_err(Clone::clone).and_then(|validation| validation.result.clone()) {
            Ok(validated) => Self::NameId(validated.name_id.value),
            Err(refusal) => Self::Refused(refusal.check().name().to_owned()),
        }
    }
}

/// The request that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Request {
    id: String,
    issued_at: i64,
}

/// What others are told: the form field, and what it is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Document {
    response: String,
    /// In base64.
    certificates: Vec<String>,
    /// In PEM.
    keys: Vec<String>,
    idp_entity_id: String,
    sp_entity_id: String,
    acs_url: String,
    request: Option<Request>,
    idp_initiated_allowed: bool,
    now: i64,
}

/// A document with its name and what we say of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    pub name: String,
    pub document: Document,
    pub ours: Verdict,
}

impl Case {
    /// What `setting` says of a form field.
    pub fn new(name: String, setting: &Setting, field: &str, judged: &Result<Validation, Refusal>) -> Self {
        let pem = |key: &&super::keys::Key| {
            String::from_utf8(key.private.private_key_to_pem_pkcs8().unwrap()).unwrap()
        };
        let expected = &setting.expected;
        let request = expected
            .request
            .as_ref()
            .map(|request| Request { id: request.id.clone(), issued_at: request.issued_at.unix_timestamp() });
        let document = Document {
            response: field.to_owned(),
            certificates: setting.certificates.iter().map(Certificate::base64).collect(),
            keys: setting.decryption.iter().map(pem).collect(),
            idp_entity_id: setting.connection.idp_entity_id.clone(),
            sp_entity_id: expected.sp_entity_id.clone(),
            acs_url: expected.acs_url.clone(),
            request,
            idp_initiated_allowed: expected.idp_initiated_allowed,
            now: setting.now.unix_timestamp(),
        };
        Self { name, document, ours: Verdict::ours(judged) }
    }
}

/// Where this process writes the documents to, if it does.
fn file() -> Option<OsString> {
    env::var_os(CORPUS)
}

/// Whether this process is there to write the documents down: one test after the other, and no clock watched.
pub fn is_recorded() -> bool {
    file().is_some()
}

/// Writes a document down, where that is wanted.
pub fn note(name: &str, setting: &Setting, field: &str, judged: &Result<Validation, Refusal>) {
    let Some(file) = file() else { return };
    let test = thread::current();
    let name = [test.name().unwrap_or_default(), name].join(" ").trim_end().to_owned();
    let line = serde_json::to_string(&Case::new(name, setting, field, judged)).unwrap();
    let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
    writeln!(file, "{line}").unwrap();
}
