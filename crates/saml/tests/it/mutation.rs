//! Structure-aware mutation of signed documents: whatever comes out is refused, or is exactly the genuine
//! identity. Ten seconds here; `PASS_SAML_MUTATION_SECONDS=600` for the long run.

use crate::support::{
    Setting,
    documents::{self, ADDRESS, ASSERTION_ID},
    keys,
    signing::{How, sign},
};
use pass_types::Entropy;
use std::time::{Duration, Instant};

const EVIL: &str = "admin@example.test";

/// Documents to take pieces from: genuine ones, and forged ones that nobody signed or a stranger did.
fn stock() -> (Vec<String>, Vec<String>) {
    let evil = documents::assertion().replace(ADDRESS, EVIL);
    let renamed = evil.replace(ASSERTION_ID, "_evil");
    let stranger = sign(&evil, ASSERTION_ID, keys::foreign(), &How::default());
    let genuine = vec![documents::signed(), documents::response_signed(), documents::both_signed()];
    let mut donors = genuine.clone();
    donors.extend([
        evil.clone(),
        renamed,
        documents::response(&evil),
        documents::response(&stranger),
        stranger,
    ]);
    (genuine, donors)
}

/// Where tags begin and end: the places at which a document can be cut in a meaningful way.
fn seams(text: &str) -> Vec<usize> {
    let inner = text.char_indices().filter(|(_, c)| matches!(c, '<' | '>'));
    let mut seams: Vec<_> = inner.map(|(at, c)| if c == '<' { at } else { at + 1 }).collect();
    seams.push(text.len());
    seams.dedup();
    seams
}

/// Mutants without end, the same ones each time but for what the keys make of them.
pub struct Mutants {
    entropy: Entropy,
    genuine: Vec<String>,
    donors: Vec<String>,
}

impl Iterator for Mutants {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut document = self.pick(&self.genuine);
        for _ in 0..=self.below(4) {
            document = self.mutate(&document);
        }
        Some(document)
    }
}

impl Mutants {
    pub fn new() -> Self {
        let (genuine, donors) = stock();
        Self { entropy: Entropy::from_seed(20_260_301), genuine, donors }
    }

    fn below(&self, bound: usize) -> usize {
        self.entropy.below(u32::try_from(bound.max(1)).unwrap()) as usize
    }

    fn pick<T: Clone>(&self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// An element of `text`, as its range; the whole of a short document at worst.
    fn element(&self, text: &str) -> std::ops::Range<usize> {
        let starts: Vec<_> = text
            .match_indices('<')
            .map(|(at, _)| at)
            .filter(|&at| text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic()))
            .collect();
        if starts.is_empty() {
            return 0..text.len();
        }
        let begin = self.pick(&starts);
        let name = text[begin + 1..].split([' ', '>', '/']).next().unwrap_or_default();
        let close = format!("</{name}>");
        let end = text[begin..].find(&close).map_or(text.len(), |end| begin + end + close.len());
        begin..end
    }

    fn mutate(&self, text: &str) -> String {
        let range = self.element(text);
        let piece = &text[range.clone()];
        let put = |at: usize, what: &str| format!("{}{what}{}", &text[..at], &text[at..]);
        let seams = seams(text);
        match self.below(12) {
            0 => format!("{}{}", &text[..range.start], &text[range.end..]),
            1 => put(range.end, piece),
            2 => put(self.pick(&seams), piece),
            3 => {
                let donor = self.pick(&self.donors);
                put(self.pick(&seams), &donor[self.element(&donor)])
            }
            4 => {
                let donor = self.pick(&self.donors);
                format!("{}{}{}", &text[..range.start], &donor[self.element(&donor)], &text[range.end..])
            }
            5 => {
                let rest = format!("{}{}", &text[..range.start], &text[range.end..]);
                let at = self.pick(&crate::mutation::seams(&rest));
                format!("{}{piece}{}", &rest[..at], &rest[at..])
            }
            6 => text.replacen(ADDRESS, EVIL, 1),
            7 => self.rename(text),
            8 => put(self.pick(&seams), self.pick(&SNIPPETS)),
            9 => {
                let (from, to) = (self.pick(&WORDS), self.pick(&WORDS));
                text.replacen(from, to, 1)
            }
            10 => self.byte(text),
            _ => format!("{}<x>{piece}</x>{}", &text[..range.start], &text[range.end..]),
        }
    }

    /// Changes an ID, or a reference to one.
    fn rename(&self, text: &str) -> String {
        let names = [ASSERTION_ID, documents::RESPONSE_ID, "_evil", "_other"];
        let (from, to) = (self.pick(&names), self.pick(&names));
        let quote = self.pick(&["ID=\"", "URI=\"#"]);
        text.replacen(&format!("{quote}{from}\""), &format!("{quote}{to}\""), 1)
    }

    /// Changes one byte into another of ASCII.
    fn byte(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        if bytes.is_empty() {
            return String::new();
        }
        let at = self.below(bytes.len());
        if bytes[at].is_ascii() {
            bytes[at] = u8::try_from(self.below(128)).unwrap();
        }
        String::from_utf8(bytes).unwrap_or_default()
    }
}

const SNIPPETS: [&str; 12] = [
    "<!---->",
    "<![CDATA[admin@example.test]]>",
    "<?x y?>",
    "&amp;",
    "&#x20;",
    "admin@example.test",
    "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">admin@example.test</saml:NameID>",
    " xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
    "<ds:Object xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
    "</ds:Object>",
    "<samlp:Extensions>",
    "</samlp:Extensions>",
];

const WORDS: [&str; 12] = [
    "saml:Assertion",
    "samlp:Response",
    "ds:Signature",
    "saml:NameID",
    "saml:Issuer",
    "ds:Reference",
    "xmlns:saml=",
    "xmlns:ds=",
    "rsa-sha256",
    "exc-c14n",
    "enveloped-signature",
    "SAML:2.0",
];

#[test]
#[expect(clippy::disallowed_methods, reason = "how long to go on")]
fn mutants_are_refused_or_the_genuine_person() {
    let seconds = std::env::var("PASS_SAML_MUTATION_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(10));
    let setting = Setting::default();
    let expected = setting.judge(documents::signed()).unwrap();
    let (mut taken, mut tried) = (0_u64, 0_u64);
    for document in Mutants::new().take_while(|_| Instant::now() < end) {
        tried += 1;
        if let Ok(validated) = setting.judge(&document) {
            taken += 1;
            assert_eq!(validated.name_id, expected.name_id, "another person from {document}");
            assert_eq!(validated.assertion_id, expected.assertion_id, "another assertion from {document}");
            assert_eq!(validated.attributes, expected.attributes, "other attributes from {document}");
        }
    }
    println!("{tried} mutants, {taken} of them taken");
    assert!(taken > 0, "none of {tried} mutants left the signed part alone: they are too wild");
    assert!(taken < tried / 2, "{taken} of {tried} mutants were taken: they are too tame");
}
