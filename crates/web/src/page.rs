//! What every page knows, for the templates: `page.t("key")`, `page.error_of("email")`, …

use crate::{Browser, EXTRAS_SCRIPT_URL, KEYS_SCRIPT_URL, MARK_URL, Refusal, STYLE_URL, Texts};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use fluent_templates::fluent_bundle::FluentValue;
use http::StatusCode;
use pass_types::{Appearance, Language, TimeZone};
use std::fmt::Display;
use time::OffsetDateTime;

/// What every page knows. A template has it as its field `page`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The page's language.
    pub language: Language,
    /// How it looks.
    pub appearance: Appearance,
    /// Whose times it shows.
    pub time_zone: TimeZone,
    /// For `nonce` attributes.
    pub nonce: String,
    /// For the hidden field `form_token`.
    pub form_token: String,
    texts: Texts,
    /// The language was chosen by hand.
    chosen: bool,
    languages: Vec<(Language, String)>,
    refusal: Option<Refusal>,
    notice: Option<&'static str>,
}

impl Page {
    pub(crate) fn new(browser: &Browser) -> Self {
        Self {
            language: browser.language().unwrap_or(Language::En),
            appearance: browser.appearance(),
            time_zone: TimeZone::utc(),
            nonce: browser.nonce().as_str().to_owned(),
            form_token: browser.form_token().reveal(),
            texts: browser.0.texts,
            chosen: browser.look().is_some_and(|look| look.chosen),
            languages: browser.languages(),
            refusal: None,
            notice: None,
        }
    }

    /// The page for somebody with these settings (ACC-3); in the language that was chosen by hand, if one was since
    /// somebody was signed in.
    #[must_use]
    pub fn for_person(self, language: Language, appearance: Appearance, time_zone: TimeZone) -> Self {
        Self { appearance, time_zone, ..self.in_language(language) }
    }

