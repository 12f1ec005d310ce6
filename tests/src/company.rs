//! A company that uses Nulab Pass, set up by its administrator through the console's pages: the domain in a
//! real DNS server, pysaml2 as its identity provider (or another one: see [`Provider`](crate::Provider)).

use crate::{Browser, Form, Page, Suite};
use pass::Config;
use pass_testkit::{Answer, DnsServer, Pysaml2, Switches};
use pass_types::Clock;
use url::Url;

/// The password of everybody who has one.
pub const PASSWORD: &str = "correct horse battery 7 staple";
/// The company's domain.
pub const DOMAIN: &str = "acme.example";
/// Its Organization ID.
pub const HANDLE: &str = "acme";

/// The company, and the suite that it uses.
pub struct Company<P = Pysaml2> {
    /// The suite.
    pub suite: Suite,
    /// Where its domain is.
    pub dns: DnsServer,
    /// Where its people sign in.
    pub idp: P,
    /// Its administrator's browser: Taro, who is Plan Admin too.
    pub taro: Browser,
    /// An operator's.
    pub olga: Browser,
    /// The address of its pages in the console.
    pub pages: Url,
}

impl<P> Company<P> {
    /// A company with a product and nothing else, in a suite that runs already and asks `dns`.
    pub async fn found(suite: Suite, dns: DnsServer, idp: P) -> Self {
        let (taro, olga) = (Browser::new("Taro", "en"), Browser::new("Olga", "en"));
        // Tokens from before she was an operator don't say so: she signs in anew, in another browser.
        suite.sign_up(&Browser::new("Olga's first", "en"), "Olga Lind", "olga@example.com", PASSWORD).await;
        let olga_is = "olga@example.com".parse().expect("an address");
        let identity = &suite.databases["identity"].pool;
        pass::add_operator(identity, &suite.context, &olga_is).await.expect("an operator");
        suite.sign_up(&taro, "Taro Yamada", "taro@example.com", PASSWORD).await;
        let page = taro.open(suite.console.join("/trial/backlog").expect("a path")).await;
        let form = page.form("/trial/backlog").with("plan", "standard");
        let page = taro.submit(form.with("organization_name", "Acme").with("space_id", "acme")).await;
        let mut pages = page.url.clone();
        pages.set_query(None);
        Self { suite, dns, idp, taro, olga, pages }
    }

    /// A page of the company's in the console.
    pub fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.pages)
    }

    /// The organization's id.
    pub fn id(&self) -> String {
        self.pages.path().rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// All that comes before the identity provider.
    pub async fn prepare(&self) {
        self.apply().await;
        self.approve().await;
        self.choose_handle(HANDLE).await;
        self.verify_domain().await;
    }

    /// The administrator applies for Nulab Pass (BIL-1).
    pub async fn apply(&self) -> Page {
        let page = self.taro.open(self.at("nulab-pass")).await;
        let form = page.form("/nulab-pass").with("contact_name", "Taro Yamada").with("company", "Acme K.K.");
        self.taro.submit(form.with("plan_admin_email", "taro@example.com")).await
    }

    /// The operator approves what waits (BIL-2).
    pub async fn approve(&self) -> Page {
        let list = self.suite.console.join("/operator/applications").expect("a path");
        let page = self.olga.open(&list).await;
        // The first page after signing in is the gateway's.
        let page = if page.url.path() == list.path() {
            page
        } else {
            self.suite.sign_in(&self.olga, &page, "olga@example.com", PASSWORD).await;
            self.olga.open(&list).await
        };
        let page = self.olga.click(&page, "Acme K.K.").await;
        self.olga.submit(page.form("/approve")).await
    }

    /// The administrator chooses the Organization ID (ORG-3).
    pub async fn choose_handle(&self, handle: &str) -> Page {
        let page = self.taro.open(self.at("organization-id")).await;
        self.taro.submit(page.form("/organization-id").with("handle", handle)).await
    }

    /// The administrator adds the domain, puts the record into DNS and verifies (DOM-1, DOM-2).
    pub async fn verify_domain(&self) -> Page {
        let page = self.taro.open(self.at("domains")).await;
        let page = self.taro.submit(page.form("/domains").with("name", DOMAIN)).await;
        let record = page.body.split("nulab-verification-code=").nth(1);
        let record = record.unwrap_or_else(|| panic!("{} shows no record:\n{}", page.url, page.body));
        let code: String = record.chars().take_while(char::is_ascii_alphanumeric).collect();
        let record = format!("_nulab-challenge 1 IN TXT \"nulab-verification-code={code}\"");
        self.dns.set(DOMAIN, &record).await;
        self.taro.submit(page.form("/verify")).await
    }

    /// The same with any identity provider: its metadata, and how the administrator gets from the page that
    /// leads there to where its answer leads.
    pub async fn connect_with(&self, metadata: &str, sign_in: impl AsyncFnOnce(&Page) -> Page) -> Page {
        let page = self.taro.open(self.at("saml")).await;
        let page = self.taro.submit(page.form("/saml").with("metadata_xml", metadata)).await;
        let page = self.taro.submit(page.form("/saml/tests")).await;
        let page = sign_in(&page).await;
        assert!(page.url.path().contains("/saml/tests/"), "{} {}", page.url, page.body);
        let page = self.taro.open(self.at("saml")).await;
        self.taro.submit(page.form("/saml/switch-on")).await
    }

    /// The administrator makes a team (ORG-8).
    pub async fn create_team(&self, name: &str) -> Page {
        let page = self.taro.open(self.at("teams")).await;
        self.taro.submit(page.form("/teams").with("name", name)).await
    }

    /// The administrator makes a Managed Account, in the first team if there is one (MAN-1).
    pub async fn create_managed(&self, name: &str, full: &str) -> Page {
        let form = self.managed_form(name, full).await;
        self.taro.submit(form).await
    }

    /// The form for that, filled in.
    pub async fn managed_form(&self, name: &str, full: &str) -> Form {
        let page = self.taro.open(self.at("members/new-managed")).await;
        let team = page.body.split("name=\"team_ids\" value=\"").nth(1).map(|rest| &rest[..36]);
        let form = page.form("/members/new-managed").with("name", full);
        let form = form.with("email", &format!("{name}@{DOMAIN}"));
        match team {
            Some(team) => form.with("team_ids", team),
            None => form,
        }
    }

    /// Somebody opens the product, chooses the Managed Account, types the Organization ID: the page that leads
    /// on (SML-8).
    pub async fn leave_for_idp(&self, browser: &Browser) -> Page {
        let page = browser.open(self.suite.backlog.join("/sign-in").expect("a path")).await;
        let page = browser.click(&page, "/managed").await;
        browser.submit(page.form("/managed").with("identifier", HANDLE)).await
    }
}

