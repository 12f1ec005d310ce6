//! The same documents go to two service providers that others wrote, node-saml (npm) and python3-saml (`PyPI`):
//! where we take what both refuse, or take it as somebody else's, we are wrong. `deploy/dev test` installs
//! them and says in the environment where they are.

mod process;

use crate::{
    mutation::Mutants,
    resources,
    support::{
        Setting,
        corpus::{CORPUS, Case, Document, Verdict},
        documents::{self, RESPONSE_ID},
        keys,
        sealing::{AES256_GCM, CONTENTS, Transport, seal},
        signing::{How, sign},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use process::Peer;
use std::{
    collections::{BTreeMap, HashSet},
    fs,
    process::Command,
    thread,
};

/// Of how many mutants they see those that we take.
const MUTANTS: usize = 2_000;

/// proves SML-4 by the word of others: whom we let in, somebody else who read the standard lets in, as the
/// same person
#[test]
fn what_we_take_one_of_two_others_takes() {
    let plain = plain();
    let cases = [plain.as_slice(), &of_the_tests(), &of_resources(), &mutants()].concat();
    let cases = &distinct(cases);
    let peers = [Peer::node_saml(), Peer::python3_saml()];
    let said = thread::scope(|scope| {
        let asked = peers.each_ref().map(|peer| scope.spawn(move || peer.judge(cases)));
        asked.map(|answers| answers.join().unwrap())
    });
    for (peer, verdicts) in peers.iter().zip(&said) {
        assert_eq!(verdicts.len(), cases.len(), "{}: one verdict a document", peer.name);
        tell(peer.name, cases, verdicts);
    }
    let taken = cases.iter().filter(|case| is_taken(&case.ours)).count();
    assert!(
        taken > 50 && cases.len() - taken > 500,
        "{taken} of {} are taken: where is the rest?",
        cases.len()
    );
    let mut wrong = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        wrong.extend(complaints(case, index < plain.len(), [&said[0][index], &said[1][index]]));
    }
    assert!(wrong.is_empty(), "{} wrong verdicts:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong when we and the others said this.
fn complaints(case: &Case, is_plain: bool, said: [&Verdict; 2]) -> Vec<String> {
    let Verdict::NameId(ours) = &case.ours else {
        let refused = is_plain.then(|| format!("{}: we refuse it: {:?}", case.name, case.ours));
        return refused.into_iter().collect();
    };
    let mut wrong = Vec::new();
    if !said.iter().any(|verdict| is_taken(verdict)) {
        wrong.push(format!("{}: we take it, both others refuse it: {said:?}", case.name));
    }
    for verdict in said {
        match verdict {
            Verdict::NameId(theirs) if theirs != ours => {
                wrong.push(format!("{}: we say {ours:?}, another says {theirs:?}", case.name));
            }
            Verdict::Refused(reason) if is_plain => {
                wrong.push(format!("{}: it is genuine, and was refused: {reason}", case.name));
            }
            _ => {}
        }
    }
    wrong
}

fn is_taken(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NameId(_))
}

/// What one of the others made of the documents, and what it takes that we refuse.
fn tell(name: &str, cases: &[Case], verdicts: &[Verdict]) {
    let both = || cases.iter().zip(verdicts);
    let ours = both().filter(|(case, _)| is_taken(&case.ours)).count();
    let theirs = both().filter(|(_, verdict)| is_taken(verdict)).count();
    println!("{name}: takes {theirs} of {} documents, we {ours}", cases.len());
    let mut only_theirs = BTreeMap::<&str, Vec<&str>>::new();
    let mut only_ours = BTreeMap::<&str, Vec<&str>>::new();
    for (case, verdict) in both() {
        match (&case.ours, verdict) {
            (Verdict::Refused(check), Verdict::NameId(_)) => {
                only_theirs.entry(check).or_default().push(&case.name);
            }
            (Verdict::NameId(_), Verdict::Refused(reason)) => {
                only_ours.entry(reason).or_default().push(&case.name);
            }
            _ => {}
        }
    }
    for (what, table) in [("it takes, we refuse for", only_theirs), ("we take, it refuses for", only_ours)] {
        for (reason, names) in table {
            let some = names.iter().take(8).copied().collect::<Vec<_>>().join("; ");
            println!("  {what} {reason}: {} ({some})", names.len());
        }
    }
}

/// What any service provider must take.
fn plain() -> Vec<Case> {
    let sealed = |content| {
        documents::response(&seal(&documents::signed_assertion(), content, Transport::Oaep1p, keys::long()))
    };
    let outer = sign(&sealed(AES256_GCM), RESPONSE_ID, keys::rsa(), &How::default());
    let mut named = vec![
        ("the assertion signed".to_owned(), documents::signed()),
        ("the response signed".to_owned(), documents::response_signed()),
        ("both signed".to_owned(), documents::both_signed()),
        ("encrypted and both signed".to_owned(), outer),
    ];
    named.extend(CONTENTS.map(|content| (format!("encrypted by {content}"), sealed(content))));
    let setting = Setting { decryption: vec![keys::long()], ..Setting::default() };
    named.into_iter().map(|(name, document)| judged(format!("plain: {name}"), &setting, &document)).collect()
}

/// Each document that the other tests judge: they write it down in a process that does nothing else.
fn of_the_tests() -> Vec<Case> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("corpus");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--test-threads=1", "--skip=peers::", "--skip=mutation::", "--skip=resources::"])
        .env(CORPUS, &file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let written = fs::read_to_string(&file).unwrap();
    written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_resources() -> Vec<Case> {
    let setting = Setting::default();
    let judged = resources::cases().into_iter().map(|(name, field)| {
        Case::new(format!("resources: {name}"), &setting, &field, &setting.receive(&field))
    });
    judged.collect()
}

/// What we refuse of them tells nothing here.
fn mutants() -> Vec<Case> {
    let setting = Setting::default();
    let numbered = Mutants::new().take(MUTANTS).enumerate();
    let judged = numbered.map(|(number, text)| judged(format!("mutant {number}"), &setting, &text));
    let taken: Vec<Case> = judged.filter(|case| is_taken(&case.ours)).collect();
    assert!(!taken.is_empty(), "none of {MUTANTS} mutants is taken: they show nothing");
    taken
}

fn judged(name: String, setting: &Setting, document: &str) -> Case {
    let field = STANDARD.encode(document);
    Case::new(name, setting, &field, &setting.receive(&field))
}

/// Each document once: the genuine ones are judged by many tests.
fn distinct(cases: Vec<Case>) -> Vec<Case> {
    let mut seen = HashSet::<Document>::new();
    cases.into_iter().filter(|case| seen.insert(case.document.clone())).collect()
}
