//! Telling clients that a session ended (`OpenID` Connect Back-Channel Logout 1.0), until they have heard.

use crate::{
    app::{Fault, Gateway},
    domain::logout::{GIVE_UP, LEASE, back_off},
    events,
    store::{self, logouts::Due},
};
use futures::{StreamExt, stream};

/// How many are told at once.
const AT_ONCE: usize = 8;

impl Gateway {
    /// Tells the clients that are due; gives how many tries there were.
    pub async fn tell_clients(&self, http: &reqwest::Client) -> Result<usize, Fault> {
        let claimed = {
            let mut connection = self.pool.acquire().await?;
            store::logouts::claim(&mut connection, self.clock.now(), LEASE, 32).await?
        };
        let tries = claimed.len();
        let mut done = stream::iter(claimed).map(|due| self.tell(http, due)).buffer_unordered(AT_ONCE);
        while let Some(result) = done.next().await {
            result?;
        }
        Ok(tries)
    }

    #[tracing::instrument(skip_all, fields(client.id = %due.client, attempts = due.attempts))]
    async fn tell(&self, http: &reqwest::Client, due: Due) -> Result<(), Fault> {
        let token = self.mint_logout(due.id, &due.client, due.account, due.session)?;
        let request = http.post(due.uri.url()).form(&[("logout_token", token)]);
        let outcome = pass_runtime::http::traced(request).send().await;
        let delivered = match &outcome {
            Ok(response) => response.status().is_success(),
            Err(_) => false,
        };
        let now = self.clock.now();
        if !delivered && now - due.create_time < GIVE_UP {
            let status = outcome.ok().map(|response| response.status().as_u16());
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
