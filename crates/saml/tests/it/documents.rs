//! Documents that no parser of ours may see, or that parsers see differently.

use crate::support::{
    SP, Setting, assert_refused,
    documents::{self, ADDRESS},
    swap,
};
use pass_saml::Check;

fn edited(from: &str, to: &str) -> String {
    swap(&documents::signed(), from, to)
}

#[test]
fn comments_cdata_and_instructions_are_refused_wherever_they_are() {
    let name = |inner: &str| edited(&format!(">{ADDRESS}<"), &format!(">{inner}<"));
    let audience =
        |inner: &str| edited(&format!("<saml:Audience>{SP}<"), &format!("<saml:Audience>{inner}<"));
    let digest = edited("<ds:DigestValue>", "<ds:DigestValue><!-- AAAA -->");
    assert_refused(
        &Setting::default(),
        [
            ("a comment in NameID", name("admin@example.test<!---->.evil.test"), Check::Document),
            ("CDATA in NameID", name("<![CDATA[admin@example.test]]>"), Check::Document),
            ("an instruction in NameID", name("admin@example.test<?x y?>.evil.test"), Check::Document),
            ("a comment in Audience", audience(&format!("{SP}<!---->/x")), Check::Document),
            ("CDATA in Audience", audience(&format!("<![CDATA[{SP}]]>")), Check::Document),
            ("an instruction in Audience", audience(&format!("{SP}<?x y?>")), Check::Document),
            ("a comment in DigestValue", digest, Check::Document),
            ("a comment before the root", format!("<!-- -->{}", documents::signed()), Check::Document),
            ("a comment behind the root", format!("{}<!-- -->", documents::signed()), Check::Document),
        ],
    );
}

