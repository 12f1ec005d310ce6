//! The console's frame around pages, the good news at the top of them, and the way through long lists.

use super::SignedIn;
use crate::grpc::Membership;
use axum::response::{IntoResponse, Redirect, Response};
use pass_types::{AccountKind, Role};
use pass_web::Page;

/// What the bar at the top shows.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Who is signed in.
    pub name: String,
    /// The address of their image; empty: none.
    pub image: String,
    /// Which entry of the navigation the page belongs to.
    pub at: &'static str,
    /// Whether the person is an operator, who has pages of their own.
    pub operator: bool,
    /// Whether the person may start trials: Managed Accounts do not (ORG-1).
    pub may_start_trials: bool,
}

impl Frame {
    /// For the person.
    pub fn of(me: &SignedIn, at: &'static str) -> Self {
        Self {
            name: me.account.name.clone(),
            image: me.images.url(&me.account.image, 48),
            at,
            operator: me.account.operator,
            may_start_trials: me.account.kind == AccountKind::Nulab,
        }
    }

    /// Whether the person may connect legacy spaces: Managed Accounts have none (SPC-2).
    pub fn has_spaces(&self) -> bool {
        self.may_start_trials
    }
}

/// What the pages of an organization show above their content.
#[derive(Debug, Clone)]
pub struct Head {
    /// The organization's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The person's role in it.
    pub role: Role,
    /// Whether the person may invite.
    pub may_invite: bool,
    /// Whether the person is an administrator.
    pub administers: bool,
    /// Whether Nulab Pass is the person's business.
    pub may_see_nulab_pass: bool,
    /// Which tab is shown.
    pub tab: &'static str,
}

impl Head {
    /// For the person's place in the organization.
    pub fn of(membership: &Membership, tab: &'static str) -> Self {
        Self {
            id: membership.organization.id.to_string(),
            name: membership.organization.name.clone(),
            role: membership.role,
            may_invite: membership.may_invite(),
            administers: membership.administers(),
            may_see_nulab_pass: membership.may_see_nulab_pass(),
            tab,
        }
    }
}

macro_rules! done {
    ($($(#[doc = $doc:literal])+ $done:ident = $key:literal;)+) => {
        /// What was done just before a page: good news to show on it. In the URL as `?done=…`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Done {
            $($(#[doc = $doc])+ $done),+
        }

        impl Done {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$done),+];

            /// The text's key.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$done => concat!("done-", $key)),+
                }
            }
        }
    };
}

done! {
    /// The profile was changed.
    Saved = "saved";
    /// The image was changed.
    ImageSaved = "image-saved";
    /// The image was taken away.
    ImageRemoved = "image-removed";
    /// A link was mailed to a new address.
    EmailChangeSent = "email-change-sent";
    /// A session was ended.
    SessionEnded = "session-ended";
    /// All other sessions were ended.
    OthersEnded = "others-ended";
    /// Login alerts are on.
    AlertsOn = "alerts-on";
    /// Login alerts are off.
    AlertsOff = "alerts-off";
    /// A legacy space was connected.
    SpaceConnected = "space-connected";
    /// What a legacy space shows was changed.
    SpaceChanged = "space-changed";
    /// A legacy space was disconnected.
    SpaceDisconnected = "space-disconnected";
    /// A trial began.
    TrialStarted = "trial-started";
    /// Somebody was invited.
    Invited = "invited";
    /// An invitation was mailed again.
    Resent = "resent";
    /// An invitation was withdrawn.
    Canceled = "canceled";
    /// The person became a member.
    Joined = "joined";
    /// Nulab Pass was applied for.
    Applied = "applied";
    /// An application was approved.
    Approved = "approved";
    /// An application was rejected.
    Rejected = "rejected";
    /// The Organization ID was set.
    HandleSet = "handle-set";
    /// A domain was added.
    DomainAdded = "domain-added";
    /// A domain was verified.
    DomainVerified = "domain-verified";
    /// A domain was removed.
    DomainRemoved = "domain-removed";
    /// A draft of a SAML connection was saved.
    SamlSaved = "saml-saved";
    /// SAML was switched on.
    SamlOn = "saml-on";
    /// SAML was switched off.
    SamlOff = "saml-off";
    /// The person was sent to sign in afresh, and has.
    SignedInAgain = "signed-in-again";
    /// A team was made.
    TeamCreated = "team-created";
    /// A Managed Account was made.
    ManagedCreated = "managed-created";
    /// The invitation of a Managed Account was mailed again.
    ManagedResent = "managed-resent";
    /// A Managed Account was suspended.
    ManagedSuspended = "managed-suspended";
    /// A Managed Account was resumed.
    ManagedResumed = "managed-resumed";
    /// A Managed Account was deleted.
    ManagedDeleted = "managed-deleted";
}

impl Done {
    /// On to a page of the console that says so (303: a reload does not repeat what was done).
    pub fn then(self, path: &str) -> Response {
        Redirect::to(&format!("{path}?done={}", self.key().trim_start_matches("done-"))).into_response()
    }
}

/// What a page's address may say besides its path. What can't be read is left out.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct View {
    /// What was done just before.
    pub done: String,
    /// Which page of the list.
    pub page: String,
    /// Whom to look for.
    pub query: String,
    /// Of which state.
    pub state: String,
}

impl View {
    /// The page with the good news, if there are any.
    pub fn noticed(&self, page: Page) -> Page {
        let said = format!("done-{}", self.done);
        match Done::ALL.iter().find(|done| done.key() == said) {
            Some(done) => page.noticed(done.key()),
            None => page,
        }
    }

    /// The ways from this page of the list at `path`, whose next page has the token `next`.
    pub fn pages(&self, path: &str, next: &str) -> Pages {
        let address = |page: &str| {
            let pairs = [("query", self.query.as_str()), ("state", self.state.as_str()), ("page", page)];
            let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            match serde_urlencoded::to_string(pairs) {
                Ok(text) if !text.is_empty() => format!("{path}?{text}"),
                _ => path.to_owned(),
            }
        };
        Pages {
            first: (!self.page.is_empty()).then(|| address("")),
            next: (!next.is_empty()).then(|| address(next)),
        }
    }
}

/// The ways from one page of a long list, for `pages.html`.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    /// Address of the first page, unless this is it.
    pub first: Option<String>,
    /// Address of the next page, if there is one.
    pub next: Option<String>,
}
