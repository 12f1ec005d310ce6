//! From what a mail says to its text and HTML, in the recipient's language and time zone.

use askama::Template;
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use pass_types::{Language, Role, TimeZone};
use std::{borrow::Cow, collections::HashMap};
use time::OffsetDateTime;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A mail that is ready to be rendered. It does not know the recipient's name: for a sign-up anybody may
/// have typed one, and nobody's text is to be sent from our domain to an address that is not known to want it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub email: String,
    /// In which language.
    pub language: Language,
    /// In which time zone instants are told.
    pub time_zone: TimeZone,
    /// Where the button leads.
    pub url: String,
    /// What it says.
    pub content: Content,
}

/// What a mail says.
#[derive(Debug, Clone)]
pub enum Content {
    /// Choose a password (ACC-1).
    SignUp {
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// There is an account with this address already (ACC-1, ACC-8).
    SignUpExists,
    /// A refresh token was used twice (API-1).
    TokenReused,
    /// How to sign in with a new Managed Account (MAN-2).
    ManagedInvitation {
        /// Who made it.
        organization: String,
        /// What to type to sign in; may be empty.
        handle: String,
        /// When the link dies.
        expires: OffsetDateTime,
    },
    /// An application for Nulab Pass came in (BIL-1).
    ApplicationReceived,
    /// It was approved (BIL-2).
    ApplicationApproved {
        /// When the trial ends.
        until: OffsetDateTime,
    },
    /// It was rejected (BIL-1).
    ApplicationRejected {
        /// What the operator wrote.
        reason: String,
    },
    /// SAML was switched on, or its settings were changed.
    SamlActivated {
        /// Where.
        organization: String,
    },
    /// SAML was switched off.
    SamlDisabled {
        /// Where.
        organization: String,
    },
    /// Join an organization (ORG-6).
    Invitation {
        /// Who invites.
        inviter: String,
        /// Into which organization.
        organization: String,
        /// As what.
        role: Role,
        /// What the inviter wrote; may be empty.
        message: String,
        /// When the invitation ends.
        expires: OffsetDateTime,
    },
}

/// A rendered mail.
#[derive(Debug)]
pub struct Rendered {
    /// Subject line.
    pub subject: String,
    /// Plain text part.
    pub text: String,
    /// HTML part.
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    lang: &'a str,
    subject: &'a str,
    service: &'a str,
    greeting: &'a str,
    lead: &'a str,
    quote: &'a Option<(String, String)>,
    action: &'a str,
    url: &'a str,
    note: &'a str,
    link_hint: &'a str,
    footer: &'a str,
}

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    service: &'a str,
    greeting: &'a str,
    lead: &'a str,
    quote: &'a Option<(String, String)>,
    action: &'a str,
    url: &'a str,
    note: &'a str,
    footer: &'a str,
}

/// Renders a mail.
pub fn render(mail: &Mail) -> Result<Rendered, askama::Error> {
    let texts = Texts::of(mail);
    let prefix = match mail.content {
        Content::SignUp { .. } => "sign-up",
        Content::SignUpExists => "sign-up-exists",
        Content::TokenReused => "token-reused",
        Content::Invitation { .. } => "invitation",
        Content::ManagedInvitation { .. } => "managed-invitation",
        Content::ApplicationReceived => "application-received",
        Content::ApplicationApproved { .. } => "application-approved",
        Content::ApplicationRejected { .. } => "application-rejected",
        Content::SamlActivated { .. } => "saml-activated",
        Content::SamlDisabled { .. } => "saml-disabled",
    };
    let say = |part: &str| texts.say(&format!("{prefix}-{part}"));
    let quote = match &mail.content {
        Content::Invitation { message, .. } if !message.is_empty() => Some((say("message"), message.clone())),
        Content::ManagedInvitation { handle, .. } if !handle.is_empty() => {
            Some((say("handle"), handle.clone()))
        }
        Content::ApplicationRejected { reason } => Some((say("reason"), reason.clone())),
        _ => None,
    };
    let (subject, lead, action, note) = (say("subject"), say("lead"), say("action"), say("note"));
    let greeting = texts.say("greeting");
    let (service, footer, link_hint) = (texts.say("service"), texts.say("footer"), texts.say("link-hint"));
    let url = mail.url.as_str();
    let html = Html {
        lang: mail.language.as_str(),
        subject: &subject,
        service: &service,
        greeting: &greeting,
        lead: &lead,
        quote: &quote,
        action: &action,
        url,
        note: &note,
        link_hint: &link_hint,
        footer: &footer,
    }
    .render()?;
    let text = Text {
        service: &service,
        greeting: &greeting,
        lead: &lead,
        quote: &quote,
        action: &action,
        url,
        note: &note,
        footer: &footer,
    }
    .render()?;
    Ok(Rendered { subject, text, html })
}

