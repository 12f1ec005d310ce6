//! Known devices, and telling an owner of a sign-in from something new (ACC-10).
//!
//! A device is a browser, known by the cookie that the gateway has it keep, in a coarse network: never the bare
//! address, which changes with every train ride. Only Nulab Accounts have them: who signs in to a Managed Account is
//! its identity provider's to watch.

use super::{Identity, Tx};
use crate::{
    domain::{
        device::{self, Familiar, Visit},
        login_alert::LoginAlert,
        security_event::Kind,
        session::Session,
    },
    events::{self, ByCaller},
    store,
};
use pass_mesh::Caller;
use pass_types::{AccountId, Origin, Secret, network};
use std::net::IpAddr;
use time::OffsetDateTime;

impl Identity {
    /// Notes from where a session began, and tells the owner if both browser and network are new to the account.
    pub(super) async fn recognize(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        session: &Session,
        visit: &Visit,
    ) -> Result<(), sqlx::Error> {
        let (account, now) = (session.account, session.created_at);
        let familiar = self.see(tx, account, visit, &session.origin, now).await?;
        if !familiar.device {
            self.note_for_owner(tx, caller, account, Kind::NewDevice, "").await?;
        }
        if !familiar.is_news() {
            return Ok(());
        }
        if !store::login_alerts::are_on(tx, account).await? {
            return Ok(());
        }
        let Some(owner) = store::accounts::by_id(tx, account).await? else { return Ok(()) };
        let alert = LoginAlert::begin(self.entropy.uuid(now), session, owner.email, now);
        store::login_alerts::insert(tx, &alert).await?;
        let event = events::new_device_signed_in(&alert, session.id);
        self.outbox.publish(tx, event.by_caller(caller)).await?;
        Ok(())
    }

    /// Notes a browser as the owner's, so that a sign-in that follows is no news; what the account knew of it before.
    pub(super) async fn see(
        &self,
        tx: &mut Tx,
        account: AccountId,
        visit: &Visit,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Familiar, sqlx::Error> {
        // A browser without the cookie is one that nobody sees again; its network is.
        let device = visit.device.clone().unwrap_or_else(|| Secret::generate(&self.entropy)).hash();
        let network = network(&origin.address);
        let known = store::known_devices::see(tx, account, &device, &network, now).await?;
        if !known.pair {
            store::known_devices::trim(tx, account, device::MOST).await?;
        }
        // What is no address is nowhere: who comes from there again is not from the same place.
        let located = origin.address.parse::<IpAddr>().is_ok();
        Ok(Familiar { device: known.device, network: known.network && located })
    }
}
