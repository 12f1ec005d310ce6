//! Every page, from sample data, in both languages: snapshots, and files to look at.
//!
//! `PASS_PAGES=<folder> cargo test -p console every_page` writes them as files with the style sheet in, to be
//! looked at in a browser.

use super::{
    account::{self, ProfilePage},
    browsers::{Entry, SessionsPage},
    frame::{Done, Frame, Head, Pages},
    home::Home,
    invitation::{InvitationPage, Visitor},
    invitations::Invitations,
    invite::{self, Invite},
    members::Members,
    organization::Overview,
    sign_in::SignedOut,
    trial::{self, Products, TrialPage},
};
use crate::{
    TEXTS,
    domain::{default_plan, plans},
    grpc::{
        Account, Invitation, InvitationState, InvitationView, Member, Membership, Obstacle, Organization,
        SignedInBrowser, Space, SpaceState,
    },
};
use askama::Template;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Appearance, Kind, Language, Privilege, Product, Role};
use pass_web::{Browser, ErrorPage, Page, Refusal, Texts, message_keys};
use std::path::Path;

mod credential;
mod pass;
mod profile;
mod safety;
mod saml;
mod spaces;
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-03-02 09:00 UTC);
const ID: &str = "01980000-0000-7000-8000-000000000001";

fn page(language: Language) -> Page {
    let browser = Browser::sample(Texts::new(&TEXTS));
    browser.page().for_person(language, Appearance::System, "Asia/Tokyo".parse().unwrap())
}

fn frame(at: &'static str) -> Frame {
    let (name, image) = ("山田 太郎".to_owned(), String::new());
    Frame { name, image, at, operator: at == "operator", may_start_trials: true }
}

fn pages(next: &str) -> Pages {
    let next = (!next.is_empty()).then(|| next.to_owned());
    Pages { first: next.as_ref().map(|_| "/first".to_owned()), next }
}

fn account() -> Account {
    Account {
        kind: AccountKind::Nulab,
        name: "山田 太郎".to_owned(),
        email: "taro@example.com".to_owned(),
        unique_id: "taro-1".to_owned(),
        language: Language::En,
        time_zone: "Asia/Tokyo".parse().unwrap(),
        appearance: Appearance::System,
        owner: None,
        operator: false,
        image: String::new(),
        etag: "7".to_owned(),
    }
}

fn membership(name: &str, role: Role, privileges: &[Privilege]) -> Membership {
    let organization = Organization {
        id: ID.parse().unwrap(),
        name: name.to_owned(),
        space_key: "aB3dE6gH9k".to_owned(),
        handle: "acme".to_owned(),
        create_time: NOW,
    };
    Membership { organization, role, privileges: privileges.iter().copied().collect() }
}

fn acme() -> Membership {
    membership("Acme株式会社", Role::Administrator, &[Privilege::PlanAdmin])
}

fn member(name: &str, email: &str, role: Role, privileges: &[Privilege]) -> Member {
    Member {
        account: ID.parse().unwrap(),
        kind: AccountKind::Nulab,
        suspended: false,
        teams: vec![],
        name: name.to_owned(),
        email: email.to_owned(),
        role,
        privileges: privileges.iter().copied().collect(),
        join_time: NOW,
    }
}

fn space(product: Product, plan: &str, state: SpaceState) -> Space {
    let trial_end_time = Some(NOW + time::Duration::days(30));
    Space { id: "acme-1".to_owned(), product, plan: plan.to_owned(), state, trial_end_time }
}

fn browser(user_agent: &str, address: &str, minutes: i64) -> SignedInBrowser {
    SignedInBrowser {
        session: if minutes == 0 { ID.parse().unwrap() } else { uuid::Uuid::from_u128(7).into() },
        create_time: NOW - time::Duration::days(2),
        last_use_time: NOW - time::Duration::minutes(minutes),
        address: address.to_owned(),
        user_agent: user_agent.to_owned(),
    }
}

fn view(state: InvitationState) -> InvitationView {
    InvitationView {
        organization_name: "Acme株式会社".to_owned(),
        inviter_name: "山田 太郎".to_owned(),
        email: "hanako@example.com".to_owned(),
        role: Role::Member,
        message: "We use Backlog for the new shop.\nSee you there! <3".to_owned(),
        state,
        expire_time: NOW + time::Duration::days(7),
    }
}

fn invitation(language: Language, state: InvitationState, visitor: Visitor) -> String {
    let (page, token) = (page(language), "TOKEN".to_owned());
    InvitationPage { page, invitation: view(state), token, visitor }.render().unwrap()
}

