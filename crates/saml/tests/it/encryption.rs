//! Encrypted assertions (SML-4).

use crate::support::{
    Setting, assert_refused,
    documents::{self, ADDRESS, RESPONSE_ID},
    keys,
    sealing::{AES128_CBC, AES256_CBC, AES256_GCM, CONTENTS, OAEPS, Transport, encrypt, encrypted, seal},
    signing::{How, sign},
    swap,
};
use pass_saml::{Check, Refusal};

/// We have the key `long`; the identity provider signs with `rsa`.
fn setting() -> Setting {
    Setting { decryption: vec![keys::long()], ..Setting::default() }
}

fn sealed(assertion: &str) -> String {
    documents::response(&seal(assertion, AES256_GCM, Transport::Oaep1p, keys::long()))
}

/// proves SML-4: AES-128 and 256, GCM and CBC, RSA-OAEP
#[test]
fn each_way_to_encrypt_works() {
    for content in CONTENTS {
        for transport in OAEPS {
            let assertion = seal(&documents::signed_assertion(), content, transport, keys::long());
            let validated = setting().judge(documents::response(&assertion)).unwrap();
            assert_eq!(validated.name_id.value, ADDRESS, "{content}");
        }
    }
}

/// proves SML-4: whatever is signed, inside or outside
#[test]
fn signatures_count_inside_and_outside() {
    let outer = |assertion: &str| sign(&sealed(assertion), RESPONSE_ID, keys::rsa(), &How::default());
    assert!(setting().judge(outer(&documents::assertion())).is_ok(), "only the response");
    assert!(setting().judge(outer(&documents::signed_assertion())).is_ok(), "both");
    assert!(setting().judge(sealed(&documents::signed_assertion())).is_ok(), "only the assertion");
}

/// proves SML-7 for our own keys: the old one decrypts still
#[test]
fn our_old_key_decrypts_still() {
    let both = Setting { decryption: vec![keys::foreign(), keys::long()], ..Setting::default() };
    assert!(both.judge(sealed(&documents::signed_assertion())).is_ok());
}

/// What is wrong inside is all one refusal, in each word.
#[test]
fn failures_can_not_be_told_apart() {
    let signed = documents::signed_assertion();
    let evil = swap(&signed, "taro@", "hanako@");
    let foreign = sign(&documents::assertion(), documents::ASSERTION_ID, keys::foreign(), &How::default());
    let forged = swap(&swap(&documents::assertion(), "taro@", "hanako@"), documents::ASSERTION_ID, "_evil");
    let wrapped = swap(&forged, "</saml:Assertion>", &format!("{signed}</saml:Assertion>"));
    let outer = |assertion: &str| sign(&sealed(assertion), RESPONSE_ID, keys::rsa(), &How::default());
    let for_another = seal(&signed, AES256_GCM, Transport::Oaep1p, keys::foreign());
    let (_, data) = encrypt(signed.as_bytes(), AES256_GCM);
    let wrong_length = encrypted(&data, &[7; 16], AES256_GCM, Transport::Oaep1p, keys::long());
    let wrong_key = encrypted(&data, &[8; 32], AES256_GCM, Transport::Oaep1p, keys::long());
    let cases = [
        ("unsigned", sealed(&documents::assertion())),
        ("a broken inner signature", sealed(&evil)),
        ("an inner signature by another", sealed(&foreign)),
        ("a broken inner signature in a signed response", outer(&evil)),
        ("no assertion inside", sealed("<a/>")),
        ("a whole response inside", sealed(&documents::signed())),
        ("no XML inside", sealed("hello")),
        ("a comment inside", sealed(&swap(&signed, ADDRESS, "taro@<!---->example.test"))),
        ("a document type inside", sealed(&format!("<!DOCTYPE x>{signed}"))),
        ("nothing inside", sealed("")),
        ("a forged one around the signed one inside", sealed(&wrapped)),
        ("an encrypted one inside", sealed(&seal(&signed, AES256_GCM, Transport::Oaep1p, keys::long()))),
        ("for another", documents::response(&for_another)),
        ("a key of the wrong length", documents::response(&wrong_length)),
        ("a wrong key", documents::response(&wrong_key)),
    ];
    let refusals: Vec<Refusal> =
        cases.iter().map(|(name, document)| setting().judge(document).map(|_| ()).expect_err(name)).collect();
    for (refusal, (name, _)) in refusals.iter().zip(&cases) {
        assert_eq!(refusal.check(), Check::Decryption, "{name}: {refusal}");
        assert_eq!(refusal, &refusals[0], "{name}");
    }
}

