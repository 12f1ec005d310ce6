//! What a look-up found, from what the resolvers answered (DOM-2): a pure function.

use super::code::{Code, PREFIX};

/// How many of the codes that were found are told.
const MOST_CODES: usize = 5;
/// How much of a code is told.
const CODE_SHOWN: usize = 64;

/// A resolver's answer to the question for the texts of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These, each of one record; at least one.
    Texts(Vec<Vec<u8>>),
    /// There is no such name (NXDOMAIN).
    NoSuchName,
    /// The name has none (NODATA).
    NoText,
    /// It is an alias that is not followed ([`Trail::Astray`](super::trail::Trail)).
    Astray,
    /// There is no answer.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The resolver did not get one (SERVFAIL), which is also what it says of forged ones (DNSSEC).
    Servfail,
    /// The resolver does not serve us (REFUSED).
    Refused,
    /// None came in time.
    TimedOut,
    /// The resolver can't be reached.
    Unreachable,
    /// What came is not an answer.
    Malformed,
}

/// What one resolver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Of the challenge's name.
    pub challenge: Answer,
    /// Of a name beside it that nobody can have made a record for.
    pub sibling: Answer,
    /// Of the domain itself.
    pub domain: Answer,
    /// Of such a name beside the domain, where that is below its registrable domain.
    pub beside: Option<Answer>,
}

/// What was found, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The record is there.
    Match,
    /// There is no such name.
    NoSuchName,
    /// The name has no TXT record that counts.
    NoText,
    /// There are TXT records, but not this code.
    OtherCodes,
    /// A wildcard answers for every name.
    Wildcard,
    /// Nothing can be said.
    ResolverFailure,
    /// The resolvers say different things.
    Disagreement,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In short.
    pub kind: Kind,
    /// Codes of ours that were there, at most 5, as they can be shown.
    pub codes: Vec<String>,
}

impl Finding {
    /// From what each resolver said: only what all of them say is so.
    pub fn of(code: &Code, resolvers: &[Answers]) -> Self {
        let kinds: Vec<_> = resolvers.iter().map(|answers| answers.kind(code)).collect();
        let kind = match kinds.as_slice() {
            [] => Kind::ResolverFailure,
            kinds if kinds.contains(&Kind::ResolverFailure) => Kind::ResolverFailure,
            [first, rest @ ..] if rest.iter().all(|kind| kind == first) => *first,
            _ => Kind::Disagreement,
        };
        let codes = match kind {
            Kind::OtherCodes | Kind::Disagreement => shown(code, resolvers),
            _ => Vec::new(),
        };
        Self { kind, codes }
    }
}

impl Answers {
    /// The record may be at either place. It proves nothing at either when a wildcard answers at one: that has
    /// to be known. Short of a match, one question without an answer leaves all open; else it is told what is at
    /// the challenge's name, where people are told to put the record.
    fn kind(&self, code: &Code) -> Kind {
        let wildcard = self.wildcard(code);
        if self.challenge.says(code) || self.domain.says(code) {
            return match (&self.sibling, &self.beside) {
                _ if wildcard => Kind::Wildcard,
                (Answer::Failed(_), _) | (_, Some(Answer::Failed(_))) => Kind::ResolverFailure,
                _ => Kind::Match,
            };
        }
        match (&self.challenge, &self.domain) {
            (Answer::Failed(_), _) | (_, Answer::Failed(_)) => Kind::ResolverFailure,
            _ if wildcard => Kind::Wildcard,
            (Answer::Texts(_), _) => Kind::OtherCodes,
            (_, domain) if domain.codes().next().is_some() => Kind::OtherCodes,
            (Answer::NoSuchName, _) => Kind::NoSuchName,
            (Answer::NoText | Answer::Astray, _) => Kind::NoText,
        }
    }

    /// Whether a wildcard answers: a name that nobody made has the code, or exactly the same texts as the
    /// challenge's. (Another wildcard may stand beside a record of the challenge's or the domain's own.)
    fn wildcard(&self, code: &Code) -> bool {
        if self.beside.as_ref().is_some_and(|beside| beside.says(code)) {
            return true;
        }
        match (&self.challenge, &self.sibling) {
            (_, sibling) if sibling.says(code) => true,
            (Answer::Texts(here), Answer::Texts(beside)) => {
                here.iter().all(|text| beside.contains(text)) && beside.iter().all(|text| here.contains(text))
            }
            _ => false,
        }
    }
}

