//! Pages and forms. A handler asks as the signed-in person, and renders; the rules are the services'.

mod account;
mod account_deletion;
mod back_channel;
mod browsers;
mod domains;
mod email_change;
mod frame;
mod handle;
mod home;
mod image;
mod invitation;
mod invitations;
mod invite;
mod managed;
mod members;
mod new_managed;
mod nulab_pass;
mod operator;
mod organization;
mod safety;
mod saml;
mod saml_log;
mod saml_off;
#[cfg(test)]
mod samples;
mod sign_in;
mod signed_in;
mod spaces;
mod teams;
mod trial;
mod zones;

pub use frame::Done;
pub use image::Images;
pub use signed_in::SignedIn;

use crate::{app::Sessions, grpc::Suite};
use axum::Router;
use pass_types::{Entropy, SessionId, SharedClock, network};
use pass_web::{Browser, HostCookie, Limiter, TooMany};
use std::{num::NonZeroU32, sync::Arc, time::Duration};

/// The cookie of a session.
const SESSION: HostCookie = HostCookie::new("__Host-console");
/// The cookie of the browser that a sign-in was begun in.
const SIGN_IN: HostCookie = HostCookie::new("__Host-console-sign-in");
/// The cookie of a browser that was sent to sign in anew, after its token was refused.
const ANEW: HostCookie = HostCookie::new("__Host-console-anew");
/// The cookie behind form tokens.
pub const FORM: HostCookie = HostCookie::new("__Host-console-form");

/// Where the gateway sends browsers back to with a code.
pub const CALLBACK: &str = "/callback";
/// Where the gateway sends browsers after signing out.
pub const SIGNED_OUT: &str = "/signed-out";
/// Where the gateway tells that a session ended.
pub const BACK_CHANNEL: &str = "/back-channel-logout";

/// What handlers need.
#[derive(Clone)]
pub struct Console {
    /// Signing in and out, sessions.
    pub sessions: Sessions,
    /// The services.
    pub suite: Suite,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: Entropy,
    /// Where people's images are.
    pub images: Images,
    /// How fast one network may ask for what needs no session.
    pub strangers: Arc<Limiter<String>>,
    /// How fast one session may post: one that was copied keeps its owner from nothing in another one.
    pub posts: Arc<Limiter<SessionId>>,
}

impl Console {
    /// So many from one network at once, and as many again in each minute.
    pub fn limit_of_strangers(clock: SharedClock) -> Arc<Limiter<String>> {
        const MINUTELY: NonZeroU32 = NonZeroU32::new(120).expect("not zero");
        Arc::new(Limiter::new(MINUTELY, Duration::from_mins(1), clock))
    }

    /// So many posts of one session at once, and as many again in each minute.
    pub fn limit_of_posts(posts: NonZeroU32, clock: SharedClock) -> Arc<Limiter<SessionId>> {
        Arc::new(Limiter::new(posts, Duration::from_mins(1), clock))
    }

    /// Counts one request of a browser for what needs no session.
    fn check_pace(&self, browser: &Browser) -> Result<(), TooMany> {
        self.strangers.check(&network(&browser.origin().address))
    }
}

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anonymous,
    /// Who is signed in. Anybody else is sent to sign in.
    Person,
}

/// A route of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `get` or `post`.
    pub method: &'static str,
    /// Its path, with `{parameters}`.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
}

macro_rules! routes {
    ($($method:ident $path:literal $who:ident => $handler:path;)+) => {
        /// Every route there is, the style sheet and the icon excepted.
        pub const ROUTES: &[Route] = &[
            $(Route { method: stringify!($method), path: $path, who: Who::$who },)+
        ];

        /// The routes, without the layers around them.
        pub fn routes() -> Router<Console> {
            Router::new()$(.route($path, axum::routing::$method($handler)))+
        }
    };
}

