//! Where somebody goes after signing in: a page of the console, never an address that a link names.

use pass_types::{AccountId, ApplicationId, OrganizationId, Product, SamlTestId};
use std::{fmt, str::FromStr};

/// A page of the console that can be reached by signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// The start page.
    Home,
    /// The person's own account.
    Account,
    /// Deleting it.
    AccountDeletion,
    /// The same, for somebody who was sent to sign in afresh.
    AccountDeletionAgain,
    /// Asking for another address of it.
    EmailChange,
    /// The same, for somebody who was sent to sign in afresh.
    EmailChangeAgain,
    /// Tries to sign in to it.
    LoginHistory,
    /// What happened to its safety.
    SecurityEvents,
    /// The same, for somebody who was sent to sign in afresh.
    SecurityEventsAgain,
    /// The person's sessions.
    Sessions,
    /// The person's connected legacy spaces.
    Spaces,
    /// Connecting one.
    ConnectSpace,
    /// Connecting this one, of this product.
    ConnectSpaceOf(Product, String),
    /// Choosing what to try.
    Trial,
    /// Starting a trial of a product.
    TrialOf(Product),
    /// An organization.
    Organization(OrganizationId),
    /// Its members.
    Members(OrganizationId),
    /// Its invitations.
    Invitations(OrganizationId),
    /// Inviting somebody to it.
    Invite(OrganizationId),
    /// An invitation, by the token of its link.
    Invitation(String),
    /// Making a Managed Account of it.
    NewManaged(OrganizationId),
    /// One of its Managed Accounts.
    Managed(OrganizationId, AccountId),
    /// Its teams.
    Teams(OrganizationId),
    /// Its Nulab Pass.
    NulabPass(OrganizationId),
    /// Its Organization ID.
    Handle(OrganizationId),
    /// Its domains.
    Domains(OrganizationId),
    /// Its SAML connection.
    Saml(OrganizationId),
    /// The same, for somebody who was sent to sign in afresh.
    SamlAgain(OrganizationId),
    /// Switching SAML off.
    SamlOff(OrganizationId),
    /// The same, for somebody who was sent to sign in afresh.
    SamlOffAgain(OrganizationId),
    /// What came of a test sign-in.
    SamlTest(OrganizationId, SamlTestId),
    /// The log of SAML sign-ins.
    SamlSignIns(OrganizationId),
    /// The operators' list of applications.
    Applications,
    /// One of them.
    Application(ApplicationId),
}

/// Tells the page that the person has signed in afresh: `Done::SignedInAgain`.
const AGAIN: &str = "?done=signed-in-again";

impl FromStr for Destination {
    type Err = std::convert::Infallible;

    /// What is not a page of the console is the start page.
    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let organization = |id: &str| id.parse::<OrganizationId>().ok();
        let found = match parts.as_slice() {
            ["account", "email"] => Some(Self::EmailChange),
            ["account", page] if page.strip_suffix(AGAIN) == Some("email") => Some(Self::EmailChangeAgain),
            ["account", "history"] => Some(Self::LoginHistory),
            ["account", "security-events"] => Some(Self::SecurityEvents),
            ["account", page] if page.strip_suffix(AGAIN) == Some("security-events") => {
                Some(Self::SecurityEventsAgain)
            }
            ["account"] => Some(Self::Account),
            ["account", "delete"] => Some(Self::AccountDeletion),
            ["account", page] if page.strip_suffix(AGAIN) == Some("delete") => {
                Some(Self::AccountDeletionAgain)
            }
            ["sessions"] => Some(Self::Sessions),
            ["account", "spaces"] => Some(Self::Spaces),
            ["account", "spaces", "connect"] => Some(Self::ConnectSpace),
            ["account", "spaces", "new", product, space] if is_space_id(space) => {
                product.parse().ok().map(|product| Self::ConnectSpaceOf(product, (*space).to_owned()))
            }
            ["trial"] => Some(Self::Trial),
            ["trial", product] => product.parse().ok().map(Self::TrialOf),
            ["organizations", id, rest @ ..] => {
                organization(id).and_then(|id| Self::of_organization(id, rest))
            }
            ["operator", "applications"] => Some(Self::Applications),
            ["operator", "applications", id] => id.parse().ok().map(Self::Application),
            ["invitations", token] if is_token(token) => Some(Self::Invitation((*token).to_owned())),
            _ => None,
        };
        Ok(found.unwrap_or(Self::Home))
    }
}

