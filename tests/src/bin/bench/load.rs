//! Closed-loop load: so many workers, each asks again when it was answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How a load went.
pub struct Row {
    took: Duration,
    each: Vec<Duration>,
}

impl Row {
    /// From the durations of single calls and of all of them together.
    pub fn of(took: Duration, mut each: Vec<Duration>) -> Self {
        each.sort_unstable();
        Self { took, each }
    }

    fn quantile(&self, of_thousand: usize) -> f64 {
        let last = self.each.len().saturating_sub(1);
        self.each.get(last * of_thousand / 1_000).map_or(f64::NAN, |each| each.as_secs_f64() * 1_000.0)
    }

    /// One line: what, at how many at once, rate, median, 99th percentile.
    pub fn print(what: &str, concurrent: usize, row: &Self) {
        let count = u32::try_from(row.each.len()).map_or(f64::NAN, f64::from);
        let rate = count / row.took.as_secs_f64();
        println!(
            "{what:<34} {concurrent:>4} {rate:>10.0} {:>10.2} {:>10.2}",
            row.quantile(500),
            row.quantile(990)
        );
    }
}

/// Calls `work` with 0, 1, … `count` - 1, `concurrent` at a time.
pub async fn run<W, F>(concurrent: usize, count: usize, work: W) -> Row
where
    W: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let workers: Vec<_> = (0..concurrent)
        .map(|_| {
            let (next, work) = (next.clone(), work.clone());
            tokio::spawn(async move {
                let mut each = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return each;
                    }
                    let begun = Instant::now();
                    work(number).await;
                    each.push(begun.elapsed());
                }
            })
        })
        .collect();
    let mut each = Vec::with_capacity(count);
    for worker in workers {
        each.extend(worker.await.expect("a worker that does not panic"));
    }
    Row::of(begun.elapsed(), each)
}
