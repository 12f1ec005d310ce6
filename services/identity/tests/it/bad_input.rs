//! Bad input for every RPC: a documented error with a stable reason, nothing changed, nothing secret or
//! personal logged.

use crate::suite::{PASSWORD, Suite, User, credentials, wish};
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, identity::v1::*};
use prost_types::FieldMask;
use std::{
    io::Write,
    sync::{Arc, Mutex},
};

const UUID: &str = "01890000-0000-7000-8000-000000000000";

fn huge() -> String {
    "x".repeat(1 << 20)
}

/// The reason, and the field if one is named.
fn why<T>(answer: Result<T, Failure>) -> (ErrorReason, String) {
    let Err(failure) = answer else { panic!("bad input was taken") };
    (failure.reason, failure.violations.into_iter().next().map(|(field, _)| field).unwrap_or_default())
}

fn invalid(field: &str) -> (ErrorReason, String) {
    (ErrorReason::InvalidArgument, field.to_owned())
}

/// Everything that the database has, but for what throttles count.
async fn rows(suite: &Suite) -> Vec<i64> {
    vec![
        suite.count("SELECT count(*) FROM accounts").await,
        suite.count("SELECT sum(version)::bigint FROM accounts").await,
        suite.count("SELECT count(*) FROM sign_ups").await,
        suite.count("SELECT count(*) FROM sessions").await,
        suite.count("SELECT count(*) FROM sessions WHERE ended_at IS NULL").await,
        suite.count("SELECT count(*) FROM login_history").await,
        suite.count("SELECT count(*) FROM outbox").await,
    ]
}

#[tokio::test]
async fn sign_ups() {
    let suite = Suite::start().await;
    let gateway = suite.gateway_anonymous();
    suite.user("taro@example.com").await;
    let before = rows(&suite).await;
    let good = || wish("jiro@example.com");
    for (request, field) in [
        (RequestSignUpRequest::default(), "name"),
        (RequestSignUpRequest { name: "a\nb".to_owned(), ..good() }, "name"),
        (RequestSignUpRequest { name: huge(), ..good() }, "name"),
        (RequestSignUpRequest { email: String::new(), ..good() }, "email"),
        (RequestSignUpRequest { email: "a@b@c.com".to_owned(), ..good() }, "email"),
        (RequestSignUpRequest { email: format!("{}@example.com", huge()), ..good() }, "email"),
        (RequestSignUpRequest { language: 0, ..good() }, "language"),
        (RequestSignUpRequest { language: 99, ..good() }, "language"),
        (RequestSignUpRequest { time_zone: "Mars/Base".to_owned(), ..good() }, "time_zone"),
        (RequestSignUpRequest { time_zone: huge(), ..good() }, "time_zone"),
        (RequestSignUpRequest { continuation: "x".repeat(65), ..good() }, "continuation"),
        (RequestSignUpRequest { continuation: "a\0b".to_owned(), ..good() }, "continuation"),
    ] {
        assert_eq!(why(gateway.request_sign_up(request).await), invalid(field));
    }
    let foreign =
        pass_types::LinkKey::new(b"a secret of others").unwrap().mint("sign-up", UUID.parse().unwrap(), 1);
    for token in [String::new(), "nonsense".to_owned(), UUID.to_owned(), foreign, "A".repeat(70), huge()] {
        let link = (ErrorReason::LinkInvalid, String::new());
        let shown = gateway.get_sign_up(GetSignUpRequest { token: token.clone() }).await;
        assert_eq!(why(shown), link);
        let request = CompleteSignUpRequest {
            token,
            password: PASSWORD.to_owned(),
            ..CompleteSignUpRequest::default()
        };
        assert_eq!(why(gateway.complete_sign_up(request).await), link);
    }
    assert_eq!(rows(&suite).await, before);
}

#[tokio::test]
async fn sessions() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let (gateway, console) = (suite.gateway_anonymous(), suite.console_as(&user));
    let before = rows(&suite).await;
    for (request, field) in [
        (SignInRequest::default(), "email"),
        (credentials("nonsense", PASSWORD), "email"),
        (credentials(&huge(), PASSWORD), "email"),
        (credentials("taro@example.com", ""), "password"),
        (credentials("taro@example.com", &"x".repeat(129)), "password"),
        (credentials("taro@example.com", &huge()), "password"),
    ] {
        assert_eq!(why(gateway.sign_in(request).await), invalid(field));
    }
    for token in [String::new(), "nonsense".to_owned(), UUID.to_owned(), "A".repeat(43), huge()] {
        gateway.sign_out(SignOutRequest { token: token.clone() }).await.unwrap();
        let resolved = gateway.resolve_session(ResolveSessionRequest { token }).await;
        assert_eq!(why(resolved), (ErrorReason::SessionEnded, String::new()));
    }
    for session_id in [String::new(), "nonsense".to_owned(), format!("{{{UUID}}}"), huge()] {
        let got = suite
            .system("gateway")
            .get_session(GetSessionRequest { session_id: session_id.clone(), used: true })
            .await;
        assert_eq!(why(got), invalid("session_id"));
        assert_eq!(
            why(console.end_my_session(EndMySessionRequest { session_id }).await),
            invalid("session_id")
        );
    }
    let unknown = suite
        .system("gateway")
        .get_session(GetSessionRequest { session_id: UUID.to_owned(), used: true })
        .await;
    assert_eq!(why(unknown).0, ErrorReason::SessionEnded);
    let unknown = console.end_my_session(EndMySessionRequest { session_id: UUID.to_owned() }).await;
    assert_eq!(why(unknown).0, ErrorReason::NotFound);
    for page_size in [-1, 101, i32::MIN, i32::MAX] {
        let request = ListMySessionsRequest { page_size, page_token: String::new() };
        assert_eq!(why(console.list_my_sessions(request).await), invalid("page_size"));
    }
    for page_token in ["nonsense".to_owned(), UUID.to_owned(), huge()] {
        let request = ListMySessionsRequest { page_size: 0, page_token };
        let token = (ErrorReason::PageTokenInvalid, "page_token".to_owned());
        assert_eq!(why(console.list_my_sessions(request).await), token);
    }
    assert_eq!(rows(&suite).await, before);
}

