//! The kit itself: what other tests lean on must not be wrong.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod dns;
mod saml;

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::MultiPart};
use pass_testkit::{MailSink, Refusing, wait_for};
use pass_types::Clock;

async fn send(sink: &MailSink, subject: &str) -> Result<(), lettre::transport::smtp::Error> {
    let text = "こんにちは\n\nhttps://pass.localhost/sign-up?token=a_b-c\n.\n..bye\n".to_owned();
    let mail = Message::builder()
        .from("Pass <pass@example.com>".parse().unwrap())
        .to("Taro <Taro@example.com>".parse().unwrap())
        .message_id(Some("<1@pass>".to_owned()))
        .subject(subject)
        .multipart(MultiPart::alternative_plain_html(text, "<p>こんにちは</p>".to_owned()))
        .unwrap();
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(sink.address().port())
        .build()
        .send(mail)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_sent() {
    let sink = MailSink::start().await;
    let mut arrivals = sink.subscribe();
    send(&sink, "ようこそ").await.unwrap();
    let mail = sink.wait_for("taro@example.com").await;
    assert_eq!(
        (mail.number, mail.from.as_str(), mail.to.as_slice()),
        (1, "pass@example.com", &["Taro@example.com".to_owned()][..])
    );
    assert_eq!((mail.subject.as_str(), mail.message_id.as_str()), ("ようこそ", "1@pass"));
    assert!(mail.text.contains("こんにちは") && mail.text.contains("\n.\n..bye"), "{:?}", mail.text);
    assert_eq!(mail.html.trim(), "<p>こんにちは</p>");
    assert_eq!(mail.link(), Some("https://pass.localhost/sign-up?token=a_b-c"));
    assert_eq!(arrivals.recv().await.unwrap(), mail);
    assert!(sink.mails_to("hanako@example.com").is_empty());
}

#[tokio::test]
async fn a_sink_refuses_when_asked_to() {
    let sink = MailSink::start().await;
    sink.refuse(Refusing::Mails);
    assert!(send(&sink, "1").await.unwrap_err().is_transient());
    sink.refuse(Refusing::Connections);
    assert!(send(&sink, "2").await.is_err());
    assert_eq!(sink.refused(), 2);
    sink.refuse(Refusing::Nothing);
    send(&sink, "3").await.unwrap();
    assert_eq!(sink.mails().iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["3"]);
}

#[tokio::test]
async fn every_test_has_a_database_of_its_own_which_goes_with_it() {
    let server = pass_testkit::postgres().await;
    let migrators = [&pass_events::MIGRATOR];
    let (first, second) = tokio::join!(server.database(&migrators), server.database(&migrators));
    sqlx::query("INSERT INTO outbox_keys VALUES ('a', 1)").execute(&first.pool).await.unwrap();
    for (database, expected) in [(&first, 1_i64), (&second, 0)] {
        let count =
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM outbox_keys").fetch_one(&database.pool);
        assert_eq!(count.await.unwrap(), expected);
    }
    let gone = first.url.rsplit('/').next().unwrap().to_owned();
    drop(first);
    let query = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let left: i64 = sqlx::query_scalar(query).bind(gone).fetch_one(&second.pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_clock_moves_when_told() {
    let clock = pass_testkit::FakeClock::default();
    let (shared, before) = (clock.shared(), clock.now());
    clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(shared.now() - before, time::Duration::minutes(1));
}

#[tokio::test]
#[should_panic(expected = "tests/it/main.rs")]
async fn a_condition_that_is_never_met_names_its_place() {
    let limit = std::time::Duration::from_millis(50);
    pass_testkit::wait_up_to(limit, async || false).await;
}

#[test]
fn certificates_are_made_for_services_and_products() {
    let certificates = pass_testkit::certificates();
    let service = certificates.service("identity").unwrap();
    let product = certificates.product("backlog").unwrap();
    assert!(
        service.certificate_file.exists() && product.key_file.exists() && certificates.ca_file().exists()
    );
}

#[tokio::test]
async fn waiting_gives_the_value() {
    let mut calls = 0;
    let third = wait_for(async || {
        calls += 1;
        (calls == 3).then_some(calls)
    });
    assert_eq!(third.await, 3);
}
