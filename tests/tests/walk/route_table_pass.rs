//! Rows of the routes about Nulab Pass: what administrators set up, Managed Accounts, operators' pages.

use crate::{
    fixture::Fixture,
    nulab_pass::{COMPANY, CONTACT, MANAGED},
    route_row::{
        Purpose, Row,
        Shown::{Page, Refused, SignIn},
        Site, row, to,
    },
};

/// Their rows, in the order in which the right visitors are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = signing_in(f);
    rows.extend(set_up(f));
    rows.extend(domains(f));
    rows.extend(teams(f));
    rows.extend(managed(f));
    rows.extend(operators(f));
    rows
}

fn get<'f>(f: &'f Fixture, path: &'static str) -> Row<'f> {
    row(f, Site::Console, "GET", path, Purpose::Look)
}

fn post<'f>(f: &'f Fixture, path: &'static str) -> Row<'f> {
    row(f, Site::Console, "POST", path, Purpose::Form)
}

/// What administrators alone get.
pub fn administrators(row: Row<'_>) -> Row<'_> {
    row.shown(SignIn, Refused(404), Refused(403), Refused(403))
}

/// The same, and where their form leads: that page of Acme's.
pub fn administrators_then<'f>(f: &Fixture, row: Row<'f>, page: &str) -> Row<'f> {
    let mut row = administrators(row);
    row.right.1 = to(format!("/organizations/{}/{page}", f.acme));
    row
}

fn set_up(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let mut apply = administrators(post(f, "/organizations/{organization}/nulab-pass"))
        .field("request_id", "0190a0a0-0000-7000-8000-000000000003")
        .field("contact_name", CONTACT)
        .field("plan_admin_email", taro.email)
        .field("company", COMPANY)
        .field("space_key", &f.pass.plain.space_key);
    // Acme has it.
    apply.parameters = vec![("organization", &f.pass.plain.organization_id)];
    apply.managed = Some(Refused(404));
    apply.right.1 = to(format!("/organizations/{}/nulab-pass?done=", f.pass.plain.organization_id));
    vec![
        administrators(get(f, "/organizations/{organization}/nulab-pass")),
        apply,
        administrators(get(f, "/organizations/{organization}/organization-id")),
        administrators_then(f, post(f, "/organizations/{organization}/organization-id"), "nulab-pass?done=")
            .field("handle", "acme-corporation"),
    ]
}

fn domains(f: &Fixture) -> Vec<Row<'_>> {
    let mut verify = administrators(post(f, "/organizations/{organization}/domains/{domain}/verify"));
    let mut remove = administrators_then(
        f,
        post(f, "/organizations/{organization}/domains/{domain}/remove"),
        "domains?done=",
    );
    for row in [&mut verify, &mut remove] {
        row.crossed = vec![("organization", &f.other), ("domain", &f.pass.pending_domain)];
    }
    vec![
        administrators(get(f, "/organizations/{organization}/domains")),
        administrators_then(f, post(f, "/organizations/{organization}/domains"), "domains?done=")
            .field("request_id", "0190a0a0-0000-7000-8000-000000000006")
            .field("name", "second.acme.example"),
        verify,
        remove,
    ]
}

fn teams(f: &Fixture) -> Vec<Row<'_>> {
    let made = to(format!("/organizations/{}/teams?done=", f.acme));
    let mut create = post(f, "/organizations/{organization}/teams")
        .shown(SignIn, Refused(404), Refused(403), made.clone())
        .field("request_id", "0190a0a0-0000-7000-8000-000000000004")
        .field("name", "Acme writers");
    // Asked twice, it is made once.
    create.managed = None;
    create.right = (Some(&f.member), made);
    vec![get(f, "/organizations/{organization}/teams").shown(SignIn, Refused(404), Page, Page), create]
}

fn managed(f: &Fixture) -> Vec<Row<'_>> {
    let change = |path| {
        let mut row = administrators_then(f, post(f, path), &format!("managed/{}?done=", f.pass.managed));
        row.crossed = vec![("organization", &f.other), ("account", &f.pass.managed)];
        row
    };
    let look = |path| {
        let mut row = administrators(get(f, path));
        row.crossed = vec![("organization", &f.other), ("account", &f.pass.managed)];
        row
    };
    let mut create =
        administrators_then(f, post(f, "/organizations/{organization}/members/new-managed"), "managed/")
            .field("request_id", "0190a0a0-0000-7000-8000-000000000005")
            .field("name", "Nora Neu")
            .field("email", "nora@acme.example")
            .field("unique_id", "nora-neu")
            .field("language", "en")
            .field("time_zone", "Asia/Tokyo")
            .field("role", "member")
            .field("privileges", "invite")
            .field("team_ids", &f.pass.team);
    create.lenient =
        &["unique_id: missing", "time_zone: missing", "privileges: missing", "team_ids: missing"];
    let mut delete = change("/organizations/{organization}/managed/{account}/delete");
    delete.right.1 = to(format!("/organizations/{}/members?done=", f.acme));
    vec![
        administrators(get(f, "/organizations/{organization}/members/new-managed")),
        create,
        look("/organizations/{organization}/managed/{account}"),
        change("/organizations/{organization}/managed/{account}/resend"),
        change("/organizations/{organization}/managed/{account}/suspend"),
        change("/organizations/{organization}/managed/{account}/resume"),
        look("/organizations/{organization}/managed/{account}/delete"),
        delete.field("confirmation", MANAGED),
    ]
}

/// For staff. That there are such pages is no secret.
fn operators(f: &Fixture) -> Vec<Row<'_>> {
    let [first, second] = &f.pass.waiting;
    let decided = |id: &str| to(format!("/operator/applications/{id}?done="));
    let mut approve = post(f, "/operator/applications/{application}/approve");
    approve.parameters = vec![("application", first)];
    approve.right.1 = decided(first);
    let mut reject = post(f, "/operator/applications/{application}/reject");
    reject.parameters = vec![("application", second)];
    reject.right.1 = decided(second);
    let rows = [
        get(f, "/operator/applications"),
        get(f, "/operator/applications/{application}"),
        approve,
        reject.field("reason", "Call us"),
    ];
    let for_staff = rows.into_iter().map(|row| {
        let mut row = row.shown(SignIn, Refused(403), Refused(403), Refused(403));
        row.right.0 = Some(&f.operator);
        row
    });
    for_staff.collect()
}

/// The gateway's pages for Managed Accounts, before anybody is known.
fn signing_in(f: &Fixture) -> Vec<Row<'_>> {
    let look = |path| row(f, Site::Gateway, "GET", path, Purpose::Look);
    let mut invitation = look("/managed/invitations/{token}").all(&Page);
    invitation.by_link = true;
    vec![look("/managed").all(&Page), invitation]
}
