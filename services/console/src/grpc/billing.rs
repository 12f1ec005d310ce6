//! Nulab Pass as something bought, from billing: applications, the trial, seats; and the operators' side of it.

use super::{AsPerson, List, list, refused, unusable};
use pass_proto::{
    billing::v1::{
        self as wire, application::State as WireApplicationState, nulab_pass::State as WireNulabPassState,
    },
    convert::instant,
};
use pass_types::{ApplicationId, Invalid, Language, OrganizationId, RequestId};
use pass_web::Refusal;
use time::OffsetDateTime;

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationState {
    /// It waits for an operator.
    Open,
    /// The trial was granted.
    Approved,
    /// It was not.
    Rejected,
}

impl ApplicationState {
    /// The word for it in texts and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// An application for a trial of Nulab Pass (BIL-1).
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Of which organization.
    pub space_key: String,
    /// Whom to talk to; empty: erased with an account.
    pub contact_name: String,
    /// A Plan Admin's address; empty: likewise.
    pub plan_admin_email: String,
    /// The company.
    pub company: String,
    /// Where it stands.
    pub state: ApplicationState,
    /// Since when.
    pub create_time: OffsetDateTime,
    /// When it is to be decided.
    pub due_time: OffsetDateTime,
    /// That time is over, and it is not decided.
    pub overdue: bool,
    /// When it was decided.
    pub decide_time: Option<OffsetDateTime>,
    /// Why it was rejected.
    pub rejection_reason: String,
}

/// Where Nulab Pass stands in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NulabPassState {
    /// It may be applied for.
    None,
    /// An application waits.
    Applied,
    /// The trial runs.
    Trial,
    /// It is over.
    Ended,
}

/// Nulab Pass of an organization, as of now.
#[derive(Debug, Clone)]
pub struct NulabPass {
    /// Where it stands.
    pub state: NulabPassState,
    /// The latest application.
    pub application: Option<Application>,
    /// When the trial ends or ended.
    pub trial_end_time: Option<OffsetDateTime>,
    /// Seats that Managed Accounts have.
    pub seats_used: i32,
    /// All seats.
    pub seats: i32,
}

/// An application, as typed.
#[derive(Debug, Clone)]
pub struct NewApplication {
    /// Makes it happen once.
    pub request: RequestId,
    /// Whom to talk to.
    pub contact_name: String,
    /// A Plan Admin's address.
    pub plan_admin_email: String,
    /// The company.
    pub company: String,
    /// The organization's Space Key.
    pub space_key: String,
    /// Of the mails about it.
    pub language: Language,
}

impl AsPerson {
    /// Applies for the trial (BIL-1).
    pub async fn apply(
        &self,
        organization: OrganizationId,
        application: &NewApplication,
    ) -> Result<(), Refusal> {
        let message = wire::ApplyForTrialRequest {
            request_id: application.request.to_string(),
            organization_id: organization.to_string(),
            contact_name: application.contact_name.clone(),
            plan_admin_email: application.plan_admin_email.clone(),
            company: application.company.clone(),
            space_key: application.space_key.clone(),
            language: super::language_code(application.language),
        };
        let request = self.context.request(message);
        self.suite.applications.clone().apply_for_trial(request).await.map_err(refused)?;
        Ok(())
    }

    /// Where Nulab Pass stands.
    pub async fn nulab_pass(&self, organization: OrganizationId) -> Result<NulabPass, Refusal> {
        let message = wire::GetNulabPassRequest { organization_id: organization.to_string() };
        let request = self.context.request(message);
        let answer = self.suite.applications.clone().get_nulab_pass(request).await.map_err(refused)?;
        nulab_pass_of(answer.into_inner().nulab_pass).map_err(unusable("Nulab Pass"))
    }