#[test]
fn broken_ciphertext_of_every_length_is_refused_alike() {
    let signed = documents::signed_assertion();
    let expected = setting().judge(sealed("hello")).map(|_| ()).unwrap_err();
    for content in [AES128_CBC, AES256_CBC, AES256_GCM] {
        let (key, data) = encrypt(signed.as_bytes(), content);
        let lengths = (0..70).chain([data.len() - 17, data.len() - 16, data.len() - 1]);
        for length in lengths {
            let cut = encrypted(&data[..length], &key, content, Transport::Oaep1p, keys::long());
            let refusal = setting().judge(documents::response(&cut)).map(|_| ()).unwrap_err();
            assert_eq!(refusal, expected, "{content} cut to {length}");
        }
        for at in (0..data.len()).step_by(97).chain(data.len() - 18..data.len()) {
            let mut flipped = data.clone();
            flipped[at] ^= 1;
            let flipped = encrypted(&flipped, &key, content, Transport::Oaep1p, keys::long());
            let judged = setting().judge(documents::response(&flipped));
            // Padding bytes of CBC mean nothing, but for the last.
            if let Ok(validated) = judged {
                assert_eq!(validated.name_id.value, ADDRESS, "{content} flipped at {at}");
            } else {
                assert_eq!(judged.map(|_| ()).unwrap_err(), expected, "{content} flipped at {at}");
            }
        }
    }
}

#[test]
fn other_algorithms_and_parts_are_refused() {
    let good = sealed(&documents::signed_assertion());
    let pkcs1 = seal(&documents::signed_assertion(), AES256_GCM, Transport::Pkcs1, keys::long());
    let oaep = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    let begin = good.find("<e:EncryptedKey>").unwrap();
    let end = good.find("</e:EncryptedKey>").unwrap() + "</e:EncryptedKey>".len();
    let key = &good[begin..end];
    let reference = r#"<e:CipherReference URI="file:///dev/zero"></e:CipherReference>"#;
    let value_begin = good.rfind("<e:CipherValue>").unwrap();
    let value_end = good.rfind("</e:CipherValue>").unwrap() + "</e:CipherValue>".len();
    let data =
        &good[good.find("<e:EncryptedData").unwrap()..good.find("</saml:EncryptedAssertion>").unwrap()];
    assert_refused(
        &setting(),
        [
            ("RSA 1.5", documents::response(&pkcs1), Check::Decryption),
            (
                "triple DES",
                swap(&good, AES256_GCM, "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
                Check::Decryption,
            ),
            (
                "another mask",
                swap(&good, oaep, "http://www.w3.org/2001/04/xmlenc#kw-aes128"),
                Check::Decryption,
            ),
            ("no key", swap(&good, key, ""), Check::Decryption),
            ("four keys", swap(&good, key, &key.repeat(4)), Check::Decryption),
            ("a reference", good.replace(&good[value_begin..value_end], reference), Check::Decryption),
            ("two EncryptedData", swap(&good, data, &data.repeat(2)), Check::Shape),
            (
                "one in plain text beside the encrypted one",
                swap(&good, "</samlp:Response>", &format!("{}</samlp:Response>", documents::assertion())),
                Check::Shape,
            ),
            (
                "two encrypted assertions",
                swap(
                    &good,
                    "</samlp:Response>",
                    &format!("{}</samlp:Response>", seal("", AES256_GCM, Transport::Oaep1p, keys::long())),
                ),
                Check::Shape,
            ),
        ],
    );
    let no_key = Setting::default();
    assert_eq!(no_key.refusal(&good), Some(Check::Decryption), "we have no key");
    let no_certificate = Setting { certificates: Vec::new(), ..setting() };
    assert_eq!(no_certificate.refusal(&good), Some(Check::Certificate));
}

/// Encrypted assertions bring the Response's own issuer, and every other check holds for them.
#[test]
fn what_was_encrypted_is_validated_like_any_other() {
    let other = swap(&documents::assertion(), &format!(">{}<", crate::support::SP), ">urn:another<");
    let other = sign(&other, documents::ASSERTION_ID, keys::rsa(), &How::default());
    let good = sealed(&documents::signed_assertion());
    let issuer = format!(
        r#"<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{}</saml:Issuer>"#,
        crate::support::IDP
    );
    assert_refused(
        &setting(),
        [
            ("another audience", sealed(&other), Check::Audience),
            ("a response without issuer", swap(&good, &issuer, ""), Check::ResponseIssuer),
        ],
    );
}
