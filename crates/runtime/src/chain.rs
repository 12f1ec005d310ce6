//! Errors with all their causes, on one line.

use std::error::Error;

/// What went wrong and why, from the outermost error to the first cause: `a: b: c`.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
