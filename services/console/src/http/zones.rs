//! The time zones to choose from.

use std::sync::LazyLock;

/// The IANA names of places, in order: `Africa/Abidjan` to `Pacific/Wallis`, and UTC first. Aliases without a
/// place (`EST`, `Etc/…`) are left out.
static PLACES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let continents = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name.split_once('/').is_some_and(|(continent, _)| continents.contains(&continent)))
        .collect();
    names.sort();
    names.dedup();
    names.insert(0, "UTC".to_owned());
    names
});

/// The options of a select: value and text. `current` is among them whatever it is.
pub fn options(current: &str) -> Vec<(String, String)> {
    let mut options: Vec<_> = PLACES.iter().map(|name| (name.clone(), name.replace('_', " "))).collect();
    if !PLACES.iter().any(|name| name == current) {
        options.push((current.to_owned(), current.to_owned()));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::TimeZone;

    /// proves ACC-3: time zones are IANA names
    #[test]
    fn every_choice_is_a_time_zone() {
        let options = options("Asia/Tokyo");
        assert!(options.len() > 300, "{}", options.len());
        assert!(options.iter().all(|(name, _)| name.parse::<TimeZone>().is_ok()));
    }
}