impl Company<Pysaml2> {
    /// A company with a product and nothing else; a suite of which it is the only one.
    pub async fn start(adjust: impl FnOnce(&mut Config)) -> Self {
        let (dns, idp) = tokio::join!(DnsServer::start(&[(DOMAIN, "")]), Pysaml2::start());
        let resolver = dns.address();
        let suite = Suite::start_with(|config| {
            config.domain_verification.resolvers = vec![resolver];
            adjust(config);
        })
        .await;
        Box::pin(Self::found(suite, dns, idp)).await
    }

    /// The same with all that its Managed Accounts need.
    pub async fn start_complete(adjust: impl FnOnce(&mut Config)) -> Self {
        let company = Self::start(adjust).await;
        company.prepare().await;
        company.connect().await;
        company
    }

    /// The administrator connects the identity provider: metadata, a test, and on (SML-1, SML-6).
    pub async fn connect(&self) -> Page {
        let taro = self.somebody("taro", "Taro Yamada");
        let metadata = self.idp.metadata().await;
        self.connect_with(&metadata, async |leaving| self.come_back(&self.taro, leaving, &taro).await).await
    }

    /// Somebody of the company's directory, as pysaml2 signs them in now.
    pub fn somebody(&self, name: &str, full: &str) -> Switches {
        Switches { now: Some(self.suite.clock.now()), ..Switches::new(&format!("{name}@{DOMAIN}"), full) }
    }

    /// From the page that leads to the identity provider to wherever its answer leads.
    pub async fn come_back(&self, browser: &Browser, leaving: &Page, as_whom: &Switches) -> Page {
        let answer = self.answer(leaving, as_whom).await;
        self.post(browser, &answer).await
    }

    /// What the identity provider answers to the page that leads there.
    pub async fn answer(&self, leaving: &Page, as_whom: &Switches) -> Answer {
        let request = leaving.links().into_iter().find(|(href, _)| href.contains("SAMLRequest="));
        let (request, _) =
            request.unwrap_or_else(|| panic!("{} leads nowhere:\n{}", leaving.url, leaving.body));
        self.idp.set(as_whom).await;
        self.idp.answer(&request.parse().expect("an address")).await
    }

    /// Has a browser post an answer to the ACS.
    pub async fn post(&self, browser: &Browser, answer: &Answer) -> Page {
        let relay_state = answer.relay_state.as_deref().unwrap_or_default();
        let fields = [("SAMLResponse", answer.saml_response.as_str()), ("RelayState", relay_state)];
        browser.post_across(self.idp.url(), &answer.acs, &fields).await
    }

    /// The whole sign-in of somebody of the company's directory; the page where it ends.
    pub async fn sign_in(&self, browser: &Browser, name: &str, full: &str) -> Page {
        let leaving = self.leave_for_idp(browser).await;
        self.come_back(browser, &leaving, &self.somebody(name, full)).await
    }
}
