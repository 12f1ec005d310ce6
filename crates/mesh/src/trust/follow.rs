//! Keeps up with what the gateway says of its tokens.

use super::Trust;
use crate::{CallContext, Channel};
use futures::TryStreamExt;
use pass_proto::gateway::v1::{WatchTrustRequest, trust_service_client::TrustServiceClient};
use pass_runtime::{Context, Gauge, Shutdown};
use pass_types::Entropy;
use std::time::Duration;
use tonic::Status;

/// How old the last word of the gateway may be. After that, it is asked about each token.
pub(super) const STALE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Starts to follow.
pub(super) fn start(trust: Trust, channel: Channel, context: &Context) {
    let gauge = context.health.register("trust");
    let entropy = context.entropy.clone();
    let (reported, watched) = (gauge, trust.clone());
    context.tasks.spawn("trust readiness", move |shutdown| async move {
        report(&watched, &reported, &shutdown).await;
        Ok(())
    });
    context.tasks.spawn("trust", move |shutdown| async move {
        keep_up(&trust, &channel, &entropy, &shutdown).await;
        Ok(())
    });
}

async fn report(trust: &Trust, gauge: &Gauge, shutdown: &Shutdown) {
    loop {
        gauge.set(trust.readiness().map_err(str::to_owned));
        if shutdown.or(tokio::time::sleep(Duration::from_millis(500))).await.is_none() {
            return;
        }
    }
}

/// One stream after the other.
async fn keep_up(trust: &Trust, channel: &Channel, entropy: &Entropy, shutdown: &Shutdown) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut heard = false;
        match shutdown.or(watch(trust, channel, &mut heard)).await {
            None => return,
            Some(Ok(())) => tracing::debug!("the trust stream ended"),
            Some(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "following the gateway's trust");
            }
        }
        trust.lost();
        pause = if heard { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        let jittered = pause.mul_f64(0.5 + f64::from(entropy.below(500)) / 1000.0);
        if shutdown.or(tokio::time::sleep(jittered)).await.is_none() {
            return;
        }
    }
}

async fn watch(trust: &Trust, channel: &Channel, heard: &mut bool) -> Result<(), Status> {
    let mut client = TrustServiceClient::new(channel.clone());
    let request = CallContext::system().request(WatchTrustRequest {});
    let silent = || Status::unavailable("the gateway is silent");
    let answer = tokio::time::timeout(STALE, client.watch_trust(request)).await.map_err(|_| silent())?;
    let mut messages = answer?.into_inner();
    loop {
        let next = tokio::time::timeout(STALE, messages.try_next()).await.map_err(|_| silent())?;
        let Some(message) = next?.and_then(|it| it.message) else { return Ok(()) };
        *heard = true;
        if let Err(problem) = trust.heard(message) {
            // What can't be understood can't be obeyed: judge nothing by this stream.
            return Err(Status::internal(problem.to_string()));
        }
    }
}
