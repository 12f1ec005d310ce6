use super::*;
use pass_types::Language;
use pass_web::{Browser, Refusal, message_keys};

#[test]
fn both_languages_have_the_same_keys() {
    let en = message_keys(include_str!("../../locales/en/gateway.ftl"));
    let ja = message_keys(include_str!("../../locales/ja/gateway.ftl"));
    assert!(en.len() > 25);
    assert_eq!(en, ja);
}

/// Every page renders in both languages, with its token where it has a form, and no text is missing: a missing
/// one would show its key.
#[test]
fn every_page_renders_in_both_languages() {
    for language in [Language::En, Language::Ja] {
        let page = || Browser::sample(texts()).page().in_language(language);
        let text = || "<Taro & Hanako>".to_owned();
        let link = || "/sign-in?flow=0190".to_owned();
        let (heading, hint) = ("flow-over", "flow-over-hint");
        let at = time::macros::datetime!(2026-03-02 09:00 UTC);
        let pages = [
            SignIn {
                page: page(),
                client: Some(text()),
                then: true,
                action: link(),
                email: text(),
                sign_up: link(),
                reset: link(),
                managed: link(),
                passkey: link(),
            }
            .render(),
            PasskeySignIn {
                page: page(),
                client: Some(text()),
                then: true,
                action: link(),
                options: text(),
                sign_in: link(),
            }
            .render(),
            Managed {
                page: page(),
                client: Some(text()),
                action: link(),
                identifier: text(),
                sign_in: link(),
            }
            .render(),
            Leave {
                page: page(),
                host: text(),
                url: "https://idp.example/sso?a=1&b=%22".parse().unwrap(),
                by_itself: true,
            }
            .render(),
            SignInRefused { page: page().refused(Refusal::malformed()), hint: "saml-begin-again" }.render(),
            SignInRefused { page: page().refused(Refusal::malformed()), hint: "managed-invitation-over" }
                .render(),
            ContinueAs { page: page(), organization: text(), email: text(), handle: "h".to_owned() }.render(),
            ManagedInvitation { page: page(), name: text(), organization: text(), handle: text() }.render(),
            ManagedInvitation { page: page(), name: text(), organization: text(), handle: String::new() }
                .render(),
            SignUp { page: page(), action: link(), typed_name: text(), email: text(), sign_in: link() }
                .render(),
            SignUpSent { page: page(), sign_up: link() }.render(),
            ChoosePassword { page: page(), name: text(), email: text() }.render(),
            SecondStep {
                page: page().refused(Refusal::of_field("recovery_code", "is wrong")),
                action: link(),
                again: link(),
                authenticator: true,
                key_options: text(),
                recovery_codes: true,
                step_up: false,
            }
            .render(),
            SecondStepOver { page: page().refused(Refusal::malformed()), again: link() }.render(),
            security(page(), ""),
            security(page(), "<Taro & Hanako>"),
            AddAuthenticator {
                page: page(),
                qr: "<svg></svg>".to_owned(),
                uri: "otpauth://totp/Nulab:<Taro>".to_owned(),
                secret: text(),
            }
            .render(),
            AddKey { page: page(), passkey: true, options: text(), name: text() }.render(),
            AddKey { page: page(), passkey: false, options: text(), name: text() }.render(),
            RecoveryCodes { page: page(), codes: vec!["0000-0000-0000-0000-0000-0000".to_owned()] }.render(),
            ResetPassword { page: page(), action: link(), email: text(), sign_in: link() }.render(),
            ResetSent { page: page(), again: link(), sign_in: link() }.render(),
            NewPassword { page: page(), email: text() }.render(),
            ResetDone { page: page(), sign_in: link() }.render(),
            ChangePassword { page: page(), email: text() }.render(),
            EmailChange { page: page(), email: text(), expires: at }.render(),
            NotMe { page: page(), device: Some(text()), at }.render(),
            NotMe { page: page(), device: None, at }.render(),
            SignOut { page: page(), email: text(), carried: vec![("state", text())] }.render(),
            Message { page: page(), heading, text: hint }.render(),
        ];
        for page in pages {
            let page = page.unwrap();
            assert!(!page.contains("<Taro"), "escaped: {page}");
            assert!(page.contains(&format!("lang=\"{language}\"")), "{page}");
            assert_eq!(page.contains("method=\"post\""), page.contains("name=\"form_token\""), "{page}");
            for key in message_keys(include_str!("../../locales/en/gateway.ftl")) {
                assert!(!key.contains('-') || !page.contains(&format!(">{key}<")), "{key}: {page}");
            }
        }
    }
}

/// What protects an account, with everything that there can be.
fn security(page: Page, managed_by: &str) -> askama::Result<String> {
    let at = time::macros::datetime!(2026-03-02 09:00 UTC);
    let key = |passkey, used| Key {
        id: "0190".to_owned(),
        name: "<Taro's key>".to_owned(),
        passkey,
        added: at,
        used,
    };
    let keys = vec![key(false, None), key(true, Some(at))];
    Security {
        page,
        email: "taro@example.com".to_owned(),
        managed_by: managed_by.to_owned(),
        password: true,
        on: true,
        authenticator: Some((at, None)),
        keys,
        recovery_codes: 1,
        home: "https://console.example/".parse().unwrap(),
    }
    .render()
}
