//! The DNS server and its page: what is put in is answered at once, and after a restart.

use hickory_server::proto::{
    op::{Message, Query, ResponseCode},
    rr::{Name, RData, RecordType},
};
use pass_demo::dns::{Dns, TextRecord};
use pass_runtime::Context;
use reqwest::{Client, StatusCode};
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    time::timeout,
};

const CHALLENGE: &str = "_nulab-challenge.demo.example";

struct Server {
    context: Context,
    questions: SocketAddr,
    pages: String,
    client: Client,
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let context = crate::context();
        // What is free for UDP may be taken for TCP.
        let mut bound = None;
        while bound.is_none() {
            bound = Dns::bind(([127, 0, 0, 1], 0).into(), "demo.example", folder).await.ok();
        }
        let dns = bound.unwrap();
        let questions = dns.address().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pages = format!("http://{}", listener.local_addr().unwrap());
        context.tasks.spawn("DNS", |shutdown| async move { Ok(dns.serve(listener, shutdown).await?) });
        Self { context, questions, pages, client: crate::client() }
    }

    async fn post(&self, path: &str, name: &str, text: &str) -> (StatusCode, String) {
        let form = [("name", name), ("text", text)];
        let answer = self.client.post(format!("{}{path}", self.pages)).form(&form).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn get(&self, path: &str) -> String {
        self.client.get(format!("{}{path}", self.pages)).send().await.unwrap().text().await.unwrap()
    }

    /// By UDP, and by TCP when the answer was cut.
    async fn ask(&self, name: &str) -> (Message, bool) {
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii(format!("{name}.")).unwrap(), RecordType::TXT));
        let question = question.to_vec().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(self.questions).await.unwrap();
        socket.send(&question).await.unwrap();
        let mut buffer = [0; 4_096];
        let length = timeout(Duration::from_secs(20), socket.recv(&mut buffer)).await.unwrap().unwrap();
        let answer = Message::from_vec(&buffer[..length]).unwrap();
        if !answer.metadata.truncation {
            return (answer, false);
        }
        let mut stream = TcpStream::connect(self.questions).await.unwrap();
        stream.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
        stream.write_all(&question).await.unwrap();
        let mut buffer = vec![0; stream.read_u16().await.unwrap().into()];
        stream.read_exact(&mut buffer).await.unwrap();
        (Message::from_vec(&buffer).unwrap(), true)
    }

    async fn texts(&self, name: &str) -> Vec<String> {
        texts(&self.ask(name).await.0)
    }

    /// The code, whether the zone's SOA is with it, and its serial.
    async fn absence(&self, name: &str) -> (ResponseCode, Option<u32>) {
        let (answer, _) = self.ask(name).await;
        assert!(answer.answers.is_empty(), "{answer:?}");
        let soa = answer.authorities.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(soa.serial),
            _ => None,
        });
        (answer.metadata.response_code, soa)
    }

    async fn stop(self) {
        self.context.tasks.stop(Duration::from_secs(20)).await.unwrap();
    }
}

fn texts(answer: &Message) -> Vec<String> {
    let text = |data: &RData| match data {
        RData::TXT(text) => text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect(),
        other => format!("{other:?}"),
    };
    let mut texts: Vec<_> = answer.answers.iter().map(|record| text(&record.data)).collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn a_record_is_answered_when_it_was_added_and_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (code, first) = server.absence(CHALLENGE).await;
    assert_eq!(code, ResponseCode::NXDomain);

    let (status, page) = server.post("/records", "_nulab-challenge", "nulab-verification-code=abc").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(CHALLENGE) && page.contains("nulab-verification-code=abc"), "{page}");
    server.post("/records", CHALLENGE, "another").await;
    let both = ["another", "nulab-verification-code=abc"];
    assert_eq!(server.texts(CHALLENGE).await, both);
    assert_eq!(server.texts("_NULAB-challenge.Demo.Example").await, both);
    server.stop().await;

    let server = Server::start(folder.path()).await;
    assert_eq!(server.texts(CHALLENGE).await, both);
    let record = |text: &str| TextRecord { name: CHALLENGE.to_owned(), text: text.to_owned() };
    let listed: Vec<TextRecord> = serde_json::from_str(&server.get("/records").await).unwrap();
    assert_eq!(listed, both.map(record));
    for text in both {
        server.post("/records/remove", CHALLENGE, text).await;
    }
    let (code, last) = server.absence(CHALLENGE).await;
    assert_eq!(code, ResponseCode::NXDomain);
    assert!(last > first && first.is_some(), "{first:?}, {last:?}");
    assert!(server.get("/").await.contains("No records yet."));
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.post("/records", "a.b", "x").await;
    assert_eq!(server.absence("c.demo.example").await.0, ResponseCode::NXDomain);
    for nothing_here in ["demo.example", "b.demo.example"] {
        let (code, soa) = server.absence(nothing_here).await;
        assert_eq!((code, soa.is_some()), (ResponseCode::NoError, true), "{nothing_here}");
    }
    assert_eq!(server.absence("another.example").await.0, ResponseCode::Refused);
    server.stop().await;
}

#[tokio::test]
async fn long_texts_and_many_come_whole() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let long = "x".repeat(300);
    server.post("/records", "", &long).await;
    assert!(!server.ask("demo.example").await.1);
    server.post("/records", "", &"y".repeat(300)).await;
    let (answer, by_tcp) = server.ask("demo.example").await;
    assert!(by_tcp);
    assert_eq!(texts(&answer), [long, "y".repeat(300)]);
    server.stop().await;
}

#[tokio::test]
async fn the_page_says_what_is_wrong_and_keeps_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    let (status, page) = server.post("/records", "a..b", "\"><script>").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(page.contains("id=\"problem\"") && page.contains("value=\"a..b\""), "{page}");
    assert!(!page.contains("<script>"), "{page}");
    assert_eq!(server.post("/records", "a", "").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/records").await, "[]");
    server.stop().await;
}
