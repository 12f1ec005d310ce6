//! From what a mail says to its text and HTML, in the recipient's language, time zone and appearance.

mod content;
mod credential;
mod look;
#[cfg(test)]
mod samples;

pub use content::{Content, Protection};
pub use credential::Credential;

use askama::Template;
use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue, static_loader};
use look::Look;
use pass_types::{Appearance, Language, TimeZone};
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
    look: Look,
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

/// Renders a mail for somebody who has chosen that appearance.
pub fn render(mail: &Mail, appearance: Appearance) -> Result<Rendered, askama::Error> {
    let texts = Texts::of(mail);
    let prefix = mail.content.prefix();
    let say = |part: &str| texts.say(&format!("{prefix}-{part}"));
    let quote = mail.content.quote().map(|(part, text)| (say(part), text.to_owned()));
    let (subject, lead, action, note) = (say("subject"), say("lead"), say("action"), say("note"));
    let greeting = texts.say("greeting");
    let footer = if mail.content.is_notice() { "footer-notice" } else { "footer" };
    let (service, footer, link_hint) = (texts.say("service"), texts.say(footer), texts.say("link-hint"));
    let url = mail.url.as_str();
    let html = Html {
        lang: mail.language.as_str(),
        look: Look::of(appearance),
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
            | Content::LoginAlertsOff
            | Content::SignInLocked
            | Content::Protection(
                Protection::FactorAdded
                | Protection::FactorRemoved
                | Protection::Disabled
                | Protection::CodesMade
                | Protection::CodesRemoved
                | Protection::Locked,
            )
            | Content::ApplicationReceived
            | Content::ApplicationRejected { reason: _ } => {}
            Content::Credential(credential) => {
                if let Some(expires) = credential.expires() {
                    texts.set("expires", local_time(expires, &mail.time_zone));
                }
            }
            Content::AccountDeleted { at } => texts.set("at", local_time(*at, &mail.time_zone)),
            Content::ApplicationApproved { until } => texts.set("until", local_time(*until, &mail.time_zone)),
            Content::Protection(Protection::CodeUsed { left }) => texts.set("left", left.to_string()),
            Content::LoginAlert { at, device, expires } => {
                texts.set("at", local_time(*at, &mail.time_zone));
                let device = device.clone().unwrap_or_else(|| texts.say("unknown-browser"));
                texts.set("device", device);
                texts.set("expires", local_time(*expires, &mail.time_zone));
            }
            Content::NewSecondFactor { at, expires } => {
                texts.set("at", local_time(*at, &mail.time_zone));
                texts.set("expires", local_time(*expires, &mail.time_zone));
            }
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
    use super::{samples::samples, *};
    use std::collections::BTreeSet;

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
                let rendered = render(&mail, Appearance::System).unwrap();
                assert!(!rendered.text.contains("Unknown localization"), "{}", rendered.text);
                assert!(!rendered.html.contains("<Sons>"), "markup of others is escaped");
                insta::assert_snapshot!(
                    format!("{name}.{language}"),
                    format!("{}\n\n{}\n\n{}", rendered.subject, rendered.text, rendered.html)
                );
            }
        }
    }

    /// No mail is without a sample, so without a snapshot.
    #[test]
    fn every_mail_has_a_sample() {
        let texts = include_str!("../locales/en/mail.ftl").lines();
        let of_texts = texts.filter_map(|line| line.split_once("-subject = ")).map(|(prefix, _)| prefix);
        let samples = samples();
        let of_samples = samples.iter().map(|(_, content)| content.prefix());
        assert_eq!(of_samples.collect::<BTreeSet<_>>(), of_texts.collect());
    }

    /// proves ACC-3: a mail is light or dark as its recipient chose, whatever the mail program is, or as that is
    #[test]
    fn a_mail_has_the_chosen_appearance() {
        let mail = Mail {
            email: "hanako@example.com".to_owned(),
            language: Language::En,
            time_zone: TimeZone::utc(),
            url: "https://pass.example/x/token".to_owned(),
            content: Content::TokenReused,
        };
        let html = |appearance| render(&mail, appearance).unwrap().html;
        let says = |html: &str, scheme: &str, ground: &str| {
            html.contains(&format!(r#"<meta name="color-scheme" content="{scheme}">"#))
                && html.contains(&format!(
                    r#"<body class="ground" style="margin:0;padding:0;background:{ground};"#
                ))
        };
        let [light, dark, system] = [Appearance::Light, Appearance::Dark, Appearance::System].map(html);
        assert!(says(&light, "light", "#f4f6f5") && !light.contains("#10161a"), "{light}");
        assert!(says(&dark, "dark", "#10161a") && !dark.contains("#ffffff"), "{dark}");
        assert!(says(&system, "light dark", "#f4f6f5"), "{system}");
        assert!(system.contains("@media (prefers-color-scheme:dark){.ground{background:#10161a!important"));
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
