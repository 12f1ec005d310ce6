//! What the answers of a real DNS server say (DOM-2).

use crate::suite::{Suite, Visitor, txt};
use pass_proto::domains::v1::{Domain, domain::State, finding::Kind};
use pass_testkit::DnsServer;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

const ZONE: &str = "acme.test";

/// A suite that asks one DNS server, and an administrator who has added `acme.test`.
struct Scene {
    dns: DnsServer,
    suite: Suite,
    visitor: Visitor,
    organization: String,
    domain: Domain,
}

impl Scene {
    async fn start() -> Self {
        let dns = DnsServer::start(&[(ZONE, "")]).await;
        let suite = Suite::asking(&dns).await;
        let (visitor, organization) = suite.administrator();
        let domain = visitor.add(&organization, ZONE).await.unwrap();
        Self { dns, suite, visitor, organization, domain }
    }

    /// What is found when the zone has these records.
    async fn found(&self, records: &str) -> Kind {
        self.dns.set(ZONE, records).await;
        self.visitor.found(&self.organization, &self.domain).await
    }

    /// The same, for a refusal: nothing has changed.
    async fn refused(&self, records: &str) -> Kind {
        let kind = self.found(records).await;
        assert_ne!(kind, Kind::Match, "{records}");
        let listed = self.visitor.domains(&self.organization).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&self.domain), "{records}");
        kind
    }

    fn text(&self) -> &str {
        &self.domain.record_text
    }
}

/// proves DOM-1, DOM-2: the record verifies at the challenge's name
#[tokio::test]
async fn at_the_challenge() {
    let scene = Scene::start().await;
    assert_eq!(scene.refused("").await, Kind::NoSuchName);
    assert_eq!(scene.found(&txt("_nulab-challenge", scene.text())).await, Kind::Match);
    let listed = scene.visitor.domains(&scene.organization).await.unwrap();
    assert_eq!(listed[0].state(), State::Verified);
}

/// proves DOM-1, DOM-2: and at the domain itself, beside other records
#[tokio::test]
async fn at_the_domain_itself() {
    let scene = Scene::start().await;
    assert_eq!(scene.refused(&txt("@", "v=spf1 -all")).await, Kind::NoSuchName);
    let records = format!("{}{}{}", txt("@", "v=spf1 -all"), txt("@", scene.text()), txt("@", "other=1"));
    assert_eq!(scene.found(&records).await, Kind::Match);
}

/// proves DOM-2: no such name, no TXT record, other codes: told apart, and none verifies
#[tokio::test]
async fn other_answers() {
    let scene = Scene::start().await;
    assert_eq!(scene.refused("www A 192.0.2.1\n").await, Kind::NoSuchName);
    assert_eq!(scene.refused("_nulab-challenge HINFO a b\n").await, Kind::NoTxt);
    assert_eq!(scene.refused(&txt("_nulab-challenge", "hello")).await, Kind::OtherCodes);
    // Without the prefix, in other case, with more around it.
    let code = scene.text().split_once('=').unwrap().1;
    for text in
        [code, &scene.text().to_lowercase(), &format!("{} ", scene.text()), &format!("x{}", scene.text())]
    {
        assert_eq!(scene.refused(&txt("_nulab-challenge", text)).await, Kind::OtherCodes, "{text}");
    }
    // At a name that is neither of the two.
    assert_eq!(scene.refused(&txt("www", scene.text())).await, Kind::NoSuchName);
    assert_eq!(scene.refused(&txt("_nulab-challenge.www", scene.text())).await, Kind::NoSuchName);
}

/// proves DOM-1, DOM-2: another organization's code proves nothing, and is shown
#[tokio::test]
async fn somebody_elses_code() {
    let scene = Scene::start().await;
    let (other, organization) = scene.suite.administrator();
    let theirs = other.add(&organization, ZONE).await.unwrap();
    assert_ne!(theirs.record_text, scene.domain.record_text);
    assert_eq!(scene.refused(&txt("_nulab-challenge", &theirs.record_text)).await, Kind::OtherCodes);
    let finding = scene.visitor.verify(&scene.organization, &scene.domain).await.unwrap().finding.unwrap();
    assert_eq!(finding.codes, [theirs.record_text.split_once('=').unwrap().1]);
    assert_eq!(other.found(&organization, &theirs).await, Kind::Match);
}

