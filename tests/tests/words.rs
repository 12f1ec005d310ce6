//! Words that one service keeps and another one shows: each has a text. Neither crate knows the other (`arrows.rs`).

use std::collections::BTreeSet;

const KINDS: &str = include_str!("../../services/identity/src/domain/security_event.rs");
const LOCALES: [&str; 2] = [
    include_str!("../../services/console/locales/en/console.ftl"),
    include_str!("../../services/console/locales/ja/console.ftl"),
];

/// proves ACC-11: the owner reads what happened, whatever it was, in both languages; and nothing that can't happen has a
/// text
#[test]
fn every_security_event_has_a_text() {
    let kinds: BTreeSet<_> = KINDS
        .lines()
        .filter_map(|line| line.split_once(" = \"").and_then(|(_, rest)| rest.strip_suffix('"')))
        .map(|kind| format!("security-event-{}", kind.replace('_', "-")))
        .collect();
    assert!(kinds.len() > 15, "{kinds:?}");
    for locale in LOCALES {
        let keys = locale.lines().filter_map(|line| line.split_once(" = ").map(|(key, _)| key));
        let texts: BTreeSet<_> =
            keys.filter(|key| key.starts_with("security-event-")).map(str::to_owned).collect();
        assert_eq!(kinds, texts);
    }
}
