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
        let pages = [
            SignIn {
                page: page(),
                client: Some(text()),
                action: link(),
                email: text(),
                sign_up: link(),
                managed: link(),
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
