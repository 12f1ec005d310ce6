//! The only protobuf of this service: conversions both ways, and handlers that convert, call, convert.

mod account;
mod convert;
mod directory;
mod managed;
mod managed_convert;
pub mod neighbours;
mod page;
mod saml;
mod saml_connection;
mod saml_convert;
mod session;

use crate::app::Identity;
use std::sync::Arc;

/// The services, over one set of use cases.
#[derive(Clone)]
pub struct Services(pub Arc<Identity>);
