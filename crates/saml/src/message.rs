//! From what a browser sent to text: base64, DEFLATE, UTF-8, each with its cap.

use crate::check::{Check, Refusal};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;
use std::io::Read;

/// The text of a form field of the HTTP-POST binding (SAML bindings, 3.5.4). Line breaks are allowed, as
/// the binding does; any other white space, wrong padding and trailing bits are not.
pub(crate) fn decode_post(field: &str, cap: usize) -> Result<String, Refusal> {
    text(decode_base64(field, cap, true)?)
}

/// The text of a query parameter of the HTTP-Redirect binding (SAML bindings, 3.4.4.1), already freed of
/// its URL encoding: base64 without line breaks, then DEFLATE, which stops at `cap` bytes.
pub fn inflate(parameter: &str, cap: usize) -> Result<String, Refusal> {
    let deflated = decode_base64(parameter, cap, false)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(cap).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = DeflateDecoder::new(deflated.as_slice());
    decoder
        .by_ref()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|_| Refusal::new(Check::Encoding, "DEFLATE", "something else"))?;
    if bytes.len() > cap {
        return Err(too_large(cap, "more"));
    }
    if decoder.total_in() != deflated.len() as u64 {
        return Err(Refusal::new(Check::Encoding, "DEFLATE", "bytes after its end"));
    }
    text(bytes)
}

fn decode_base64(field: &str, cap: usize, line_breaks: bool) -> Result<Vec<u8>, Refusal> {
    // Four characters for three bytes, and a line break (two) after each 64.
    let longest = cap / 3 * 4 + 4 + if line_breaks { cap / 20 + 4 } else { 0 };
    if field.len() > longest {
        return Err(too_large(cap, "more"));
    }
    let decoded = match STANDARD.decode(field) {
        // Few providers break lines, so nobody looks for them before.
        Err(_) if line_breaks => STANDARD.decode(field.replace(['\r', '\n'], "")),
        decoded => decoded,
    };
    let bytes = decoded.map_err(|_| Refusal::new(Check::Encoding, "base64", "something else"))?;
    if bytes.len() > cap {
        return Err(too_large(cap, &format!("{} bytes", bytes.len())));
    }
    Ok(bytes)
}

pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|_| Refusal::new(Check::Encoding, "UTF-8", "something else"))
}

pub(crate) fn too_large(cap: usize, received: &str) -> Refusal {
    Refusal::new(Check::Size, format!("at most {cap} bytes"), received)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::DeflateEncoder};
    use std::io::Write;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn base64_is_strict_but_for_line_breaks() {
        assert_eq!(decode_post("PGE+\r\nPC9h\nPg==", 100).unwrap(), "<a></a>");
        for field in
            ["PGE+ PC9hPg==", "PGE+PC9hPg", "PGE+PC9hPh==", "PGE_PC9hPg==", "PGE+PC9hPg==x", "\u{3042}"]
        {
            assert_eq!(decode_post(field, 100).unwrap_err().check(), Check::Encoding, "{field}");
        }
        assert_eq!(decode_post("/v8=", 100).unwrap_err().check(), Check::Encoding, "UTF-16's mark");
        assert_eq!(decode_post(&"PGE+".repeat(20), 59).unwrap_err().check(), Check::Size);
        assert_eq!(decode_post(&"PGE+".repeat(20), 60).unwrap().len(), 60);
    }

    #[test]
    fn a_deflate_bomb_stops_at_the_cap() {
        let bomb = STANDARD.encode(deflated(&vec![b'a'; 20 << 20]));
        assert!(bomb.len() < 40_000);
        assert_eq!(inflate(&bomb, 65_536).unwrap_err().check(), Check::Size);
    }

    #[test]
    fn deflate_is_whole_and_alone() {
        let good = deflated(b"<a/>");
        assert_eq!(inflate(&STANDARD.encode(&good), 100).unwrap(), "<a/>");
        let trailing = [good.as_slice(), b"x"].concat();
        assert_eq!(inflate(&STANDARD.encode(trailing), 100).unwrap_err().check(), Check::Encoding);
        let cut = &good[..good.len() - 2];
        assert_eq!(inflate(&STANDARD.encode(cut), 100).unwrap_err().check(), Check::Encoding);
        assert_eq!(inflate("!!!", 100).unwrap_err().check(), Check::Encoding);
    }
}
