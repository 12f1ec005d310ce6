//! Telling clients that a session ended (`OpenID` Connect Back-Channel Logout 1.0), until they have heard.
//! A client that hangs holds up nobody but itself.

use crate::{
    app::{Fault, Gateway},
    domain::logout::{AT_ONCE, GIVE_UP, LEASE, PER_CLIENT, back_off},
    events,
    store::{self, logouts::Due},
};
use http::StatusCode;
use pass_runtime::http::{GuardedClient, NotAllowed};
use pass_types::ClientId;
use std::{collections::HashMap, error::Error};
use tokio::task::{Id, JoinSet};
use tracing::Instrument;

/// Tries that are under way in this process.
pub struct Deliveries {
    gateway: Gateway,
    http: GuardedClient,
    running: JoinSet<()>,
    clients: HashMap<Id, ClientId>,
}

impl Deliveries {
    /// None.
    pub fn new(gateway: Gateway, http: GuardedClient) -> Self {
        Self { gateway, http, running: JoinSet::new(), clients: HashMap::new() }
    }

    /// Begins what is due, as far as there is room: what is claimed is tried at once.
    pub async fn begin(&mut self) -> Result<(), Fault> {
        let room = AT_ONCE.saturating_sub(self.running.len());
        if room == 0 {
            return Ok(());
        }
        let claim = store::logouts::Claim {
            now: self.gateway.clock.now(),
            lease: LEASE,
            per_client: PER_CLIENT,
            busy: self.clients.values().map(ToString::to_string).collect(),
            most: i64::try_from(room).unwrap_or(i64::MAX),
        };
        let mut connection = self.gateway.pool.acquire().await?;
        let claimed = store::logouts::claim(&mut connection, &claim).await?;
        drop(connection);
        for due in claimed {
            match due {
                Ok(due) => self.start(due),
                // It stays in the database, and holds up no other.
                Err(error) => tracing::error!(error = &error as &dyn Error, "a logout is broken"),
            }
        }
        Ok(())
    }

    fn start(&mut self, due: Due) {
        let (gateway, http, client) = (self.gateway.clone(), self.http.clone(), due.client.clone());
        let span = tracing::info_span!("back-channel logout", client.id = %client, attempts = due.attempts);
        let tell = async move {
            if let Err(fault) = gateway.tell(&http, due).await {
                let error = &fault as &dyn Error;
                tracing::error!(error, "a back-channel logout broke off; it will be tried again");
            }
        };
        let id = self.running.spawn(tell.instrument(span)).id();
        self.clients.insert(id, client);
    }

    /// Waits until one has ended; for ever when there is none. Can be cancelled.
    pub async fn ended(&mut self) {
        match self.running.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((id, ()))) => drop(self.clients.remove(&id)),
            Some(Err(error)) => {
                tracing::error!(error = &error as &dyn Error, "a back-channel logout broke off");
                self.clients.remove(&error.id());
            }
        }
    }

    /// Waits until all have ended.
    pub async fn finish(mut self) {
        while !self.running.is_empty() {
            self.ended().await;
        }
    }
}

impl Gateway {
    async fn tell(&self, http: &GuardedClient, due: Due) -> Result<(), Fault> {
        let token = self.mint_logout(due.id, &due.client, due.account, due.session)?;
        let status = post(http, &due, &token).await;
        let delivered = status.is_some_and(|status| status.is_success());
        let now = self.clock.now();
        if !delivered && now - due.create_time < GIVE_UP {
            let status = status.map(|status| status.as_u16());
            tracing::info!(http.status = status, "a back-channel logout failed; it will be tried again");
            let mut connection = self.pool.acquire().await?;
            return Ok(store::logouts::postpone(&mut connection, due.id, now + back_off(due.attempts)).await?);
        }
        let mut tx = self.pool.begin().await?;
        if store::logouts::settle(&mut tx, due.id, delivered, now).await? {
            let event = events::back_channel_logout_settled(&due.client, due.session, delivered);
            self.outbox.publish(&mut tx, event).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What the client's address answers, if it does and may be called.
async fn post(http: &GuardedClient, due: &Due, token: &str) -> Option<StatusCode> {
    let not_allowed = || {
        tracing::warn!("its address is not a public one, and back_channel.allow does not have its network");
    };
    let Ok(request) = http.post(due.uri.url()) else {
        not_allowed();
        return None;
    };
    let request = pass_runtime::http::traced(request.form(&[("logout_token", token)]));
    match request.send().await {
        Ok(response) => Some(response.status()),
        Err(error) => {
            if is_not_allowed(&error) {
                not_allowed();
            }
            None
        }
    }
}

fn is_not_allowed(error: &(dyn Error + 'static)) -> bool {
    error.is::<NotAllowed>() || error.source().is_some_and(is_not_allowed)
}
