//! Belts against floods: how much may be posted, and begun, from one network in a minute. They bar nobody from guessing:
//! that is identity's, which counts in its database whose password was wrong (ACC-14).
//!
//! A browser that was signed in with before shows its device cookie, and is counted by itself: somebody in its network who
//! shows none does not keep it from signing in. Whether the cookie is one that an account knows can't be told here, so all
//! that show one share a ceiling for their network, too: who posts above that with a cookie, made up or not, bars these
//! browsers of the network for as long as it goes on.

use super::device::Device;
use http::{HeaderMap, HeaderName};
use pass_types::{SecretHash, SharedClock, network};
use pass_web::{Browser, Limiter, Refusal, TooMany};
use std::{num::NonZeroU32, time::Duration};

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
/// How many times what one browser may, all those of a network may together that show a device cookie.
const CEILING: NonZeroU32 = NonZeroU32::new(10).expect("ten");

/// How many credentials may be posted, and how many flows begun.
pub struct Limits {
    credentials: Belt,
    flows: Belt,
}

impl Limits {
    /// So many a minute.
    pub fn new(credentials: NonZeroU32, flows: NonZeroU32, clock: &SharedClock) -> Self {
        Self { credentials: Belt::new(credentials, clock), flows: Belt::new(flows, clock) }
    }

    /// Counts a request that begins something and keeps it: a page that somebody opens. What a browser loads for a page
    /// elsewhere, an image for instance, begins nothing and is not counted.
    pub(super) fn check_flow(&self, browser: &Browser, headers: &HeaderMap) -> Result<(), Refusal> {
        // Fetch Metadata; programs and old browsers don't say.
        if headers.get(SEC_FETCH_DEST).is_some_and(|kind| kind != "document") {
            return Err(Refusal::malformed());
        }
        Ok(self.flows.check(browser, headers)?)
    }

    /// Counts a post that shows a credential, or changes one.
    pub(super) fn check(&self, browser: &Browser, headers: &HeaderMap) -> Result<(), TooMany> {
        self.credentials.check(browser, headers)
    }

    /// Forgets those who have been slow again.
    pub fn prune(&self) {
        self.credentials.prune();
        self.flows.prune();
    }
}

/// One limit, in its three parts.
struct Belt {
    /// By network: browsers that show no device cookie.
    strangers: Limiter<String>,
    /// By network and device cookie: so one that was copied is of no use against its owner elsewhere.
    devices: Limiter<(String, SecretHash)>,
    /// By network: all that show one.
    ceiling: Limiter<String>,
}

impl Belt {
    fn new(most: NonZeroU32, clock: &SharedClock) -> Self {
        let minute = Duration::from_mins(1);
        Self {
            strangers: Limiter::new(most, minute, clock.clone()),
            devices: Limiter::new(most, minute, clock.clone()),
            ceiling: Limiter::new(most.saturating_mul(CEILING), minute, clock.clone()),
        }
    }

    fn check(&self, browser: &Browser, headers: &HeaderMap) -> Result<(), TooMany> {
        let network = network(&browser.origin().address);
        let Some(device) = Device::shown(headers) else { return self.strangers.check(&network) };
        // Before the device's own: what is made up beyond the ceiling takes no room, which all networks share.
        self.ceiling.check(&network)?;
        self.devices.check(&(network, device.hash()))
    }

    fn prune(&self) {
        self.strangers.prune();
        self.devices.prune();
        self.ceiling.prune();
    }
}
