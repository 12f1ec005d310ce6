//! The HTTP-Redirect binding, outwards (SAML bindings, 3.4): DEFLATE, base64, URL encoding, and the signature
//! over exactly the query that is sent.

use crate::key::{PrivateKey, PrivateKeyError};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use std::io::Write;
use url::{Url, form_urlencoded};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/// The longest relay state of the binding (SAML bindings, 3.4.3), in bytes.
const LONGEST_RELAY_STATE: usize = 80;

/// Why a message can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum RedirectError {
    /// The relay state is longer than 80 bytes.
    #[error("a relay state is at most 80 bytes long")]
    RelayState,
    /// The address of the identity provider is none, or not one for browsers.
    #[error("the sign-in address of the identity provider must be an http or https address")]
    Address,
    /// Signing failed.
    #[error("signing the request")]
    Signing(#[source] PrivateKeyError),
}

/// The address that takes a browser to `address` with a `SAMLRequest`.
pub(crate) fn address(
    address: &str,
    message: &str,
    relay_state: Option<&str>,
    key: Option<&PrivateKey>,
) -> Result<String, RedirectError> {
    if relay_state.is_some_and(|state| state.len() > LONGEST_RELAY_STATE) {
        return Err(RedirectError::RelayState);
    }
    let mut url = Url::parse(address).map_err(|_| RedirectError::Address)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RedirectError::Address);
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("SAMLRequest", &deflate(message));
    if let Some(state) = relay_state {
        query.append_pair("RelayState", state);
    }
    if key.is_some() {
        query.append_pair("SigAlg", RSA_SHA256);
    }
    let mut query = query.finish();
    if let Some(key) = key {
        let signature = key.sign(query.as_bytes()).map_err(RedirectError::Signing)?;
        let mut pair = form_urlencoded::Serializer::new(String::new());
        pair.append_pair("Signature", &STANDARD.encode(signature));
        query = format!("{query}&{}", pair.finish());
    }
    let own = url.query().filter(|own| !own.is_empty()).map(|own| format!("{own}&"));
    url.set_query(Some(&(own.unwrap_or_default() + &query)));
    url.set_fragment(None);
    Ok(url.into())
}

fn deflate(message: &str) -> String {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(message.as_bytes()).expect("memory takes what is written");
    STANDARD.encode(encoder.finish().expect("memory takes what is written"))
}
