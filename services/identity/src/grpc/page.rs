//! Pages of a list: a keyset, whose token names the last row of the page before.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Invalid, Kind, Violation};
use uuid::Uuid;

const DEFAULT_SIZE: i32 = 50;
const LARGEST: i32 = 100;

/// Which page of a list of things with ids `I`.
pub struct Page<I> {
    size: usize,
    /// The last row of the page before.
    pub after: Option<I>,
}

/// Why there is no such page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Not 0-100.
    #[error("the page size must be 0-100")]
    Size,
    /// Not one that a page ended with.
    #[error("the page token is not one of this list")]
    Token,
}

impl<I: From<Uuid>> Page<I> {
    /// From a request's `page_size` (0: 50, at most 100) and `page_token` (empty: the first page).
    pub fn parse(size: i32, token: &str) -> Result<Self, PageError> {
        let size = if size == 0 { DEFAULT_SIZE } else { size };
        if !(1..=LARGEST).contains(&size) {
            return Err(PageError::Size);
        }
        let mut id = [0; 16];
        let after = match token {
            "" => None,
            _ if token.len() != 22 => return Err(PageError::Token),
            _ => match URL_SAFE_NO_PAD.decode_slice(token, &mut id) {
                Ok(16) => Some(Uuid::from_bytes(id).into()),
                _ => return Err(PageError::Token),
            },
        };
        Ok(Self { size: size.unsigned_abs() as usize, after })
    }

    /// How many rows to load: one more than the page has, to know whether there is a next one.
    pub fn rows(&self) -> i64 {
        i64::try_from(self.size + 1).unwrap_or(i64::MAX)
    }

    /// The rows of the page, and the token of the next one; empty: there is none.
    pub fn cut<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> (Vec<T>, String) {
        if rows.len() <= self.size {
            return (rows, String::new());
        }
        rows.truncate(self.size);
        let last = rows.last().map(id);
        (rows, last.map(|id| URL_SAFE_NO_PAD.encode(id)).unwrap_or_default())
    }
}

impl Problem for PageError {
    fn kind(&self) -> Kind {
        Kind::InvalidInput
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Size => ErrorReason::InvalidArgument,
            Self::Token => ErrorReason::PageTokenInvalid,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        vec![match self {
            Self::Size => Invalid("must be 0-100").of("page_size"),
            Self::Token => Invalid("must be a next_page_token of this list").of("page_token"),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The list of a test: ids in falling order, as the store gives them.
    fn load(all: &[Uuid], page: &Page<Uuid>) -> Vec<Uuid> {
        let rest = all.iter().copied().filter(|id| page.after.is_none_or(|after| *id < after));
        rest.take(usize::try_from(page.rows()).unwrap()).collect()
    }

    proptest! {
        /// Whatever the size of list and page, the pages together are the list.
        #[test]
        fn pages_are_the_whole_list(count in 0_u128..230, size in 1_i32..=100) {
            let all: Vec<Uuid> = (0..count).rev().map(Uuid::from_u128).collect();
            let (mut token, mut seen) = (String::new(), Vec::new());
            loop {
                let page = Page::parse(size, &token).unwrap();
                let (rows, next) = page.cut(load(&all, &page), |id| *id);
                prop_assert!(rows.len() <= page.size);
                seen.extend(rows);
                token = next;
                if token.is_empty() { break }
            }
            prop_assert_eq!(seen, all);
        }
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for size in [-1, 101, i32::MIN, i32::MAX] {
            assert_eq!(Page::<Uuid>::parse(size, "").err(), Some(PageError::Size));
        }
        for token in ["x", "!!!!!!!!!!!!!!!!!!!!!!", &"A".repeat(1 << 20)] {
            assert_eq!(Page::<Uuid>::parse(0, token).err(), Some(PageError::Token));
        }
    }
}
