//! Background work: started by name, stopped in order, and never lost without a word.
//!
//! A stop has three steps. First what takes work in from outside (pages, consumers, jobs) is asked to
//! finish; when all of it has, the servers that it calls; then what carries work out (relays). So in a
//! process of several services a page that is in flight still finds those it asks. A deadline ends each.

use std::{
    error::Error,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn Error + Send + Sync>;
type Finished = (&'static str, Result<(), Failure>);

/// Told to work that it should end.
#[derive(Clone, Debug)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Resolves when the end is asked for.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Runs `work` until it ends or the end is asked for; `None` in the second case.
    pub async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.0.run_until_cancelled(work).await
    }
}

/// A task that ended badly, or that did not end in time.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// It returned an error.
    #[error("{name} failed")]
    Failed {
        /// Which task.
        name: &'static str,
        /// Why.
        source: Failure,
    },
    /// It panicked.
    #[error("a task crashed")]
    Crashed(#[source] tokio::task::JoinError),
    /// It returned though nobody asked it to.
    #[error("{0} ended unasked")]
    Ended(&'static str),
    /// It was still running at the deadline.
    #[error("some work did not end within the shutdown deadline and was dropped")]
    Overdue,
}

#[derive(Default)]
struct Stage {
    stop: CancellationToken,
    tasks: Mutex<JoinSet<Finished>>,
}

/// The background work of a process. Clones share it.
#[derive(Clone, Default)]
pub struct Tasks {
    intake: Arc<Stage>,
    servers: Arc<Stage>,
    outlet: Arc<Stage>,
    started: Arc<tokio::sync::Notify>,
}

impl Tasks {
    /// Starts work that takes something in: pages, a consumer, a job. It is stopped first.
    pub fn spawn<W, F>(&self, name: &'static str, work: W)
    where
        W: FnOnce(Shutdown) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.start(&self.intake, name, work);
    }

    /// Starts a server that other parts of the process may call. It is stopped after everything of
    /// [`spawn`](Tasks::spawn) has ended.
    pub fn spawn_server<W, F>(&self, name: &'static str, work: W)
    where
        W: FnOnce(Shutdown) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.start(&self.servers, name, work);
    }

    /// Starts work that carries something out: a relay. It is stopped after everything else has
    /// ended, so that what that left is still carried.
    pub fn spawn_outlet<W, F>(&self, name: &'static str, work: W)
    where
        W: FnOnce(Shutdown) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.start(&self.outlet, name, work);
    }

    /// Starts a job that comes round and round: a round now and then, and the next one at once while one says
    /// that there is more to do. One that fails is tried again.
    pub fn spawn_rounds<W, F, E>(&self, name: &'static str, every: Duration, round: W)
    where
        W: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<bool, E>> + Send,
        E: Error + Send + 'static,
    {
        self.spawn(name, move |shutdown| async move {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while shutdown.or(ticks.tick()).await.is_some() {
                while !shutdown.is_requested() {
                    match round().await {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            let error: &dyn Error = &error;
                            tracing::warn!(error, job = name, "a round of a job failed; it is tried again");
                            break;
                        }
                    }
                }
            }
            Ok(())
        });
    }

    fn start<W, F>(&self, stage: &Arc<Stage>, name: &'static str, work: W)
    where
        W: FnOnce(Shutdown) -> F,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let work = work(Shutdown(stage.stop.clone()));
        stage.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move { (name, work.await) });
        self.started.notify_one();
    }

    /// Resolves when a task ends though nobody asked: the process can't go on.
    pub async fn first_failure(&self) -> TaskError {
        loop {
            let started = self.started.notified();
            let ended = std::future::poll_fn(|context| {
                for stage in [&self.intake, &self.servers, &self.outlet] {
                    let mut tasks = stage.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                    if let std::task::Poll::Ready(Some(ended)) = tasks.poll_join_next(context) {
                        return std::task::Poll::Ready(ended);
                    }
                }
                std::task::Poll::Pending
            });
            // A set that was empty when polled wakes nobody: poll again when something was started.
            tokio::select! {
                ended = ended => match verdict(ended) {
                    Ok(name) => return TaskError::Ended(name),
                    Err(error) => return error,
                },
                () = started => {}
            }
        }
    }

    /// Stops everything, in order, within `deadline` (per step). The first failure is returned, after
    /// the rest was stopped as well.
    pub async fn stop(&self, deadline: Duration) -> Result<(), TaskError> {
        let intake = Self::stop_stage(&self.intake, deadline).await;
        let servers = Self::stop_stage(&self.servers, deadline).await;
        let outlet = Self::stop_stage(&self.outlet, deadline).await;
        intake.and(servers).and(outlet)
    }

    async fn stop_stage(stage: &Stage, deadline: Duration) -> Result<(), TaskError> {
        stage.stop.cancel();
        let mut tasks = std::mem::take(&mut *stage.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut result = Ok(());
        let finish = async {
            while let Some(ended) = tasks.join_next().await {
                if let Err(error) = verdict(ended) {
                    tracing::error!(error = &error as &dyn Error, "a task ended badly while stopping");
                    result = Err(error);
                }
            }
        };
        if tokio::time::timeout(deadline, finish).await.is_err() {
            return Err(TaskError::Overdue);
        }
        result
    }
}

fn verdict(ended: Result<Finished, tokio::task::JoinError>) -> Result<&'static str, TaskError> {
    match ended {
        Ok((name, Ok(()))) => Ok(name),
        Ok((name, Err(source))) => Err(TaskError::Failed { name, source }),
        Err(crash) => Err(TaskError::Crashed(crash)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn what_others_need_stops_after_them() {
        let (tasks, (note, notes)) = (Tasks::default(), mpsc::channel());
        let (outlet, server) = (note.clone(), note.clone());
        tasks.spawn_outlet("relay", |shutdown| async move {
            shutdown.requested().await;
            outlet.send("relay")?;
            Ok(())
        });
        tasks.spawn_server("server", |shutdown| async move {
            shutdown.requested().await;
            tokio::task::yield_now().await;
            server.send("server")?;
            Ok(())
        });
        tasks.spawn("pages", |shutdown| async move {
            shutdown.requested().await;
            tokio::task::yield_now().await;
            note.send("pages")?;
            Ok(())
        });
        tasks.stop(Duration::from_secs(5)).await.unwrap();
        assert_eq!(notes.iter().collect::<Vec<_>>(), ["pages", "server", "relay"]);
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_go_on_at_once_while_there_is_more_and_after_one_that_failed() {
        let (tasks, (note, notes)) = (Tasks::default(), mpsc::channel());
        let begun = tokio::time::Instant::now();
        let answers =
            Arc::new(Mutex::new(vec![Ok(false), Err(std::fmt::Error), Ok(false), Ok(true), Ok(true)]));
        tasks.spawn_rounds("job", Duration::from_secs(10), move || {
            let (answers, note) = (answers.clone(), note.clone());
            async move {
                let answer = answers.lock().unwrap().pop();
                note.send(begun.elapsed().as_secs()).unwrap();
                match answer {
                    Some(answer) => answer,
                    None => std::future::pending().await,
                }
            }
        });
        tokio::time::sleep(Duration::from_secs(35)).await;
        // Twice more at once; then every ten seconds, a failure or not.
        assert_eq!(notes.try_iter().collect::<Vec<_>>(), [0, 0, 0, 10, 20, 30]);
    }

    #[tokio::test]
    async fn a_crash_and_an_unasked_end_are_noticed_even_when_started_late() {
        let tasks = Tasks::default();
        let watch = tokio::spawn({
            let tasks = tasks.clone();
            async move { tasks.first_failure().await }
        });
        tokio::task::yield_now().await;
        tasks.spawn("job", |_| async { Ok(()) });
        assert!(matches!(watch.await.unwrap(), TaskError::Ended("job")));
        tasks.spawn("job", |_| async { panic!("on purpose") });
        assert!(matches!(tasks.first_failure().await, TaskError::Crashed(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_is_dropped_at_the_deadline() {
        let tasks = Tasks::default();
        tasks.spawn("stuck", |_| std::future::pending());
        assert!(matches!(tasks.stop(Duration::from_secs(3)).await, Err(TaskError::Overdue)));
    }
}
