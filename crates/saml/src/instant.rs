//! Instants as SAML writes them (SAML core, 1.3.3).

use std::fmt;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Reads an `xs:dateTime` that says where it is; `None` when it is not one.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let plausible = text.len() <= 40 && text.as_bytes().get(10) == Some(&b'T');
    if !plausible {
        return None;
    }
    OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)
}

/// Writes an instant in UTC, to the second, where it is shown.
pub(crate) fn format(instant: OffsetDateTime) -> impl fmt::Display {
    fmt::from_fn(move |f| {
        let instant = instant.to_offset(UtcOffset::UTC);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            instant.year(),
            u8::from(instant.month()),
            instant.day(),
            instant.hour(),
            instant.minute(),
            instant.second()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn instants_of_the_field_parse_and_others_do_not() {
        let noon = datetime!(2026-03-01 12:00 UTC);
        for text in ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000000Z", "2026-03-01T14:00:00+02:00"] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        let wrong = [
            "",
            "2026-03-01",
            "2026-03-01 12:00:00Z",
            "2026-03-01T12:00:00",
            "2026-13-01T12:00:00Z",
            " 2026-03-01T12:00:00Z",
        ];
        for text in wrong {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(format(noon).to_string(), "2026-03-01T12:00:00Z");
    }

    #[test]
    fn instants_at_the_end_of_time_do_not_panic() {
        for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+23:59"] {
            if let Some(instant) = parse(text) {
                let _ =
                    instant.saturating_add(time::Duration::days(1)).saturating_sub(time::Duration::days(2));
            }
        }
    }
}
