//! The DNS server: each answer that a look-up can get, asked for with raw questions.

use hickory_proto::{
    op::{Message, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use pass_testkit::DnsServer;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// What an answer says: its code, its texts and aliases, whether it has the zone's SOA, whether it was cut.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: ResponseCode,
    texts: Vec<String>,
    soa: bool,
    truncated: bool,
}

fn question(name: &str) -> Vec<u8> {
    let mut question = Message::query();
    question.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::TXT));
    question.to_vec().unwrap()
}

fn read(answer: &[u8]) -> Said {
    let message = Message::from_vec(answer).unwrap();
    let text = |data: &RData| match data {
        RData::TXT(text) => text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        RData::CNAME(name) => format!("-> {name}"),
        other => format!("{other:?}"),
    };
    let mut texts: Vec<String> = message.answers.iter().map(|record| text(&record.data)).collect();
    texts.sort();
    let soa = message.authorities.iter().any(|record| matches!(record.data, RData::SOA(_)));
    Said { code: message.metadata.response_code, texts, soa, truncated: message.metadata.truncation }
}

async fn ask(server: &DnsServer, name: &str) -> Said {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(server.address()).await.unwrap();
    socket.send(&question(name)).await.unwrap();
    let mut answer = [0; 4_096];
    let length = timeout(Duration::from_secs(20), socket.recv(&mut answer)).await.unwrap().unwrap();
    read(&answer[..length])
}

async fn ask_by_tcp(server: &DnsServer, name: &str) -> Said {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let question = question(name);
    stream.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
    stream.write_all(&question).await.unwrap();
    let mut answer = vec![0; stream.read_u16().await.unwrap().into()];
    stream.read_exact(&mut answer).await.unwrap();
    read(&answer)
}

fn found(texts: &[&str]) -> Said {
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    Said { code: ResponseCode::NoError, texts, soa: false, truncated: false }
}

fn absent(code: ResponseCode) -> Said {
    Said { code, texts: Vec::new(), soa: true, truncated: false }
}

#[tokio::test]
async fn it_answers_what_the_zone_says() {
    let records = "@ TXT \"apex\"
        two TXT \"first\"
        two TXT \"sec\" \"ond\"
        alias CNAME two
        below.empty TXT \"x\"
        host A 192.0.2.1
        *.wild TXT \"anything\"";
    let server = DnsServer::start(&[("example.com", records), ("example.org", "")]).await;
    for (name, expected) in [
        ("example.com.", found(&["apex"])),
        ("two.example.com.", found(&["first", "second"])),
        ("alias.example.com.", found(&["-> two.example.com.", "first", "second"])),
        ("never-seen.wild.example.com.", found(&["anything"])),
        ("nobody.example.com.", absent(ResponseCode::NXDomain)),
        ("host.example.com.", absent(ResponseCode::NoError)),
        ("empty.example.com.", absent(ResponseCode::NoError)),
        ("example.org.", absent(ResponseCode::NoError)),
    ] {
        assert_eq!(ask(&server, name).await, expected, "{name}");
    }
    assert_eq!(ask(&server, "example.net.").await.code, ResponseCode::Refused);
}

#[tokio::test]
async fn a_zone_changes_fails_and_comes_back() {
    let server =
        DnsServer::start(&[("example.com", "@ TXT \"old\""), ("example.org", "@ TXT \"other\"")]).await;
    assert_eq!(ask(&server, "example.com.").await, found(&["old"]));
    server.set("example.com", "@ TXT \"new\"").await;
    assert_eq!(ask(&server, "example.com.").await, found(&["new"]));
    server.fail("example.com").await;
    assert_eq!(ask(&server, "_nulab-challenge.example.com.").await.code, ResponseCode::ServFail);
    assert_eq!(ask(&server, "example.org.").await, found(&["other"]));
    server.set("example.com", "").await;
    assert_eq!(ask(&server, "example.com.").await, absent(ResponseCode::NoError));
}

#[tokio::test]
async fn what_does_not_fit_a_datagram_comes_by_tcp() {
    let texts: Vec<String> = (10..30).map(|number| format!("{number}{}", "x".repeat(98))).collect();
    let records = texts.iter().map(|text| format!("@ TXT {text}")).collect::<Vec<_>>().join("\n");
    let server = DnsServer::start(&[("example.com", &records)]).await;
    assert!(ask(&server, "example.com.").await.truncated);
    assert_eq!(ask_by_tcp(&server, "example.com.").await.texts, texts);
}

#[tokio::test]
async fn a_frozen_server_answers_when_it_is_thawed() {
    let server = DnsServer::start(&[("example.com", "@ TXT \"here\"")]).await;
    server.freeze();
    let asking = ask(&server, "example.com.");
    tokio::pin!(asking);
    assert!(timeout(Duration::from_millis(200), &mut asking).await.is_err());
    server.thaw();
    assert_eq!(asking.await, found(&["here"]));
}

#[tokio::test]
#[should_panic(expected = "are wrong")]
async fn records_that_are_none_are_the_test_s_mistake() {
    DnsServer::start(&[("example.com", "@ NONSENSE \"x\"")]).await;
}
