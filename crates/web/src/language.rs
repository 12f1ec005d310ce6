//! Which language a page is in: the account's; else what was chosen by hand; else what the product asked for
//! (`ui_locales`); else what the browser prefers; else English.

use http::{HeaderMap, header};
use pass_types::Language;

/// The first that is known, in this order.
pub fn chosen(account: Option<Language>, ui_locales: Option<&str>, browser: Option<Language>) -> Language {
    account.or_else(|| first_of(ui_locales?)).or(browser).unwrap_or(Language::En)
}

/// The first of ours in a list of language tags separated by spaces (OpenID Connect `ui_locales`).
pub fn first_of(locales: &str) -> Option<Language> {
    locales.split(' ').find_map(supported)
}

/// The one of ours that `Accept-Language` (RFC 9110, 12.5.4) prefers.
pub fn accepted(headers: &HeaderMap) -> Option<Language> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut ranges: Vec<(f32, Language)> = value
        .split(',')
        .take(20)
        .filter_map(|range| {
            let (tag, quality) = range.split_once(';').unwrap_or((range, "q=1"));
            let quality: f32 = quality.trim().strip_prefix("q=")?.parse().ok()?;
            Some((quality, supported(tag.trim())?)).filter(|(quality, _)| *quality > 0.0)
        })
        .collect();
    ranges.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranges.first().map(|(_, language)| *language)
}

/// The parameter of an address that chooses the language of pages by hand, until somebody signs in.
const PARAMETER: &str = "language=";

/// The one that an address chooses.
pub(crate) fn chosen_by(query: &str) -> Option<Language> {
    query.split('&').find_map(|pair| pair.strip_prefix(PARAMETER)?.parse().ok())
}

/// Whether an address may be repeated on its page: it has no more than those that our own pages write (ids, tokens and
/// words), and no address of somebody else's.
pub(crate) fn may_be_repeated(query: &str) -> bool {
    query.len() <= 300 && query.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=&".contains(&byte))
}

/// Where the same page is in another language, relative to where it is.
pub(crate) fn choosing(query: &str, language: Language) -> String {
    let rest = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(PARAMETER));
    let pairs: Vec<_> = rest.map(str::to_owned).chain([format!("{PARAMETER}{language}")]).collect();
    format!("?{}", pairs.join("&"))
}

fn supported(tag: &str) -> Option<Language> {
    tag.split('-').next()?.to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Option<Language> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, value.parse().unwrap());
        accepted(&headers)
    }

    #[test]
    fn the_browser_may_prefer_one_of_ours() {
        assert_eq!(accept("ja-JP,ja;q=0.9,en;q=0.8"), Some(Language::Ja));
        assert_eq!(accept("fr, en;q=0.3, ja;q=0.5"), Some(Language::Ja));
        assert_eq!(accept("fr, ja;q=0, de"), None);
        assert_eq!(accept("*"), None);
    }

    #[test]
    fn an_address_chooses_and_keeps_the_rest() {
        assert_eq!(chosen_by("flow=1&language=ja"), Some(Language::Ja));
        assert_eq!(chosen_by("language=fr&x=language=ja"), None);
        assert!(may_be_repeated("") && may_be_repeated("flow=0190-ab&then=security-change&handle=a_B"));
        for wrong in ["redirect_uri=https%3A%2F%2Fevil.example", "x=/evil", "x=<b>", "x=\"", &"x".repeat(301)]
        {
            assert!(!may_be_repeated(wrong), "{wrong}");
        }
        assert_eq!(choosing("", Language::Ja), "?language=ja");
        assert_eq!(choosing("flow=1&language=ja&then=x", Language::En), "?flow=1&then=x&language=en");
    }

    /// proves ACC-3: the account's language comes first
    #[test]
    fn the_account_comes_before_the_product_and_the_browser() {
        assert_eq!(chosen(Some(Language::Ja), Some("en"), Some(Language::En)), Language::Ja);
        assert_eq!(chosen(None, Some("fr ja-JP en"), Some(Language::En)), Language::Ja);
        assert_eq!(chosen(None, None, Some(Language::Ja)), Language::Ja);
        assert_eq!(chosen(None, None, None), Language::En);
    }
}
