//! From messages to what use cases take, and back. Messages are taken apart exhaustively: a new field
//! does not compile until somebody decides about it.

mod access;
mod account_deletions;
mod invitations;
mod managed_members;
mod members;
mod organizations;
mod teams;

pub use access::*;
pub use account_deletions::*;
pub use invitations::*;
pub use managed_members::*;
pub use members::*;
pub use organizations::*;
pub use teams::*;

use pass_mesh::violation;
use pass_types::{Invalid, PageSize, Violation};
use std::str::FromStr;
use tonic::Status;

/// The longest page token that is looked at.
const PAGE_TOKEN: usize = 1024;

/// A field's value, or what is wrong with it.
fn field<T>(name: &'static str, value: Result<T, Invalid>) -> Result<T, Status> {
    value.map_err(|invalid| violation(invalid.of(name)))
}

fn parse<T: FromStr<Err = Invalid>>(name: &'static str, text: &str) -> Result<T, Status> {
    field(name, text.parse())
}

/// `None` when it is empty.
fn optional<T: FromStr<Err = Invalid>>(name: &'static str, text: &str) -> Result<Option<T>, Status> {
    if text.is_empty() { Ok(None) } else { parse(name, text).map(Some) }
}

fn page(size: i32, token: String) -> Result<(PageSize, String), Status> {
    let size = field("page_size", PageSize::try_from(size))?;
    if token.len() > PAGE_TOKEN {
        return Err(violation(Violation { field: "page_token", problem: Invalid("is too long") }));
    }
    Ok((size, token))
}
