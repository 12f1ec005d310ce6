//! The only module that knows samael. What samael returns is covered by a signature; nothing else of it is
//! trusted: what goes in has been through the gate, what comes out is parsed anew.

use crate::certificate::{Certificate, KeyType};
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};

const RSA: [AllowedSignatureAlgorithm; 3] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
];
// samael takes digests from this list too, so SHA-512 as a digest needs an entry that has it: ECDSA with
// SHA-512 as the method does not pass the gate.
const EC: [AllowedSignatureAlgorithm; 3] = [
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// The bytes that the signatures of `text` cover, if each of them verifies with `certificate`: those of the
/// Response if it is signed, otherwise those of the Assertion.
pub(crate) fn signed_bytes(text: &str, certificate: &Certificate) -> Option<String> {
    #[cfg(test)]
    CALLS.set(CALLS.get() + 1);
    if !is_hardened(certificate) {
        return None;
    }
    let certificates = [CertificateDer::from(certificate.der().to_vec())];
    let algorithms = match certificate.key_type() {
        KeyType::Rsa => &RSA,
        KeyType::Ec => &EC,
    };
    // Its errors may quote the document, and the first certificate's is not the reason: they end here.
    Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        text,
        &certificates,
        ReduceMode::PreDigest,
        Some(algorithms.as_slice()),
    )
    .ok()
    .filter(|signed| !signed.is_empty())
}

/// Hardens libxmlsec1 before its first use. samael initializes it when it loads a key: here the candidate's,
/// to verify a document without a signature. That must fail, and only at the search for the signature.
fn is_hardened(certificate: &Certificate) -> bool {
    pass_xmlsec::harden(|| {
        let key = CertificateDer::from(certificate.der().to_vec());
        let failure = Crypto::verify_signed_xml("<a/>", &key, None).err();
        let cause = failure.as_ref().and_then(std::error::Error::source).map(ToString::to_string);
        cause.as_deref() == Some("Failed to find node")
    })
}

#[cfg(test)]
std::thread_local! {
    /// How often this thread has verified: what a refusal costs, counted instead of timed.
    pub(crate) static CALLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    //! What would happen if the gate let everything through: these documents go straight to samael.

    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use openssl::{hash::MessageDigest, pkey::PKey, rsa::Rsa, sign::Signer, x509::X509};
    use std::{
        io::Write,
        net::TcpListener,
        process::Command,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    const CHILD: &str = "PASS_SAML_CHATTER";
    const DS: &str = r#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#;

    struct Signatory(PKey<openssl::pkey::Private>, Certificate);

    impl Signatory {
        fn new() -> Self {
            let key = PKey::from_rsa(Rsa::generate(2_048).unwrap()).unwrap();
            let mut builder = X509::builder().unwrap();
            builder.set_pubkey(&key).unwrap();
            builder.set_not_before(&openssl::asn1::Asn1Time::days_from_now(0).unwrap()).unwrap();
            builder.set_not_after(&openssl::asn1::Asn1Time::days_from_now(1).unwrap()).unwrap();
            builder.sign(&key, MessageDigest::sha256()).unwrap();
            let certificate = Certificate::from_der(builder.build().to_der().unwrap()).unwrap();
            Self(key, certificate)
        }

        /// A document with a valid signature over what `uri` gives: `content`, after no transform at all.
        fn sign(&self, uri: &str, content: &[u8], transforms: &str) -> String {
            let digest = STANDARD.encode(openssl::hash::hash(MessageDigest::sha256(), content).unwrap());
            let info = format!(
                concat!(
                    "<ds:SignedInfo{ds}><ds:CanonicalizationMethod",
                    r#" Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>"#,
                    r#"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256">"#,
                    r#"</ds:SignatureMethod><ds:Reference URI="{uri}">{transforms}<ds:DigestMethod"#,
                    r#" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>"#,
                    "<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
                ),
                ds = DS,
                uri = uri,
                transforms = transforms,
                digest = digest,
            );
            let mut signer = Signer::new(MessageDigest::sha256(), &self.0).unwrap();
            let value = STANDARD.encode(signer.sign_oneshot_to_vec(info.as_bytes()).unwrap());
            format!(
                r#"<a ID="x"><ds:Signature{DS}>{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature></a>"#
            )
        }
    }

    #[test]
    fn samael_still_verifies_after_hardening() {
        let signatory = Signatory::new();
        let transforms = concat!(
            r#"<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature">"#,
            r#"</ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform>"#,
            "</ds:Transforms>"
        );
        let document = signatory.sign("#x", br#"<a ID="x"></a>"#, transforms);
        assert_eq!(signed_bytes(&document, &signatory.1).as_deref(), Some(r#"<a ID="x"></a>"#));
        let tampered = document.replace(r#"<a ID="x">"#, r#"<a ID="x" b="">"#);
        assert_eq!(signed_bytes(&tampered, &signatory.1), None);
    }

    /// The signatures are right: were the file read, it would be what samael returns.
    #[test]
    fn a_reference_to_a_file_is_not_read() {
        let signatory = Signatory::new();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"secret").unwrap();
        let path = file.path().display();
        for uri in [format!("file://{path}"), format!("file://localhost{path}"), path.to_string()] {
            let document = signatory.sign(&uri, b"secret", "");
            assert_eq!(signed_bytes(&document, &signatory.1), None, "{uri}");
        }
    }

    #[test]
    fn a_reference_to_an_address_is_not_fetched() {
        let signatory = Signatory::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        // Hangs up at once, so that a fetch would fail and not hang. Lives as long as the process.
        std::thread::spawn(move || {
            for _ in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        for scheme in ["http", "ftp"] {
            let document = signatory.sign(&format!("{scheme}://127.0.0.1:{port}/x"), b"", "");
            assert_eq!(signed_bytes(&document, &signatory.1), None, "{scheme}");
        }
        // A call of our own comes after any that was made before it.
        drop(std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
        while calls.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1, "somebody else called");
    }

    /// In a process of its own, because stderr is the process's. On another thread, because libxml2 keeps
    /// its error handlers by thread.
    #[test]
    fn nothing_is_said_on_stderr() {
        if std::env::var_os(CHILD).is_some() {
            return std::thread::spawn(provoke).join().unwrap();
        }
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crypto::tests::nothing_is_said_on_stderr", "--nocapture", "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }

    fn provoke() {
        let signatory = Signatory::new();
        let inline = |transform: &str| {
            signatory.sign("#x", b"", &format!("<ds:Transforms>{transform}</ds:Transforms>"))
        };
        for document in [
            signatory.sign("file:///nowhere\nforged log line", b"", ""),
            signatory.sign("#nowhere", b"", ""),
            signatory.sign("#xpointer(((", b"", ""),
            inline(r#"<ds:Transform Algorithm="urn:unknown"></ds:Transform>"#),
            inline(
                r#"<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>((</ds:XPath></ds:Transform>"#,
            ),
            signatory.sign("#x", b"other", ""),
            "<a><b></a>".to_owned(),
            "<!DOCTYPE a SYSTEM 'file:///nowhere'><a>&b;</a>".to_owned(),
            "<a xmlns:b='%%%' c:d=''/>".to_owned(),
            "not a document".to_owned(),
            String::new(),
        ] {
            assert_eq!(signed_bytes(&document, &signatory.1), None, "{document}");
        }
    }
}
