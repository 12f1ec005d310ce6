//! What names and addresses are sorted and searched by.

use unicode_normalization::UnicodeNormalization;

/// So that an index entry stays small whatever a name normalises to.
const LONGEST: usize = 128;

/// The form in which two spellings of a name are the same: NFKC, lower case, cut at 128 characters.
pub fn sort_key(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ORG-12: a search finds another spelling of a name
    #[test]
    fn spellings_have_one_key() {
        assert_eq!(sort_key("ＴＡＲＯ"), sort_key("taro"));
        assert_eq!(sort_key("Taro\u{304}"), sort_key("tarō"));
    }

    #[test]
    fn keys_stay_small() {
        assert_eq!(sort_key(&"\u{fdfa}".repeat(100)).chars().count(), LONGEST);
    }
}
