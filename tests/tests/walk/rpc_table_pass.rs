//! Rows of the RPCs about Nulab Pass, domains, teams and Organization IDs.

use crate::{
    fixture::Fixture,
    nulab_pass::{HALF_MADE_ACCOUNT, HANDLE, application},
    rpc_row::{
        For,
        Gets::{Answer, Refused},
        Row, administrators, people, row,
    },
    rpc_table::REQUEST,
};
use pass_proto::{
    billing::v1::{
        ApproveApplicationRequest, CheckEntitlementRequest, FreeSeatRequest, GetApplicationRequest,
        GetNulabPassRequest, ListApplicationsRequest, PrepareApplicationMailRequest,
        RejectApplicationRequest, TakeSeatRequest, application::State,
    },
    domains::v1::{
        AddDomainRequest, CheckDomainRequest, FindOrganizationsRequest, ListDomainsRequest,
        RemoveDomainRequest, VerifyDomainRequest,
    },
    errors::v1::ErrorReason::{NotFound, OrganizationHandleTaken, RoleMissing, TeamUnknown},
    organization::v1::{
        AddManagedMemberRequest, CreateTeamRequest, FindMemberRequest, FindOrganizationRequest,
        ListAdministratorsRequest, ListTeamsRequest, RemoveManagedMemberRequest,
        SetManagedMemberSuspendedRequest, SetOrganizationHandleRequest, find_organization_request::By,
    },
    types::v1::{Privilege, Role},
};

/// An account that nobody has.
const ACCOUNT: &str = "0190a0a0-0000-7000-8000-0000000000b";

/// Their rows, in the order in which the right callers are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = applications(f);
    rows.extend(operators(f));
    rows.extend(seats(f));
    rows.extend(domains(f));
    rows.extend(organizations(f));
    rows.extend(managed_members(f));
    rows
}

fn applications(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    vec![
        row(
            "billing.v1.ApplicationService.ApplyForTrial",
            administrators(taro),
            &application(taro, &f.pass.plain, format!("{REQUEST}3")),
        )
        // It is Acme's alone.
        .managed(Refused(NotFound)),
        row(
            "billing.v1.ApplicationService.GetNulabPass",
            administrators(taro),
            &GetNulabPassRequest { organization_id: f.acme.clone() },
        ),
        row(
            "billing.v1.ApplicationService.PrepareApplicationMail",
            For::System,
            &PrepareApplicationMailRequest { application_id: f.pass.application.clone() },
        ),
    ]
}

fn operators(f: &Fixture) -> Vec<Row<'_>> {
    let otto = || For::Operators { right: &f.operator };
    let [first, second] = &f.pass.waiting;
    vec![
        row(
            "billing.v1.OperatorService.ListApplications",
            otto(),
            &ListApplicationsRequest { page_size: 10, page_token: String::new(), state: State::Open.into() },
        )
        .lenient(&["page_size: missing", "state: missing"]),
        row(
            "billing.v1.OperatorService.GetApplication",
            otto(),
            &GetApplicationRequest { application_id: f.pass.application.clone() },
        ),
        row(
            "billing.v1.OperatorService.ApproveApplication",
            otto(),
            &ApproveApplicationRequest { application_id: first.clone() },
        ),
        row(
            "billing.v1.OperatorService.RejectApplication",
            otto(),
            &RejectApplicationRequest { application_id: second.clone(), reason: "Call us".to_owned() },
        ),
    ]
}

fn seats(f: &Fixture) -> Vec<Row<'_>> {
    vec![
        row(
            "billing.v1.SeatService.CheckEntitlement",
            For::System,
            &CheckEntitlementRequest { organization_id: f.acme.clone() },
        ),
        // The newest attempt counts, whatever its number.
        row(
            "billing.v1.SeatService.TakeSeat",
            For::System,
            &TakeSeatRequest {
                organization_id: f.acme.clone(),
                account_id: format!("{ACCOUNT}1"),
                attempt: 1,
            },
        )
        .lenient(&["attempt: huge"]),
        row(
            "billing.v1.SeatService.FreeSeat",
            For::System,
            &FreeSeatRequest {
                organization_id: f.acme.clone(),
                account_id: format!("{ACCOUNT}2"),
                attempt: 1,
            },
        )
        .lenient(&["attempt: huge"]),
    ]
}

