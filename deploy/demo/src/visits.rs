//! Where browsers are in the sample product: what it would keep in a database if it were a real one.
//!
//! Between asking the gateway and its answer a visit can change: it ends by back-channel logout, another
//! request refreshes its tokens, the browser signs out. An answer counts only for a visit that still is what
//! it was when the question was asked, and never for a session that has ended.

use crate::relying_party::{Departure, Tokens};
use std::collections::{HashMap, VecDeque};

/// Visits that are kept, and ended sessions that are remembered; the oldest go.
const MOST: usize = 10_000;

/// A browser's place in the product.
enum Visit {
    /// It left for the gateway, perhaps to log in to a legacy space.
    Away(Departure, Option<String>),
    /// It is back, and its code is being redeemed.
    Arriving,
    /// It is signed in.
    Here { tokens: Tokens, sid: String },
    /// The session is over.
    Ended,
}

/// All visits, by the secret in the browser's cookie.
#[derive(Default)]
pub(crate) struct Visits {
    places: HashMap<String, (u64, Visit)>,
    begun: u64,
    /// Sessions that the gateway said are over.
    ended: VecDeque<String>,
}

impl Visits {
    /// A browser leaves for the gateway, perhaps to log in to a legacy space.
    pub(crate) fn depart(&mut self, visit: String, departure: Departure, space: Option<String>) {
        if self.places.len() >= MOST {
            let oldest =
                self.places.iter().min_by_key(|(_, (begun, _))| *begun).map(|(visit, _)| visit.clone());
            oldest.and_then(|oldest| self.places.remove(&oldest));
        }
        self.begun += 1;
        self.places.insert(visit, (self.begun, Visit::Away(departure, space)));
    }

    /// A browser comes back: what it must show, and to which space it wanted. Only once.
    pub(crate) fn come_back(&mut self, visit: &str) -> Option<(Departure, Option<String>)> {
        let place = self.place(visit).filter(|place| matches!(place, Visit::Away(..)))?;
        match std::mem::replace(place, Visit::Arriving) {
            Visit::Away(departure, space) => Some((departure, space)),
            _ => None,
        }
    }

    /// The code of a browser that came back was redeemed.
    pub(crate) fn arrive(&mut self, visit: &str, tokens: Tokens, sid: String) {
        let here = self.here(tokens, sid);
        if let Some(place @ Visit::Arriving) = self.place(visit) {
            *place = here;
        }
    }

    /// The tokens of a visit were exchanged for others. The tokens that it has now, if it has any: another
    /// request may have been first.
    pub(crate) fn refresh(&mut self, visit: &str, old: &Tokens, new: Tokens, sid: String) -> Option<Tokens> {
        let here = self.here(new, sid);
        if let Some(place) = self.place(visit).filter(|place| place.has(old)) {
            *place = here;
        }
        self.tokens(visit)
    }

    /// The gateway gives nothing for the tokens of a visit any more. The tokens that it has now, if another
    /// request was first.
    pub(crate) fn expire(&mut self, visit: &str, old: &Tokens) -> Option<Tokens> {
        if let Some(place) = self.place(visit).filter(|place| place.has(old)) {
            *place = Visit::Ended;
        }
        self.tokens(visit)
    }

    /// The gateway said that a session is over.
    pub(crate) fn end(&mut self, ended: String) {
        for (_, place) in self.places.values_mut() {
            if matches!(place, Visit::Here { sid, .. } if *sid == ended) {
                *place = Visit::Ended;
            }
        }
        if self.ended.len() >= MOST {
            self.ended.pop_front();
        }
        self.ended.push_back(ended);
    }

    /// A browser signs out, or could not be signed in.
    pub(crate) fn leave(&mut self, visit: &str) -> Option<Tokens> {
        let tokens = self.tokens(visit);
        self.places.remove(visit);
        tokens
    }

    /// The tokens of a browser that is signed in.
    pub(crate) fn tokens(&self, visit: &str) -> Option<Tokens> {
        match self.places.get(visit) {
            Some((_, Visit::Here { tokens, .. })) => Some(tokens.clone()),
            _ => None,
        }
    }

    /// Whether a browser was signed in until its session ended.
    pub(crate) fn has_ended(&self, visit: &str) -> bool {
        matches!(self.places.get(visit), Some((_, Visit::Ended)))
    }

    fn place(&mut self, visit: &str) -> Option<&mut Visit> {
        self.places.get_mut(visit).map(|(_, place)| place)
    }

    fn here(&self, tokens: Tokens, sid: String) -> Visit {
        if self.ended.contains(&sid) { Visit::Ended } else { Visit::Here { tokens, sid } }
    }
}

impl Visit {
    fn has(&self, old: &Tokens) -> bool {
        matches!(self, Self::Here { tokens, .. } if tokens.refresh_token == old.refresh_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(refresh_token: &str) -> Tokens {
        let [access_token, id_token] = ["access", "id"].map(ToOwned::to_owned);
        Tokens { access_token, refresh_token: refresh_token.to_owned(), id_token }
    }

    fn here() -> Visits {
        let mut visits = Visits::default();
        visits.depart("visit".to_owned(), Departure::default(), None);
        assert!(visits.come_back("visit").is_some());
        visits.arrive("visit", tokens("first"), "sid".to_owned());
        assert!(visits.tokens("visit").is_some());
        visits
    }

    #[test]
    fn a_sign_in_in_flight_does_not_bring_an_ended_session_back() {
        let mut visits = Visits::default();
        visits.depart("visit".to_owned(), Departure::default(), None);
        assert!(visits.come_back("visit").is_some());
        visits.end("sid".to_owned());
        visits.arrive("visit", tokens("first"), "sid".to_owned());
        assert!(visits.tokens("visit").is_none() && visits.has_ended("visit"));
    }

    #[test]
    fn a_refresh_in_flight_does_not_bring_an_ended_session_back() {
        let mut visits = here();
        visits.end("sid".to_owned());
        assert!(visits.refresh("visit", &tokens("first"), tokens("second"), "sid".to_owned()).is_none());
        assert!(visits.has_ended("visit"));

        // Nor one whose visit is gone, or that was signed out meanwhile.
        let mut visits = here();
        assert!(visits.leave("visit").is_some());
        assert!(visits.refresh("visit", &tokens("first"), tokens("second"), "sid".to_owned()).is_none());
        visits.arrive("visit", tokens("first"), "sid".to_owned());
        assert!(visits.tokens("visit").is_none());
    }

    #[test]
    fn of_two_refreshes_at_once_the_first_counts() {
        let mut visits = here();
        visits.refresh("visit", &tokens("first"), tokens("second"), "sid".to_owned()).unwrap();
        let now = visits.expire("visit", &tokens("first")).unwrap();
        assert_eq!(now.refresh_token, "second");
        let now = visits.refresh("visit", &tokens("first"), tokens("third"), "sid".to_owned()).unwrap();
        assert_eq!(now.refresh_token, "second");
        assert!(visits.expire("visit", &tokens("second")).is_none());
        assert!(visits.has_ended("visit"));
    }

    #[test]
    fn a_browser_comes_back_once() {
        let mut visits = here();
        assert!(visits.come_back("visit").is_none() && visits.come_back("another").is_none());
        assert!(visits.tokens("visit").is_some());
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes() {
        let mut visits = here();
        for number in 0..MOST {
            visits.depart(number.to_string(), Departure::default(), None);
            visits.end(number.to_string());
        }
        assert_eq!((visits.places.len(), visits.ended.len()), (MOST, MOST));
        assert!(visits.tokens("visit").is_none());
        assert!(visits.come_back("0").is_some());
    }
}