#[tokio::test]
async fn profiles() {
    let suite = Suite::start().await;
    let user = suite.user("taro@example.com").await;
    let console = suite.console_as(&user);
    let before = rows(&suite).await;
    let update = |account: Account, path: &str| UpdateMyAccountRequest {
        account: Some(account),
        update_mask: Some(FieldMask { paths: vec![path.to_owned()] }),
    };
    let empty = Account::default;
    let zoned = |zone: &str| update(Account { time_zone: zone.to_owned(), ..empty() }, "time_zone");
    for (request, field) in [
        (UpdateMyAccountRequest::default(), "account"),
        (UpdateMyAccountRequest { account: Some(empty()), update_mask: None }, "update_mask"),
        (
            UpdateMyAccountRequest { account: Some(empty()), update_mask: Some(FieldMask::default()) },
            "update_mask",
        ),
        (update(Account { account_id: UUID.to_owned(), ..empty() }, "name"), "account.account_id"),
        (update(empty(), "email"), "update_mask"),
        (update(empty(), "account_id"), "update_mask"),
        (update(empty(), &huge()), "update_mask"),
        (update(empty(), "name"), "account.name"),
        (update(Account { name: huge(), ..empty() }, "name"), "account.name"),
        (update(Account { unique_id: "a b".to_owned(), ..empty() }, "unique_id"), "account.unique_id"),
        (update(Account { unique_id: huge(), ..empty() }, "unique_id"), "account.unique_id"),
        (update(Account { language: 99, ..empty() }, "language"), "account.language"),
        (zoned("+09:00"), "account.time_zone"),
        (zoned("Mars/Base"), "account.time_zone"),
        (zoned("Asia/Tokyo\0"), "account.time_zone"),
        (zoned("../Asia/Tokyo"), "account.time_zone"),
        (zoned(&huge()), "account.time_zone"),
        (update(empty(), "time_zone"), "account.time_zone"),
        (update(Account { appearance: -1, ..empty() }, "appearance"), "account.appearance"),
    ] {
        assert_eq!(why(console.update_my_account(request).await), invalid(field));
    }
    let backlog = suite.product_as("backlog", &user, None);
    for account_id in [String::new(), "nonsense".to_owned(), huge()] {
        assert_eq!(why(backlog.get_account(GetAccountRequest { account_id }).await), invalid("account_id"));
    }
    assert_eq!(rows(&suite).await, before);
}

#[tokio::test]
async fn directory() {
    let suite = Suite::start().await;
    let notification = suite.system("notification");
    for account_ids in
        [vec![String::new()], vec![UUID.to_owned(), "nonsense".to_owned()], vec![UUID.to_owned(); 101]]
    {
        let answer = notification.batch_get_accounts(BatchGetAccountsRequest { account_ids }).await;
        assert_eq!(why(answer), invalid("account_ids"));
    }
    for email in [String::new(), "nonsense".to_owned(), huge()] {
        assert_eq!(
            why(notification.get_mail_preferences(GetMailPreferencesRequest { email }).await),
            invalid("email")
        );
    }
    for sign_up_id in [String::new(), "nonsense".to_owned(), huge()] {
        let answer = notification.prepare_sign_up_mail(PrepareSignUpMailRequest { sign_up_id }).await;
        assert_eq!(why(answer), invalid("sign_up_id"));
    }
    let unknown = PrepareSignUpMailRequest { sign_up_id: UUID.to_owned() };
    assert_eq!(why(notification.prepare_sign_up_mail(unknown).await).0, ErrorReason::LinkInvalid);
}

/// Where a test's log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Neither a secret nor anybody's name or address is logged, by us or by sqlx, at any level.
#[tokio::test]
async fn nothing_secret_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("identity=trace,pass_mesh=trace,pass_events=trace,pass_runtime=trace,sqlx=trace")
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, tracing lets whichever thread comes first decide what is of interest to
    // all; other tests' threads have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    let suite = Suite::start().await;
    let user: User = suite.user("hidden.address@example.com").await;
    let gateway = suite.gateway_from("203.0.113.77", "Hidden-Browser/1.0");
    gateway.sign_in(credentials("hidden.address@example.com", "hidden password 1")).await.unwrap_err();
    gateway.sign_in(credentials("hidden.address@example", "hidden password 1")).await.unwrap_err();
    gateway.sign_in(credentials("hidden.address@example.com", PASSWORD)).await.unwrap();
    gateway.resolve_session(ResolveSessionRequest { token: user.token.clone() }).await.unwrap();
    suite.console_as(&user).get_my_account(GetMyAccountRequest {}).await.unwrap();
    let taken = UpdateMyAccountRequest::default();
    suite.console_as(&user).update_my_account(taken).await.unwrap_err();
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("CREDENTIALS_INVALID"), "refusals are logged");
    for hidden in
        ["hidden.address", "Yamada", "hidden password", PASSWORD, "203.0.113", "Hidden-Browser", &user.token]
    {
        assert!(!logged.contains(hidden), "{hidden} is in the log");
    }
}
