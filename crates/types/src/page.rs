//! Pages of lists (AIP-158). What a page token is made of is each list's own.

use crate::Invalid;

const DEFAULT: i64 = 50;
const MOST: i64 = 100;

/// How many a page is to have.
#[derive(Debug, Clone, Copy)]
pub struct PageSize(i64);

impl TryFrom<i32> for PageSize {
    type Error = Invalid;

    /// 0: 50.
    fn try_from(asked: i32) -> Result<Self, Invalid> {
        match i64::from(asked) {
            0 => Ok(Self(DEFAULT)),
            size @ 1..=MOST => Ok(Self(size)),
            _ => Err(Invalid("must be 0-100")),
        }
    }
}

impl PageSize {
    /// What to ask the database for: one more than the page has, to see whether there is a next one.
    pub fn limit(self) -> i64 {
        self.0 + 1
    }

    /// Cuts what the database gave to the page; where to go on, told by its last, if there is more.
    pub fn cut<T, P>(self, rows: &mut Vec<T>, position: impl FnOnce(&T) -> P) -> Option<P> {
        let size = usize::try_from(self.0).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        rows.last().filter(|_| more).map(position)
    }
}

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Token of the next page; empty: this is the last.
    pub next: String,
}

/// The page token is not one of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page token is not one of this list")]
pub struct PageTokenInvalid;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for wrong in [-1, 101, i32::MIN, i32::MAX] {
            assert!(PageSize::try_from(wrong).is_err());
        }
        for (asked, given) in [(0, 50), (1, 1), (100, 100)] {
            assert_eq!(PageSize::try_from(asked).unwrap().limit(), given + 1);
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let two = PageSize::try_from(2).unwrap();
        let last = |it: &i32| *it;
        assert_eq!(two.cut(&mut vec![1, 2, 3], last), Some(2));
        assert_eq!(two.cut(&mut vec![1, 2], last), None);
        assert_eq!(two.cut(&mut vec![], last), None);
    }
}