routes! {
    get  "/" Person => home::show;
    get  "/sign-in" Anonymous => sign_in::begin;
    get  "/callback" Anonymous => sign_in::finish;
    post "/sign-out" Anonymous => sign_in::out;
    get  "/signed-out" Anonymous => sign_in::signed_out;
    post "/back-channel-logout" Anonymous => back_channel::logout;
    get  "/account" Person => account::show;
    post "/account" Person => account::save;
    post "/account/image" Person => image::save;
    post "/account/image/remove" Person => image::remove;
    get  "/account/delete" Person => account_deletion::show;
    post "/account/delete" Person => account_deletion::delete;
    get  "/account-deleted" Anonymous => account_deletion::deleted;
    get  "/account-deleting" Anonymous => account_deletion::deleting;
    get  "/account/spaces" Person => spaces::show;
    get  "/account/spaces/connect" Person => spaces::form;
    post "/account/spaces/connect" Person => spaces::connect;
    get  "/account/spaces/new/{product}/{space}" Person => spaces::form_of;
    post "/account/spaces/{space}/profile" Person => spaces::choose;
    post "/account/spaces/{space}/disconnect" Person => spaces::disconnect;
    get  "/account/email" Person => email_change::show;
    post "/account/email" Person => email_change::send;
    get  "/account/history" Person => safety::logins;
    get  "/account/security-events" Person => safety::events;
    post "/account/login-alerts" Person => safety::switch_alerts;
    get  "/sessions" Person => browsers::show;
    post "/sessions/end-others" Person => browsers::end_others;
    post "/sessions/{session}/end" Person => browsers::end;
    get  "/trial" Person => trial::choose;
    get  "/trial/{product}" Person => trial::show;
    post "/trial/{product}" Person => trial::start;
    get  "/organizations/{organization}" Person => organization::show;
    get  "/organizations/{organization}/members" Person => members::show;
    get  "/organizations/{organization}/invitations" Person => invitations::show;
    get  "/organizations/{organization}/invitations/new" Person => invite::show;
    post "/organizations/{organization}/invitations/new" Person => invite::send;
    post "/organizations/{organization}/invitations/{invitation}/resend" Person => invitations::resend;
    post "/organizations/{organization}/invitations/{invitation}/cancel" Person => invitations::cancel;
    get  "/organizations/{organization}/members/new-managed" Person => new_managed::show;
    post "/organizations/{organization}/members/new-managed" Person => new_managed::create;
    get  "/organizations/{organization}/managed/{account}" Person => managed::show;
    post "/organizations/{organization}/managed/{account}/suspend" Person => managed::suspend;
    post "/organizations/{organization}/managed/{account}/resume" Person => managed::resume;
    post "/organizations/{organization}/managed/{account}/resend" Person => managed::resend;
    get  "/organizations/{organization}/managed/{account}/delete" Person => managed::confirm_delete;
    post "/organizations/{organization}/managed/{account}/delete" Person => managed::delete;
    get  "/organizations/{organization}/teams" Person => teams::show;
    post "/organizations/{organization}/teams" Person => teams::create;
    get  "/organizations/{organization}/nulab-pass" Person => nulab_pass::show;
    post "/organizations/{organization}/nulab-pass" Person => nulab_pass::apply;
    get  "/organizations/{organization}/organization-id" Person => handle::show;
    post "/organizations/{organization}/organization-id" Person => handle::save;
    get  "/organizations/{organization}/domains" Person => domains::show;
    post "/organizations/{organization}/domains" Person => domains::add;
    post "/organizations/{organization}/domains/{domain}/verify" Person => domains::verify;
    post "/organizations/{organization}/domains/{domain}/remove" Person => domains::remove;
    get  "/organizations/{organization}/saml" Person => saml::show;
    post "/organizations/{organization}/saml" Person => saml::save;
    post "/organizations/{organization}/saml/tests" Person => saml::test;
    get  "/organizations/{organization}/saml/tests/{test}" Person => saml_log::test;
    get  "/organizations/{organization}/saml/sign-ins" Person => saml_log::sign_ins;
    post "/organizations/{organization}/saml/switch-on" Person => saml::switch_on;
    get  "/organizations/{organization}/saml/switch-off" Person => saml_off::show;
    post "/organizations/{organization}/saml/switch-off" Person => saml_off::switch_off;
    get  "/operator/applications" Person => operator::list;
    get  "/operator/applications/{application}" Person => operator::show;
    post "/operator/applications/{application}/approve" Person => operator::approve;
    post "/operator/applications/{application}/reject" Person => operator::reject;
    get  "/invitations/{token}" Anonymous => invitation::show;
    post "/invitations/{token}" Person => invitation::accept;
}