#[test]
fn document_types_and_entities_are_refused() {
    let doctype = |subset: &str| format!("<!DOCTYPE samlp:Response {subset}>{}", documents::signed());
    let billion = concat!(
        r#"[<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">"#,
        r#"<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]"#
    );
    let undeclared = edited(&format!(">{ADDRESS}<"), ">&unknown;<");
    assert_refused(
        &Setting::default(),
        [
            ("an empty DTD", doctype(""), Check::Document),
            ("entity expansion", doctype(billion), Check::Document),
            ("an external entity", doctype(r#"[<!ENTITY x SYSTEM "file:///etc/passwd">]"#), Check::Document),
            (
                "a parameter entity",
                doctype(r#"[<!ENTITY % x SYSTEM "http://127.0.0.1:9/">%x;]"#),
                Check::Document,
            ),
            ("an external DTD", doctype(r#"SYSTEM "http://127.0.0.1:9/evil.dtd""#), Check::Document),
            ("an ID by DTD", doctype("[<!ATTLIST saml:NameID ID ID #IMPLIED>]"), Check::Document),
            ("an entity that is not declared", undeclared, Check::Document),
        ],
    );
}

#[test]
fn documents_that_are_not_well_formed_are_refused() {
    let signed = documents::signed();
    let cases = [
        ("truncated", signed[..signed.len() - 20].to_owned(), Check::Document),
        ("trailing text", format!("{signed}x"), Check::Document),
        ("trailing null characters", format!("{signed}\0\0"), Check::Document),
        ("two roots", format!("{signed}{signed}"), Check::Document),
        (
            "a duplicate attribute",
            edited(r#" Version="2.0"><saml:Issuer>"#, r#" Version="2.0" Version="2.0"><saml:Issuer>"#),
            Check::Document,
        ),
        (
            "a prefix that is not declared",
            edited("<samlp:Status>", "<x:y></x:y><samlp:Status>"),
            Check::Document,
        ),
        ("tags that don't match", edited("</saml:Subject>", "</saml:Subjekt>"), Check::Document),
        ("a raw < in an attribute", edited("SessionIndex=\"", "SessionIndex=\"<"), Check::Document),
        ("a null character", edited(ADDRESS, "taro\u{0}@example.test"), Check::Document),
        ("a reference to a null character", edited(ADDRESS, "taro&#0;@example.test"), Check::Document),
        ("nothing", String::new(), Check::Document),
        ("text", "hello".to_owned(), Check::Document),
    ];
    assert_refused(&Setting::default(), cases);
}

#[test]
fn other_encodings_are_refused() {
    let signed = documents::signed();
    let declared =
        |encoding: &str| format!(r#"<?xml version="1.0" encoding="{encoding}"?>{signed}"#).into_bytes();
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(signed.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let mut latin = signed.clone().into_bytes();
    let at = signed.find("Taro").unwrap();
    latin[at] = 0xe9;
    assert_refused(
        &Setting::default(),
        [
            ("UTF-16 declared", declared("UTF-16"), Check::Document),
            ("UTF-7 declared", declared("UTF-7"), Check::Document),
            ("Latin-1 declared", declared("ISO-8859-1"), Check::Document),
            ("XML 1.1", format!(r#"<?xml version="1.1"?>{signed}"#).into_bytes(), Check::Document),
            ("UTF-7 in fact", signed.replace('<', "+ADw-").into_bytes(), Check::Document),
            ("UTF-16 in fact", utf16, Check::Encoding),
            ("Latin-1 in fact", latin, Check::Encoding),
        ],
    );
    for field in ["", "!", "PHNhbWxwOlJlc3BvbnNl", "%50%48"] {
        assert!(Setting::default().receive(field).is_err(), "{field}");
    }
}

#[test]
fn ids_that_parsers_read_differently_are_refused() {
    let id = format!(r#" ID="{}""#, documents::ASSERTION_ID);
    let xml_id = edited("<samlp:Status>", r#"<samlp:Status xml:id="_x">"#);
    let twice = edited("<saml:Subject>", &format!(r#"<saml:Subject Id="{}">"#, documents::ASSERTION_ID));
    let in_namespace = edited("<saml:Subject>", r#"<saml:Subject xmlns:w="urn:w" w:Id="_x">"#);
    assert_refused(
        &Setting::default(),
        [
            ("xml:id", xml_id, Check::Identifiers),
            ("the ID again, in other letters", twice, Check::Identifiers),
            ("an ID in a namespace", in_namespace, Check::Identifiers),
            ("no ID", edited(&id, ""), Check::Identifiers),
            (
                "an ID that is an expression",
                documents::response_edited(|text| swap(&text, &id, r#" ID="element(/1)""#)),
                Check::Identifiers,
            ),
            (
                "the same ID twice",
                documents::response_edited(|text| swap(&text, &id, r#" ID="_response1""#)),
                Check::Identifiers,
            ),
        ],
    );
}

#[test]
fn roots_and_children_of_other_kinds_are_refused() {
    let signed = documents::signed();
    let logout = signed.replace("samlp:Response", "samlp:LogoutResponse");
    let other_namespace =
        swap(&signed, "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.0:protocol");
    let no_status = {
        let begin = signed.find("<samlp:Status>").unwrap();
        let end = signed.find("</samlp:Status>").unwrap() + "</samlp:Status>".len();
        format!("{}{}", &signed[..begin], &signed[end..])
    };
    let status = "<samlp:Status><samlp:StatusCode Value=\"x\"></samlp:StatusCode></samlp:Status>";
    assert_refused(
        &Setting::default(),
        [
            ("a LogoutResponse", logout, Check::Shape),
            ("a Response of SAML 1", other_namespace, Check::Shape),
            ("no Status", no_status, Check::Shape),
            ("two Status", edited("<samlp:Status>", &format!("{status}<samlp:Status>")), Check::Shape),
            ("no assertion", documents::response(""), Check::Shape),
            ("text in the Response", edited("<samlp:Status>", "text<samlp:Status>"), Check::Shape),
            ("text in the Assertion", edited("<saml:Subject>", "text<saml:Subject>"), Check::Shape),
            (
                "Extensions",
                edited("<samlp:Status>", "<samlp:Extensions></samlp:Extensions><samlp:Status>"),
                Check::Shape,
            ),
            (
                "two Conditions",
                edited("<saml:AuthnStatement", "<saml:Conditions></saml:Conditions><saml:AuthnStatement"),
                Check::Shape,
            ),
            (
                "an element that is none of SAML",
                edited("<saml:AuthnStatement", "<saml:Extra></saml:Extra><saml:AuthnStatement"),
                Check::Shape,
            ),
        ],
    );
}
