//! From messages to what use cases take, and back. Messages are taken apart exhaustively: a new field
//! does not compile until somebody decides about it.

use crate::{
    app::{ApplicationMail, ApplyForTrial, ChangeSeat, ForgetPerson, ListApplications, Which},
    domain::{
        application::{Application, RejectionReason, State},
        seat::Attempt,
        subscription::{Entitlement, NulabPass, Standing},
    },
};
use pass_mesh::violation;
use pass_proto::{
    billing::v1::{self as wire, application::State as WireState},
    convert::{FromWire, timestamp},
};
use pass_types::{ApplicationId, Invalid, Language, OrganizationId, Page, PageSize};
use std::str::FromStr;
use time::OffsetDateTime;
use tonic::Status;

/// The longest page token that is looked at.
const PAGE_TOKEN: usize = 1024;

/// A field's value, or what is wrong with it.
fn field<T>(name: &'static str, value: Result<T, Invalid>) -> Result<T, Status> {
    value.map_err(|invalid| violation(invalid.of(name)))
}

fn parse<T: FromStr<Err = Invalid>>(name: &'static str, text: &str) -> Result<T, Status> {
    field(name, text.parse())
}

pub fn apply_for_trial(request: &wire::ApplyForTrialRequest) -> Result<ApplyForTrial, Status> {
    let wire::ApplyForTrialRequest {
        request_id,
        organization_id,
        contact_name,
        plan_admin_email,
        company,
        space_key,
        language,
    } = request;
    Ok(ApplyForTrial {
        request: parse("request_id", request_id)?,
        organization: parse("organization_id", organization_id)?,
        contact: parse("contact_name", contact_name)?,
        plan_admin: parse("plan_admin_email", plan_admin_email)?,
        company: parse("company", company)?,
        space_key: parse("space_key", space_key)?,
        language: field("language", Language::from_wire(*language))?,
    })
}

pub fn get_nulab_pass(request: &wire::GetNulabPassRequest) -> Result<OrganizationId, Status> {
    let wire::GetNulabPassRequest { organization_id } = request;
    parse("organization_id", organization_id)
}

pub fn nulab_pass(pass: &NulabPass, now: OffsetDateTime) -> wire::GetNulabPassResponse {
    let state = match pass.standing(now) {
        Standing::None => wire::nulab_pass::State::None,
        Standing::Applied => wire::nulab_pass::State::Applied,
        Standing::Trial => wire::nulab_pass::State::Trial,
        Standing::Ended => wire::nulab_pass::State::Ended,
    };
    let NulabPass { application: latest, subscription } = pass;
    wire::GetNulabPassResponse {
        nulab_pass: Some(wire::NulabPass {
            state: state.into(),
            application: latest.as_ref().map(|it| application(it, now)),
            trial_end_time: subscription.as_ref().map(|it| timestamp(it.trial_ends_at)),
            seats_used: subscription.as_ref().map_or(0, |it| it.seats_used),
            seats: subscription.as_ref().map_or(0, |it| it.seats),
        }),
    }
}

pub fn prepare_application_mail(
    request: &wire::PrepareApplicationMailRequest,
) -> Result<ApplicationId, Status> {
    let wire::PrepareApplicationMailRequest { application_id } = request;
    parse("application_id", application_id)
}

pub fn application_mail(mail: ApplicationMail, now: OffsetDateTime) -> wire::PrepareApplicationMailResponse {
    let ApplicationMail { application: about, trial_ends_at, url } = mail;
    wire::PrepareApplicationMailResponse {
        application: Some(application(&about, now)),
        language: about.language.to_wire().into(),
        trial_end_time: trial_ends_at.map(timestamp),
        url: url.into(),
    }
}

pub fn list_applications(request: wire::ListApplicationsRequest) -> Result<ListApplications, Status> {
    let wire::ListApplicationsRequest { page_size, page_token, state } = request;
    let size = field("page_size", PageSize::try_from(page_size))?;
    if page_token.len() > PAGE_TOKEN {
        return Err(violation(Invalid("is too long").of("page_token")));
    }
    let which = match WireState::try_from(state) {
        Ok(WireState::Unspecified) => Which::All,
        Ok(WireState::Open) => Which::Open,
        Ok(WireState::Approved) => Which::Approved,
        Ok(WireState::Rejected) => Which::Rejected,
        Err(_) => return Err(violation(Invalid("must be one of the known values").of("state"))),
    };
    Ok(ListApplications { which, size, token: page_token })
}

