//! How each route is asked, and what each kind of visitor gets. A new route gets a row here.

use crate::{
    credentials,
    fixture::Fixture,
    route_row::{
        Purpose, Row,
        Shown::{Page, Refused, SignIn},
        Site, row, to,
    },
    route_table_pass::{self, administrators},
    route_table_profile, route_table_saml, route_table_second_factor, route_table_security, spaces,
};

/// Every route. The right visitors are answered in this order, last of all.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = organizations(f);
    // First: the Organization ID will be changed, and the number of Managed Accounts.
    rows.extend(route_table_saml::rows(f));
    rows.extend(route_table_pass::rows(f));
    rows.extend(route_table_second_factor::rows(f));
    rows.extend(route_table_security::rows(f));
    rows.extend(credentials::routes(f));
    rows.extend(route_table_profile::rows(f));
    rows.extend(own(f));
    rows.extend(spaces::routes(f));
    rows.extend(provider(f));
    rows.extend(signing_in(f));
    rows
}

/// Pages of an organization.
fn organizations(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Console, "GET", path, Purpose::Look);
    let post = |path| row(f, Site::Console, "POST", path, Purpose::Form);
    let mut rows = vec![
        get("/organizations/{organization}").shown(SignIn, Refused(404), Page, Page),
        get("/organizations/{organization}/members").shown(SignIn, Refused(404), Page, Page),
        administrators(get("/organizations/{organization}/invitations")),
        administrators(get("/organizations/{organization}/invitations/new")),
        administrators(post("/organizations/{organization}/invitations/new"))
            .field("request_id", "0190a0a0-0000-7000-8000-000000000001")
            .field("email", "third@acme.example")
            .field("role", "member")
            .field("message", "Welcome")
            .field("language", "en"),
        administrators(post("/organizations/{organization}/invitations/{invitation}/resend")),
        administrators(post("/organizations/{organization}/invitations/{invitation}/cancel")),
        administrators(post("/trial/{product}"))
            .field("request_id", "0190a0a0-0000-7000-8000-000000000002")
            .field("plan", "free")
            .field("organization_id", &f.acme)
            .field("organization_name", "")
            .field("space_id", "acme-2"),
        get("/invitations/{token}").all(&Page),
        post("/invitations/{token}").shown(SignIn, Refused(403), Refused(403), Refused(403)),
    ];
    for row in &mut rows {
        match (row.method, row.path.contains("{invitation}")) {
            (_, true) => {
                row.crossed = vec![("organization", &f.other), ("invitation", &f.invitation)];
                row.right.1 = to(format!("/organizations/{}/invitations?done=", f.acme));
            }
            ("POST", false) => row.right.1 = to("/organizations/"),
            _ => {}
        }
        if row.path == "/invitations/{token}" {
            row.by_link = true;
            row.right.0 = Some(&f.invited);
        }
        row.lenient = match row.path {
            "/trial/{product}" => &["organization_name", "organization_id: missing"],
            "/organizations/{organization}/invitations/new" => &["message: missing"],
            _ => &[],
        };
    }
    rows
}

/// Pages of one's own in the console, and how it signs people in and out.
fn own(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Console, "GET", path, Purpose::Look);
    let post = |path| row(f, Site::Console, "POST", path, Purpose::Form);
    let mut end = post("/sessions/{session}/end").shown(SignIn, Refused(404), Refused(404), Refused(404));
    end.right.1 = to("/sessions?done=");
    let gateway = f.suite.gateway.as_str();
    let mut back_channel = row(f, Site::Console, "POST", "/back-channel-logout", Purpose::Program);
    back_channel = back_channel.all(&Refused(400)).field("logout_token", &f.administrator.console.id);
    back_channel.right.0 = None;
    // The unique ID is somebody's, whose account alone is saved (ACC-4).
    let mut account = post("/account").mine(&Refused(409));
    account.right = (Some(&f.invited), to("/account?done="));
    // That it is taken, or that the organization keeps the name, is told (AUD-1).
    account.notes = &["identity.outbox", "identity.outbox_keys"];
    let account = account
        .field("name", "Nina Newer")
        .field("unique_id", &f.unique_id)
        .field("language", "en")
        .field("time_zone", "Asia/Tokyo")
        .field("appearance", "dark");
    vec![
        get("/").mine(&Page),
        get("/account").mine(&Page),
        get("/sessions").mine(&Page),
        personal(get("/trial").mine(&Page)),
        personal(get("/trial/{product}").mine(&Page)),
        get("/signed-out").all(&Page),
        get("/sign-in").all(&to(format!("{gateway}oauth/authorize?"))),
        get("/callback").all(&Refused(400)),
        back_channel,
        account,
        end,
        post("/sessions/end-others").mine(&to("/sessions?done=")),
    ]
}