    /// The page in another language, unless one was chosen by hand.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        let language = if self.chosen { self.language } else { language };
        Self { language, ..self }
    }

    /// The languages to choose from, and where the page is in each, for who is not signed in.
    pub fn languages(&self) -> &[(Language, String)] {
        &self.languages
    }

    /// The page after a refused form: it shows why, at the top and at each field.
    #[must_use]
    pub fn refused(self, refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..self }
    }

    /// The page with good news at the top: the text of the key.
    #[must_use]
    pub fn noticed(self, key: &'static str) -> Self {
        Self { notice: Some(key), ..self }
    }

    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        self.texts.say(self.language, key, &[])
    }

    /// The text of a key, if there is one, else `otherwise`: for names that others make.
    pub fn t_or(&self, key: &str, otherwise: &str) -> String {
        self.texts.find(self.language, key, &[]).unwrap_or_else(|| otherwise.to_owned())
    }

    /// The text of a key with one argument.
    #[expect(clippy::needless_pass_by_value, reason = "templates pass values and references")]
    pub fn with(&self, key: &str, name: &'static str, value: impl ToString) -> String {
        self.texts.say(self.language, key, &[(name, text(&value))])
    }

    /// The text of a key with two arguments.
    #[expect(clippy::needless_pass_by_value, reason = "templates pass values and references")]
    pub fn with_two(
        &self,
        key: &str,
        first: &'static str,
        first_value: impl ToString,
        second: &'static str,
        second_value: impl ToString,
    ) -> String {
        self.texts.say(self.language, key, &[(first, text(&first_value)), (second, text(&second_value))])
    }

    /// The text of one of a set of values, under the key `<set>-<value>`.
    pub fn word(&self, set: &str, value: impl Display) -> String {
        self.t(&format!("{set}-{value}"))
    }

    /// What is said about one of a set of values, under the key `<set>-<value>-hint`.
    pub fn hint(&self, set: &str, value: impl Display) -> String {
        self.t(&format!("{set}-{value}-hint"))
    }

    /// The text of a key with a number, which decides the plural.
    pub fn count(&self, key: &str, count: impl Into<i64>) -> String {
        self.texts.say(self.language, key, &[("count", FluentValue::from(count.into()))])
    }

    /// The good news at the top.
    pub fn notice(&self) -> Option<String> {
        self.notice.map(|key| self.t(key))
    }

    /// What the summary at the top says: for each wrong field its name and text; the field's name is empty
    /// for what is wrong with the whole.
    pub fn errors(&self) -> Vec<(String, String)> {
        let Some(refusal) = &self.refusal else { return Vec::new() };
        let fields = refusal.fields();
        if fields.is_empty() {
            let reference = refusal.metadata.get("reference");
            let reference =
                reference.map(|reference| self.with("error-has-reference", "reference", reference));
            let texts = [Some(self.texts.reason(self.language, refusal.reason)), reference];
            return texts.into_iter().flatten().map(|text| (String::new(), text)).collect();
        }
        let text = |field: &str| self.error_of(field).unwrap_or_default();
        fields.iter().map(|field| ((*field).to_owned(), text(field))).collect()
    }

    /// What is wrong with a field.
    pub fn error_of(&self, field: &str) -> Option<String> {
        let refusal = self.refusal.as_ref().filter(|refusal| refusal.fields().contains(&field))?;
        if refusal.field_of_reason() == Some(field) {
            return Some(self.texts.reason(self.language, refusal.reason));
        }
        let key = format!("invalid-{}", field.replace('_', "-"));
        Some(self.texts.find(self.language, &key, &[]).unwrap_or_else(|| self.t("invalid-field")))
    }

    /// A day and time, in the person's time zone.
    pub fn time(&self, at: impl At) -> String {
        match self.language {
            Language::En => self.zoned(at, "%-d %b %Y, %H:%M"),
            Language::Ja => self.zoned(at, "%Y年%-m月%-d日 %H:%M"),
        }
    }

    /// A day, in the person's time zone.
    pub fn day(&self, at: impl At) -> String {
        match self.language {
            Language::En => self.zoned(at, "%-d %b %Y"),
            Language::Ja => self.zoned(at, "%Y年%-m月%-d日"),
        }
    }

    /// An instant for programs (`<time datetime>`), RFC 3339.
    pub fn machine_time(&self, at: impl At) -> String {
        self.zoned(at, "%Y-%m-%dT%H:%M:%S%:z")
    }

    fn zoned(&self, at: impl At, format: &str) -> String {
        let instant = jiff::Timestamp::from_second(at.at().unix_timestamp()).unwrap_or_default();
        let zone = jiff::tz::TimeZone::get(self.time_zone.as_str()).unwrap_or(jiff::tz::TimeZone::UTC);
        instant.to_zoned(zone).strftime(format).to_string()
    }

    /// Address of the style sheet.
    pub fn style_url(&self) -> &'static str {
        &STYLE_URL
    }

    /// Address of the script for security keys; it works with the page's nonce.
    pub fn keys_script_url(&self) -> &'static str {
        &KEYS_SCRIPT_URL
    }

    /// Address of the script of what a page does a little better with one; it works with the page's nonce.
    pub fn extras_script_url(&self) -> &'static str {
        &EXTRAS_SCRIPT_URL
    }

    /// Address of the icon.
    pub fn mark_url(&self) -> &'static str {
        &MARK_URL
    }
}

/// An instant, however many references away: templates pass references.
pub trait At {
    /// The instant.
    fn at(&self) -> OffsetDateTime;
}

impl At for OffsetDateTime {
    fn at(&self) -> OffsetDateTime {
        *self
    }
}

impl<T: At + ?Sized> At for &T {
    fn at(&self) -> OffsetDateTime {
        (**self).at()
    }
}

fn text(value: &impl ToString) -> FluentValue<'static> {
    FluentValue::from(value.to_string())
}

/// A page as a response.
pub fn html(page: &impl Template) -> Response {
    html_with(StatusCode::OK, page)
}

/// A page as a response with a status.
pub fn html_with(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_proto::errors::v1::ErrorReason;
    use pass_types::Kind;

    #[test]
    fn what_the_reason_says_of_a_field_is_more_than_that_it_is_wrong() {
        let refused = |reason| {
            let violations = vec![("password".to_owned(), "is wrong".to_owned())];
            let refusal = Refusal { violations, ..Refusal::new(Kind::InvalidInput, reason) };
            Browser::sample(Texts::shared()).page().refused(refusal).error_of("password").unwrap()
        };
        assert!(refused(ErrorReason::PasswordGuessable).contains("too easy to guess"));
        assert!(refused(ErrorReason::InvalidArgument).contains("12 to 128"));
    }
}
