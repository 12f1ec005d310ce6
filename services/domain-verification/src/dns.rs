//! The only DNS of the service: questions for TXT records, to the configured resolvers.
//!
//! It uses the part of hickory's resolver that sends a question to a server, waits, sends it again and goes
//! over to TCP when the answer was cut, and none of what makes a resolver of it: no cache, no search list, no
//! hosts file, no following of aliases. Those would hide what the rules want to see.

use crate::domain::{
    code::CHALLENGE,
    finding::{Answer, Answers, Failure},
    name::DomainName,
    trail::{Section, Trail},
};
use futures::future::join_all;
use hickory_resolver::{
    NameServerPool, PoolContext, TlsConfig,
    config::{ConnectionConfig, NameServerConfig, ResolverOpts},
    net::{
        DnsError, NetError,
        runtime::TokioRuntimeProvider,
        xfer::{DnsHandle, FirstAnswer},
    },
    proto::{
        op::{DnsRequestOptions, DnsResponse, Query, ResponseCode},
        rr::{DNSClass, Name, RData, Record, RecordType},
    },
    system_conf::read_system_conf,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// How long all questions of one look-up may take together.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The resolvers that have to agree. Clones share their sockets.
#[derive(Clone)]
pub struct Resolvers(Vec<Resolver>);

/// One of them: a server, or the system's, which stand in for each other.
#[derive(Clone)]
struct Resolver(NameServerPool<TokioRuntimeProvider>);

/// Where one question led.
enum Step {
    Answer(Answer),
    /// To another name, that is to be asked for.
    Onward(String),
}

impl Resolvers {
    /// The configured ones, each asked by itself; none: the system's (`/etc/resolv.conf`), as one.
    pub fn new(configured: &[SocketAddr]) -> Result<Self, NetError> {
        if configured.is_empty() {
            let (system, _) = read_system_conf()?;
            return Ok(Self(vec![Resolver::new(system.name_servers().to_vec())?]));
        }
        let resolvers = configured.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = server.port();
                connection
            });
            Resolver::new(vec![NameServerConfig::new(server.ip(), true, connections.to_vec())])
        });
        resolvers.collect::<Result<_, _>>().map(Self)
    }

    /// What each says of a domain, until a deadline. `sibling` is a label that nobody can have made.
    pub async fn look_up(&self, domain: &DomainName, sibling: &str, until: Instant) -> Vec<Answers> {
        join_all(self.0.iter().map(|resolver| resolver.look_up(domain, sibling, until))).await
    }
}

impl Resolver {
    fn new(servers: Vec<NameServerConfig>) -> Result<Self, NetError> {
        let mut options = ResolverOpts::default();
        options.timeout = PATIENCE;
        options.num_concurrent_reqs = servers.len();
        let context = Arc::new(PoolContext::new(options, TlsConfig::new()?));
        Ok(Self(NameServerPool::from_config(servers, context, TokioRuntimeProvider::default())))
    }

    async fn look_up(&self, domain: &DomainName, sibling: &str, until: Instant) -> Answers {
        let (challenge, sibling, domain, beside) = futures::join!(
            self.under(domain, CHALLENGE, until),
            self.under(domain, sibling, until),
            self.ask_until(domain, domain.as_str(), until),
            self.beside(domain, sibling, until),
        );
        Answers { challenge, sibling, domain, beside }
    }

    /// What is at a label under the domain. Where there is no room for it, there is no such name.
    async fn under(&self, domain: &DomainName, label: &str, until: Instant) -> Answer {
        match domain.under(label) {
            Some(name) => self.ask_until(domain, &name, until).await,
            None => Answer::NoSuchName,
        }
    }

    /// What is at a label beside the domain, where that is below its registrable domain.
    async fn beside(&self, domain: &DomainName, label: &str, until: Instant) -> Option<Answer> {
        Some(self.ask_until(domain, &domain.beside(label)?, until).await)
    }

    async fn ask_until(&self, domain: &DomainName, name: &str, until: Instant) -> Answer {
        let answer = timeout_at(until, self.ask(domain, name)).await;
        answer.unwrap_or(Answer::Failed(Failure::TimedOut))
    }

    async fn ask(&self, domain: &DomainName, name: &str) -> Answer {
        match self.step(domain, name, 0).await {
            Step::Answer(answer) => answer,
            // A server that does not follow the alias itself.
            Step::Onward(target) => match self.step(domain, &target, 1).await {
                Step::Answer(answer) => answer,
                Step::Onward(_) => Answer::Astray,
            },
        }
    }