/// Not for Managed Accounts, which are of one organization.
fn personal(mut row: Row<'_>) -> Row<'_> {
    row.managed = Some(Refused(403));
    row
}

/// The OpenID provider.
fn provider(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Gateway, "GET", path, Purpose::Look);
    let post = |path| {
        let mut row = row(f, Site::Gateway, "POST", path, Purpose::Program);
        row.right.0 = None;
        row
    };
    let callback = format!("{}callback", f.suite.backlog);
    let asked = [
        ("response_type", "code"),
        ("client_id", "backlog"),
        ("redirect_uri", &callback),
        ("scope", "openid"),
        ("state", "s"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        // The organization that is asked for is checked when the code is issued.
        ("organization", &f.acme),
    ];
    let given = to(format!("{callback}?code="));
    let mut authorize = get("/oauth/authorize");
    authorize.query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
    authorize.right.1 = given.clone();
    let refused = to(format!("{callback}?error=access_denied"));
    let authorize = authorize.shown(to("/sign-in?flow="), refused, given.clone(), given);
    let mut authorize_by_form = post("/oauth/authorize").all(&to("/oauth/resume?flow="));
    for (name, value) in asked {
        authorize_by_form = authorize_by_form.field(name, value);
    }
    vec![
        get("/.well-known/openid-configuration").all(&Page),
        get("/oauth/jwks").all(&Page),
        authorize,
        authorize_by_form,
        get("/oauth/resume").all(&Refused(400)),
        post("/oauth/token")
            .all(&Refused(401))
            .field("grant_type", "refresh_token")
            .field("client_id", "backlog")
            .field("refresh_token", &f.administrator.product.refresh),
        post("/oauth/revoke")
            .all(&Refused(401))
            .field("client_id", "backlog")
            .field("token", &f.administrator.product.refresh),
        get("/oauth/userinfo").all(&Refused(401)),
        post("/oauth/userinfo").all(&Refused(401)).field("access_token", &f.expired.access),
    ]
}

/// The gateway's own pages.
fn signing_in(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Gateway, "GET", path, Purpose::Look);
    let post = |path| {
        let mut row = row(f, Site::Gateway, "POST", path, Purpose::Form);
        row.right.0 = None;
        row
    };
    let home = to(f.suite.console.as_str());
    let mut start = get("/").shown(to("/sign-in"), home.clone(), home.clone(), home.clone());
    start.right.1 = home;
    let mut password = get("/sign-up/{token}").all(&Page);
    password.by_link = true;
    // Too short (ACC-6).
    let mut choose = post("/sign-up/{token}").all(&Refused(400)).field("password", "short");
    choose.by_link = true;
    let mut sign_in = post("/sign-in").all(&Refused(401));
    sign_in = sign_in.field("email", f.administrator.email).field("password", "not the password at all");
    sign_in.notes = &["identity.login_history", "identity.outbox", "identity.outbox_keys"];
    let mut sign_out = row(f, Site::Console, "POST", "/sign-out", Purpose::Form);
    let gateway = to(format!("{}oauth/logout", f.suite.gateway));
    sign_out = sign_out.all(&gateway);
    // Without a page of ours nobody has the form's token.
    sign_out.nobody = Refused(403);
    let mut confirm = post("/oauth/logout/confirm").all(&to("/signed-out"));
    confirm.right.0 = Some(&f.administrator);
    let mut logout = get("/oauth/logout").shown(to("/signed-out"), Page, Page, Page);
    logout.right.1 = Page;
    let mut logout_by_form = row(f, Site::Gateway, "POST", "/oauth/logout", Purpose::Program);
    logout_by_form = logout_by_form.shown(to("/oauth/logout?"), Page, Page, Page);
    vec![
        start,
        get("/sign-in").all(&Page),
        sign_in,
        get("/sign-up").all(&Page),
        post("/sign-up")
            .all(&to("/sign-up/sent"))
            .field("name", "Somebody Else")
            .field("email", "somebody-else@new.example"),
        get("/sign-up/sent").all(&Page),
        password,
        choose,
        get("/signed-out").all(&Page),
        logout,
        logout_by_form,
        sign_out,
        confirm,
    ]
}
