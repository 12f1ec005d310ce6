//! Which language a page is in: the account's; else what the product asked for (`ui_locales`); else
//! what the browser prefers; else English.

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

    /// proves ACC-3: the account's language comes first
    #[test]
    fn the_account_comes_before_the_product_and_the_browser() {
        assert_eq!(chosen(Some(Language::Ja), Some("en"), Some(Language::En)), Language::Ja);
        assert_eq!(chosen(None, Some("fr ja-JP en"), Some(Language::En)), Language::Ja);
        assert_eq!(chosen(None, None, Some(Language::Ja)), Language::Ja);
        assert_eq!(chosen(None, None, None), Language::En);
    }
}
