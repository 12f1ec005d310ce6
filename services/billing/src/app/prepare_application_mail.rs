//! All that the mails about an application need, put together at the moment of sending.

use super::{Billing, ReadError, Refused};
use crate::{
    domain::application::{Application, State},
    store,
};
use pass_types::ApplicationId;
use time::OffsetDateTime;
use url::Url;

/// The mail.
#[derive(Debug)]
pub struct ApplicationMail {
    /// What it is about.
    pub application: Application,
    /// When the trial ends, of an approved one.
    pub trial_ends_at: Option<OffsetDateTime>,
    /// Where to go on.
    pub url: Url,
}

impl Billing {
    /// Puts the mail together. Only notification may ask. Nobody is to be mailed who has deleted their account (ACC-13).
    #[tracing::instrument(skip_all, fields(application.id = %id))]
    pub async fn prepare_application_mail(&self, id: ApplicationId) -> Result<ApplicationMail, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let found = store::applications::find(&mut conn, id).await?;
        let application = found.filter(|it| it.plan_admin.is_some()).ok_or(Refused::NotFound)?;
        let subscription = match application.state {
            State::Approved(_) => store::subscriptions::find(&mut conn, application.organization).await?,
            State::Open | State::Rejected(..) => None,
        };
        let mut url = self.settings.console.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            let organization = application.organization.to_string();
            path.pop_if_empty().extend(["organizations", &organization, "nulab-pass"]);
        }
        Ok(ApplicationMail { application, trial_ends_at: subscription.map(|it| it.trial_ends_at), url })
    }
}
