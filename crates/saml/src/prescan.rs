//! One pass over the bytes before anything parses them: it refuses what no SAML message has (document
//! types, processing instructions, comments, CDATA) and what would cost a parser dear (depth, attributes,
//! namespaces). It needs no memory and no recursion, so a hostile document costs what reading it costs.
//!
//! It does not decide whether the document is well-formed: roxmltree does, after it.

use crate::{
    check::{Check, Refusal},
    limits::Limits,
};

/// What a document may contain besides elements and text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comments {
    /// Comments are refused: a parser that drops them joins the texts on both sides.
    Refused,
    /// Comments are passed over.
    Allowed,
}

/// Refuses what must not reach a parser.
pub(crate) fn prescan(text: &str, limits: &Limits, comments: Comments) -> Result<(), Refusal> {
    if text.len() > limits.bytes {
        return Err(crate::message::too_large(limits.bytes, "more"));
    }
    let mut scan = Scan { limits, elements: 0, depth: 0, namespaces: 0 };
    let bytes = text.as_bytes();
    let mut at = declaration(text)?;
    while let Some(offset) = bytes[at..].iter().position(|&b| b == b'<') {
        let rest = &bytes[at + offset + 1..];
        let length = match rest.first() {
            Some(b'!') if comments == Comments::Allowed && rest.starts_with(b"!--") => comment(rest)?,
            Some(b'!') if rest.starts_with(b"!--") => return Err(document("a comment")),
            Some(b'!') if rest.starts_with(b"![") => return Err(document("a CDATA section")),
            Some(b'!') => return Err(document("a document type")),
            Some(b'?') => return Err(document("a processing instruction")),
            Some(b'/') => scan.end_tag(rest)?,
            _ => scan.start_tag(rest)?,
        };
        at += offset + 1 + length;
    }
    Ok(())
}

fn document(received: &str) -> Refusal {
    Refusal::new(Check::Document, "elements and text only", received)
}

fn complexity(what: &str, limit: u32) -> Refusal {
    Refusal::new(Check::Complexity, format!("at most {limit} {what}"), "more")
}

/// The length of the XML declaration, if there is one: version 1.0, in UTF-8.
fn declaration(text: &str) -> Result<usize, Refusal> {
    let Some(rest) = text.strip_prefix("<?xml") else { return Ok(0) };
    if !rest.starts_with([' ', '\t', '\r', '\n']) {
        return Ok(0);
    }
    let wrong = || Refusal::new(Check::Document, "an XML 1.0 declaration with UTF-8", "another declaration");
    let head: String = rest.chars().take(120).collect();
    let body = head.split_once("?>").ok_or_else(wrong)?.0;
    let words: String = body.replace('\'', "\"").split_whitespace().collect();
    let rest_of_words = words.strip_prefix("version=\"1.0\"").ok_or_else(wrong)?;
    let lower = rest_of_words.to_ascii_lowercase();
    let lower = lower.strip_prefix("encoding=\"utf-8\"").unwrap_or(&lower);
    if !matches!(lower, "" | "standalone=\"yes\"" | "standalone=\"no\"") {
        return Err(wrong());
    }
    Ok("<?xml".len() + body.len() + "?>".len())
}

/// The length of a comment, from its `!` on.
fn comment(rest: &[u8]) -> Result<usize, Refusal> {
    let end = rest[3..].windows(3).position(|w| w == b"-->");
    end.map(|end| end + 6).ok_or_else(|| document("a comment without an end"))
}

struct Scan<'a> {
    limits: &'a Limits,
    elements: u32,
    depth: u32,
    namespaces: u32,
}

