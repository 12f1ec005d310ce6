//! Waiting longer after each failure, never in step with others.

use pass_types::Entropy;
use std::time::Duration;

/// Delays that double from `first` to `longest`, each drawn from its upper half.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    entropy: Entropy,
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) fn new(entropy: &Entropy, first: Duration, longest: Duration) -> Self {
        Self { entropy: entropy.clone(), first, longest, next: first }
    }

    /// For a connection that was lost.
    pub(crate) fn reconnecting(entropy: &Entropy) -> Self {
        Self::new(entropy, Duration::from_millis(100), Duration::from_secs(5))
    }

    /// How long to wait now.
    pub(crate) fn delay(&mut self) -> Duration {
        let half = self.next / 2;
        self.next = (self.next * 2).min(self.longest);
        half + half * self.entropy.below(1_001) / 1_000
    }

    /// It went well: begin anew.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_the_longest_and_begin_anew() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(&Entropy::from_seed(1), second, 4 * second);
        for longest in [1, 2, 4, 4] {
            let delay = backoff.delay();
            assert!(delay >= longest * second / 2 && delay <= longest * second, "{delay:?}");
        }
        backoff.reset();
        assert!(backoff.delay() <= second);
    }
}
