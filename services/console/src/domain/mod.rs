//! Rules of the console: where to go after signing in, how long a session lives, what tokens of the
//! gateway must say, which plans there are. No HTTP, SQL or protobuf.

mod claims;
mod destination;
mod plan;
mod session;

pub use claims::{
    Flaw, IdClaims, LogoutClaims, forget_logout_token_after, judge_id_token, judge_logout_token,
};
pub use destination::{Destination, is_space_id};
pub use plan::{default_plan, plans};
pub use session::{LEASE, LOGOUT_MEMORY, REFRESH_BEFORE, SESSION_LIFE, SIGN_IN_LIFE, Tokens};