    /// A page of applications, for operators: of one state, or all.
    pub async fn applications(
        &self,
        state: Option<ApplicationState>,
        page_token: &str,
    ) -> Result<List<Application>, Refusal> {
        let state = match state {
            None => WireApplicationState::Unspecified,
            Some(ApplicationState::Open) => WireApplicationState::Open,
            Some(ApplicationState::Approved) => WireApplicationState::Approved,
            Some(ApplicationState::Rejected) => WireApplicationState::Rejected,
        };
        let message = wire::ListApplicationsRequest {
            page_size: 0,
            page_token: page_token.to_owned(),
            state: state.into(),
        };
        let request = self.context.request(message);
        let answer = self.suite.operators.clone().list_applications(request).await.map_err(refused)?;
        let wire::ListApplicationsResponse { applications, next_page_token } = answer.into_inner();
        list(applications, next_page_token, application_of)
    }

    /// One application, for operators.
    pub async fn application(&self, id: ApplicationId) -> Result<Application, Refusal> {
        let message = wire::GetApplicationRequest { application_id: id.to_string() };
        let request = self.context.request(message);
        let answer = self.suite.operators.clone().get_application(request).await.map_err(refused)?;
        let application = answer.into_inner().application.ok_or(Invalid("no application"));
        application.and_then(application_of).map_err(unusable("application"))
    }

    /// Approves an application: the trial starts (BIL-2).
    pub async fn approve(&self, id: ApplicationId) -> Result<(), Refusal> {
        let message = wire::ApproveApplicationRequest { application_id: id.to_string() };
        let request = self.context.request(message);
        self.suite.operators.clone().approve_application(request).await.map_err(refused)?;
        Ok(())
    }

    /// Rejects an application; the reason is mailed (BIL-1).
    pub async fn reject(&self, id: ApplicationId, reason: &str) -> Result<(), Refusal> {
        let message =
            wire::RejectApplicationRequest { application_id: id.to_string(), reason: reason.to_owned() };
        let request = self.context.request(message);
        self.suite.operators.clone().reject_application(request).await.map_err(refused)?;
        Ok(())
    }
}

fn application_of(application: wire::Application) -> Result<Application, Invalid> {
    let wire::Application {
        application_id,
        organization_id: _,
        space_key,
        contact_name,
        plan_admin_email,
        company,
        state,
        create_time,
        due_time,
        overdue,
        decide_time,
        rejection_reason,
    } = application;
    let state = match WireApplicationState::try_from(state) {
        Ok(WireApplicationState::Open) => ApplicationState::Open,
        Ok(WireApplicationState::Approved) => ApplicationState::Approved,
        Ok(WireApplicationState::Rejected) => ApplicationState::Rejected,
        Ok(WireApplicationState::Unspecified) | Err(_) => {
            return Err(Invalid("an unknown state of an application"));
        }
    };
    Ok(Application {
        id: application_id.parse()?,
        space_key,
        contact_name,
        plan_admin_email,
        company,
        state,
        create_time: instant(create_time)?,
        due_time: instant(due_time)?,
        overdue,
        decide_time: decide_time.map(|at| instant(Some(at))).transpose()?,
        rejection_reason,
    })
}

fn nulab_pass_of(nulab_pass: Option<wire::NulabPass>) -> Result<NulabPass, Invalid> {
    let wire::NulabPass { state, application, trial_end_time, seats_used, seats } =
        nulab_pass.ok_or(Invalid("no Nulab Pass"))?;
    let state = match WireNulabPassState::try_from(state) {
        Ok(WireNulabPassState::None) => NulabPassState::None,
        Ok(WireNulabPassState::Applied) => NulabPassState::Applied,
        Ok(WireNulabPassState::Trial) => NulabPassState::Trial,
        Ok(WireNulabPassState::Ended) => NulabPassState::Ended,
        Ok(WireNulabPassState::Unspecified) | Err(_) => {
            return Err(Invalid("an unknown state of Nulab Pass"));
        }
    };
    Ok(NulabPass {
        state,
        application: application.map(application_of).transpose()?,
        trial_end_time: trial_end_time.map(|at| instant(Some(at))).transpose()?,
        seats_used,
        seats,
    })
}