pub fn applications(page: &Page<Application>, now: OffsetDateTime) -> wire::ListApplicationsResponse {
    let applications = page.items.iter().map(|it| application(it, now)).collect();
    wire::ListApplicationsResponse { applications, next_page_token: page.next.clone() }
}

pub fn get_application(request: &wire::GetApplicationRequest) -> Result<ApplicationId, Status> {
    let wire::GetApplicationRequest { application_id } = request;
    parse("application_id", application_id)
}

pub fn approve_application(request: &wire::ApproveApplicationRequest) -> Result<ApplicationId, Status> {
    let wire::ApproveApplicationRequest { application_id } = request;
    parse("application_id", application_id)
}

pub fn reject_application(
    request: &wire::RejectApplicationRequest,
) -> Result<(ApplicationId, RejectionReason), Status> {
    let wire::RejectApplicationRequest { application_id, reason } = request;
    Ok((parse("application_id", application_id)?, parse("reason", reason)?))
}

pub fn check_entitlement(request: &wire::CheckEntitlementRequest) -> Result<OrganizationId, Status> {
    let wire::CheckEntitlementRequest { organization_id } = request;
    parse("organization_id", organization_id)
}

pub fn entitlement(entitlement: Entitlement) -> wire::CheckEntitlementResponse {
    use wire::check_entitlement_response::State;
    let (state, end) = match entitlement {
        Entitlement::None => (State::None, None),
        Entitlement::Entitled { until } => (State::Entitled, Some(until)),
        Entitlement::Ended { at } => (State::Ended, Some(at)),
    };
    wire::CheckEntitlementResponse { state: state.into(), end_time: end.map(timestamp) }
}

pub fn take_seat(request: &wire::TakeSeatRequest) -> Result<ChangeSeat, Status> {
    let wire::TakeSeatRequest { organization_id, account_id, attempt } = request;
    change_seat(organization_id, account_id, *attempt)
}

pub fn free_seat(request: &wire::FreeSeatRequest) -> Result<ChangeSeat, Status> {
    let wire::FreeSeatRequest { organization_id, account_id, attempt } = request;
    change_seat(organization_id, account_id, *attempt)
}

fn change_seat(organization: &str, account: &str, attempt: i32) -> Result<ChangeSeat, Status> {
    Ok(ChangeSeat {
        organization: parse("organization_id", organization)?,
        account: parse("account_id", account)?,
        attempt: field("attempt", Attempt::try_from(attempt))?,
    })
}

pub fn forget_person(request: &wire::ForgetPersonRequest) -> Result<ForgetPerson, Status> {
    let wire::ForgetPersonRequest { account_id, email } = request;
    Ok(ForgetPerson { account: parse("account_id", account_id)?, email: parse("email", email)? })
}

pub fn application(application: &Application, now: OffsetDateTime) -> wire::Application {
    let Application {
        id,
        organization,
        space_key,
        contact,
        plan_admin,
        company,
        language: _,
        applied_by: _,
        created_at,
        due_at,
        state,
    } = application;
    let (state, reason) = match state {
        State::Open => (WireState::Open, None),
        State::Approved(_) => (WireState::Approved, None),
        State::Rejected(_, reason) => (WireState::Rejected, Some(reason)),
    };
    wire::Application {
        application_id: id.to_string(),
        organization_id: organization.to_string(),
        space_key: space_key.to_string(),
        contact_name: contact.as_ref().map(ToString::to_string).unwrap_or_default(),
        plan_admin_email: plan_admin.as_ref().map(|it| it.email.as_str().to_owned()).unwrap_or_default(),
        company: company.to_string(),
        state: state.into(),
        create_time: Some(timestamp(*created_at)),
        due_time: Some(timestamp(*due_at)),
        overdue: application.overdue(now),
        decide_time: application.decision().map(|it| timestamp(it.at)),
        rejection_reason: reason.map(|it| it.as_str().to_owned()).unwrap_or_default(),
    }
}
