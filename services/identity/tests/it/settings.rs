//! Wrong settings are refused in one line that names them, before anything starts.

use identity::{BuildError, Config};
use pass_runtime::Context;

async fn refusal(change: impl FnOnce(&mut Config)) -> String {
    let mut config = Config { link_secret: "a secret of tests".to_owned().into(), ..Config::default() };
    config.saml.secret = "a secret of tests, 32 bytes long".to_owned().into();
    change(&mut config);
    let error: BuildError = identity::build(config, &Context::system()).await.err().unwrap();
    error.to_string()
}

#[tokio::test]
async fn wrong_settings_are_named() {
    for (said, setting) in [
        (refusal(|it| it.sessions.idle_minutes = 0).await, "sessions.idle_minutes"),
        (refusal(|it| it.limits.sign_ups_per_address = 0).await, "limits.sign_ups_per_address"),
        (refusal(|it| it.limits.wrong_passwords_per_account = 0).await, "limits.wrong_passwords_per_account"),
        (
            refusal(|it| it.limits.wrong_passwords_per_known_device = 0).await,
            "limits.wrong_passwords_per_known_device",
        ),
        (refusal(|it| it.limits.wrong_passwords_in_a_row = 0).await, "limits.wrong_passwords_in_a_row"),
        (refusal(|it| it.limits.wrong_passwords_in_a_row = 101).await, "limits.wrong_passwords_in_a_row"),
        (refusal(|it| it.housekeeping_millis = 0).await, "housekeeping_millis"),
        (refusal(|it| it.issuer = "pass.localhost".to_owned()).await, "issuer"),
        (refusal(|it| it.issuer.push('/')).await, "issuer"),
        (refusal(|it| it.link_secret = "short".to_owned().into()).await, "link_secret"),
        (refusal(|it| it.saml.secret = "short".to_owned().into()).await, "saml.secret"),
        (refusal(|it| it.limits.saml_sign_ins_per_network = 0).await, "limits.saml_sign_ins_per_network"),
        (refusal(|it| it.step_millis = 0).await, "step_millis"),
        (refusal(|it| it.legacy.call_millis = 0).await, "legacy.call_millis"),
        (refusal(|it| it.limits.space_tries_per_user = 0).await, "limits.space_tries_per_user"),
        (refusal(|it| it.console_url = "pass.localhost".to_owned()).await, "console_url"),
        (refusal(|it| it.limits.password_resets_per_network = 0).await, "limits.password_resets_per_network"),
        (refusal(|it| it.limits.email_changes_per_account = 0).await, "limits.email_changes_per_account"),
        (refusal(|it| it.passwords.range_millis = 0).await, "passwords.range_millis"),
        (refusal(|it| it.passwords.range_url = "ranges.test".to_owned()).await, "passwords.range_url"),
        (refusal(|it| it.passwords.range_url = "ftp://ranges.test".to_owned()).await, "passwords.range_url"),
        (refusal(|it| it.passwords.memory_kib = 7).await, "passwords.memory_kib"),
        (refusal(|it| it.database.url = "nonsense".to_owned().into()).await, "database.url"),
    ] {
        assert!(said.contains(setting) && !said.contains('\n'), "{said}");
    }
}
