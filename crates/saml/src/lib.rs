//! The SAML 2.0 service provider as pure functions: no database, no HTTP, no clock and no randomness of
//! its own. Who calls it loads the connection, keeps the outstanding requests and the assertion ids that
//! were used, and makes the session.
//!
//! What happens with a response, in the order of the pipeline of `security.md`; each step takes what only
//! the step before it can give:
//!
//! 1. [`Verifier::decode`]: the form field becomes text, not larger than [`Limits::bytes`].
//! 2. [`Verifier::gate`]: the text becomes [`Gated`], a document of the one shape that a response to a
//!    sign-in has. Nothing of libxml2 or libxmlsec1 has seen a byte so far. Cheap: microseconds, and for
//!    hostile documents not more. [`Gated::facts`] tells which request it claims to answer.
//! 3. [`Verifier::verify`]: [`Signed`], read only from bytes that a certificate of the connection signed.
//!    Blocking (a quarter of a millisecond a certificate): run it on blocking threads behind a semaphore.
//! 4. [`validate`]: every check's [`Verdict`], and either what is [`Validated`] or the [`Refusal`].
//!
//! Every step fails closed. A [`Refusal`] names the check and is meant for the connection's sign-in log;
//! the person is shown one generic text.

// The unit tests use the identity provider of the integration tests, which knows this crate by its name.
#[cfg(test)]
extern crate self as pass_saml;
#[cfg(test)]
#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod support;

mod assertion;
mod authn_request;
mod certificate;
mod check;
mod crypto;
mod decoy;
mod encryption;
mod gate;
mod instant;
mod key;
mod limits;
mod message;
mod metadata;
mod prescan;
mod redirect;
mod shape;
mod signature_shape;
mod signed;
mod validate;
mod xml;

pub use assertion::Attribute;
pub use authn_request::AuthnRequest;
pub use certificate::{Certificate, CertificateError, KeyType};
pub use check::{Check, Outcome, Refusal, Verdict};
pub use gate::{Gated, ResponseFacts};
pub use key::{PrivateKey, PrivateKeyError};
pub use limits::Limits;
pub use message::inflate;
pub use metadata::{IdpMetadata, MetadataError, SpMetadata, sp_metadata};
pub use redirect::RedirectError;
pub use signed::{Signed, Trust, Verifier};
pub use validate::{
    Connection, Expected, MAX_VALIDITY, NameId, NameIdFormat, OutstandingRequest, SKEW, Validated,
    Validation, validate,
};
