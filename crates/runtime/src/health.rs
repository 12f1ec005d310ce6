//! Readiness, per dependency.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

type States = Arc<Mutex<BTreeMap<String, Entry>>>;

#[derive(Clone)]
struct Entry {
    gates: bool,
    state: Result<(), String>,
}

/// Whether the dependencies of a process are there. Cheap to clone; all clones share one state.
#[derive(Clone, Default)]
pub struct Health {
    prefix: String,
    states: States,
}

impl Health {
    /// Adds a dependency without which the process can't answer: it is not ready until its gauge says so.
    pub fn register(&self, dependency: &str) -> Gauge {
        self.add(dependency, true)
    }

    /// Adds a dependency that is reported and does not keep the process from answering: a broker that is
    /// down stops nothing but delivery.
    pub fn register_background(&self, dependency: &str) -> Gauge {
        self.add(dependency, false)
    }

    fn add(&self, dependency: &str, gates: bool) -> Gauge {
        let gauge =
            Gauge { name: format!("{}{dependency}", self.prefix), gates, states: self.states.clone() };
        gauge.set(Err("not yet reached".to_owned()));
        gauge
    }

    /// The same health, whose further dependencies are named `<scope>.…`.
    #[must_use]
    pub fn under(&self, scope: &str) -> Self {
        Self { prefix: format!("{}{scope}.", self.prefix), states: self.states.clone() }
    }

    /// Every dependency, and what is wrong with it if anything is.
    pub fn report(&self) -> BTreeMap<String, Result<(), String>> {
        self.entries().into_iter().map(|(name, entry)| (name, entry.state)).collect()
    }

    /// Whether the process can answer: every dependency that it needs for that is there.
    pub fn is_ready(&self) -> bool {
        self.entries().values().all(|entry| !entry.gates || entry.state.is_ok())
    }

    /// Says that the process is about to stop: it is not ready from now on, so that nothing new is sent.
    pub fn stop(&self) {
        let gauge = Gauge { name: "process".to_owned(), gates: true, states: self.states.clone() };
        gauge.set(Err("stopping".to_owned()));
    }

    /// Whether everything is there, what works in the background included.
    pub fn is_complete(&self) -> bool {
        self.entries().values().all(|entry| entry.state.is_ok())
    }

    fn entries(&self) -> BTreeMap<String, Entry> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One dependency's entry in [`Health`].
#[derive(Clone)]
pub struct Gauge {
    name: String,
    gates: bool,
    states: States,
}

impl Gauge {
    /// Says whether the dependency is there. The text of an error is shown on the admin port: no secrets.
    pub fn set(&self, state: Result<(), String>) {
        let entry = Entry { gates: self.gates, state };
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone(), entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_ready_when_every_dependency_is() {
        let health = Health::default();
        let database = health.under("identity").register("database");
        assert!(!health.is_ready(), "not reached yet");
        database.set(Ok(()));
        assert!(health.is_ready());
        database.set(Err("gone".to_owned()));
        assert_eq!(health.report()["identity.database"], Err("gone".to_owned()));
        database.set(Ok(()));
        health.stop();
        assert!(!health.is_ready(), "nothing new is to be sent");
    }

    #[test]
    fn what_works_in_the_background_is_told_and_does_not_gate() {
        let health = Health::default();
        let relay = health.register_background("relay");
        assert!(health.is_ready() && !health.is_complete());
        assert!(health.report()["relay"].is_err());
        relay.set(Ok(()));
        assert!(health.is_complete());
    }
}
