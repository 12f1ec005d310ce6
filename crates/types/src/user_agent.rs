//! What a browser says it is, as people call it.

/// Browser and system that a User-Agent seems to be of, for instance `Firefox · Linux`: good enough for somebody to
/// recognise their own. `None`: neither is known. Nothing else of what it says is in it, so it may be shown anywhere.
pub fn device_name(user_agent: &str) -> Option<String> {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (first(BROWSERS), first(SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// Browsers by their marks: those that also say that they are another one come before that.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by their marks, in the same order.
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_recognised() {
        let chromium = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
        for (user_agent, name) in [
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chromium} Edg/130.0"), "Edge · Windows"),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {chromium}"), "Chrome · ChromeOS"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {chromium}"), "Chrome · Android"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                "Firefox · Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
                    .to_owned(),
                "Safari · iPhone",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)".to_owned(), "macOS"),
        ] {
            assert_eq!(device_name(&user_agent).as_deref(), Some(name), "{user_agent}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_repeated() {
        for user_agent in ["", "curl/8.0", "<b>\n\u{202e}", &"x".repeat(10_000)] {
            assert_eq!(device_name(user_agent), None);
        }
        assert_eq!(device_name("visit evil.example Firefox/1").as_deref(), Some("Firefox"));
    }
}
