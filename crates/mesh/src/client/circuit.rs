//! A circuit: who did not answer several times in a row is not asked for a while, so that its callers neither
//! wait for nothing nor pile up. Then one call finds out whether it is back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tonic::{Code, Status};

/// The circuit of one channel. Clones of the channel share it.
pub(super) struct Circuit {
    service: Arc<str>,
    /// So many failures in a row open it.
    failures: u32,
    /// So long it stays open.
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls go through; the latest so many have failed.
    Closed(u32),
    /// Calls are refused until then.
    Open(Instant),
    /// One call finds out, all others are refused.
    Probing,
}

/// Leave for one call. What came of it is to be said with [`settle`](Self::settle).
pub(super) struct Leave {
    circuit: Arc<Circuit>,
    probe: bool,
}

impl Circuit {
    pub(super) fn new(service: Arc<str>, failures: u32, pause: Duration) -> Arc<Self> {
        let circuit = Self { service, failures, pause, state: Mutex::new(State::Closed(0)) };
        circuit.measure(false);
        Arc::new(circuit)
    }

    /// Leave for a call, or the answer to it at once.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Leave, Status> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed(_) => false,
            State::Open(until) if Instant::now() >= until => {
                *state = State::Probing;
                true
            }
            State::Open(_) | State::Probing => {
                metrics::counter!("mesh_circuit_refused_calls_total", "service" => self.service.to_string())
                    .increment(1);
                return Err(Status::unavailable("it did not answer lately, and is not asked for a moment"));
            }
        };
        Ok(Leave { circuit: self.clone(), probe })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, probe: bool) {
        let mut state = self.state();
        match *state {
            State::Closed(failures) if failures + 1 < self.failures => *state = State::Closed(failures + 1),
            State::Closed(_) => {
                *state = State::Open(Instant::now() + self.pause);
                self.measure(true);
                tracing::warn!(service = &*self.service, "it does not answer: its circuit is open");
            }
            State::Probing if probe => *state = State::Open(Instant::now() + self.pause),
            // A call from before it opened: known.
            State::Open(_) | State::Probing => {}
        }
    }

    fn answered(&self, probe: bool) {
        let mut state = self.state();
        match *state {
            State::Closed(_) => *state = State::Closed(0),
            State::Probing if probe => {
                *state = State::Closed(0);
                self.measure(false);
                tracing::info!(service = &*self.service, "it answers again: its circuit is closed");
            }
            State::Open(_) | State::Probing => {}
        }
    }

    fn measure(&self, open: bool) {
        metrics::gauge!("mesh_circuit_open", "service" => self.service.to_string()).set(f64::from(open));
    }
}

impl Leave {
    /// Notes the code that the call ended with: whether there was an answer, not whether it was a good one.
    pub(super) fn settle(mut self, code: Code) {
        let probe = std::mem::take(&mut self.probe);
        match code {
            Code::Unavailable | Code::DeadlineExceeded => self.circuit.failed(probe),
            _ => self.circuit.answered(probe),
        }
    }
}

impl Drop for Leave {
    /// A probe whose caller went away found out nothing: the next call is one.
    fn drop(&mut self) {
        if self.probe {
            *self.circuit.state() = State::Open(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn circuit() -> Arc<Circuit> {
        Circuit::new("backlog".into(), 3, PAUSE)
    }

    fn ends(circuit: &Arc<Circuit>, code: Code) {
        circuit.admit().unwrap_or_else(|_| panic!("it is open")).settle(code);
    }

    fn refuses(circuit: &Arc<Circuit>) -> bool {
        circuit.admit().is_err_and(|status| status.code() == Code::Unavailable)
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_answers_of_any_kind_do_not() {
        let circuit = circuit();
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::NotFound, Code::Unavailable] {
            ends(&circuit, code);
        }
        ends(&circuit, Code::DeadlineExceeded);
        ends(&circuit, Code::Unavailable);
        assert!(refuses(&circuit));
        tokio::time::advance(Duration::from_millis(9_999)).await;
        assert!(refuses(&circuit));
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_at_a_time_finds_out_whether_it_is_back() {
        let circuit = circuit();
        (0..3).for_each(|_| ends(&circuit, Code::Unavailable));
        tokio::time::advance(PAUSE).await;
        let Ok(probe) = circuit.admit() else { panic!("nobody finds out") };
        assert!(refuses(&circuit), "one is enough");
        probe.settle(Code::DeadlineExceeded);
        assert!(refuses(&circuit), "it is not back");

        tokio::time::advance(PAUSE).await;
        let Ok(probe) = circuit.admit() else { panic!("nobody finds out") };
        drop(probe);
        ends(&circuit, Code::Ok);
        (0..2).for_each(|_| ends(&circuit, Code::Unavailable));
        ends(&circuit, Code::Ok);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_from_before_it_opened_change_nothing() {
        let circuit = circuit();
        let slow: Vec<_> = (0..2).filter_map(|_| circuit.admit().ok()).collect();
        (0..3).for_each(|_| ends(&circuit, Code::Unavailable));
        for (leave, code) in slow.into_iter().zip([Code::Ok, Code::Unavailable]) {
            leave.settle(code);
        }
        assert!(refuses(&circuit));
    }
}