    /// Asks for a name's texts, after `hops` aliases.
    async fn step(&self, domain: &DomainName, name: &str, hops: usize) -> Step {
        let response = match self.exchange(name).await {
            Ok(response) => response,
            Err(error) => return Step::Answer(negative(&error)),
        };
        let missing = response.response_code == ResponseCode::NXDomain;
        Step::Answer(match Trail::follow(domain, name, hops, &section(&response)) {
            Trail::Texts(texts) => Answer::Texts(texts),
            Trail::Astray => Answer::Astray,
            Trail::Nothing | Trail::Alias(_) if missing => Answer::NoSuchName,
            Trail::Nothing => Answer::NoText,
            Trail::Alias(target) => return Step::Onward(target),
        })
    }

    /// One question, and its answer as it came.
    async fn exchange(&self, name: &str) -> Result<DnsResponse, NetError> {
        let mut name = Name::from_ascii(name)?;
        name.set_fqdn(true);
        let query = Query::query(name, RecordType::TXT);
        self.0.lookup(query, DnsRequestOptions::default()).first_answer().await
    }
}

/// What an answer without records is, or why there is none.
fn negative(error: &NetError) -> Answer {
    let failure = match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => return Answer::NoSuchName,
            // Name servers without an SOA: it knows whom to ask, not what is so (RFC 2308, 2.2).
            ResponseCode::NoError if none.soa.is_some() || none.ns.is_none() => return Answer::NoText,
            _ => Failure::Malformed,
        },
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => Failure::Servfail,
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => Failure::Refused,
        NetError::Timeout => Failure::TimedOut,
        NetError::Io(_) | NetError::NoConnections | NetError::Busy => Failure::Unreachable,
        _ => Failure::Malformed,
    };
    Answer::Failed(failure)
}

/// The records that count.
fn section(response: &DnsResponse) -> Section {
    let mut section = Section::default();
    for Record { name, dns_class, data, .. } in &response.answers {
        match data {
            RData::CNAME(target) if *dns_class == DNSClass::IN => {
                section.aliases.push((text(name), text(target)));
            }
            RData::TXT(strings) if *dns_class == DNSClass::IN => {
                section.texts.push((text(name), strings.txt_data.concat()));
            }
            _ => {}
        }
    }
    section
}

/// A name as the rules compare it.
fn text(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::{op::Message, rr::rdata::NS};
    use pass_testkit::DnsServer;
    use tokio::net::UdpSocket;

    /// What a server says is at a name, within a second.
    async fn asked(server: SocketAddr, name: &str) -> Answer {
        let resolvers = Resolvers::new(&[server]).unwrap();
        let until = Instant::now() + Duration::from_secs(1);
        resolvers.0[0].ask_until(&"acme.test".parse().unwrap(), name, until).await
    }

    /// A server that gives every question one answer, made from the question.
    async fn answering(change: impl Fn(&mut Message) + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = Message::from_vec(&buffer[..length]).unwrap();
                let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
                answer.queries = question.queries;
                change(&mut answer);
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        address
    }

    /// proves DOM-2: what a real server answers is told apart
    #[tokio::test]
    async fn answers_are_told_apart() {
        let zone = "@ TXT \"here\"\nother HINFO a b\nout CNAME x.other.test.\n";
        let server = DnsServer::start(&[("acme.test", zone), ("broken.test", "")]).await;
        server.fail("broken.test").await;
        for (name, answer) in [
            ("acme.test", Answer::Texts(vec![b"here".to_vec()])),
            ("other.acme.test", Answer::NoText),
            ("nobody.acme.test", Answer::NoSuchName),
            ("out.acme.test", Answer::Astray),
            ("broken.test", Answer::Failed(Failure::Servfail)),
            ("elsewhere.test", Answer::Failed(Failure::Refused)),
        ] {
            assert_eq!(asked(server.address(), name).await, answer, "{name}");
        }
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let answer = asked(silent.local_addr().unwrap(), "acme.test").await;
        assert_eq!(answer, Answer::Failed(Failure::TimedOut));
    }

    /// proves DOM-2: what is not an answer is none
    #[tokio::test]
    async fn strange_answers() {
        let empty = answering(|_| ()).await;
        assert_eq!(asked(empty, "acme.test").await, Answer::NoText);
        let referral = answering(|answer| {
            let name = Name::from_ascii("acme.test.").unwrap();
            let elsewhere = RData::NS(NS(Name::from_ascii("ns.elsewhere.test.").unwrap()));
            answer.authorities.push(Record::from_rdata(name, 1, elsewhere));
        });
        assert_eq!(asked(referral.await, "acme.test").await, Answer::Failed(Failure::Malformed));
        let other_question = answering(|answer| {
            answer.queries[0].set_name(Name::from_ascii("other.test.").unwrap());
        });
        let answer = asked(other_question.await, "acme.test").await;
        assert!(matches!(answer, Answer::Failed(_)), "{answer:?}");
    }
}