/// proves DOM-2: a wildcard that answers is refused; one beside a record of its own is not
#[tokio::test]
async fn wildcards() {
    let scene = Scene::start().await;
    assert_eq!(scene.refused(&txt("*", scene.text())).await, Kind::Wildcard);
    assert_eq!(scene.refused(&txt("*", "v=spf1 -all")).await, Kind::Wildcard);
    let alias = format!("* CNAME proof\n{}", txt("proof", scene.text()));
    assert_eq!(scene.refused(&alias).await, Kind::Wildcard);
    let both = format!("{}{}", txt("*", "v=spf1 -all"), txt("_nulab-challenge", scene.text()));
    assert_eq!(scene.found(&both).await, Kind::Match);
}

/// proves DOM-2: a record at the domain itself does not beat a wildcard that answers
#[tokio::test]
async fn a_wildcard_under_the_record() {
    let scene = Scene::start().await;
    let at_both = format!("{}{}", txt("*", scene.text()), txt("@", scene.text()));
    assert_eq!(scene.refused(&at_both).await, Kind::Wildcard);
    let other = format!("{}{}", txt("*", "v=spf1 -all"), txt("@", scene.text()));
    assert_eq!(scene.refused(&other).await, Kind::Wildcard);
    assert_eq!(scene.found(&txt("@", scene.text())).await, Kind::Match);
}

/// proves DOM-2, DOM-3: a wildcard of the domain above proves nothing for the one below
#[tokio::test]
async fn a_wildcard_above_the_domain() {
    let mut scene = Scene::start().await;
    scene.domain = scene.visitor.add(&scene.organization, "shop.acme.test").await.unwrap();
    let listed = scene.visitor.domains(&scene.organization).await.unwrap();
    let found = async |records: &str| {
        let kind = scene.found(records).await;
        assert!(kind == Kind::Match || scene.visitor.domains(&scene.organization).await.unwrap() == listed);
        kind
    };
    assert_eq!(found(&txt("*", scene.text())).await, Kind::Wildcard);
    // Below a name that is there no wildcard answers, but at the name itself.
    let partly = format!("{}{}", txt("*", scene.text()), txt("_other.shop", "x"));
    assert_eq!(found(&partly).await, Kind::Wildcard);
    let beaten = format!("{}{}", txt("*", scene.text()), txt("shop", scene.text()));
    assert_eq!(found(&beaten).await, Kind::Wildcard);
    assert_eq!(found("").await, Kind::NoSuchName);
    let own = format!("{}{}", txt("*", "v=spf1 -all"), txt("shop", scene.text()));
    assert_eq!(found(&own).await, Kind::Match);
}

/// proves DOM-2: at most one alias, inside the registrable domain
#[tokio::test]
async fn aliases() {
    let scene = Scene::start().await;
    let text = scene.text();
    scene.dns.set("other.test", &txt("proof", text)).await;
    assert_eq!(scene.refused("_nulab-challenge CNAME proof.other.test.\n").await, Kind::NoTxt);
    let two = format!("_nulab-challenge CNAME one\none CNAME two\n{}", txt("two", text));
    assert_eq!(scene.refused(&two).await, Kind::NoTxt);
    assert_eq!(scene.refused("_nulab-challenge CNAME nobody\n").await, Kind::NoSuchName);
    assert_eq!(scene.refused("_nulab-challenge CNAME www\nwww A 192.0.2.1\n").await, Kind::NoTxt);
    // A circle: what servers say to that differs.
    scene.refused("_nulab-challenge CNAME _nulab-challenge\n").await;
    let one = format!("_nulab-challenge CNAME proof\n{}", txt("proof", text));
    assert_eq!(scene.found(&one).await, Kind::Match);
}

/// proves DOM-2: an alias is followed within the registrable domain when the server does not do so itself
#[tokio::test]
async fn an_alias_into_another_zone() {
    let dns = DnsServer::start(&[("shop.acme.test", "_nulab-challenge CNAME proof.acme.test.\n")]).await;
    let suite = Suite::asking(&dns).await;
    let (visitor, organization) = suite.administrator();
    let domain = visitor.add(&organization, "shop.acme.test").await.unwrap();
    dns.set("acme.test", &txt("proof", &domain.record_text)).await;
    assert_eq!(visitor.found(&organization, &domain).await, Kind::Match);
}