impl Scan<'_> {
    fn end_tag(&mut self, rest: &[u8]) -> Result<usize, Refusal> {
        self.depth = self.depth.checked_sub(1).ok_or_else(|| document("an end tag too many"))?;
        Ok(rest.iter().position(|&b| b == b'>').map_or(rest.len(), |end| end + 1))
    }

    /// Counts the element and its attributes; gives the length up to its `>`.
    fn start_tag(&mut self, rest: &[u8]) -> Result<usize, Refusal> {
        self.elements += 1;
        if self.elements > self.limits.nodes {
            return Err(complexity("elements", self.limits.nodes));
        }
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(complexity("levels", self.limits.depth));
        }
        let (mut attributes, mut at, mut name) = (0, 0, 0);
        while let Some(&byte) = rest.get(at) {
            match byte {
                b'>' => {
                    if at > 0 && rest[at - 1] == b'/' {
                        self.depth -= 1;
                    }
                    return Ok(at + 1);
                }
                b'"' | b'\'' => {
                    attributes += 1;
                    if attributes > self.limits.attributes {
                        return Err(complexity("attributes an element", self.limits.attributes));
                    }
                    self.declares(&rest[name..at])?;
                    let value = rest[at + 1..].iter().position(|&b| b == byte);
                    at += value.ok_or_else(|| document("an attribute without an end"))? + 2;
                    name = at;
                }
                b' ' | b'\t' | b'\r' | b'\n' if rest.get(at + 1).is_some_and(|&b| is_name(b)) => {
                    at += 1;
                    name = at;
                }
                _ => at += 1,
            }
        }
        Err(document("a tag without an end"))
    }

    /// Counts the attribute if it declares a namespace.
    fn declares(&mut self, name: &[u8]) -> Result<(), Refusal> {
        if name.starts_with(b"xmlns") {
            self.namespaces += 1;
            if self.namespaces > self.limits.namespaces {
                return Err(complexity("namespace declarations", self.limits.namespaces));
            }
        }
        Ok(())
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Result<(), Check> {
        let limits = Limits { bytes: 1_000, nodes: 5, depth: 3, attributes: 3, namespaces: 2 };
        prescan(text, &limits, Comments::Refused).map_err(|refusal| refusal.check())
    }

    #[test]
    fn what_a_message_never_has_is_refused() {
        for text in [
            "<!DOCTYPE a><a/>",
            "<!doctype a><a/>",
            "<a><!-- --></a>",
            "<a><![CDATA[x]]></a>",
            "<a><?php x?></a>",
            "<?pi x?><a/>",
            " <?xml version='1.0'?><a/>",
            "<?xml version='1.1'?><a/>",
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            "<?xml version='1.0' encoding='UTF-7'?><a/>",
            "<?xml version='1.0' encoding='iso-8859-1'?><a/>",
            "<?xml version='1.0' standalone='maybe'?><a/>",
            "<?xml",
            "<?xml version='1.0'",
            "</a>",
            "<a b='",
            "<a",
        ] {
            assert_eq!(scanned(text), Err(Check::Document), "{text}");
        }
    }

    #[test]
    fn declarations_of_utf_8_and_odd_but_right_tags_pass() {
        for text in [
            "<?xml version=\"1.0\"?><a/>",
            "<?xml version='1.0' encoding='utf-8' standalone='no' ?>\n<a/>",
            "<a b='>' c=\"/>\"><d e='<'/></a >",
            "<a\nb = '1'\tc= \"2\"/>",
            "text only",
        ] {
            assert_eq!(scanned(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_limit_counts() {
        assert_eq!(scanned("<a><b><c/></b></a>"), Ok(()));
        assert_eq!(scanned("<a><b><c><d/></c></b></a>"), Err(Check::Complexity), "depth");
        assert_eq!(scanned("<a><b/><b/><b/><b/></a>"), Ok(()));
        assert_eq!(scanned("<a><b/><b/><b/><b/><b/></a>"), Err(Check::Complexity), "elements");
        assert_eq!(scanned("<a b='' c='' d=''/>"), Ok(()));
        assert_eq!(scanned("<a b='' c='' d='' e=''/>"), Err(Check::Complexity), "attributes");
        assert_eq!(scanned("<a xmlns='' xmlns:b=''/>"), Ok(()));
        assert_eq!(
            scanned("<a xmlns='' xmlns:b=''><b xmlns = ''/></a>"),
            Err(Check::Complexity),
            "namespaces"
        );
        assert_eq!(scanned("<a xmlns='' xmlns:b='' xmlns:c=''/>"), Err(Check::Complexity), "in one tag");
        assert_eq!(scanned(&"x".repeat(1_001)), Err(Check::Size));
    }

    #[test]
    fn comments_pass_where_they_may() {
        let limits = Limits::METADATA;
        assert!(prescan("<a><!-- <b c=' --></a>", &limits, Comments::Allowed).is_ok());
        assert!(prescan("<a><!-- </a>", &limits, Comments::Allowed).is_err());
        assert!(prescan("<a><!-", &limits, Comments::Allowed).is_err());
    }
}
