//! From a document that has the right shape to facts that a signature covers.

use crate::{
    assertion::AssertionFacts,
    certificate::{Certificate, KeyType, MOST_CERTIFICATES},
    check::{Check, Refusal},
    crypto, decoy,
    encryption::Sealed,
    gate::{Gated, ResponseFacts},
    key::PrivateKey,
    limits::Limits,
    message, shape, xml,
};
use time::OffsetDateTime;

/// What the organization's connection, and we, have keys for.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// The connection's certificates; those that are not valid today verify nothing, and of the others the
    /// first ten are tried at most.
    pub certificates: &'a [Certificate],
    /// Our own keys that assertions may be encrypted for, the newest first; three at most are tried.
    pub decryption: &'a [PrivateKey],
}

/// The first three steps of the pipeline.
#[derive(Debug, Clone, Copy, Default)]
pub struct Verifier {
    limits: Limits,
}

/// Facts that were read from signed bytes only. Not yet validated.
#[derive(Debug)]
pub struct Signed {
    /// Of the Response, when a signature covers it.
    response: Option<ResponseFacts>,
    assertion: AssertionFacts,
    was_encrypted: bool,
}

impl Signed {
    /// The facts of the Response, if a signature covers them.
    pub fn response(&self) -> Option<&ResponseFacts> {
        self.response.as_ref()
    }

    /// Whether the assertion came encrypted.
    pub fn was_encrypted(&self) -> bool {
        self.was_encrypted
    }

    /// The assertion's ID, whatever becomes of it: what tells an answer that comes again, however its unsigned parts
    /// were changed.
    pub fn assertion_id(&self) -> &str {
        &self.assertion.id
    }

    pub(crate) fn assertion(&self) -> &AssertionFacts {
        &self.assertion
    }
}

impl Verifier {
    /// With caps for documents.
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// Decodes the form field `SAMLResponse` of the HTTP-POST binding.
    pub fn decode(&self, field: &str) -> Result<String, Refusal> {
        message::decode_post(field, self.limits.bytes)
    }

    /// Lets a document through that has the shape of a response to a sign-in.
    pub fn gate(&self, text: String) -> Result<Gated, Refusal> {
        Gated::response(text, &self.limits)
    }

    /// Verifies the signatures, decrypts an encrypted assertion, and reads what is covered.
    ///
    /// Blocking: up to a quarter of a millisecond a certificate, and a millisecond for each of our keys when
    /// the assertion is encrypted.
    pub fn verify(&self, gated: &Gated, trust: &Trust<'_>, now: OffsetDateTime) -> Result<Signed, Refusal> {
        if gated.is_encrypted() {
            return self.verify_encrypted(gated, trust, now);
        }
        let text = signed_text(gated, trust, now)?;
        let document = xml::parse(&text, &self.limits)?;
        let root = document.root_element();
        if !gated.signs_response() {
            return Ok(Signed { response: None, assertion: assertion(gated, root)?, was_encrypted: false });
        }
        let response = response(gated, root)?;
        let assertion = xml::child(root, xml::ASSERTION, "Assertion");
        let assertion = assertion.ok_or_else(|| shape::shape("an Assertion", "none"))?;
        Ok(Signed {
            response: Some(response),
            assertion: AssertionFacts::read(assertion)?,
            was_encrypted: false,
        })
    }

    /// The same for an encrypted assertion: the Response's signature first, if it has one; then what comes out
    /// is gated and verified again.
    fn verify_encrypted(
        &self,
        gated: &Gated,
        trust: &Trust<'_>,
        now: OffsetDateTime,
    ) -> Result<Signed, Refusal> {
        let candidates = candidates(trust, now)?;
        if trust.decryption.is_empty() {
            let received = "one, and there is no key of ours to decrypt it";
            return Err(Refusal::new(Check::Decryption, "an assertion that is not encrypted", received));
        }
        let is_signed = gated.signs_response();
        let text = if is_signed { signed_text(gated, trust, now)? } else { gated.text().to_owned() };
        let document = xml::parse(&text, &self.limits)?;
        let response = if is_signed { Some(response(gated, document.root_element())?) } else { None };
        let sealed = Sealed::read(document.root_element())?;
        let opened = sealed.open(trust.decryption);
        let outer = response.as_ref().unwrap_or(gated.facts());
        let (inner, tried) = match opened {
            Some(plain) => self.inner(plain, outer, is_signed, trust, now),
            None => (None, None),
        };
        if inner.is_none() {
            // The rest of the work on decoys, until each certificate has been tried once: so the time does
            // not tell where it ended.
            for key_type in [KeyType::Rsa, KeyType::Ec] {
                let has_candidate = candidates.iter().any(|candidate| candidate.key_type() == key_type);
                if has_candidate && tried != Some(key_type) {
                    let decoy = decoy::assertion(sealed.len(), key_type);
                    let _ = self.inner(decoy, outer, false, trust, now);
                }
            }
        }
        let assertion = inner.ok_or_else(|| {
            let received = "one that can't be decrypted, or whose content is not right";
            Refusal::new(
                Check::Decryption,
                "an assertion encrypted for us, signed by the connection",
                received,
            )
        })?;
        Ok(Signed { response, assertion, was_encrypted: true })
    }

