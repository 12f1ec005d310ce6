//! What hostile documents may cost: next to no time, and under 20 MB. Measured in a process of its own,
//! because tests beside it need memory too.

use crate::support::{
    Setting,
    cost::{LONGEST_REFUSAL, MOST_KIB, growth, shortest},
    documents, each, keys,
    signing::How,
    swap,
};
use flate2::{Compression, write::DeflateEncoder};
use pass_saml::{Limits, Verifier, inflate};
use std::{io::Write, process::Command};

const CHILD: &str = "PASS_SAML_MEASURE";

fn field(text: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
}

fn around(inner: &str) -> String {
    swap(&documents::signed(), ">Taro<", &format!(">{inner}<"))
}

fn levels(count: usize) -> String {
    format!("{}{}", "<a>".repeat(count), "</a>".repeat(count))
}

fn spread_namespaces() -> String {
    each(5_000, |i| format!(r#"<a xmlns:n{i}="urn:n{i}"/>"#))
}

/// The form fields that are measured, and that others judge too (`peers.rs`).
pub fn cases() -> Vec<(&'static str, String)> {
    let namespaces = each(5_000, |i| format!(r#" xmlns:n{i}="urn:n{i}""#));
    let attribute =
        r#"<saml:Attribute Name="x"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>"#;
    let attributes = documents::assertion_edited(|text| {
        swap(
            &text,
            "</saml:AttributeStatement>",
            &format!("{}</saml:AttributeStatement>", attribute.repeat(2_500)),
        )
    });
    vec![
        ("depth 5,000", field(&levels(5_000))),
        ("depth 5,000 in a response", field(&around(&levels(5_000)))),
        ("5,000 namespaces on one element", field(&format!("<a{namespaces}/>"))),
        ("5,000 namespaces on as many", field(&around(&spread_namespaces()))),
        ("50,000 references to characters", field(&around(&"&#65;".repeat(50_000)))),
        ("2,500 attributes, signed", field(&attributes)),
        ("a prefix list of 200 KB", field(&prefix_list())),
    ]
}

/// Those that are for us alone, with the caps that they meet: others would take minutes for what nobody looks
/// into.
fn large() -> Vec<(&'static str, String, Limits)> {
    let small = Limits::default();
    let roomy = Limits { bytes: 8 << 20, ..small };
    let ids = around(&each(100_000, |i| format!(r#"<a ID="i{i}"/>"#)));
    vec![
        ("depth 500,000", field(&levels(500_000)), roomy),
        ("100,000 IDs", field(&ids), small),
        ("100,000 IDs where they fit", field(&ids), roomy),
        ("5,000 namespaces where they fit", field(&around(&spread_namespaces())), roomy),
        ("20 MB of text", field(&"x".repeat(20 << 20)), small),
        ("4 MB of text where they fit", field(&"x".repeat(4 << 20)), roomy),
        ("4 MB of <", field(&"<".repeat(4 << 20)), roomy),
        ("4 MB of quotes", field(&format!("<a {}", "b='' ".repeat(800_000))), roomy),
    ]
}

fn measured() -> Vec<(&'static str, String, Limits)> {
    let usual = cases().into_iter().map(|(name, field)| (name, field, Limits::default()));
    usual.chain(large()).collect()
}

fn prefix_list() -> String {
    let list = each(30_000, |i| format!("p{i} "));
    let edit = move |info: String| {
        let element = format!(
            r#"<e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{list}"></e:InclusiveNamespaces>"#
        );
        let opened = r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">"#;
        swap(&info, opened, &format!("{opened}{element}"))
    };
    let how = How::editing(&edit);
    documents::response(&crate::support::signing::sign(
        &documents::assertion(),
        documents::ASSERTION_ID,
        keys::rsa(),
        &how,
    ))
}

#[test]
fn hostile_documents_cost_little() {
    if std::env::var_os(CHILD).is_some() {
        return measure();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "resources::hostile_documents_cost_little", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{errors}");
    assert_eq!(told.matches(" KiB, ").count(), measured().len(), "{told}");
    assert!(!errors.contains("xmlSec") && !errors.contains("parser error"), "chatter on stderr: {errors}");
}

/// 20 MB of one letter, deflated, as the redirect binding would bring it.
fn bomb() -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b'a'; 20 << 20]).unwrap();
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, encoder.finish().unwrap())
}

/// In the child: each case alone, its peak above what was in use before.
fn measure() {
    assert!(Setting::default().judge(documents::signed()).is_ok(), "everything is initialised");
    let bomb = bomb();
    let cap = Limits::default().bytes;
    let (grown, (taken, refused)) = growth(|| shortest(|| inflate(&bomb, cap).is_err()));
    assert!(refused && grown < MOST_KIB && taken < LONGEST_REFUSAL, "a bomb: {grown} KiB, {taken:?}");
    for (name, field, limits) in measured() {
        let setting = Setting { limits, ..Setting::default() };
        let (grown, refused) = growth(|| setting.receive(&field).is_err());
        let is_large = limits.bytes > Limits::default().bytes;
        let (taken, _) = if is_large {
            // By the organization's own cap. Only base64 looks at it before the gate, which is known to be
            // quick and, in a build without optimisation, is not.
            let verifier = Verifier::new(limits);
            let text = verifier.decode(&field).unwrap();
            shortest(|| verifier.gate(text.clone()).is_err())
        } else {
            shortest(|| setting.receive(&field).is_err())
        };
        println!("{name}: {grown} KiB, {taken:?}");
        assert!(taken < LONGEST_REFUSAL, "{name} took {taken:?}");
        // What may be that large takes so much, twice: decoded, and as text.
        let allowed = MOST_KIB + if is_large { field.len() as u64 / 1024 } else { 0 };
        assert!(grown < allowed, "{name} took {grown} KiB");
        assert_eq!(refused, name != "2,500 attributes, signed", "{name}");
    }
}
