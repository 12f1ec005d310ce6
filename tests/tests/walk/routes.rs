//! All routes, from the tables of gateway and console.

use crate::{
    fixture::Fixture,
    logs,
    people::Person,
    route_row::{Purpose, Row, Shown, Site},
    route_table::rows,
    unchanged::{Snapshot, check_exceptions},
    visitor::{Answer, Body, Visitor},
};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

const EVIL: &str = "https://evil.example";

/// proves ORG-4, ORG-5, ORG-6, ACC-12: every route refuses every visitor whom it is not for, changes nothing, shows
/// nobody anything of another organization, and is never at a loss
#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_whom_it_is_not_for() {
    logs::keep();
    let fixture = Box::pin(Fixture::make()).await;
    check_exceptions(&fixture.suite).await;
    let rows = checked_rows(&fixture);
    let visitors = Visitors::of(&fixture).await;
    let mut wrong = Vec::new();
    let mut before = Snapshot::take(&fixture.suite).await;
    for row in &rows {
        let walker = Walker { fixture: &fixture, visitors: &visitors, row };
        wrong.extend(walker.wrong_visitors().await);
        wrong.extend(walker.foreign_pages().await);
        wrong.extend(walker.bad_addresses().await);
        wrong.extend(walker.bad_bodies().await);
        let after = Snapshot::take(&fixture.suite).await;
        wrong.extend(after.changes_since(&before, &walker.name(), row.notes));
        before = after;
    }
    wrong.extend(wrong_methods(&fixture, &rows, &visitors).await);
    for row in &rows {
        wrong.extend(Walker { fixture: &fixture, visitors: &visitors, row }.right_visitors().await);
    }
    wrong.extend(logs::spilled(&fixture));
    assert!(wrong.is_empty(), "{} findings:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rows; panics when the table is not what is served.
fn checked_rows(fixture: &Fixture) -> Vec<Row<'_>> {
    let console =
        console::ROUTES.iter().map(|route| (Site::Console, route.method.to_uppercase(), route.path));
    let gateway = gateway::http::ROUTES.iter().flat_map(|route| {
        route.methods.iter().map(|method| (Site::Gateway, (*method).to_owned(), route.path))
    });
    let served: BTreeSet<_> = console.chain(gateway).collect();
    let rows = rows(fixture);
    let known: BTreeSet<_> = rows.iter().map(|row| (row.site, row.method.to_owned(), row.path)).collect();
    assert_eq!(known.len(), rows.len(), "tests/tests/walk/route_table.rs has a row twice");
    for route in &served {
        assert!(
            known.contains(route),
            "{route:?} is new: say in tests/tests/walk/route_table.rs who may use it"
        );
    }
    for route in &known {
        assert!(served.contains(route), "{route:?} is gone: take it out of tests/tests/walk/route_table.rs");
    }
    for row in rows.iter().filter(|row| row.site == Site::Console) {
        let route = console::ROUTES
            .iter()
            .find(|it| it.path == row.path && it.method.eq_ignore_ascii_case(row.method));
        let for_people = route.is_some_and(|route| route.who == console::Who::Person);
        assert_eq!(for_people, row.nobody == Shown::SignIn, "{} {}: who is it for?", row.method, row.path);
    }
    rows
}

