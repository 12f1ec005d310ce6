//! Settings: a typed struct's defaults, then a TOML file, then the environment.
//!
//! Every setting of the file can be given as `PASS_A__B` for `a.b`, and every secret also as the path
//! of a file that has it: `b_file` in TOML, `PASS_A__B_FILE` in the environment. A name that no
//! service knows is refused. What an environment variable means (text, number, list) is told by the
//! default of the setting, so `PASS_X=0123` stays a text where a text belongs; that is why this is
//! not left to a library that guesses.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{fmt, fs, path::Path};

/// A secret setting. Neither `Debug` nor serialization shows it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is missing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretText {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    /// What is wrong with a secret is told without the secret.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(secret) => Ok(Self(secret)),
            _ => Err(serde::de::Error::custom("must be a text, in quotes")),
        }
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0.is_empty() { "" } else { "(secret)" })
    }
}

/// Why the settings can't be used. Display names the setting, in one line.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or the file of a secret, can't be read.
    #[error("can't read {path}, named by {setting}")]
    Unreadable {
        /// Which setting or option named the file.
        setting: String,
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{path} is not valid TOML: {problem}")]
    Malformed {
        /// Which file.
        path: String,
        /// Where and what, without the file's content.
        problem: String,
    },
    /// Nobody knows the setting.
    #[error("{0} is not a setting")]
    Unknown(String),
    /// The value does not fit.
    #[error("the setting {setting} is wrong: {problem}")]
    Wrong {
        /// Which setting.
        setting: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads the settings: defaults of `T`, then `file` if there is one, then `environment` (pairs whose
/// names start with `PASS_`; others are passed over).
pub fn load<T>(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError>
where
    T: Default + Serialize + DeserializeOwned,
{
    let wrong = |setting: &str, problem: String| ConfigError::Wrong { setting: setting.to_owned(), problem };
    let defaults =
        serde_json::to_value(T::default()).map_err(|error| wrong("(defaults)", error.to_string()))?;
    let mut settings = defaults.clone();
    if let Some(file) = file {
        merge(&mut settings, read_toml(file)?, &defaults, "")?;
    }
    for (name, text) in environment {
        let Some(path) = name.strip_prefix("PASS_") else { continue };
        if path == "CONFIG" || path.starts_with("TEST_") {
            continue;
        }
        let path: Vec<_> = path.split("__").map(str::to_ascii_lowercase).collect();
        let overlay = path
            .iter()
            .rev()
            .fold(Value::String(text), |value, key| Value::Object(Map::from_iter([(key.clone(), value)])));
        merge(&mut settings, overlay, &defaults, "").map_err(|error| match error {
            ConfigError::Unknown(_) => ConfigError::Unknown(name.clone()),
            other => other,
        })?;
    }
    serde_path(settings)
}

fn read_toml(file: &Path) -> Result<Value, ConfigError> {
    let path = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|source| ConfigError::Unreadable {
        setting: "the option --config (or PASS_CONFIG)".to_owned(),
        path: path.clone(),
        source,
    })?;
    toml::from_str(&text).map_err(|error: toml::de::Error| ConfigError::Malformed {
        path,
        problem: error.message().to_owned(),
    })
}

/// Lays `overlay` over `settings`. What the default is tells how a text is read; a map whose default
/// is empty takes any key.
fn merge(settings: &mut Value, overlay: Value, default: &Value, path: &str) -> Result<(), ConfigError> {
    let (Value::Object(settings), Value::Object(overlay)) = (settings, overlay) else {
        return Err(ConfigError::Wrong { setting: path.to_owned(), problem: "must be a table".to_owned() });
    };
    let open = default.as_object().is_some_and(Map::is_empty);
    for (key, value) in overlay {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let secret = key
            .strip_suffix("_file")
            .filter(|name| !settings.contains_key(&key) && settings.contains_key(*name));
        if let (Some(name), Some(file)) = (secret, value.as_str()) {
            let content = fs::read_to_string(file).map_err(|source| ConfigError::Unreadable {
                setting: inner,
                path: file.to_owned(),
                source,
            })?;
            settings
                .insert(name.to_owned(), Value::String(content.trim_end_matches(['\r', '\n']).to_owned()));
            continue;
        }
        match (settings.get_mut(&key), default.get(&key)) {
            (Some(current @ Value::Object(_)), Some(default)) => merge(current, value, default, &inner)?,
            (Some(current), Some(default)) => *current = read_as(default, value),
            _ if open => {
                settings.insert(key, value);
            }
            _ => return Err(ConfigError::Unknown(inner)),
        }
    }
    Ok(())
}

/// A text (from the environment) is read as what the default is; anything else stays what it is.
fn read_as(default: &Value, value: Value) -> Value {
    match (default, &value) {
        (Value::Number(_) | Value::Bool(_), Value::String(text)) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        (Value::Array(_), Value::String(text)) => match serde_json::from_str(text) {
            Ok(list @ Value::Array(_)) => list,
            _ => text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect(),
        },
        _ => value,
    }
}

/// Deserializes table by table, so that an error can name the setting.
fn serde_path<T: DeserializeOwned>(settings: Value) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(settings).map_err(|error| ConfigError::Wrong {
        setting: error.path().to_string(),
        problem: error.inner().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Settings {
        name: String,
        password: SecretText,
        ca_file: String,
        nested: Nested,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Nested {
        port: u16,
        on: bool,
        hosts: Vec<String>,
        peers: BTreeMap<String, String>,
    }

    impl Default for Nested {
        fn default() -> Self {
            Self { port: 80, on: false, hosts: Vec::new(), peers: BTreeMap::new() }
        }
    }

    fn read(toml: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), toml).unwrap();
        let environment = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        load(Some(file.path()), environment).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_beats_the_file_beats_the_defaults() {
        let settings = read(
            "name = 'file'\n[nested]\nport = 1",
            &[
                ("PASS_NESTED__PORT", "2"),
                ("PASS_NESTED__ON", "true"),
                ("PASS_NESTED__HOSTS", "a, b"),
                ("HOME", "x"),
            ],
        )
        .unwrap();
        assert_eq!((settings.name.as_str(), settings.nested.port, settings.nested.on), ("file", 2, true));
        assert_eq!(settings.nested.hosts, ["a", "b"]);
    }

    #[test]
    fn a_text_stays_a_text_whatever_it_looks_like() {
        let settings = read("", &[("PASS_PASSWORD", "0123"), ("PASS_NESTED__PEERS__IDENTITY", "7")]).unwrap();
        assert_eq!(settings.password.expose(), "0123");
        assert_eq!(settings.nested.peers["identity"], "7");
    }

    #[test]
    fn secrets_come_from_files_and_are_not_shown() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "s3cret\n").unwrap();
        let path = secret.path().to_str().unwrap();
        for settings in [
            read("", &[("PASS_PASSWORD_FILE", path)]).unwrap(),
            read(&format!("password_file = '{path}'\nca_file = 'ca.pem'"), &[]).unwrap(),
        ] {
            assert_eq!(settings.password.expose(), "s3cret");
            let shown = format!("{settings:?}{}", serde_json::to_string(&settings).unwrap());
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_wrong_setting_is_named_in_one_line() {
        for (toml, environment, expected) in [
            ("password = 123456789", None, "the setting password is wrong: must be a text, in quotes"),
            ("nmae = 'x'", None, "nmae is not a setting"),
            ("[nested]\nprot = 1", None, "nested.prot is not a setting"),
            ("", Some(("PASS_NESTED__PROT", "1")), "PASS_NESTED__PROT is not a setting"),
            ("", Some(("PASS_NESTED__PORT", "many")), "the setting nested.port is wrong"),
            ("[nested]\nport = 70000", None, "the setting nested.port is wrong"),
            ("nested = 1", None, "the setting nested is wrong"),
            ("name = ", None, "is not valid TOML"),
            (
                "",
                Some(("PASS_PASSWORD_FILE", "/does/not/exist")),
                "can't read /does/not/exist, named by password_file",
            ),
        ] {
            let error = read(toml, environment.as_slice()).unwrap_err();
            assert!(error.contains(expected), "{error:?} should say {expected:?}");
            assert_eq!(error.lines().count(), 1, "{error:?}");
        }
    }
}
