//! The words of the pages, in the languages of the suite (Fluent).

use fluent_templates::{LanguageIdentifier, StaticLoader, fluent_bundle::FluentValue, langid};
use pass_proto::errors::v1::ErrorReason;
use pass_types::Language;
use std::{borrow::Cow, collections::HashMap};

fluent_templates::static_loader! {
    static SHARED = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The texts of a service, and behind them those that all pages share.
#[derive(Clone, Copy)]
pub struct Texts {
    own: Option<&'static StaticLoader>,
}

impl Texts {
    /// The texts of a service: `Texts::new(&TEXTS)`, where `TEXTS` is its `static_loader!`.
    pub fn new(own: &'static StaticLoader) -> Self {
        Self { own: Some(own) }
    }

    /// The shared texts alone.
    pub fn shared() -> Self {
        Self { own: None }
    }

    /// The text of a key; the key itself when nobody has it (a test of each service proves that none is
    /// missing).
    pub fn say(
        &self,
        language: Language,
        key: &str,
        args: &[(&'static str, FluentValue<'static>)],
    ) -> String {
        self.find(language, key, args).unwrap_or_else(|| {
            tracing::error!(key, %language, "a text is missing");
            key.to_owned()
        })
    }

    /// The text of a key, if there is one.
    pub fn find(
        &self,
        language: Language,
        key: &str,
        args: &[(&'static str, FluentValue<'static>)],
    ) -> Option<String> {
        let language = tag(language);
        let args: HashMap<Cow<'static, str>, FluentValue<'static>> =
            args.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        let look = |loader: &StaticLoader| loader.lookup_no_default_fallback(&language, key, Some(&args));
        self.own.and_then(look).or_else(|| look(&SHARED))
    }

    /// Why something was refused, for the person.
    pub fn reason(&self, language: Language, reason: ErrorReason) -> String {
        self.say(language, &reason_key(reason), &[])
    }
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Texts(…)")
    }
}

fn tag(language: Language) -> LanguageIdentifier {
    match language {
        Language::En => langid!("en"),
        Language::Ja => langid!("ja"),
    }
}

fn reason_key(reason: ErrorReason) -> String {
    format!("error-{}", reason.code().to_ascii_lowercase().replace('_', "-"))
}

/// The keys of a Fluent file: for the test of a service that both languages have the same.
pub fn message_keys(ftl: &str) -> std::collections::BTreeSet<&str> {
    ftl.lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key.trim())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_text_in_every_language() {
        let reasons = pass_proto::descriptor_pool().get_enum_by_name("pass.errors.v1.ErrorReason").unwrap();
        for value in reasons.values() {
            let reason = ErrorReason::try_from(value.number()).unwrap();
            for language in Language::ALL {
                let text = Texts::shared().find(*language, &reason_key(reason), &[]);
                assert!(text.is_some(), "{} in {language}", reason_key(reason));
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        let en = message_keys(include_str!("../locales/en/web.ftl"));
        let ja = message_keys(include_str!("../locales/ja/web.ftl"));
        assert!(en.len() > 40);
        assert_eq!(en, ja);
    }
}
