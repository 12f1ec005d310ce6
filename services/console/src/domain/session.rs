//! How long things live.

use serde::{Deserialize, Serialize};
use time::Duration;

/// How long somebody has to come back from the gateway with a code.
pub const SIGN_IN_LIFE: Duration = Duration::minutes(30);

/// The longest life of a session of the console. The gateway's ends it earlier: at its own end the refresh
/// token is refused, and back-channel logout tells at once.
pub const SESSION_LIFE: Duration = Duration::hours(24);

/// Access tokens are renewed when they have less than this to live.
pub const REFRESH_BEFORE: Duration = Duration::seconds(60);

/// How long who renews a session's tokens may take before somebody else tries: longer than the gateway may
/// take to answer, and well within the time in which it answers a repeated refresh with the same tokens (10 s).
pub const LEASE: Duration = Duration::seconds(5);

/// How long an obeyed logout token and an ended session are remembered.
pub const LOGOUT_MEMORY: Duration = Duration::hours(1);

/// What the gateway gave for a session. Sealed at rest; `Debug` does not show it.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Tokens {
    /// For calls on the person's behalf.
    pub access: String,
    /// For the next tokens; each works once.
    pub refresh: String,
    /// Names the session when signing out (`id_token_hint`).
    pub id: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}
