//! The only protobuf of this service: conversions both ways, and handlers that convert, call, convert.

mod account;
mod convert;
mod directory;
mod page;
mod session;

use crate::app::Identity;
use std::sync::Arc;

/// The three services, over one set of use cases.
#[derive(Clone)]
pub struct Services(pub Arc<Identity>);
