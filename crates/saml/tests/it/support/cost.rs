//! What judging a document may cost (the list of cases in security.md).

use std::{
    fs,
    time::{Duration, Instant},
};

/// How long a refusal may take.
pub const LONGEST_REFUSAL: Duration = Duration::from_millis(100);
/// How much more memory one may take.
pub const MOST_KIB: u64 = 20 * 1024;

/// How long `work` takes. When that is too long, the machine may have been busy: then the shortest of a few
/// tries.
#[expect(clippy::disallowed_methods, reason = "how long a refusal takes is what is measured")]
pub fn shortest<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut once = || {
        let begun = Instant::now();
        let given = work();
        (begun.elapsed(), given)
    };
    let mut best = once();
    for _ in 0..10 {
        if best.0 < LONGEST_REFUSAL {
            break;
        }
        let (taken, given) = once();
        best = (taken.min(best.0), given);
    }
    best
}

/// By how much the process grew, at most, while it did `work`, in KiB. Other threads' work counts too: for a
/// process that does nothing else.
pub fn growth<T>(work: impl FnOnce() -> T) -> (u64, T) {
    // 5 sets the peak back to what is in use (proc(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    let given = work();
    (peak() - before, given)
}

/// The most memory that this process had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
