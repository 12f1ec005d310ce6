use super::*;
use crate::domain::client::{Audience, Authentication};
use time::macros::datetime;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const GOOD: [(&str, &str); 7] = [
    ("client_id", "backlog"),
    ("redirect_uri", "https://backlog.example.com/callback?a=b"),
    ("response_type", "code"),
    ("scope", "openid email unknown"),
    ("state", "a&b=c d"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

fn client() -> Client {
    Client {
        id: "backlog".parse().unwrap(),
        name: "Backlog".to_owned(),
        audience: Audience::Peer("backlog".to_owned()),
        authentication: Authentication::Secret,
        redirect_uris: vec!["https://backlog.example.com/callback?a=b".parse().unwrap()],
        post_logout_uris: vec![],
        back_channel_logout_uri: None,
    }
}

fn with(changes: &[(&str, &str)]) -> Parameters {
    let kept = GOOD.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    Parameters::new(kept.chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn parse(changes: &[(&str, &str)]) -> Result<Request, Refusal> {
    let (parameters, client) = (with(changes), client());
    let back = Return::of(&parameters, &client).expect("the redirect URI is right");
    Request::parse(&parameters, &client, back)
}

#[test]
fn answers_carry_state_and_issuer_and_keep_the_query() {
    let request = parse(&[]).unwrap();
    assert_eq!(request.scope.to_string(), "email openid");
    assert_eq!(
        request.back.with_code("CODE", "https://id.example.com").as_str(),
        "https://backlog.example.com/callback?a=b&code=CODE&state=a%26b%3Dc+d&iss=https%3A%2F%2Fid.example.com"
    );
}

#[test]
fn redirect_uris_are_compared_exactly() {
    for text in [
        "",
        "https://backlog.example.com/callback",
        "https://backlog.example.com/callback?a=b&c=d",
        "https://backlog.example.com/callback?a=b#x",
        "https://backlog.example.com/callback/../callback?a=b",
        "https://BACKLOG.example.com/callback?a=b",
        "https://backlog.example.com:443/callback?a=b",
        "https://backlog.example.com.evil.example/callback?a=b",
        "https://backlog.example.com@evil.example/callback?a=b",
        "http://backlog.example.com/callback?a=b",
    ] {
        let refused = Return::of(&with(&[("redirect_uri", text)]), &client());
        assert_eq!(refused.err(), Some(Nowhere::UnknownRedirectUri), "{text}");
    }
    let twice = with(&[("redirect_uri", GOOD[1].1), ("redirect_uri", "https://evil.example/")]);
    assert!(Return::of(&twice, &client()).is_err());
}

#[test]
fn what_is_not_supported_is_refused_by_its_name() {
    for (change, code) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("response_mode", "form_post"), "invalid_request"),
        (("scope", "email"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "dance"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("organization", "acme"), "invalid_request"),
        (("request", "x"), "request_not_supported"),
        (("request_uri", "https://evil.example"), "request_uri_not_supported"),
        (("nonce", &"n".repeat(513)), "invalid_request"),
        (("state", &"s".repeat(2_049)), "invalid_request"),
    ] {
        assert_eq!(parse(&[change]).err().map(|refusal| refusal.code), Some(code), "{change:?}");
    }
    let twice = parse(&[("nonce", "a"), ("nonce", "b")]);
    assert_eq!(twice.err().map(|refusal| refusal.code), Some("invalid_request"));
}

#[test]
fn who_must_sign_in_follows_from_prompt_and_max_age() {
    let now = datetime!(2026-01-01 12:00 UTC);
    let ago = |minutes| Some(now - Duration::minutes(minutes));
    let (here, elsewhere) = (SessionId::from(Uuid::from_u128(1)), SessionId::from(Uuid::from_u128(2)));
    let flow = |changes: &[(&str, &str)]| Flow {
        id: Uuid::nil(),
        request: parse(changes).unwrap(),
        create_time: now - Duration::minutes(1),
        session: Some(here),
    };
    for (changes, auth_time, expected) in [
        (vec![], None, Step::SignIn),
        (vec![], ago(60), Step::Issue),
        (vec![("prompt", "none")], None, Step::LoginRequired),
        (vec![("prompt", "none")], ago(60), Step::Issue),
        (vec![("prompt", "none"), ("max_age", "60")], ago(60), Step::LoginRequired),
        (vec![("prompt", "login")], ago(60), Step::SignIn),
        (vec![("prompt", "login")], ago(0), Step::SignIn),
        (vec![("max_age", "600")], ago(9), Step::Issue),
        (vec![("max_age", "600")], ago(11), Step::SignIn),
        (vec![("max_age", "0")], ago(2), Step::SignIn),
        (vec![("max_age", "0")], ago(0), Step::Issue),
    ] {
        let signed_in = auth_time.map(|at| SignedIn { session: elsewhere, at, anew: true });
        assert_eq!(flow(&changes).next(signed_in, now), expected, "{changes:?} {auth_time:?}");
    }
    // An identity provider's older session is nothing recent, and good enough where nobody asks for that.
    for (changes, expected) in [(vec![], Step::Issue), (vec![("max_age", "600")], Step::SignIn)] {
        let signed_in = SignedIn { session: elsewhere, at: now, anew: false };
        assert_eq!(flow(&changes).next(Some(signed_in), now), expected, "{changes:?}");
    }
    for changes in [("prompt", "login"), ("max_age", "0")] {
        let signed_in = SignedIn { session: here, at: now - Duration::SECOND, anew: true };
        let answered = flow(&[changes]).next(Some(signed_in), now);
        assert_eq!(answered, Step::Issue, "{changes:?}, by a sign-in in the flow");
    }
}