/// proves DOM-2: the strings of one record are joined; two records are not
#[tokio::test]
async fn strings() {
    let scene = Scene::start().await;
    let (head, tail) = scene.text().split_at(30);
    let apart = format!("{}{}", txt("_nulab-challenge", head), txt("_nulab-challenge", tail));
    assert_eq!(scene.refused(&apart).await, Kind::OtherCodes);
    let spaced = format!("_nulab-challenge TXT \"{head}\" \" {tail}\"\n");
    assert_eq!(scene.refused(&spaced).await, Kind::OtherCodes);
    let split = format!("_nulab-challenge TXT \"{head}\" \"\" \"{tail}\"\n");
    assert_eq!(scene.found(&split).await, Kind::Match);
}

/// proves DOM-2: an answer that is too long for UDP comes by TCP
#[tokio::test]
async fn a_long_answer() {
    let scene = Scene::start().await;
    let mut records: String =
        (0..60).map(|number| txt("_nulab-challenge", &format!("{number}{}", "a".repeat(200)))).collect();
    assert_eq!(scene.refused(&records).await, Kind::OtherCodes);
    records.push_str(&txt("_nulab-challenge", scene.text()));
    assert_eq!(scene.found(&records).await, Kind::Match);
}

/// proves DOM-2: a resolver that fails or does not know says nothing about the domain
#[tokio::test]
async fn failures() {
    let scene = Scene::start().await;
    scene.dns.fail(ZONE).await;
    assert_eq!(scene.visitor.found(&scene.organization, &scene.domain).await, Kind::ResolverFailure);
    // A name that the server is not there for: REFUSED.
    let elsewhere = scene.visitor.add(&scene.organization, "elsewhere.test").await.unwrap();
    assert_eq!(scene.visitor.found(&scene.organization, &elsewhere).await, Kind::ResolverFailure);
    assert_eq!(scene.found(&txt("_nulab-challenge", scene.text())).await, Kind::Match);
}

/// proves DOM-2: nobody answers: told in time, and no look-up holds a connection to the database
#[tokio::test]
async fn silence() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let suite =
        Suite::start(&[silent.local_addr().unwrap()], |config| config.database.max_connections = 6).await;
    let (visitor, organization) = suite.administrator();
    let domain = visitor.add(&organization, ZONE).await.unwrap();
    let many = (0..16).map(|_| visitor.found(&organization, &domain));
    let all = futures::future::join_all(many);
    let listing = async {
        // Somebody else's request does not wait for them.
        let mut buffer = [0; 512];
        silent.recv_from(&mut buffer).await.unwrap();
        visitor.domains(&organization).await.unwrap()
    };
    let (found, listed) = futures::join!(all, listing);
    assert_eq!(found, [Kind::ResolverFailure; 16]);
    assert_eq!(listed, [domain]);
}

/// A port where nobody is.
#[tokio::test]
async fn nobody_there() {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let suite = Suite::start(&[address], |_| ()).await;
    let (visitor, organization) = suite.administrator();
    let domain = visitor.add(&organization, ZONE).await.unwrap();
    assert_eq!(visitor.found(&organization, &domain).await, Kind::ResolverFailure);
}

/// proves DOM-2: where two resolvers are configured, both must agree
#[tokio::test]
async fn two_resolvers() {
    let (one, other) = (DnsServer::start(&[(ZONE, "")]).await, DnsServer::start(&[(ZONE, "")]).await);
    let suite = Suite::start(&[one.address(), other.address()], |_| ()).await;
    let (visitor, organization) = suite.administrator();
    let domain = visitor.add(&organization, ZONE).await.unwrap();
    assert_eq!(visitor.found(&organization, &domain).await, Kind::NoSuchName);
    let record = txt("_nulab-challenge", &domain.record_text);
    one.set(ZONE, &record).await;
    assert_eq!(visitor.found(&organization, &domain).await, Kind::Disagreement);
    other.fail(ZONE).await;
    assert_eq!(visitor.found(&organization, &domain).await, Kind::ResolverFailure);
    assert_eq!(
        visitor.domains(&organization).await.unwrap(),
        std::slice::from_ref(&domain),
        "nothing has changed"
    );
    other.set(ZONE, &record).await;
    assert_eq!(visitor.found(&organization, &domain).await, Kind::Match);
}