impl Answer {
    /// Whether a record says exactly the code.
    fn says(&self, code: &Code) -> bool {
        matches!(self, Self::Texts(texts) if texts.iter().any(|text| text == code.record().as_bytes()))
    }

    /// What its records have behind our prefix.
    fn codes(&self) -> impl Iterator<Item = &[u8]> {
        let texts = if let Self::Texts(texts) = self { texts.as_slice() } else { &[] };
        texts.iter().filter_map(|text| text.strip_prefix(PREFIX.as_bytes()))
    }
}

/// The codes that were found, but not the right one, so that whoever put them there knows them again.
fn shown(code: &Code, resolvers: &[Answers]) -> Vec<String> {
    let mut shown = Vec::new();
    for found in resolvers.iter().flat_map(|it| it.challenge.codes().chain(it.domain.codes())) {
        // What comes from DNS may be anything, control characters included.
        let visible =
            |b: &u8| if b.is_ascii_graphic() { char::from(*b) } else { char::REPLACEMENT_CHARACTER };
        let text: String = found.iter().take(CODE_SHOWN).map(visible).collect();
        if found != code.as_str().as_bytes() && !shown.contains(&text) {
            shown.push(text);
        }
    }
    shown.truncate(MOST_CODES);
    shown
}

#[cfg(test)]
mod tests {
    use super::{Answer::*, *};
    use pass_types::Entropy;

    const FAILED: Answer = Failed(Failure::TimedOut);

    fn code() -> Code {
        Code::generate(&Entropy::from_seed(1))
    }

    fn texts(texts: &[&str]) -> Answer {
        Texts(texts.iter().map(|text| text.as_bytes().to_vec()).collect())
    }

    fn right() -> Answer {
        texts(&["v=spf1 -all", &code().record()])
    }

    fn answers(challenge: Answer, sibling: Answer, domain: Answer) -> Answers {
        Answers { challenge, sibling, domain, beside: None }
    }

    fn kind(challenge: Answer, sibling: Answer, domain: Answer) -> Kind {
        answers(challenge, sibling, domain).kind(&code())
    }

    /// proves DOM-1, DOM-2: an exact match at either place verifies
    #[test]
    fn matches() {
        assert_eq!(kind(right(), NoSuchName, NoText), Kind::Match);
        assert_eq!(kind(right(), Astray, FAILED), Kind::Match);
        assert_eq!(kind(NoSuchName, NoSuchName, right()), Kind::Match);
        assert_eq!(kind(FAILED, NoSuchName, right()), Kind::Match);
        assert_eq!(kind(right(), NoSuchName, right()), Kind::Match);
        // A wildcard beside it that says something else.
        assert_eq!(kind(right(), texts(&["v=spf1 -all"]), NoText), Kind::Match);
    }

    /// proves DOM-2: nothing but the exact text matches
    #[test]
    fn what_is_nearly_the_code() {
        let record = code().record();
        let nearly = [
            record.to_lowercase(),
            record.to_uppercase(),
            format!("{record} "),
            format!(" {record}"),
            format!("\"{record}\""),
            format!("{record}\0"),
            record[..record.len() - 1].to_owned(),
            code().as_str().to_owned(),
            record.replace('=', " = "),
            Code::generate(&Entropy::from_seed(2)).record(),
        ];
        for nearly in &nearly {
            assert_eq!(kind(texts(&[nearly]), NoSuchName, texts(&["a"])), Kind::OtherCodes, "{nearly:?}");
            assert_ne!(kind(NoSuchName, NoSuchName, texts(&[nearly])), Kind::Match, "{nearly:?}");
        }
    }

    /// proves DOM-2: the answer tells what was found
    #[test]
    fn what_is_told() {
        let other = texts(&["nulab-verification-code=other"]);
        assert_eq!(kind(NoSuchName, NoSuchName, texts(&["v=spf1 -all"])), Kind::NoSuchName);
        assert_eq!(kind(NoSuchName, NoSuchName, NoSuchName), Kind::NoSuchName);
        assert_eq!(kind(NoText, NoSuchName, NoText), Kind::NoText);
        assert_eq!(kind(Astray, NoSuchName, NoText), Kind::NoText);
        assert_eq!(kind(NoSuchName, NoSuchName, other.clone()), Kind::OtherCodes);
        assert_eq!(kind(other.clone(), NoSuchName, NoText), Kind::OtherCodes);
        assert_eq!(kind(texts(&["hello"]), NoSuchName, NoText), Kind::OtherCodes);
        for failed in [
            answers(FAILED, NoSuchName, NoText),
            answers(NoSuchName, NoSuchName, FAILED),
            answers(other, NoSuchName, FAILED),
            answers(right(), FAILED, NoText),
            // It is not known whether a wildcard answers.
            answers(NoSuchName, FAILED, right()),
            answers(FAILED, FAILED, right()),
            Answers { beside: Some(FAILED), ..answers(NoSuchName, NoSuchName, right()) },
            Answers { beside: Some(FAILED), ..answers(right(), NoSuchName, NoText) },
        ] {
            assert_eq!(failed.kind(&code()), Kind::ResolverFailure, "{failed:?}");
        }
    }