    /// The facts of a decrypted assertion, and the type of the keys that its signature was tried with, if it
    /// got so far. Without a signature of its own it counts only when that of the Response covers it.
    fn inner(
        &self,
        plain: String,
        outer: &ResponseFacts,
        is_covered: bool,
        trust: &Trust<'_>,
        now: OffsetDateTime,
    ) -> (Option<AssertionFacts>, Option<KeyType>) {
        let Ok(gated) = Gated::assertion(plain, outer.clone(), &self.limits) else {
            return (None, None);
        };
        let tried = gated.signatures().first().map(|signature| signature.key_type);
        let covered = match tried {
            Some(_) => signed_text(&gated, trust, now).ok(),
            None => is_covered.then(|| gated.text().to_owned()),
        };
        let Some(covered) = covered else { return (None, tried) };
        let document = xml::parse(&covered, &self.limits);
        let read = document.and_then(|document| assertion(&gated, document.root_element()));
        (read.ok(), tried)
    }
}

/// The bytes that the signatures of a document cover.
fn signed_text(gated: &Gated, trust: &Trust<'_>, now: OffsetDateTime) -> Result<String, Refusal> {
    let Some(first) = gated.signatures().first() else {
        let expected = "a signature of the response or the assertion";
        return Err(Refusal::new(Check::SignatureShape, expected, "none"));
    };
    if gated.signatures().iter().any(|signature| signature.key_type != first.key_type) {
        let expected = "signatures by keys of one type";
        return Err(Refusal::new(Check::Algorithm, expected, "RSA and ECDSA"));
    }
    let mut candidates = candidates(trust, now)?;
    candidates.retain(|certificate| certificate.key_type() == first.key_type);
    let signed = candidates.iter().find_map(|candidate| crypto::signed_bytes(gated.text(), candidate));
    signed.ok_or_else(|| {
        let received = format!("one that none of {} suitable certificates made", candidates.len());
        Refusal::new(Check::Signature, "a signature by a certificate of the connection", received)
    })
}

/// The certificates that may verify something today: one at least, because samael asks for no signature when
/// it has no certificate.
fn candidates<'a>(trust: &Trust<'a>, now: OffsetDateTime) -> Result<Vec<&'a Certificate>, Refusal> {
    let valid = trust.certificates.iter().filter(|certificate| certificate.is_valid(now));
    let valid: Vec<_> = valid.take(MOST_CERTIFICATES).collect();
    if valid.is_empty() { Err(no_certificate()) } else { Ok(valid) }
}

fn no_certificate() -> Refusal {
    Refusal::new(Check::Certificate, "a certificate that is valid today", "none in the connection")
}

/// The facts of the Response that a signature covers.
fn response(gated: &Gated, root: roxmltree::Node<'_, '_>) -> Result<ResponseFacts, Refusal> {
    let (response, shape) = shape::response(root)?;
    same(Some(&gated.facts().id), Some(&response.id))?;
    same(gated.assertion_id(), shape.assertion_id.as_deref())?;
    Ok(response)
}

/// The facts of the Assertion that a signature covers.
fn assertion(gated: &Gated, root: roxmltree::Node<'_, '_>) -> Result<AssertionFacts, Refusal> {
    let shape = shape::assertion(root)?;
    same(gated.assertion_id(), shape.assertion_id.as_deref())?;
    AssertionFacts::read(root)
}

/// The element that a signature covers is the one that the gate saw it on.
fn same(seen: Option<&str>, covered: Option<&str>) -> Result<(), Refusal> {
    if seen == covered {
        return Ok(());
    }
    Err(Refusal::new(Check::Signature, "a signature of the element that it is in", "of another"))
}

#[cfg(test)]
mod tests {
    use crate::{
        Check,
        crypto::CALLS,
        support::{
            Setting, documents,
            keys::{self, Key},
            sealing::{AES256_GCM, Transport, encrypt, encrypted, seal},
            swap,
        },
    };

    /// How often a refusal of `document` has verified.
    fn tries(setting: &Setting, document: &str) -> u32 {
        let before = CALLS.get();
        assert_eq!(setting.refusal(document), Some(Check::Decryption));
        CALLS.get() - before
    }

    /// proves SML-4: what decrypting gave can't be told from how long refusing took
    #[test]
    fn each_failure_of_an_encrypted_assertion_verifies_as_often() {
        let signed = documents::signed_assertion();
        let sealed =
            |text: &str| documents::response(&seal(text, AES256_GCM, Transport::Oaep1p, keys::long()));
        let (_, data) = encrypt(signed.as_bytes(), AES256_GCM);
        let wrong_key = encrypted(&data, &[8; 32], AES256_GCM, Transport::Oaep1p, keys::long());
        let for_another = seal(&signed, AES256_GCM, Transport::Oaep1p, keys::foreign());
        let failures = [
            ("for another", documents::response(&for_another)),
            ("a wrong key", documents::response(&wrong_key)),
            ("garbage", sealed("garbage")),
            ("no signature", sealed(&documents::assertion())),
            ("a bad inner signature", sealed(&swap(&signed, "taro@", "hanako@"))),
        ];
        let trusted: [&[&Key]; 3] =
            [&[keys::rsa()], &[keys::ec(), keys::rsa(), keys::foreign()], &[keys::rsa(), keys::ec()]];
        for trusted in trusted {
            let setting = Setting { decryption: vec![keys::long()], ..Setting::trusting(trusted) };
            for (name, document) in &failures {
                let tries = usize::try_from(tries(&setting, document)).unwrap();
                assert_eq!(tries, trusted.len(), "{name}, {} certificates", trusted.len());
            }
        }
    }
}