fn domains(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let (acme, other, plain) = (&f.acme, &f.other, &f.pass.plain.organization_id);
    let pending = &f.pass.pending_domain;
    let add = |organization: &String, name: &str| AddDomainRequest {
        request_id: format!("{REQUEST}6"),
        organization_id: organization.clone(),
        name: name.to_owned(),
    };
    let verify = |organization: &String| VerifyDomainRequest {
        organization_id: organization.clone(),
        domain_id: pending.clone(),
    };
    let remove = |organization: &String| RemoveDomainRequest {
        organization_id: organization.clone(),
        domain_id: pending.clone(),
    };
    vec![
        row("domains.v1.DomainService.AddDomain", administrators(taro), &add(acme, "second.acme.example"))
            .without_pass(&add(plain, "plain.acme.example")),
        row(
            "domains.v1.DomainService.ListDomains",
            administrators(taro),
            &ListDomainsRequest { organization_id: acme.clone(), page_size: 10, page_token: String::new() },
        )
        .lenient(&["page_size: missing"]),
        row("domains.v1.DomainService.VerifyDomain", administrators(taro), &verify(acme))
            .crossed(&verify(other))
            .without_pass(&verify(plain)),
        row("domains.v1.DomainService.RemoveDomain", administrators(taro), &remove(acme))
            .crossed(&remove(other)),
        // What is no domain at all is nobody's.
        row(
            "domains.v1.VerificationService.CheckDomain",
            For::System,
            &CheckDomainRequest { organization_id: acme.clone(), name: "acme.example".to_owned() },
        )
        .lenient(&["name: *"]),
        row(
            "domains.v1.VerificationService.FindOrganizations",
            For::System,
            &FindOrganizationsRequest { name: "acme.example".to_owned() },
        )
        .lenient(&["name: *"]),
    ]
}

fn organizations(f: &Fixture) -> Vec<Row<'_>> {
    let (taro, mika) = (&f.administrator, &f.member);
    let handle = |organization: &String, handle: &str| SetOrganizationHandleRequest {
        organization_id: organization.clone(),
        handle: handle.to_owned(),
    };
    vec![
        row(
            "organization.v1.MembershipService.FindOrganization",
            For::System,
            &FindOrganizationRequest { by: Some(By::OrganizationId(f.acme.clone())) },
        ),
        row(
            "organization.v1.MembershipService.FindMember",
            For::System,
            &FindMemberRequest { organization_id: f.acme.clone(), email: taro.email.to_owned() },
        ),
        row(
            "organization.v1.MembershipService.ListAdministrators",
            For::System,
            &ListAdministratorsRequest { organization_id: f.acme.clone(), ..Default::default() },
        ),
        // Organization IDs are typed by everybody who signs in: that one is taken is no secret.
        row(
            "organization.v1.OrganizationService.SetOrganizationHandle",
            administrators(taro),
            &handle(&f.acme, "acme-corporation"),
        )
        .crossed_as(&handle(&f.other, HANDLE), OrganizationHandleTaken)
        .without_pass(&handle(&f.pass.plain.organization_id, "acme-without")),
        row(
            "organization.v1.TeamService.CreateTeam",
            people(mika, Answer, Refused(RoleMissing), Refused(NotFound)),
            &CreateTeamRequest {
                request_id: format!("{REQUEST}4"),
                organization_id: f.acme.clone(),
                name: "Acme writers".to_owned(),
            },
        )
        .makes(&[
            "organization.teams",
            "organization.quotas",
            "organization.outbox",
            "organization.outbox_keys",
        ]),
        row(
            "organization.v1.TeamService.ListTeams",
            people(taro, Answer, Answer, Refused(NotFound)),
            &ListTeamsRequest { organization_id: f.acme.clone(), page_size: 10, page_token: String::new() },
        )
        .lenient(&["page_size: missing"]),
    ]
}

/// Identity's changes of members; the newest attempt counts, whatever its number.
fn managed_members(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let add = |organization: &String| AddManagedMemberRequest {
        organization_id: organization.clone(),
        account_id: format!("{ACCOUNT}3"),
        attempt: 1,
        name: "Yoko Half".to_owned(),
        email: "yoko@acme.example".to_owned(),
        role: Role::Member.into(),
        privileges: vec![Privilege::Invite.into()],
        team_ids: vec![f.pass.team.clone()],
    };
    let suspend = |organization: &String| SetManagedMemberSuspendedRequest {
        organization_id: organization.clone(),
        account_id: HALF_MADE_ACCOUNT.to_owned(),
        attempt: 2,
        suspended: true,
    };
    let remove = |organization: &String| RemoveManagedMemberRequest {
        organization_id: organization.clone(),
        account_id: HALF_MADE_ACCOUNT.to_owned(),
        attempt: i32::MAX,
    };
    vec![
        row("organization.v1.ManagedMemberService.AddManagedMember", administrators(taro), &add(&f.acme))
            .crossed_as(&add(&f.other), TeamUnknown)
            .lenient(&["attempt: huge", "privileges: missing", "team_ids: missing"]),
        row(
            "organization.v1.ManagedMemberService.SetManagedMemberSuspended",
            administrators(taro),
            &suspend(&f.acme),
        )
        .crossed(&suspend(&f.other))
        .lenient(&["attempt: huge", "suspended: missing"])
        .system_too(),
        row(
            "organization.v1.ManagedMemberService.RemoveManagedMember",
            administrators(taro),
            &remove(&f.acme),
        )
        .crossed(&remove(&f.other))
        .lenient(&["attempt: huge"])
        .system_too(),
    ]
}
