//! Asking a service whether a password leaked, without telling it which: it gets the first 5 hexadecimal digits of the
//! SHA-1 and answers with the rest of all that begin so (k-anonymity, as "Pwned Passwords" has it). A service that is
//! down, slow or talks nonsense keeps nobody from a password: the lists of the program itself have been asked before.

use crate::domain::password::Password;
use openssl::sha::sha1;
use pass_runtime::http::{GuardedClient, NotAllowed, is_global};
use std::{fmt::Write, time::Duration};
use url::Url;

/// Most bytes of an answer that are read. A padded one has about 60 kB.
const MOST_BYTES: usize = 1 << 20;
/// Hexadecimal digits that are asked about.
const PREFIX: usize = 5;
/// Hexadecimal digits of the rest.
const SUFFIX: usize = 35;

/// The service.
pub struct Ranges {
    http: GuardedClient,
    /// Without the slash at its end.
    url: String,
}

/// Why the service did not help.
#[derive(Debug, thiserror::Error)]
enum RangeError {
    #[error("the address of passwords.range_url can't be used")]
    Url(#[from] url::ParseError),
    #[error("the address of passwords.range_url is no public one, and passwords.range_private is off")]
    NotAllowed(#[from] NotAllowed),
    #[error("the service does not answer, or not in time")]
    Unreachable(#[source] reqwest::Error),
    #[error("the service answers {0}")]
    Status(u16),
    #[error("the service's answer is too long, or none of the range protocol")]
    Nonsense,
}

impl Ranges {
    /// The one at `url`; a private address (one of the operator's own network) must be allowed.
    pub fn new(url: &str, private: bool, deadline: Duration) -> Result<Self, reqwest::Error> {
        let http = GuardedClient::new(deadline, move |address| private || is_global(address))?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned() })
    }

    /// Whether the service says that the password leaked.
    pub async fn know(&self, password: &Password) -> bool {
        let digits = hexadecimal(&sha1(password.as_bytes()));
        let (prefix, suffix) = digits.split_at(PREFIX);
        let (outcome, known) = match self.ask(prefix, suffix).await {
            Ok(true) => ("known", true),
            Ok(false) => ("unknown", false),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "can't ask whether a password leaked; it counts as one that did not");
                ("failed", false)
            }
        };
        metrics::counter!("password_ranges_total", "outcome" => outcome).increment(1);
        known
    }

    async fn ask(&self, prefix: &str, suffix: &str) -> Result<bool, RangeError> {
        // What is asked for is nobody's business: the error must not say it.
        let unreachable = |error: reqwest::Error| RangeError::Unreachable(error.without_url());
        let url = Url::parse(&format!("{}/{prefix}", self.url))?;
        // Answers of one length tell an onlooker nothing.
        let request = self.http.get(url)?.header("Add-Padding", "true");
        let mut response = request.send().await.map_err(unreachable)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(RangeError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST_BYTES {
                return Err(RangeError::Nonsense);
            }
        }
        has(&body, suffix).ok_or(RangeError::Nonsense)
    }
}

/// Whether an answer has the rest of a hash, not as padding; `None`: it is no such answer.
fn has(body: &[u8], suffix: &str) -> Option<bool> {
    let mut found = false;
    for line in std::str::from_utf8(body).ok()?.lines().filter(|line| !line.is_empty()) {
        let (rest, count) = line.split_once(':')?;
        if rest.len() != SUFFIX || !rest.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let count: u64 = count.parse().ok()?;
        found |= count > 0 && rest.eq_ignore_ascii_case(suffix);
    }
    Some(found)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUFFIX_OF_PASSWORD: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    /// proves ACC-6: lines of the range protocol; padding has the count 0, and says nothing
    #[test]
    fn answers_are_read_to_the_letter() {
        let hash = hexadecimal(&sha1(b"password"));
        assert_eq!(hash.split_at(PREFIX), ("5BAA6", SUFFIX_OF_PASSWORD));
        let others = "0018A45C4D1DEF81644B54AB7F969B88D65:10\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2\r\n";
        let with = |line: &str| has(format!("{others}{line}").as_bytes(), SUFFIX_OF_PASSWORD);
        assert_eq!(with(""), Some(false));
        assert_eq!(with(&format!("{SUFFIX_OF_PASSWORD}:9545824\r\n")), Some(true));
        assert_eq!(with(&format!("{}:1", SUFFIX_OF_PASSWORD.to_lowercase())), Some(true));
        assert_eq!(with(&format!("{SUFFIX_OF_PASSWORD}:0")), Some(false), "padding");
        assert_eq!(has(b"", SUFFIX_OF_PASSWORD), Some(false));
        for nonsense in [
            "<html>",
            SUFFIX_OF_PASSWORD,
            &format!("{SUFFIX_OF_PASSWORD}:"),
            &format!("{SUFFIX_OF_PASSWORD}:many"),
            &format!("{SUFFIX_OF_PASSWORD}:-1"),
            &format!("5BAA6{SUFFIX_OF_PASSWORD}:1"),
            ":1",
        ] {
            assert_eq!(with(nonsense), None, "{nonsense}");
        }
        assert_eq!(has(&[0xff, 0xfe], SUFFIX_OF_PASSWORD), None);
    }
}
