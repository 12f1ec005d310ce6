//! A signer that is not ours: Debian's `xmlsec1` program, which pysaml2 calls too.

use crate::support::{
    Setting,
    documents::{self, ADDRESS, ASSERTION_ID, RESPONSE_ID},
    keys,
    sealing::{AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM},
    signing::{DS, insert, signed_info},
};
use std::{fs, process::Command};

/// An empty signature for the program to fill in.
fn template(id: &str) -> String {
    let method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let info = signed_info(id, method, crate::support::signing::SHA256, "");
    format!(
        "<ds:Signature{DS}>{info}<ds:SignatureValue></ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data></ds:X509Data></ds:KeyInfo></ds:Signature>"
    )
}

/// Runs the program in a folder of its own; gives what it wrote to `out.xml`.
fn run(files: &[(&str, &[u8])], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let output = Command::new("xmlsec1")
        .current_dir(folder.path())
        .args(arguments)
        .output()
        .expect("the program xmlsec1 is installed (Debian package xmlsec1)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(folder.path().join("out.xml")).unwrap()
}

fn xmlsec1(document: &str, element: &str) -> String {
    let certificate = openssl::x509::X509::from_der(keys::rsa().certificate.der()).unwrap();
    let private = keys::rsa().private.private_key_to_pem_pkcs8().unwrap();
    run(
        &[
            ("in.xml", document.as_bytes()),
            ("key.pem", &private),
            ("certificate.pem", &certificate.to_pem().unwrap()),
        ],
        &[
            "--sign",
            "--privkey-pem",
            "key.pem,certificate.pem",
            "--id-attr:ID",
            element,
            "--output",
            "out.xml",
            "in.xml",
        ],
    )
}

/// proves SML-4 with a foreign signer, and white space as identity providers write it
#[test]
fn what_xmlsec1_signs_is_taken() {
    let pretty = |text: String| text.replace("><saml:", ">\n    <saml:").replace("></saml:", ">\n  </saml:");
    let assertion = insert(&pretty(documents::assertion()), ASSERTION_ID, &template(ASSERTION_ID));
    let assertion = documents::response(&assertion);
    let response =
        insert(&pretty(documents::response(&documents::assertion())), RESPONSE_ID, &template(RESPONSE_ID));
    for (document, element) in [
        (assertion, "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"),
        (response, "urn:oasis:names:tc:SAML:2.0:protocol:Response"),
    ] {
        let signed = xmlsec1(&document, element);
        let validated = Setting::default().judge(&signed).unwrap();
        assert_eq!(validated.name_id.value, ADDRESS);
        assert!(Setting::default().judge(signed.replace(ADDRESS, "hanako@example.test")).is_err());
    }
}

/// proves SML-4 with a foreign encrypter
#[test]
fn what_xmlsec1_encrypts_is_taken() {
    let setting = Setting { decryption: vec![keys::long()], ..Setting::default() };
    let public = keys::long().private.public_key_to_pem().unwrap();
    for (content, session) in
        [(AES128_CBC, "aes-128"), (AES256_CBC, "aes-256"), (AES128_GCM, "aes-128"), (AES256_GCM, "aes-256")]
    {
        let template = format!(
            concat!(
                r#"<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#""#,
                r#" Type="http://www.w3.org/2001/04/xmlenc#Element"><e:EncryptionMethod Algorithm="{}"/>"#,
                r#"<d:KeyInfo xmlns:d="http://www.w3.org/2000/09/xmldsig#"><e:EncryptedKey><e:EncryptionMethod"#,
                r#" Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><e:CipherData><e:CipherValue/>"#,
                "</e:CipherData></e:EncryptedKey></d:KeyInfo><e:CipherData><e:CipherValue/></e:CipherData>",
                "</e:EncryptedData>"
            ),
            content
        );
        let encrypted = run(
            &[
                ("in.xml", template.as_bytes()),
                ("data.xml", documents::signed_assertion().as_bytes()),
                ("key.pem", &public),
            ],
            &[
                "--encrypt",
                "--pubkey-pem",
                "key.pem",
                "--session-key",
                session,
                "--xml-data",
                "data.xml",
                "--output",
                "out.xml",
                "in.xml",
            ],
        );
        let data = encrypted.split_once("?>").map_or(encrypted.as_str(), |(_, data)| data);
        let assertion = format!(
            r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{data}</saml:EncryptedAssertion>"#
        );
        let judged = setting.judge(documents::response(&assertion));
        assert_eq!(judged.unwrap().name_id.value, ADDRESS, "{content}");
    }
}