    /// proves DOM-2: a wildcard proves nothing, also when the record is at the domain itself
    #[test]
    fn wildcards() {
        assert_eq!(kind(right(), right(), NoText), Kind::Wildcard);
        assert_eq!(kind(right(), texts(&[&code().record()]), NoText), Kind::Wildcard);
        assert_eq!(kind(texts(&["a", "b"]), texts(&["b", "a"]), NoText), Kind::Wildcard);
        assert_eq!(kind(right(), right(), right()), Kind::Wildcard);
        assert_eq!(kind(NoText, right(), right()), Kind::Wildcard);
        assert_eq!(kind(FAILED, right(), right()), Kind::Wildcard);
        assert_eq!(kind(texts(&["a"]), texts(&["a"]), right()), Kind::Wildcard);
        assert_eq!(kind(texts(&["a"]), texts(&["b"]), NoText), Kind::OtherCodes);
        assert_eq!(kind(NoText, texts(&["b"]), NoText), Kind::NoText);
    }

    /// proves DOM-2: a wildcard one level up may be what answers at the domain itself
    #[test]
    fn wildcards_above() {
        let kind = |challenge, domain, beside| {
            let beside = Some(beside);
            Answers { challenge, sibling: NoSuchName, domain, beside }.kind(&code())
        };
        assert_eq!(kind(NoSuchName, right(), right()), Kind::Wildcard);
        assert_eq!(kind(right(), NoText, right()), Kind::Wildcard);
        assert_eq!(kind(NoSuchName, right(), texts(&["v=spf1 -all"])), Kind::Match);
        assert_eq!(kind(right(), NoText, texts(&["v=spf1 -all"])), Kind::Match);
        assert_eq!(kind(NoSuchName, right(), NoSuchName), Kind::Match);
        assert_eq!(kind(NoSuchName, right(), Astray), Kind::Match);
        assert_eq!(kind(NoSuchName, NoText, NoSuchName), Kind::NoSuchName);
    }

    /// proves DOM-2: resolvers must agree, and a failing one leaves all open
    #[test]
    fn several_resolvers() {
        let of = |resolvers: &[Answers]| Finding::of(&code(), resolvers).kind;
        let (yes, no) = (answers(right(), NoSuchName, NoText), answers(NoSuchName, NoSuchName, NoText));
        let failed = answers(FAILED, FAILED, FAILED);
        assert_eq!(of(&[]), Kind::ResolverFailure);
        assert_eq!(of(&[yes.clone(), yes.clone()]), Kind::Match);
        assert_eq!(of(&[no.clone(), no.clone()]), Kind::NoSuchName);
        assert_eq!(of(&[yes.clone(), no.clone()]), Kind::Disagreement);
        assert_eq!(of(&[no.clone(), yes.clone()]), Kind::Disagreement);
        assert_eq!(of(&[yes.clone(), yes.clone(), no]), Kind::Disagreement);
        assert_eq!(of(&[yes, failed]), Kind::ResolverFailure);
    }

    #[test]
    fn codes_are_few_short_and_visible() {
        let many: Vec<_> = (0..9).map(|number| format!("{PREFIX}{number}{}", "a".repeat(500))).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let finding = Finding::of(&code(), &[answers(texts(&many), NoSuchName, NoText)]);
        assert_eq!(finding.codes.len(), 5);
        assert!(finding.codes.iter().all(|code| code.len() == 64));
        let strange = texts(&["nulab-verification-code=\u{1b}[2Jé", "nulab-verification-code=", "other"]);
        let finding = Finding::of(&code(), &[answers(strange.clone(), NoSuchName, strange)]);
        assert_eq!(finding.codes, ["\u{fffd}[2J\u{fffd}\u{fffd}", ""]);
        let matched = Finding::of(&code(), &[answers(right(), NoSuchName, texts(&many))]);
        assert_eq!(matched, Finding { kind: Kind::Match, codes: vec![] });
    }
}
