//! Pages of Nulab Pass, SAML excepted.

use super::{ID, NOW, account, acme, frame, member, page, pages};
use crate::{
    grpc::{
        Application, ApplicationState, Domain, Finding, FindingKind, ManagedAccount, ManagedState, NulabPass,
        NulabPassState, Team,
    },
    http::{
        domains::Domains,
        frame::{Done, Head},
        handle::HandlePage,
        managed::{ManagedDelete, ManagedPage},
        new_managed::{self, NewManaged},
        nulab_pass::{self, NulabPassPage, Step},
        operator::{ApplicationPage, Applications},
        teams::{self, Teams},
    },
};
use askama::Template;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Kind, Language, Role};
use pass_web::Refusal;
use time::Duration;

type Sample = (&'static str, String);

fn application(state: ApplicationState, overdue: bool) -> Application {
    let decided = state != ApplicationState::Open;
    let rejected = state == ApplicationState::Rejected;
    Application {
        id: ID.parse().unwrap(),
        space_key: "aB3dE6gH9k".to_owned(),
        contact_name: "山田 太郎".to_owned(),
        plan_admin_email: "taro@example.com".to_owned(),
        company: "Acme株式会社 <script>".to_owned(),
        state,
        create_time: NOW - Duration::days(2),
        due_time: NOW + Duration::days(1),
        overdue,
        decide_time: decided.then_some(NOW),
        rejection_reason: if rejected { "The Space Key is a test's.\nApply with the real one." } else { "" }
            .to_owned(),
    }
}

/// One whose people have deleted their accounts.
fn erased() -> Application {
    let (contact_name, plan_admin_email) = (String::new(), String::new());
    Application { contact_name, plan_admin_email, ..application(ApplicationState::Approved, false) }
}

fn pass(state: NulabPassState) -> NulabPass {
    let application = match state {
        NulabPassState::Applied => Some(application(ApplicationState::Open, false)),
        NulabPassState::None => Some(application(ApplicationState::Rejected, false)),
        _ => None,
    };
    NulabPass { state, application, trial_end_time: Some(NOW + Duration::days(30)), seats_used: 3, seats: 10 }
}

pub fn nulab_pass(language: Language) -> Vec<Sample> {
    let fields = || nulab_pass::Fields {
        request_id: ID.to_owned(),
        contact_name: "山田 太郎".to_owned(),
        plan_admin_email: "taro@example.com".to_owned(),
        company: "Acme株式会社".to_owned(),
        space_key: "aB3dE6gH9k".to_owned(),
    };
    let step = |name, done| Step { name, path: "domains", done };
    let show = |page, pass, steps, has_product| {
        let (frame, head) = (frame("organizations"), Head::of(&acme(), "nulab-pass"));
        NulabPassPage { page, frame, head, pass, has_product, steps, fields: fields() }.render().unwrap()
    };
    let steps = vec![
        step("handle", Some(true)),
        step("domains", Some(true)),
        step("saml", Some(false)),
        step("managed", None),
    ];
    let wrong = Refusal::of_field("plan_admin_email", "must be a Plan Admin's");
    let handle = HandlePage::new(
        page(language).refused(Refusal::new(Kind::AlreadyExists, ErrorReason::OrganizationHandleTaken)),
        frame("organizations"),
        &acme(),
        "acme-2".to_owned(),
    );
    vec![
        ("pass-none", show(page(language), pass(NulabPassState::None), vec![], true)),
        ("pass-wrong", show(page(language).refused(wrong), pass(NulabPassState::None), vec![], true)),
        ("pass-no-product", show(page(language), pass(NulabPassState::None), vec![], false)),
        (
            "pass-applied",
            show(page(language).noticed(Done::Applied.key()), pass(NulabPassState::Applied), vec![], true),
        ),
        ("pass-trial", show(page(language), pass(NulabPassState::Trial), steps, true)),
        ("pass-ended", show(page(language), pass(NulabPassState::Ended), vec![], true)),
        ("handle", handle.render().unwrap()),
    ]
}

pub fn operator(language: Language) -> Vec<Sample> {
    let list = |entries, state| {
        let (page, frame) = (page(language).noticed(Done::Approved.key()), frame("operator"));
        Applications { page, frame, state, entries, pages: pages("/next") }.render().unwrap()
    };
    let show = |page, application| {
        let reason = "Not a customer.".to_owned();
        ApplicationPage { page, frame: frame("operator"), application, reason }.render().unwrap()
    };
    let wrong = page(language).refused(Refusal::of_field("reason", "must be 1-500 characters long"));
    vec![
        (
            "applications",
            list(
                vec![
                    application(ApplicationState::Open, true),
                    application(ApplicationState::Open, false),
                    application(ApplicationState::Approved, false),
                    application(ApplicationState::Rejected, false),
                ],
                None,
            ),
        ),
        ("applications-none", list(vec![], Some(ApplicationState::Rejected))),
        ("application", show(wrong, application(ApplicationState::Open, true))),
        ("application-rejected", show(page(language), application(ApplicationState::Rejected, false))),
        ("application-erased", show(page(language), erased())),
    ]
}

pub fn domains(language: Language) -> Vec<Sample> {
    let domain = |id: u128, name: &str, unicode_name: &str, verified| Domain {
        id: uuid::Uuid::from_u128(id).into(),
        name: name.to_owned(),
        unicode_name: unicode_name.to_owned(),
        mixed_script: name == "xn--pple-43d.example",
        verified,
        record_name: format!("_nulab-challenge.{name}"),
        record_text: format!("nulab-verification-code={}", "aB3dE6gH".repeat(8)),
        verify_time: verified.then_some(NOW),
    };
    let show = |page, found, users: Option<&str>, entries| {
        let (frame, head) = (frame("organizations"), Head::of(&acme(), "nulab-pass"));
        let (name, users) = (String::new(), users.map(str::to_owned));
        Domains {
            page,
            frame,
            head,
            entries,
            pages: pages(""),
            request_id: ID.to_owned(),
            name,
            found,
            users,
        }
        .render()
        .unwrap()
    };
    let entries = || {
        vec![
            domain(1, "acme.example", "acme.example", true),
            domain(2, "xn--pple-43d.example", "аpple.example", false),
            domain(3, "xn--eckwd4c7c.example", "ドメイン.example", false),
        ]
    };
    let codes = vec!["nulab-verification-code=AAAA".to_owned(), "nulab-verification-code=BBBB".to_owned()];
    let found = (uuid::Uuid::from_u128(2).into(), Finding { kind: FindingKind::OtherCodes, codes });
    let known = page(language).refused(Refusal::new(Kind::AlreadyExists, ErrorReason::DomainKnown));
    let wrong = page(language).refused(Refusal::of_field("domain", "must be a domain name"));
    let used = page(language).refused(Refusal::new(Kind::Precondition, ErrorReason::DomainInUse));
    vec![
        ("domains", show(page(language).noticed(Done::DomainAdded.key()), None, None, entries())),
        ("domains-found", show(page(language), Some(found), None, entries())),
        ("domains-known", show(known, None, None, entries())),
        ("domains-wrong", show(wrong, None, None, vec![])),
        ("domains-used", show(used, None, Some("12"), entries())),
    ]
}

fn teams_of_acme() -> Vec<Team> {
    let team = |id: u128, name: &str, member_count| Team {
        id: uuid::Uuid::from_u128(id).into(),
        name: name.to_owned(),
        member_count,
    };
    vec![team(1, "Design", 1), team(2, "開発", 12)]
}

/// Teams, and the form that offers them.
pub fn teams(language: Language) -> Vec<Sample> {
    let show = |page, entries| {
        let fields = teams::Fields { request_id: ID.to_owned(), name: String::new() };
        let (frame, head) = (frame("organizations"), Head::of(&acme(), "teams"));
        Teams { page, frame, head, entries, pages: pages(""), may_create: true, fields }.render().unwrap()
    };
    let fields = new_managed::Fields::from(
        [
            ("request_id", ID),
            ("name", "鈴木 花子"),
            ("email", "hanako@acme.example"),
            ("language", "ja"),
            ("time_zone", "Asia/Tokyo"),
            ("role", "member"),
            ("privileges", "invite"),
            ("team_ids", "00000000-0000-0000-0000-000000000002"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
    );
    let unverified = page(language).refused(Refusal::new(Kind::Precondition, ErrorReason::DomainNotVerified));
    let new = NewManaged::new(unverified, frame("organizations"), &acme(), &teams_of_acme(), fields);
    vec![
        ("teams", show(page(language).noticed(Done::TeamCreated.key()), teams_of_acme())),
        ("teams-none", show(page(language), vec![])),
        ("new-managed", new.render().unwrap()),
    ]
}

pub fn managed(language: Language) -> Vec<Sample> {
    let managed = |state| ManagedAccount {
        id: ID.parse().unwrap(),
        account: crate::grpc::Account { kind: AccountKind::Managed, ..account() },
        state,
        invitation_expire_time: Some(NOW + Duration::days(7)),
    };
    let show = |page, state| {
        let member = super::Member {
            kind: AccountKind::Managed,
            teams: vec!["開発".to_owned(), "Design".to_owned()],
            ..member("山田 太郎", "taro@example.com", Role::Member, &[])
        };
        let (frame, head) = (frame("organizations"), Head::of(&acme(), "members"));
        ManagedPage { page, frame, head, managed: managed(state), member: Some(member) }.render().unwrap()
    };
    let delete = ManagedDelete {
        page: page(language).refused(Refusal::of_field("confirmation", "must be the address")),
        frame: frame("organizations"),
        head: Head::of(&acme(), "members"),
        managed: managed(ManagedState::Active),
        confirmation: "taro".to_owned(),
    };
    vec![
        ("managed-invited", show(page(language).noticed(Done::ManagedCreated.key()), ManagedState::Invited)),
        ("managed-active", show(page(language), ManagedState::Active)),
        ("managed-suspended", show(page(language), ManagedState::Suspended)),
        ("managed-delete", delete.render().unwrap()),
    ]
}