/// Everybody, in a browser.
struct Visitors(BTreeMap<(&'static str, Site), Visitor>);

impl Visitors {
    async fn of(f: &Fixture) -> Self {
        let mut all = BTreeMap::new();
        for site in [Site::Gateway, Site::Console] {
            all.insert(("nobody", site), Visitor::nobody(&f.suite, site).await);
            for person in
                [&f.administrator, &f.member, &f.guest, &f.managed, &f.outsider, &f.operator, &f.invited]
            {
                all.insert((person.email, site), Visitor::of(&f.suite, site, person).await);
            }
        }
        Self(all)
    }

    fn get(&self, person: Option<&Person>, site: Site) -> &Visitor {
        &self.0[&(person.map_or("nobody", |person| person.email), site)]
    }
}

/// Walks one route.
struct Walker<'w, 'f> {
    fixture: &'f Fixture,
    visitors: &'w Visitors,
    row: &'w Row<'f>,
}

impl Walker<'_, '_> {
    fn name(&self) -> String {
        format!("{:?} {} {}", self.row.site, self.row.method, self.row.path)
    }

    fn site(&self) -> &Url {
        match self.row.site {
            Site::Gateway => &self.fixture.suite.gateway,
            Site::Console => &self.fixture.suite.console,
        }
    }

    fn origin(&self) -> String {
        self.site().origin().ascii_serialization()
    }

    fn url(&self, parameters: &[(&str, &str)], query: &str) -> Url {
        let mut path = self.row.path.to_owned();
        for (name, value) in parameters {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        self.site().join(&format!("{path}{query}")).expect("an address")
    }

    fn right(&self) -> &Visitor {
        self.visitors.get(self.row.right.0, self.row.site)
    }

    fn body(&self, visitor: &Visitor) -> Option<Body> {
        let mut fields = self.row.fields.clone();
        if self.row.purpose == Purpose::Form {
            fields.push(("form_token".to_owned(), visitor.form_token.clone()));
        }
        (self.row.method == "POST").then(|| Body::form(&fields))
    }

    /// As the route is meant to be asked.
    async fn ask(&self, visitor: &Visitor, parameters: &[(&str, &str)]) -> Answer {
        let url = self.url(parameters, &self.row.query);
        let origin = self.origin();
        visitor.ask(self.row.method, &url, Some(&origin), self.body(visitor)).await
    }

    /// What is wrong with an answer whatever was asked.
    fn flaws(&self, how: &str, answer: &Answer) -> Vec<String> {
        let mut flaws: Vec<_> = answer.insecure();
        if answer.status.is_server_error() {
            flaws.push(format!("it is at a loss ({})", answer.status));
        }
        flaws.into_iter().map(|flaw| format!("{} {how}: {flaw}", self.name())).collect()
    }

    fn judge(&self, how: &str, answer: &Answer, expected: &Shown) -> Vec<String> {
        let mut wrong = self.flaws(how, answer);
        let (status, location) = (answer.status, answer.location());
        let fits = match expected {
            Shown::Page => status == 200,
            Shown::Refused(expected) => status == *expected && location.is_empty(),
            Shown::SignIn => status == 303 && location.starts_with("/sign-in"),
            Shown::To(expected) => status == 303 && location.starts_with(expected.as_str()),
        };
        if !fits {
            wrong.push(format!("{} {how}: {status} {location:?}, not {expected:?}", self.name()));
        }
        wrong
    }

    /// A refusal, of whatever kind.
    fn must_refuse(&self, how: &str, answer: &Answer) -> Vec<String> {
        let mut wrong = self.flaws(how, answer);
        if !answer.status.is_client_error() {
            let (status, location) = (answer.status, answer.location());
            wrong.push(format!("{} {how}: {status} {location:?}, not a refusal", self.name()));
        }
        wrong
    }

    fn everybody(&self) -> Vec<(&'static str, Option<&Person>, &Shown)> {
        if self.row.once {
            return vec![];
        }
        let f = self.fixture;
        let mut everybody = vec![
            ("as nobody", None, &self.row.nobody),
            ("as another organization's administrator", Some(&f.outsider), &self.row.outsider),
            ("as a guest", Some(&f.guest), &self.row.guest),
            ("as a member", Some(&f.member), &self.row.member),
        ];
        if self.row.right.0.is_none_or(|right| !std::ptr::eq(right, &raw const f.operator)) {
            everybody.push(("as an operator", Some(&f.operator), &self.row.outsider));
        }
        if let Some(managed) = &self.row.managed {
            everybody.push(("as a member with a Managed Account", Some(&f.managed), managed));
        }
        everybody
    }

    /// Whether what somebody gets can't change anything: a refusal, or something to look at.
    fn changes_nothing(&self, shown: &Shown) -> bool {
        match shown {
            Shown::Refused(_) | Shown::SignIn => true,
            Shown::Page => self.row.purpose != Purpose::Form,
            Shown::To(_) => false,
        }
    }

    fn leaks(&self, how: &str, answer: &Answer) -> Vec<String> {
        if self.row.by_link {
            return vec![];
        }
        let secrets = self.fixture.secrets().into_iter();
        // Addresses and forms are shown again; what is said about them counts.
        let typed = self.row.fields.iter().map(|(_, value)| value.as_str());
        let asked: Vec<_> = self.row.parameters.iter().map(|(_, value)| *value).chain(typed).collect();
        let seen = secrets.filter(|secret| answer.body.contains(secret) && !asked.contains(secret));
        seen.map(|secret| format!("{} {how}: the page has {secret:?}", self.name())).collect()
    }

    async fn wrong_visitors(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (how, person, shown) in self.everybody() {
            if !self.changes_nothing(shown) {
                continue;
            }
            let answer = self.ask(self.visitors.get(person, self.row.site), &self.row.parameters).await;
            wrong.extend(self.judge(how, &answer, shown));
            if person.is_none_or(|person| !person.of_acme) {
                wrong.extend(self.leaks(how, &answer));
            }
        }
        if !self.row.crossed.is_empty() {
            let outsider = self.visitors.get(Some(&self.fixture.outsider), self.row.site);
            let answer = self.ask(outsider, &self.row.crossed).await;
            let how = "as the outsider, with something of Acme's";
            wrong.extend(self.judge(how, &answer, &Shown::Refused(404)));
            wrong.extend(self.leaks(how, &answer));
        }
        wrong
    }

    /// The right visitor's browser, made to post by somebody else's page (CSRF).
    async fn foreign_pages(&self) -> Vec<String> {
        if self.row.purpose != Purpose::Form {
            return vec![];
        }
        let (right, own) = (self.right(), self.origin());
        let others = self.visitors.get(Some(&self.fixture.outsider), self.row.site).form_token.clone();
        let token = right.form_token.clone();
        let cases = [
            ("without a form token", Some(own.as_str()), vec![]),
            ("with another browser's form token", Some(&own), vec![others]),
            ("with a made-up form token", Some(&own), vec!["x".repeat(43)]),
            ("with two form tokens", Some(&own), vec![token.clone(), token.clone()]),
            ("from another site", Some(EVIL), vec![token.clone()]),
            ("from nowhere", Some("null"), vec![token.clone()]),
            ("without an Origin", None, vec![token]),
        ];
        let mut wrong = Vec::new();
        let url = self.url(&self.row.parameters, &self.row.query);
        for (how, origin, tokens) in cases {
            let mut fields = self.row.fields.clone();
            fields.extend(tokens.into_iter().map(|token| ("form_token".to_owned(), token)));
            let answer = right.ask("POST", &url, origin, Some(Body::form(&fields))).await;
            wrong.extend(self.judge(how, &answer, &Shown::Refused(403)));
        }
        wrong
    }

    /// Paths and queries that no page of ours has.
    async fn bad_addresses(&self) -> Vec<String> {
        let (right, origin) = (self.right(), self.origin());
        let mut wrong = Vec::new();
        let long = "a".repeat(2_000);
        for (name, _) in &self.row.parameters {
            for value in ["nonsense", "%00", "%ff", "%3Cscript%3E", "..%2F..%2Faccount", &long] {
                let mut parameters = self.row.parameters.clone();
                if value == "nonsense" && self.row.lenient.contains(name) {
                    continue;
                }
                parameters.iter_mut().filter(|(it, _)| it == name).for_each(|(_, old)| *old = value);
                let url = self.url(&parameters, &self.row.query);
                let answer = right.ask(self.row.method, &url, Some(&origin), self.body(right)).await;
                let short = &value[..value.len().min(20)];
                wrong.extend(self.must_refuse(&format!("with {name} {short}"), &answer));
                if answer.body.contains("<script>") && value.contains("script") {
                    wrong.push(format!("{} repeats markup of its address", self.name()));
                }
            }
        }
        if self.row.purpose == Purpose::Look {
            for query in [
                "page=%ff",
                "page=%00",
                "query=%00&page=nonsense",
                "done=%3Cscript%3E",
                "flow=nonsense",
                "=&=&&",
                "to=//evil.example",
            ] {
                let answer = right.ask("GET", &self.url(&self.row.parameters, query), None, None).await;
                wrong.extend(self.flaws(&format!("with ?{query}"), &answer));
                if answer.location().contains("//evil") || answer.location().starts_with("https://evil") {
                    wrong.push(format!("{} leads to other sites: {}", self.name(), answer.location()));
                }
            }
        }
        wrong
    }

    /// Bodies that no page of ours sends.
    async fn bad_bodies(&self) -> Vec<String> {
        if self.row.method != "POST" {
            return vec![];
        }
        let (right, origin) = (self.right(), self.origin());
        let url = self.url(&self.row.parameters, &self.row.query);
        let urlencoded = "application/x-www-form-urlencoded";
        let mut wrong = Vec::new();
        let large = Body { kind: urlencoded, bytes: vec![b'a'; self.row.too_large] };
        let answer = right.ask("POST", &url, Some(&origin), Some(large)).await;
        wrong.extend(self.judge("with too large a body", &answer, &self.row.large));
        for (kind, bytes) in
            [(urlencoded, &b"%ff=%00&&&="[..]), ("application/json", b"{}"), ("text/plain", b"\xff")]
        {
            let body = Body { kind, bytes: bytes.to_vec() };
            let answer = right.ask("POST", &url, Some(&origin), Some(body)).await;
            let how = format!("with {kind} {}", bytes.escape_ascii());
            wrong.extend(match self.row.purpose {
                Purpose::Form => self.must_refuse(&how, &answer),
                Purpose::Look | Purpose::Program => self.flaws(&how, &answer),
            });
        }
        if self.row.purpose == Purpose::Form {
            wrong.extend(self.bad_fields(right, &url, &origin).await);
        }
        wrong
    }

    async fn bad_fields(&self, right: &Visitor, url: &Url, origin: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let long = "a".repeat(60_000);
        for (index, (name, _)) in self.row.fields.iter().enumerate() {
            for (problem, value) in [("missing", None), ("long", Some(long.as_str())), ("nul", Some("a\0b"))]
            {
                let what = format!("{name}: {problem}");
                if self.row.lenient.iter().any(|lenient| lenient == name || *lenient == what) {
                    continue;
                }
                let mut fields = self.row.fields.clone();
                match value {
                    None => drop(fields.remove(index)),
                    Some(value) => value.clone_into(&mut fields[index].1),
                }
                fields.push(("form_token".to_owned(), right.form_token.clone()));
                let answer = right.ask("POST", url, Some(origin), Some(Body::form(&fields))).await;
                wrong.extend(self.must_refuse(&what, &answer));
            }
        }
        wrong
    }

    /// Those whom the route is for get what it is for.
    async fn right_visitors(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (how, person, shown) in self.everybody() {
            if !self.changes_nothing(shown) {
                let visitor = self.visitors.get(person, self.row.site);
                wrong.extend(self.judge(how, &self.ask(visitor, &self.row.parameters).await, shown));
            }
        }
        let answer = self.ask(self.right(), &self.row.parameters).await;
        wrong.extend(self.judge("as the right visitor", &answer, &self.row.right.1));
        wrong
    }
}

/// Methods that a path does not have, and a path that is not there.
async fn wrong_methods(fixture: &Fixture, rows: &[Row<'_>], visitors: &Visitors) -> Vec<String> {
    let mut wrong = Vec::new();
    let before = Snapshot::take(&fixture.suite).await;
    for row in rows {
        let walker = Walker { fixture, visitors, row };
        let there: Vec<_> = rows.iter().filter(|it| (it.site, it.path) == (row.site, row.path)).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if there.iter().all(|row| row.method != method) {
                let url = walker.url(&row.parameters, "");
                let answer = walker.right().ask(method, &url, Some(&walker.origin()), None).await;
                wrong.extend(walker.judge(&format!("by {method}"), &answer, &Shown::Refused(405)));
            }
        }
        let mut url = walker.url(&row.parameters, "");
        url.set_path(&format!("{}/nothing/there", url.path().trim_end_matches('/')));
        let answer = walker.right().ask(row.method, &url, Some(&walker.origin()), None).await;
        wrong.extend(walker.judge("one further", &answer, &Shown::Refused(404)));
    }
    let after = Snapshot::take(&fixture.suite).await;
    wrong.extend(after.changes_since(&before, "asking in wrong ways", &[]));
    wrong
}
