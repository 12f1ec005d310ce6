//! Passwords that leaked, and bases of passwords that everybody uses (ACC-6): two lists in the program itself, as
//! sorted hashes, so that nothing is loaded and a look touches a few pages of the file. `leaked/make.py` makes them,
//! `leaked/README.md` says from what.
//!
//! All texts here are folded: NFKC, lower case.

use sha2::{Digest, Sha256};

/// 1,428,209 leaked passwords of 12 to 128 characters.
const LEAKED: List = List(include_bytes!("leaked/leaked.bin"));
/// The 100,000 most common ones of 6 to 11 characters: too short themselves, but what they are made longer with is
/// guessed first.
const COMMON: List = List(include_bytes!("leaked/common.bin"));

/// Shortest text of the lists, in characters.
const SHORTEST: usize = 6;
/// So many digits and signs around a common password make no other one of it.
const MOST_AROUND: usize = 4;

/// Whether a password leaked as it is.
pub fn is_leaked(folded: &str) -> bool {
    LEAKED.has(folded)
}

/// Whether a password is a common or leaked one repeated, or with a few digits and signs around it.
pub fn is_derived(folded: &str) -> bool {
    repeated(folded).is_some_and(is_known) || cores(folded).any(is_known)
}

fn is_known(folded: &str) -> bool {
    COMMON.has(folded) || LEAKED.has(folded)
}

/// The shortest part that the text is repetitions of.
fn repeated(text: &str) -> Option<&str> {
    let ends = text.char_indices().map(|(at, _)| at).skip(1);
    ends.filter(|end| text.len().is_multiple_of(*end))
        .map(|end| &text[..end])
        .find(|part| text.as_bytes().chunks(part.len()).all(|chunk| chunk == part.as_bytes()))
}

/// The text without up to [`MOST_AROUND`] characters around it that are no letters: each way to take at least one.
fn cores(text: &str) -> impl Iterator<Item = &str> {
    let strippable = |it: char| !it.is_alphabetic();
    let front: Vec<usize> = text.chars().take_while(|it| strippable(*it)).map(char::len_utf8).collect();
    let back: Vec<usize> = text.chars().rev().take_while(|it| strippable(*it)).map(char::len_utf8).collect();
    let ways = (0..=MOST_AROUND).flat_map(|first| (0..=MOST_AROUND - first).map(move |last| (first, last)));
    ways.filter(|way| *way != (0, 0)).filter_map(move |(first, last)| {
        let (start, end) = (front.get(..first)?, back.get(..last)?);
        let core = text.get(start.iter().sum()..text.len() - end.iter().sum::<usize>())?;
        (core.chars().count() >= SHORTEST).then_some(core)
    })
}

/// Hashes of 5 bytes. By their first two, where the rest of them begins (4 bytes each, and the end); then the other
/// three of each, sorted. One of 2^40 / 1,428,209 = 770,000 texts is in it by chance.
struct List(&'static [u8]);

impl List {
    const STARTS: usize = 4 * ((1 << 16) + 1);

    fn has(&self, folded: &str) -> bool {
        let hash = Sha256::digest(folded);
        let (bucket, rest) = ((usize::from(hash[0]) << 8) | usize::from(hash[1]), &hash[2..5]);
        let (Some(start), Some(end)) = (self.start(bucket), self.start(bucket + 1)) else { return false };
        let bytes = self.0.get(Self::STARTS + 3 * start..Self::STARTS + 3 * end).unwrap_or_default();
        let (entries, _) = bytes.as_chunks::<3>();
        entries.binary_search_by(|entry| entry.as_slice().cmp(rest)).is_ok()
    }

    fn start(&self, bucket: usize) -> Option<usize> {
        let at = self.0.get(4 * bucket..)?.first_chunk::<4>()?;
        usize::try_from(u32::from_be_bytes(*at)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// proves ACC-6: the lists are there whole, and what is not in them is not found
    #[test]
    fn the_lists_are_whole() {
        for (list, count) in [(&LEAKED, 1_428_209), (&COMMON, 100_000)] {
            assert_eq!(list.start(1 << 16), Some(count));
            assert_eq!(list.0.len(), List::STARTS + 3 * count);
        }
        for text in ["123qweasdzxc", "123456789987654321", "ghjcnjgfhjkm", "vjhuuehaiphdy", "sojdlg123aljg"] {
            assert!(is_leaked(text), "{text}");
        }
        for text in ["violet otter maps seven dunes", "つるのおんがえし夕焼け42番", "", "123qweasdzxd"]
        {
            assert!(!is_leaked(text), "{text}");
        }
        // Each hash of five bytes is found where it belongs: a sample through the whole range.
        let strangers = (0..20_000).filter(|i| is_leaked(&format!("no such password {i}"))).count();
        assert_eq!(strangers, 0);
    }

    /// proves ACC-6: repeating a common password, or adding digits and signs, makes no other one of it
    #[test]
    fn what_is_made_of_common_ones_is_derived() {
        for text in [
            "ghbdtnghbdtn",       // "привет" on the wrong keyboard, twice
            "gfhjkmgfhjkmgfhjkm", // "пароль", three times
            "polniypizdec0211!!", // leaked, and two signs
            "1!ghjcnjgfhjkm",
            "zaq12wsxzaq12wsx",
            "12ghbdtnghbdtn34",
        ] {
            assert!(is_derived(text), "{text}");
        }
        for text in ["xk4vq9xk4vq9", "7h-kqz!w9xt2", "violet otter maps seven dunes 12", "", "ああああああ"]
        {
            assert!(!is_derived(text), "{text}");
        }
    }

    #[test]
    fn texts_are_taken_apart_at_characters() {
        assert_eq!(repeated("abab"), Some("ab"));
        assert_eq!(repeated("ああ"), Some("あ"));
        assert_eq!(repeated("aba"), None);
        assert_eq!(repeated(""), None);
        let cores: Vec<_> = cores("①1letter9٣").collect();
        assert!(cores.contains(&"letter") && cores.contains(&"1letter9") && cores.contains(&"letter9٣"));
        assert_eq!(cores.len(), 8);
    }
}
