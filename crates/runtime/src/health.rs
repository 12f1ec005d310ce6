//! Readiness, per dependency.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

type States = Arc<Mutex<BTreeMap<String, Result<(), String>>>>;

/// Whether the dependencies of a process are there. Cheap to clone; all clones share one state.
#[derive(Clone, Default)]
pub struct Health {
    prefix: String,
    states: States,
}

impl Health {
    /// Adds a dependency, which is not there until its gauge says so.
    pub fn register(&self, dependency: &str) -> Gauge {
        let gauge = Gauge { name: format!("{}{dependency}", self.prefix), states: self.states.clone() };
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
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether all dependencies are there.
    pub fn is_ready(&self) -> bool {
        self.report().values().all(Result::is_ok)
    }
}

/// One dependency's entry in [`Health`].
#[derive(Clone)]
pub struct Gauge {
    name: String,
    states: States,
}

impl Gauge {
    /// Says whether the dependency is there. The text of an error is shown on the admin port: no secrets.
    pub fn set(&self, state: Result<(), String>) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name.clone(), state);
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
    }
}
