//! Back-channel logout deliveries (`OpenID` Connect Back-Channel Logout 1.0): when to try again.

use time::Duration;

/// How long a client may take to answer.
pub const PATIENCE: Duration = Duration::seconds(3);

/// How long one try is nobody else's: far longer than it may take, writing down what came of it included.
pub const LEASE: Duration = Duration::seconds(30);

/// How many are tried at once by one process.
pub const AT_ONCE: usize = 32;

/// How many of them by one client, so that one that hangs leaves room for the others.
pub const PER_CLIENT: i64 = 4;

/// How long after the session's end the client is told, at the latest: after this no token or session
/// of its own can reasonably be alive.
pub const GIVE_UP: Duration = Duration::hours(24);

/// How long to wait after the `attempts`th try (1, 2, …) failed: doubled from a second to five minutes.
pub fn back_off(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    Duration::seconds(2_i64.pow(doublings).min(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_outlives_a_try_and_one_client_leaves_room_for_others() {
        assert!(LEASE >= PATIENCE * 5);
        assert!(AT_ONCE >= 4 * usize::try_from(PER_CLIENT).unwrap());
    }

    #[test]
    fn waits_grow_and_stop_growing() {
        assert_eq!([1, 2, 3, 9, 100].map(|n| back_off(n).whole_seconds()), [1, 2, 4, 256, 300]);
    }
}