impl Destination {
    fn of_organization(id: OrganizationId, rest: &[&str]) -> Option<Self> {
        match rest {
            [] => Some(Self::Organization(id)),
            ["members"] => Some(Self::Members(id)),
            ["members", "new-managed"] => Some(Self::NewManaged(id)),
            ["managed", account] => account.parse().ok().map(|account| Self::Managed(id, account)),
            ["invitations"] => Some(Self::Invitations(id)),
            ["invitations", "new"] => Some(Self::Invite(id)),
            ["teams"] => Some(Self::Teams(id)),
            ["nulab-pass"] => Some(Self::NulabPass(id)),
            ["organization-id"] => Some(Self::Handle(id)),
            ["domains"] => Some(Self::Domains(id)),
            ["saml"] => Some(Self::Saml(id)),
            ["saml", "switch-off"] => Some(Self::SamlOff(id)),
            ["saml", "sign-ins"] => Some(Self::SamlSignIns(id)),
            ["saml", "tests", test] => test.parse().ok().map(|test| Self::SamlTest(id, test)),
            [page] if page.strip_suffix(AGAIN) == Some("saml") => Some(Self::SamlAgain(id)),
            ["saml", page] if page.strip_suffix(AGAIN) == Some("switch-off") => Some(Self::SamlOffAgain(id)),
            _ => None,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => f.write_str("/"),
            Self::Account => f.write_str("/account"),
            Self::AccountDeletion => f.write_str("/account/delete"),
            Self::AccountDeletionAgain => write!(f, "/account/delete{AGAIN}"),
            Self::EmailChange => f.write_str("/account/email"),
            Self::EmailChangeAgain => write!(f, "/account/email{AGAIN}"),
            Self::LoginHistory => f.write_str("/account/history"),
            Self::SecurityEvents => f.write_str("/account/security-events"),
            Self::SecurityEventsAgain => write!(f, "/account/security-events{AGAIN}"),
            Self::Sessions => f.write_str("/sessions"),
            Self::Spaces => f.write_str("/account/spaces"),
            Self::ConnectSpace => f.write_str("/account/spaces/connect"),
            Self::ConnectSpaceOf(product, space) => write!(f, "/account/spaces/new/{product}/{space}"),
            Self::Trial => f.write_str("/trial"),
            Self::TrialOf(product) => write!(f, "/trial/{product}"),
            Self::Organization(id) => write!(f, "/organizations/{id}"),
            Self::Members(id) => write!(f, "/organizations/{id}/members"),
            Self::Invitations(id) => write!(f, "/organizations/{id}/invitations"),
            Self::Invite(id) => write!(f, "/organizations/{id}/invitations/new"),
            Self::Invitation(token) => write!(f, "/invitations/{token}"),
            Self::NewManaged(id) => write!(f, "/organizations/{id}/members/new-managed"),
            Self::Managed(id, account) => write!(f, "/organizations/{id}/managed/{account}"),
            Self::Teams(id) => write!(f, "/organizations/{id}/teams"),
            Self::NulabPass(id) => write!(f, "/organizations/{id}/nulab-pass"),
            Self::Handle(id) => write!(f, "/organizations/{id}/organization-id"),
            Self::Domains(id) => write!(f, "/organizations/{id}/domains"),
            Self::Saml(id) => write!(f, "/organizations/{id}/saml"),
            Self::SamlAgain(id) => write!(f, "/organizations/{id}/saml{AGAIN}"),
            Self::SamlOff(id) => write!(f, "/organizations/{id}/saml/switch-off"),
            Self::SamlOffAgain(id) => write!(f, "/organizations/{id}/saml/switch-off{AGAIN}"),
            Self::SamlTest(id, test) => write!(f, "/organizations/{id}/saml/tests/{test}"),
            Self::SamlSignIns(id) => write!(f, "/organizations/{id}/saml/sign-ins"),
            Self::Applications => f.write_str("/operator/applications"),
            Self::Application(id) => write!(f, "/operator/applications/{id}"),
        }
    }
}

/// Whether a legacy space may have this id.
pub fn is_space_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(path: &str) -> String {
        path.parse::<Destination>().unwrap().to_string()
    }

    #[test]
    fn pages_of_the_console_come_back_as_they_are() {
        let id = "01980000-0000-7000-8000-000000000001";
        for path in [
            "/",
            "/account",
            "/account/delete",
            "/account/delete?done=signed-in-again",
            "/account/email",
            "/account/email?done=signed-in-again",
            "/account/history",
            "/account/security-events",
            "/account/security-events?done=signed-in-again",
            "/sessions",
            "/account/spaces",
            "/account/spaces/connect",
            "/account/spaces/new/backlog/old-works-1",
            "/trial",
            "/trial/cacoo",
            "/invitations/AZ-_09",
            &format!("/organizations/{id}"),
            &format!("/organizations/{id}/members"),
            &format!("/organizations/{id}/invitations"),
            &format!("/organizations/{id}/invitations/new"),
            &format!("/organizations/{id}/members/new-managed"),
            &format!("/organizations/{id}/managed/{id}"),
            &format!("/organizations/{id}/teams"),
            &format!("/organizations/{id}/nulab-pass"),
            &format!("/organizations/{id}/organization-id"),
            &format!("/organizations/{id}/domains"),
            &format!("/organizations/{id}/saml"),
            &format!("/organizations/{id}/saml?done=signed-in-again"),
            &format!("/organizations/{id}/saml/switch-off"),
            &format!("/organizations/{id}/saml/switch-off?done=signed-in-again"),
            &format!("/organizations/{id}/saml/tests/{id}"),
            &format!("/organizations/{id}/saml/sign-ins"),
            "/operator/applications",
            &format!("/operator/applications/{id}"),
        ] {
            assert_eq!(there(path), path);
        }
    }

    /// proves security.md, "OpenID provider": no open redirect
    #[test]
    fn anything_else_is_the_start_page() {
        for path in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/invitations/a?b",
            "/sign-out",
            "/invitations/",
            "/invitations/a%0d%0ab",
            "/organizations/x",
            "/organizations/01980000-0000-7000-8000-000000000001/saml?done=saved",
            "/organizations/01980000-0000-7000-8000-000000000001/saml/tests/x",
            "/organizations/01980000-0000-7000-8000-000000000001/managed/x",
            "/operator/applications/x",
            "javascript:alert(1)",
            "/trial/x",
            "/account/../x",
            "/account/spaces/new/backlog/Old",
            "/account/spaces/new/backlog/a%2f..",
            "/account/spaces/new/x/old",
        ] {
            assert_eq!(there(path), "/", "{path}");
        }
    }
}
