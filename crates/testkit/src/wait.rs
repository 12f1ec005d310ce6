//! Waiting for what happens elsewhere.

use std::{panic::Location, time::Duration};

/// What a condition gives: `bool`, or `Option` when there is something to have.
pub trait Condition {
    /// What there is once it is met.
    type Value;
    /// The value, when it is met.
    fn met(self) -> Option<Self::Value>;
}

impl Condition for bool {
    type Value = ();
    fn met(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Condition for Option<T> {
    type Value = T;
    fn met(self) -> Option<T> {
        self
    }
}

/// Asks again and again until the condition is met, and gives its value; panics after 20 s.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let mails = std::sync::Mutex::new(vec!["hello"]);
/// let mail = pass_testkit::wait_for(async || mails.lock().unwrap().pop()).await;
/// assert_eq!(mail, "hello");
/// # });
/// ```
#[track_caller]
pub fn wait_for<C: Condition>(condition: impl AsyncFnMut() -> C) -> impl Future<Output = C::Value> {
    wait(condition, Duration::from_secs(20), Location::caller())
}

/// As [`wait_for`], with another limit than 20 s.
#[track_caller]
pub fn wait_up_to<C: Condition>(
    limit: Duration,
    condition: impl AsyncFnMut() -> C,
) -> impl Future<Output = C::Value> {
    wait(condition, limit, Location::caller())
}

async fn wait<C: Condition>(
    mut condition: impl AsyncFnMut() -> C,
    limit: Duration,
    caller: &'static Location<'static>,
) -> C::Value {
    let asking = async {
        loop {
            if let Some(value) = condition().await.met() {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match tokio::time::timeout(limit, asking).await {
        Ok(value) => value,
        Err(tokio::time::error::Elapsed { .. }) => {
            panic!("what {caller} waits for did not happen within {limit:?}")
        }
    }
}
