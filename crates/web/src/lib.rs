//! What gateway and console share of HTTP: the browser's side of security (headers, cookies, form
//! tokens, limits), problem+json, languages, the layout and the style sheet.
//!
//! How to make a page is in this crate's README.md. Routes, what pages say and what forms do are
//! left to the services.

mod address;
mod assets;
mod browser;
mod cookie;
mod form;
mod headers;
mod language;
mod limit;
mod look;
mod page;
mod refusal;
mod serve;
mod texts;
mod trace;
mod upload;
mod web;

pub use address::Network;
pub use assets::{EXTRAS_SCRIPT_URL, KEYS_SCRIPT_URL, MARK_URL, STYLE_URL};
pub use browser::{Browser, Nonce};
pub use cookie::HostCookie;
pub use form::{Form, FormToken};
pub use headers::FormTargets;
pub use language::{accepted, chosen, first_of};
pub use limit::{Limiter, TooMany};
pub use page::{At, Page, html, html_with};
pub use refusal::{ErrorPage, Refusal, error_page, http_status, problem};
pub use texts::{Texts, message_keys};
pub use upload::Upload;
pub use web::{Web, WebConfig, WebError};
