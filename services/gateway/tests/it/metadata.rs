//! Discovery and JWKS, and that the table of routes is the truth.

use crate::suite::{ISSUER, Suite};
use gateway::http::ROUTES;
use reqwest::Method;

/// The Config OP: everything that discovery names is there.
#[tokio::test]
async fn discovery_names_what_is_there() {
    let suite = Suite::start().await;
    let product = suite.product("backlog").await;
    let answer = product.get("/.well-known/openid-configuration").await.good();
    assert_eq!(answer["issuer"], ISSUER);
    assert_eq!(answer["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(answer["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(answer["grant_types_supported"], serde_json::json!(["authorization_code", "refresh_token"]));
    for (endpoint, methods) in [
        ("token", &["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
        ("revocation", &["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
    ] {
        assert_eq!(answer[format!("{endpoint}_endpoint_auth_methods_supported")], serde_json::json!(methods));
        let algorithms = &answer[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        assert_eq!(
            *algorithms,
            serde_json::json!(["ES256", "RS256", "PS256", "EdDSA"]),
            "neither none nor HS"
        );
    }
    assert_eq!(answer["authorization_response_iss_parameter_supported"], true);
    assert_eq!(answer["backchannel_logout_session_supported"], true);
    for (name, value) in answer.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = value.as_str().unwrap().strip_prefix(ISSUER).unwrap();
            assert!(ROUTES.iter().any(|route| route.path == path), "{name}");
        }
    }
    let jwks = product.get("/oauth/jwks").await;
    assert_eq!(jwks.headers["content-type"], "application/jwk-set+json");
    for key in jwks.json["keys"].as_array().unwrap() {
        assert_eq!(
            (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
            (&"EC".into(), &"P-256".into(), &"ES256".into(), &"sig".into())
        );
        assert!(key.get("d").is_none(), "the private half stays here");
    }
}

/// Every route of the table is served with its methods, and with no other.
#[tokio::test]
async fn every_route_of_the_table_is_served_and_no_other_method() {
    let suite = Suite::start().await;
    let browser = suite.browser();
    for route in ROUTES {
        let path = route.path.replace("{token}", "token");
        let methods: Vec<&str> =
            ROUTES.iter().filter(|it| it.path == route.path).flat_map(|it| it.methods).copied().collect();
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let page = browser.send(method.clone(), &path, None, &[]).await;
            let served = page.status != 405;
            assert_eq!(served, methods.contains(&method.as_str()), "{method} {path}: {}", page.status);
            assert_ne!(page.status, 500, "{method} {path}");
        }
    }
}
