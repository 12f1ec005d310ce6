//! QR codes as SVG, in the page itself: no image of a secret is ever at an address.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// Modules of white that readers want around a code (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;

/// A code of a text; `None`: it is too long for one. Black on white, whatever the page looks like: not all
/// readers know inverted ones.
pub fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET).ok()?;
            }
        }
    }
    let size = code.size() + 2 * QUIET;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" width=\"220\" height=\"220\" \
         shape-rendering=\"crispEdges\" aria-hidden=\"true\"><rect width=\"{size}\" height=\"{size}\" \
         fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finder_patterns_and_a_margin() {
        let svg = svg("otpauth://totp/Nulab:taro%40example.com?secret=GEZDGNBVGY3TQOJQ").unwrap();
        // The first module of the first finder pattern, and nothing in the margin.
        assert!(svg.contains("d=\"M4,4h1v1h-1z"), "{svg}");
        assert!(!svg.contains("M3,") && !svg.contains(",3h"), "{svg}");
        assert!(super::svg(&"x".repeat(3000)).is_none());
    }
}