fn homes(language: Language) -> Vec<(&'static str, String)> {
    let memberships = vec![
        acme(),
        membership("Harbour & Sons Boat Builders", Role::Member, &[Privilege::Invite]),
        membership("Studio Kiln", Role::Guest, &[]),
    ];
    let home = |memberships, next: &str, page| {
        Home { page, frame: frame("organizations"), memberships, pages: pages(next) }.render().unwrap()
    };
    let browsers = [
        browser("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "203.0.113.9", 0),
        browser("Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1", "2001:db8::1", 90),
        browser("", "", 6000),
    ];
    let sessions = browsers.map(|it| Entry::of(it, ID.parse().unwrap())).into();
    let (pages, notice) = (pages(""), Done::SessionEnded.key());
    vec![
        ("home", home(memberships, "/?page=abc", page(language))),
        ("home-empty", home(vec![], "", page(language))),
        (
            "sessions",
            SessionsPage { page: page(language).noticed(notice), frame: frame("sessions"), sessions, pages }
                .render()
                .unwrap(),
        ),
        ("signed-out", SignedOut { page: page(language) }.render().unwrap()),
        (
            "error",
            ErrorPage::new(page(language), Refusal::new(Kind::Forbidden, ErrorReason::FormInvalid))
                .render()
                .unwrap(),
        ),
    ]
}

fn forms(language: Language) -> Vec<(&'static str, String)> {
    let profile = |page, account: &Account, fields| {
        let owner = if account.kind == AccountKind::Managed { "Acme株式会社" } else { "" };
        let security = "https://pass.example/security".to_owned();
        let shown = (String::new(), security, owner.to_owned());
        ProfilePage::new(page, frame("account"), account, shown, fields).render().unwrap()
    };
    let mut wrong = Refusal::of_field("account.unique_id", "must be 3-30 letters, digits, _ or -");
    wrong.violations.push(("account.name".to_owned(), "must be 1-100 characters long".to_owned()));
    let managed = Account { kind: AccountKind::Managed, ..account() };
    let trial = |page, administered: &[Membership], space_id: &str| {
        let fields = trial::Fields {
            request_id: ID.to_owned(),
            plan: default_plan(Product::Backlog).to_owned(),
            organization_id: String::new(),
            organization_name: String::new(),
            space_id: space_id.to_owned(),
        };
        TrialPage::new(page, frame("organizations"), Product::Backlog, administered, fields).render().unwrap()
    };
    let taken = Refusal::new(Kind::AlreadyExists, ErrorReason::SpaceIdTaken);
    let products = Products { page: page(language), frame: frame("organizations"), choices: Product::ALL };
    vec![
        ("account", profile(page(language), &account(), account::Fields::from(&account()))),
        (
            "account-wrong",
            profile(page(language).refused(wrong), &account(), account::Fields::from(&account())),
        ),
        ("account-managed", profile(page(language), &managed, account::Fields::from(&managed))),
        ("trial-products", products.render().unwrap()),
        ("trial", trial(page(language), &[], "")),
        ("trial-add", trial(page(language).refused(taken), &[acme()], "acme")),
    ]
}

fn organizations(language: Language) -> Vec<(&'static str, String)> {
    let overview = |spaces| {
        let (membership, head) = (acme(), Head::of(&acme(), "overview"));
        let page = page(language).noticed(Done::TrialStarted.key());
        Overview { page, frame: frame("organizations"), head, membership, spaces }.render().unwrap()
    };
    let spaces = vec![
        space(Product::Backlog, "standard", SpaceState::Trial),
        space(Product::Cacoo, "team", SpaceState::Active),
        space(Product::Typetalk, "gold", SpaceState::Ended),
    ];
    let members = |entries, query: &str, next: &str| {
        let (page, head) = (page(language), Head::of(&acme(), "members"));
        let (query, pages) = (query.to_owned(), pages(next));
        Members { page, frame: frame("organizations"), head, entries, query, pages }.render().unwrap()
    };
    let everybody = vec![
        member(
            "山田 太郎",
            "taro@example.com",
            Role::Administrator,
            &[Privilege::PlanAdmin, Privilege::AuditLogAdmin],
        ),
        Member {
            kind: AccountKind::Managed,
            suspended: true,
            teams: vec!["開発".to_owned(), "Design".to_owned()],
            ..member("Élodie <script>", "elodie@example.com", Role::Member, &[Privilege::Invite])
        },
        member(
            "A very long name that goes on and on, as some people's do",
            "a.very.long.address.of.somebody@a-long-domain-name.example.com",
            Role::Guest,
            &[],
        ),
    ];
    let invitation = |email: &str, state| Invitation {
        id: ID.parse().unwrap(),
        email: email.to_owned(),
        role: Role::Member,
        state,
        expire_time: NOW + time::Duration::days(7),
    };
    let invitations = |entries| {
        let (page, head) = (page(language).noticed(Done::Invited.key()), Head::of(&acme(), "invitations"));
        Invitations { page, frame: frame("organizations"), head, entries, pages: pages("") }.render().unwrap()
    };
    let fields = invite::Fields {
        request_id: ID.to_owned(),
        email: "hanako@example.com".to_owned(),
        role: "member".to_owned(),
        message: String::new(),
        language: "ja".to_owned(),
    };
    let already = page(language).refused(Refusal::new(Kind::AlreadyExists, ErrorReason::AlreadyInvited));
    vec![
        ("organization", overview(spaces)),
        ("organization-no-spaces", overview(vec![])),
        ("members", members(everybody, "", "/next")),
        ("members-none", members(vec![], "nobody & co", "")),
        (
            "invitations",
            invitations(vec![
                invitation("hanako@example.com", InvitationState::Open),
                invitation("jiro@example.com", InvitationState::Expired),
            ]),
        ),
        ("invitations-none", invitations(vec![])),
        ("invite", Invite::new(already, frame("organizations"), &acme(), fields).render().unwrap()),
    ]
}

fn landings(language: Language) -> Vec<(&'static str, String)> {
    use InvitationState::{Accepted, Canceled, Expired, Open};
    let somebody_else = Visitor::SomebodyElse("taro@example.com".to_owned());
    vec![
        ("invitation", invitation(language, Open, Visitor::Stranger)),
        ("invitation-accept", invitation(language, Open, Visitor::Invited("hanako@example.com".to_owned()))),
        ("invitation-other", invitation(language, Open, somebody_else)),
        ("invitation-accepted", invitation(language, Accepted, Visitor::Stranger)),
        ("invitation-canceled", invitation(language, Canceled, Visitor::Stranger)),
        ("invitation-expired", invitation(language, Expired, Visitor::Stranger)),
    ]
}

#[test]
fn every_page_in_every_language() {
    let folder = std::env::var_os("PASS_PAGES");
    for language in Language::ALL {
        let pages = [
            homes(*language),
            forms(*language),
            profile::all(*language),
            organizations(*language),
            landings(*language),
            pass::nulab_pass(*language),
            pass::operator(*language),
            pass::domains(*language),
            pass::teams(*language),
            pass::managed(*language),
            saml::all(*language),
            spaces::all(*language),
            safety::all(*language),
            credential::all(*language),
        ];
        for (name, html) in pages.into_iter().flatten() {
            assert!(!html.contains("<script>"), "{name}: what people typed is escaped");
            if let Some(folder) = &folder {
                write(Path::new(folder), &format!("{name}.{language}.html"), &html);
            }
            // The list of zones comes with the tz database.
            let zones =
                html.find("<option value=\"Africa/").map(|start| start..html.rfind("</select>").unwrap());
            let html = zones.map_or(html.clone(), |zones| html.replace(&html[zones], "…"));
            insta::assert_snapshot!(format!("{name}.{language}"), without_hashes(&html));
        }
    }
}

/// The addresses of style sheet and icon change with every touch of them.
fn without_hashes(html: &str) -> String {
    html.replace(&**pass_web::STYLE_URL, "/assets/style.css")
        .replace(&**pass_web::MARK_URL, "/assets/mark.svg")
}

fn write(folder: &Path, name: &str, html: &str) {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/web/assets");
    for asset in ["style.css", "mark.svg"] {
        std::fs::copy(assets.join(asset), folder.join(asset)).unwrap();
    }
    std::fs::write(folder.join(name), without_hashes(html).replace("/assets/", "")).unwrap();
}

#[test]
fn both_languages_have_the_same_keys_and_all_that_are_made_up() {
    let en = message_keys(include_str!("../../locales/en/console.ftl"));
    let ja = message_keys(include_str!("../../locales/ja/console.ftl"));
    assert_eq!(en, ja);
    for product in Product::ALL {
        for plan in plans(*product) {
            assert!(en.contains(format!("plan-{product}-{plan}").as_str()), "{product} {plan}");
            assert!(en.contains(format!("plan-{product}-{plan}-hint").as_str()), "{product} {plan}");
        }
    }
    assert!(Done::ALL.iter().all(|done| en.contains(done.key())));
    let obstacles = profile::OBSTACLES.map(Obstacle::as_str);
    let made_up = [
        ("obstacle", &obstacles[..], false),
        ("step", &["handle", "domains", "saml", "managed"][..], true),
        ("test", &["waiting", "passed", "failed", "expired"], true),
        ("outcome", &["passed", "failed", "not-reached"], false),
        ("managed", &["invited", "active", "suspended"], false),
        ("space-profile", &["account", "space", "space-only"], true),
        ("application", &["open", "approved", "rejected"], false),
        (
            "finding",
            &[
                "match",
                "no-such-name",
                "no-txt",
                "other-codes",
                "wildcard",
                "resolver-failure",
                "disagreement",
            ],
            true,
        ),
    ];
    for (set, values, hinted) in made_up {
        for value in values {
            assert!(en.contains(format!("{set}-{value}").as_str()), "{set} {value}");
            assert!(!hinted || en.contains(format!("{set}-{value}-hint").as_str()), "{set} {value}");
        }
    }
}

#[test]
fn no_template_names_a_text_that_is_not_there() {
    let shared = include_str!("../../../../crates/web/locales/en/web.ftl");
    let mut known = message_keys(include_str!("../../locales/en/console.ftl"));
    known.extend(message_keys(shared));
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for call in ["page.t(\"", "page.with(\"", "page.with_two(\"", "page.count(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(known.contains(key), "{key}");
            }
        }
    }
}
