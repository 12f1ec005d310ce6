//! What hostile documents may cost: next to no time, and under 20 MB. Measured in a process of its own,
//! because tests beside it need memory too.

use crate::support::{LONGEST_REFUSAL, Setting, documents, keys, shortest, signing::How, swap};
use pass_saml::{Limits, Verifier};
use std::{fs, process::Command};

const CHILD: &str = "PASS_SAML_MEASURE";
const MOST_KIB: u64 = 20 * 1024;

/// The form fields that are measured, with the caps that they meet.
fn cases() -> Vec<(&'static str, String, Limits)> {
    let field = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let small = Limits::default();
    let roomy = Limits { bytes: 8 << 20, ..small };
    let levels = |count: usize| format!("{}{}", "<a>".repeat(count), "</a>".repeat(count));
    let ids = each(100_000, |i| format!(r#"<a ID="i{i}"/>"#));
    let namespaces = each(5_000, |i| format!(r#" xmlns:n{i}="urn:n{i}""#));
    let spread = each(5_000, |i| format!(r#"<a xmlns:n{i}="urn:n{i}"/>"#));
    let around = |inner: &str| swap(&documents::signed(), ">Taro<", &format!(">{inner}<"));
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
        ("depth 5,000", field(&levels(5_000)), small),
        ("depth 5,000 in a response", field(&around(&levels(5_000))), small),
        ("depth 500,000", field(&levels(500_000)), roomy),
        ("100,000 IDs", field(&around(&ids)), small),
        ("100,000 IDs where they fit", field(&around(&ids)), roomy),
        ("5,000 namespaces on one element", field(&format!("<a{namespaces}/>")), small),
        ("5,000 namespaces on as many", field(&around(&spread)), roomy),
        ("20 MB of text", field(&"x".repeat(20 << 20)), small),
        ("4 MB of text where they fit", field(&"x".repeat(4 << 20)), roomy),
        ("4 MB of <", field(&"<".repeat(4 << 20)), roomy),
        ("4 MB of quotes", field(&format!("<a {}", "b='' ".repeat(800_000))), roomy),
        ("50,000 references to characters", field(&around(&"&#65;".repeat(50_000))), small),
        ("2,500 attributes, signed", field(&attributes), small),
        ("a prefix list of 200 KB", field(&prefix_list()), small),
    ]
}

/// One text for each number below `count`, joined.
fn each(count: u32, text: impl Fn(u32) -> String) -> String {
    (0..count).map(text).collect()
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
    assert_eq!(told.matches(" KiB, ").count(), cases().len(), "{told}");
    assert!(!errors.contains("xmlSec") && !errors.contains("parser error"), "chatter on stderr: {errors}");
}

/// In the child: each case alone, its peak above what was in use before.
fn measure() {
    assert!(Setting::default().judge(documents::signed()).is_ok(), "everything is initialised");
    for (name, field, limits) in cases() {
        let setting = Setting { limits, ..Setting::default() };
        // 5 sets the peak back to what is in use (proc(5)).
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = peak();
        let refused = setting.receive(&field).is_err();
        let grown = peak() - before;
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

/// The most memory that this process had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
