//! Delivers what is due: take it (one transaction), prepare and send it (none), note how it went
//! (one transaction). A worker that dies in between leaves a row whose lease runs out; the mail is then
//! sent again under the same Message-ID.
//!
//! What an operator sees: `mails_total` by mail and state (`failed` is an error in the log, too), and
//! `mails_put_off_total`, which rises as soon as the mail server, or a service that is asked, does not do its part.

use super::{
    Notification,
    prepare::{PrepareError, administrators, appearance, prepare},
};
use crate::{
    domain::{Delivery, MOST_TRIES, Settlement, Try, after},
    render::render,
    store,
};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::{collections::HashMap, time::Duration};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// How long a try may take, from asking for the content to the mail server's word. Minutes: who gives up a mail that
/// the server is about to take sends it twice (RFC 5321, 4.5.3.2.6).
const TRY: Duration = Duration::from_mins(3);

/// How long a worker may hold a delivery before another takes it: longer than a try.
const LEASE: Duration = Duration::from_mins(4);

/// How long settled deliveries are kept.
const KEPT: time::Duration = time::Duration::days(90);

/// Why deliveries can't go on for now.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The database does not answer.
    #[error("can't read or write deliveries")]
    Store(#[from] sqlx::Error),
}

/// Delivers the mail that is due longest. `false`: nothing was due.
pub async fn deliver_next(app: &Notification) -> Result<bool, DeliverError> {
    let mut tx = app.pool.begin().await?;
    let taken = store::take_due(&mut tx, app.clock.now(), LEASE).await?;
    tx.commit().await?;
    let Some(delivery) = taken else { return Ok(false) };
    let span = tracing::info_span!("deliver mail", mail = delivery.kind.as_str(), event.id = %delivery.id);
    // The mail belongs to the trace of the request that it goes back to.
    let carrier = HashMap::from([("traceparent".to_owned(), delivery.trace_parent.clone())]);
    if span.set_parent(TraceContextPropagator::new().extract(&carrier)).is_err() {
        tracing::debug!("the mail's trace is not recorded");
    }
    async {
        // It was taken as often as it may be tried, and none of these tries came to an end.
        if delivery.tries >= MOST_TRIES {
            let outcome = Try::Refused("workers died with it".to_owned());
            return settle(app, &delivery, outcome).await;
        }
        if delivery.kind.is_for_administrators() && delivery.recipient.is_none() {
            return list(app, &delivery).await;
        }
        let outcome = match tokio::time::timeout(TRY, attempt(app, &delivery)).await {
            Ok(outcome) => outcome,
            Err(tokio::time::error::Elapsed { .. }) => Try::Deferred("a try took too long".to_owned()),
        };
        settle(app, &delivery, outcome).await
    }
    .instrument(span)
    .await?;
    Ok(true)
}

/// Makes one delivery for each administrator, and settles the list. Done twice, it makes the same ones.
async fn list(app: &Notification, delivery: &Delivery) -> Result<(), DeliverError> {
    let asked = tokio::time::timeout(TRY, administrators(app, delivery)).await;
    let recipients = match asked {
        Ok(Ok(recipients)) => recipients,
        Ok(Err(PrepareError::Obsolete)) => return settle(app, delivery, Try::Obsolete).await,
        Ok(Err(error)) => {
            return settle(app, delivery, Try::Deferred(pass_runtime::chain(&error))).await;
        }
        Err(tokio::time::error::Elapsed { .. }) => {
            return settle(app, delivery, Try::Deferred("a try took too long".to_owned())).await;
        }
    };
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    for recipient in recipients {
        store::insert(&mut tx, &delivery.to(recipient), now).await?;
    }
    store::settle(&mut tx, delivery.id, "sent", None, now).await?;
    tx.commit().await?;
    Ok(())
}

async fn attempt(app: &Notification, delivery: &Delivery) -> Try {
    let asked = async {
        let mail = prepare(app, delivery).await?;
        let appearance = appearance(app, &mail.email).await?;
        Ok((mail, appearance))
    };
    let (mail, appearance) = match asked.await {
        Ok(asked) => asked,
        Err(PrepareError::Obsolete) => return Try::Obsolete,
        Err(error) => return Try::Deferred(pass_runtime::chain(&error)),
    };
    match render(&mail, appearance) {
        Ok(rendered) => app.smtp.send(delivery.id, &mail.email, &rendered).await,
        Err(error) => Try::Refused(format!("the mail can't be rendered: {error}")),
    }
}

async fn settle(app: &Notification, delivery: &Delivery, outcome: Try) -> Result<(), DeliverError> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    // Whoever has taken it over, because this took too long, says what comes of it; unless the mail is sent.
    if outcome != Try::Accepted && !store::holds(&mut tx, delivery).await? {
        return Ok(());
    }
    match after(delivery.tries, outcome) {
        Settlement::Final(state, failure) => {
            store::settle(&mut tx, delivery.id, state, failure.as_deref(), now).await?;
            tx.commit().await?;
            metrics::counter!("mails_total", "mail" => delivery.kind.as_str(), "state" => state).increment(1);
            if let Some(failure) = failure {
                tracing::error!(failure, "a mail was given up");
            } else {
                tracing::info!(state, "a mail is settled");
            }
        }
        Settlement::Again(wait, failure) => {
            store::defer(&mut tx, delivery.id, now + wait, &failure).await?;
            tx.commit().await?;
            metrics::counter!("mails_put_off_total", "mail" => delivery.kind.as_str()).increment(1);
            tracing::warn!(failure, tries = delivery.tries + 1, "a mail is put off");
        }
    }
    Ok(())
}

/// Forgets deliveries that were settled long ago.
pub async fn prune(app: &Notification) -> Result<(), DeliverError> {
    let before = app.clock.now() - KEPT;
    loop {
        let mut tx = app.pool.begin().await?;
        let deleted = store::prune(&mut tx, before).await?;
        tx.commit().await?;
        if deleted < 1_000 {
            return Ok(());
        }
    }
}
