//! Where somebody goes after signing in: a page of the console, never an address that a link names.

use pass_types::{OrganizationId, Product};
use std::{fmt, str::FromStr};

/// A page of the console that can be reached by signing in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// The start page.
    Home,
    /// The person's own account.
    Account,
    /// The person's sessions.
    Sessions,
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
}

impl FromStr for Destination {
    type Err = std::convert::Infallible;

    /// What is not a page of the console is the start page.
    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let parts: Vec<_> = path.trim_start_matches('/').split('/').collect();
        let organization = |id: &str| id.parse::<OrganizationId>().ok();
        let found = match parts.as_slice() {
            ["account"] => Some(Self::Account),
            ["sessions"] => Some(Self::Sessions),
            ["trial"] => Some(Self::Trial),
            ["trial", product] => product.parse().ok().map(Self::TrialOf),
            ["organizations", id] => organization(id).map(Self::Organization),
            ["organizations", id, "members"] => organization(id).map(Self::Members),
            ["organizations", id, "invitations"] => organization(id).map(Self::Invitations),
            ["organizations", id, "invitations", "new"] => organization(id).map(Self::Invite),
            ["invitations", token] if is_token(token) => Some(Self::Invitation((*token).to_owned())),
            _ => None,
        };
        Ok(found.unwrap_or(Self::Home))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Home => f.write_str("/"),
            Self::Account => f.write_str("/account"),
            Self::Sessions => f.write_str("/sessions"),
            Self::Trial => f.write_str("/trial"),
            Self::TrialOf(product) => write!(f, "/trial/{product}"),
            Self::Organization(id) => write!(f, "/organizations/{id}"),
            Self::Members(id) => write!(f, "/organizations/{id}/members"),
            Self::Invitations(id) => write!(f, "/organizations/{id}/invitations"),
            Self::Invite(id) => write!(f, "/organizations/{id}/invitations/new"),
            Self::Invitation(token) => write!(f, "/invitations/{token}"),
        }
    }
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
            "/sessions",
            "/trial",
            "/trial/cacoo",
            "/invitations/AZ-_09",
            &format!("/organizations/{id}"),
            &format!("/organizations/{id}/members"),
            &format!("/organizations/{id}/invitations"),
            &format!("/organizations/{id}/invitations/new"),
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
            "javascript:alert(1)",
            "/trial/x",
            "/account/../x",
        ] {
            assert_eq!(there(path), "/", "{path}");
        }
    }
}
