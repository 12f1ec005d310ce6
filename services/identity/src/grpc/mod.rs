//! The only protobuf of this service: conversions both ways, and handlers that convert, call, convert.

mod account;
mod convert;
mod credential;
mod directory;
pub mod legacy;
mod managed;
mod managed_convert;
pub mod neighbours;
mod page;
mod profile;
mod saml;
mod saml_connection;
mod saml_convert;
mod second_factor;
mod second_factor_convert;
mod security;
mod session;
mod space_link;
mod space_link_convert;

use crate::app::Identity;
use std::sync::Arc;

/// The services, over one set of use cases.
#[derive(Clone)]
pub struct Services(pub Arc<Identity>);
