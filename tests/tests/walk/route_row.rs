//! What a row of the table of routes says.

use crate::{fixture::Fixture, people::Person};
use Shown::{Page, SignIn};

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
    /// Another organization's administrator, and an operator, who is in none.
    pub outsider: Shown,
    /// A guest of Acme.
    pub guest: Shown,
    /// A member of Acme.
    pub member: Shown,
    /// A member of Acme with a Managed Account; `None`: the member was first.
    pub managed: Option<Shown>,
    /// Who gets what the route is for, and what that is.
    pub right: (Option<&'f Person>, Shown),
    /// Parameters with which the outsider asks for their own organization, but for something of Acme's.
    pub crossed: Vec<(&'static str, &'f str)>,
    /// The link is the permission: whoever has it sees what it is for.
    pub by_link: bool,
    /// Whoever comes first uses it up: nobody else is asked for.
    pub once: bool,
    /// Fields that may be left out or hold anything.
    pub lenient: &'static [&'static str],
    /// Tables in which a refusal is written down.
    pub notes: &'static [&'static str],
    /// More than a body may have.
    pub too_large: usize,
    /// What a form gets that is larger than that.
    pub large: Shown,
}

impl Row<'_> {
    /// What each of the four gets.
    pub fn shown(mut self, nobody: Shown, outsider: Shown, guest: Shown, member: Shown) -> Self {
        (self.nobody, self.outsider, self.guest, self.member) = (nobody, outsider, guest, member);
        self.managed = Some(self.member.clone());
        self
    }

    /// Everybody gets the same.
    pub fn all(self, shown: &Shown) -> Self {
        let mut row = self.shown(shown.clone(), shown.clone(), shown.clone(), shown.clone());
        row.right.1 = shown.clone();
        row
    }

    /// Whoever has the link gets it, the first time; here that is nobody who is known.
    pub fn once_by_link(self, shown: &Shown) -> Self {
        let mut row = self.all(shown);
        (row.by_link, row.once, row.right.0) = (true, true, None);
        row
    }

    /// Everybody who is signed in gets the same.
    pub fn mine(self, shown: &Shown) -> Self {
        let mut row = self.all(shown);
        row.nobody = SignIn;
        row
    }

    /// The same, with a field in its form.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A row.
pub fn row<'f>(
    f: &'f Fixture,
    site: Site,
    method: &'static str,
    path: &'static str,
    purpose: Purpose,
) -> Row<'f> {
    let pass = &f.pass;
    let token = match (site, path) {
        (Site::Gateway, "/managed/invitations/{token}") => &pass.managed_invitation,
        (Site::Gateway, "/reset-password/{token}") => &f.credentials.reset.1,
        (Site::Gateway, "/email-change/{token}") => &f.credentials.email_change.1,
        (Site::Gateway, "/not-me/{token}") => &f.login_alert.1,
        (Site::Gateway, "/saml/tests/{token}") => &f.saml.test_token,
        (Site::Gateway, _) => &f.sign_up.1,
        (Site::Console, _) => &f.invitation_token,
    };
    let parameters = [
        ("organization", f.acme.as_str()),
        ("account", &pass.managed),
        ("domain", &pass.pending_domain),
        ("application", &pass.application),
        ("space_key", &pass.space_key),
        ("test", &f.saml.test),
        ("invitation", &f.invitation),
        ("session", &f.spare.0),
        ("product", "cacoo"),
        ("key", "0190a0a0-0000-7000-8000-000000000001"),
        ("token", token),
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
        managed: Some(Page),
        right: (Some(&f.administrator), Page),
        crossed: vec![],
        by_link: false,
        once: false,
        lenient: &[],
        notes: &[],
        too_large: 64 * 1024 + 1,
        large: Shown::Refused(413),
    }
}

/// To an address that begins so.
pub fn to(address: impl Into<String>) -> Shown {
    Shown::To(address.into())
}