struct Texts {
    language: LanguageIdentifier,
    arguments: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl Texts {
    fn of(mail: &Mail) -> Self {
        let language = match mail.language {
            Language::En => fluent_templates::langid!("en"),
            Language::Ja => fluent_templates::langid!("ja"),
        };
        let mut texts = Self { language, arguments: HashMap::new() };
        texts.set("email", mail.email.clone());
        match &mail.content {
            Content::SignUp { expires } => texts.set("expires", local_time(*expires, &mail.time_zone)),
            Content::SignUpExists
            | Content::TokenReused
            | Content::ApplicationReceived
            | Content::ApplicationRejected { reason: _ } => {}
            Content::ApplicationApproved { until } => texts.set("until", local_time(*until, &mail.time_zone)),
            Content::ManagedInvitation { organization, handle: _, expires } => {
                texts.set("organization", organization.clone());
                texts.set("expires", local_time(*expires, &mail.time_zone));
            }
            Content::SamlActivated { organization } | Content::SamlDisabled { organization } => {
                texts.set("organization", organization.clone());
            }
            Content::Invitation { inviter, organization, role, message: _, expires } => {
                texts.set("inviter", inviter.clone());
                texts.set("organization", organization.clone());
                let role = texts.say(&format!("role-{role}"));
                texts.set("role", role);
                texts.set("expires", local_time(*expires, &mail.time_zone));
            }
        }
        texts
    }

    fn set(&mut self, name: &'static str, value: String) {
        self.arguments.insert(name.into(), value.into());
    }

    fn say(&self, key: &str) -> String {
        TEXTS.lookup_with_args(&self.language, key, &self.arguments)
    }
}

/// `2026-11-23 10:00 (Asia/Tokyo)`.
fn local_time(at: OffsetDateTime, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_second(at.unix_timestamp()).unwrap_or_default();
    match at.in_tz(zone.as_str()) {
        Ok(local) => format!("{} ({zone})", local.strftime("%Y-%m-%d %H:%M")),
        Err(_) => format!("{} (UTC)", at.strftime("%Y-%m-%d %H:%M")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn samples() -> Vec<(&'static str, Content)> {
        let expires = datetime!(2026-11-23 01:00 UTC);
        vec![
            ("sign-up", Content::SignUp { expires }),
            ("sign-up-exists", Content::SignUpExists),
            ("token-reused", Content::TokenReused),
            (
                "managed-invitation",
                Content::ManagedInvitation {
                    organization: "Acme & <Sons>".to_owned(),
                    handle: "acme".to_owned(),
                    expires,
                },
            ),
            ("application-received", Content::ApplicationReceived),
            ("application-approved", Content::ApplicationApproved { until: expires }),
            (
                "application-rejected",
                Content::ApplicationRejected { reason: "We know no company <Sons>.".to_owned() },
            ),
            ("saml-activated", Content::SamlActivated { organization: "Acme & <Sons>".to_owned() }),
            ("saml-disabled", Content::SamlDisabled { organization: "Acme & <Sons>".to_owned() }),
            (
                "invitation",
                Content::Invitation {
                    inviter: "山田 太郎".to_owned(),
                    organization: "Acme & <Sons>".to_owned(),
                    role: Role::Member,
                    message: "Join us!\nWe have cake.".to_owned(),
                    expires,
                },
            ),
        ]
    }

    /// proves ACC-3: mails are in the recipient's language and time zone
    #[test]
    fn every_mail_in_both_languages() {
        for (name, content) in samples() {
            for language in Language::ALL {
                let mail = Mail {
                    email: "hanako@example.com".to_owned(),
                    language: *language,
                    time_zone: "Asia/Tokyo".parse().unwrap(),
                    url: "https://pass.example/x/token".to_owned(),
                    content: content.clone(),
                };
                let rendered = render(&mail).unwrap();
                assert!(!rendered.text.contains("Unknown localization"), "{}", rendered.text);
                assert!(!rendered.html.contains("<Sons>"), "markup of others is escaped");
                insta::assert_snapshot!(
                    format!("{name}.{language}"),
                    format!("{}\n\n{}\n\n{}", rendered.subject, rendered.text, rendered.html)
                );
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_texts() {
        let keys = |file: &str| {
            file.lines()
                .filter_map(|line| line.split_once(" = "))
                .map(|(key, _)| key.to_owned())
                .collect::<Vec<_>>()
        };
        let (en, ja) = (include_str!("../locales/en/mail.ftl"), include_str!("../locales/ja/mail.ftl"));
        assert_eq!(keys(en), keys(ja));
    }
}
