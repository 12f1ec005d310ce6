//! How each route is asked, and what each kind of visitor gets. A new route gets a row here.

use crate::fixture::{Fixture, Person};

/// Which service has the route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// The gateway.
    Gateway,
    /// The console.
    Console,
}

/// What somebody gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The page or document.
    Page,
    /// A refusal with that status.
    Refused(u16),
    /// A detour to sign in.
    SignIn,
    /// On to an address that begins so.
    To(String),
}

use Shown::{Page, Refused, SignIn};

/// What a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be looked at.
    Look,
    /// For forms of our own pages: form token and Origin.
    Form,
    /// For programs: no form token.
    Program,
}

/// One route.
pub struct Row<'f> {
    /// Which service has it.
    pub site: Site,
    /// GET or POST.
    pub method: &'static str,
    /// As the service's table has it.
    pub path: &'static str,
    /// What it is for.
    pub purpose: Purpose,
    /// Acme's, for the parameters of the path.
    pub parameters: Vec<(&'static str, &'f str)>,
    /// What follows the path.
    pub query: String,
    /// What the form has, besides the form token.
    pub fields: Vec<(String, String)>,
    /// Without a session.
    pub nobody: Shown,
    /// Another organization's administrator.
    pub outsider: Shown,
    /// A guest of Acme.
    pub guest: Shown,
    /// A member of Acme.
    pub member: Shown,
    /// Who gets what the route is for, and what that is.
    pub right: (Option<&'f Person>, Shown),
    /// Parameters with which the outsider asks for their own organization, but for something of Acme's.
    pub crossed: Vec<(&'static str, &'f str)>,
    /// The link is the permission: whoever has it sees what it is for.
    pub by_link: bool,
    /// Fields that may be left out or hold anything.
    pub lenient: &'static [&'static str],
    /// Tables in which a refusal is written down.
    pub notes: &'static [&'static str],
}

impl Row<'_> {
    /// What each of the four gets.
    fn shown(mut self, nobody: Shown, outsider: Shown, guest: Shown, member: Shown) -> Self {
        (self.nobody, self.outsider, self.guest, self.member) = (nobody, outsider, guest, member);
        self
    }

    /// Everybody gets the same.
    fn all(self, shown: &Shown) -> Self {
        let mut row = self.shown(shown.clone(), shown.clone(), shown.clone(), shown.clone());
        row.right.1 = shown.clone();
        row
    }

    /// Everybody who is signed in gets the same.
    fn mine(self, shown: &Shown) -> Self {
        let mut row = self.all(shown);
        row.nobody = SignIn;
        row
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn row<'f>(
    f: &'f Fixture,
    site: Site,
    method: &'static str,
    path: &'static str,
    purpose: Purpose,
) -> Row<'f> {
    let parameters = [
        ("organization", f.acme.as_str()),
        ("invitation", &f.invitation),
        ("session", &f.spare.0),
        ("product", "cacoo"),
        ("token", if site == Site::Gateway { &f.sign_up.1 } else { &f.invitation_token }),
    ];
    Row {
        site,
        method,
        path,
        purpose,
        parameters: parameters
            .into_iter()
            .filter(|(name, _)| path.contains(&format!("{{{name}}}")))
            .collect(),
        query: String::new(),
        fields: vec![],
        nobody: Page,
        outsider: Page,
        guest: Page,
        member: Page,
        right: (Some(&f.administrator), Page),
        crossed: vec![],
        by_link: false,
        lenient: &[],
        notes: &[],
    }
}

/// Every route. The right visitors are answered in this order, last of all.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = organizations(f);
    rows.extend(own(f));
    rows.extend(provider(f));
    rows.extend(signing_in(f));
    rows
}

fn to(address: impl Into<String>) -> Shown {
    Shown::To(address.into())
}

/// Pages of an organization.
fn organizations(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Console, "GET", path, Purpose::Look);
    let post = |path| row(f, Site::Console, "POST", path, Purpose::Form);
    let mut rows = vec![
        get("/organizations/{organization}").shown(SignIn, Refused(404), Page, Page),
        get("/organizations/{organization}/members").shown(SignIn, Refused(404), Page, Page),
        get("/organizations/{organization}/invitations").shown(
            SignIn,
            Refused(404),
            Refused(403),
            Refused(403),
        ),
        get("/organizations/{organization}/invitations/new").shown(
            SignIn,
            Refused(404),
            Refused(403),
            Refused(403),
        ),
        post("/organizations/{organization}/invitations/new")
            .shown(SignIn, Refused(404), Refused(403), Refused(403))
            .field("request_id", "0190a0a0-0000-7000-8000-000000000001")
            .field("email", "third@acme.example")
            .field("role", "member")
            .field("message", "Welcome")
            .field("language", "en"),
        post("/organizations/{organization}/invitations/{invitation}/resend").shown(
            SignIn,
            Refused(404),
            Refused(403),
            Refused(403),
        ),
        post("/organizations/{organization}/invitations/{invitation}/cancel").shown(
            SignIn,
            Refused(404),
            Refused(403),
            Refused(403),
        ),
        post("/trial/{product}")
            .shown(SignIn, Refused(404), Refused(403), Refused(403))
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
        get("/trial").mine(&Page),
        get("/trial/{product}").mine(&Page),
        get("/signed-out").all(&Page),
        get("/sign-in").all(&to(format!("{gateway}oauth/authorize?"))),
        get("/callback").all(&Refused(400)),
        back_channel,
        account,
        end,
        post("/sessions/end-others").mine(&to("/sessions?done=")),
    ]
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
