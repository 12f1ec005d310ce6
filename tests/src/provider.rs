//! The sample identity provider of `deploy/demo`: where pysaml2 would be too slow, or is not at hand.

use crate::{Browser, Form, Page, Suite};
use pass_demo::idp::{IdentityProvider, IdentityProviderConfig};
use std::net::Ipv4Addr;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::Url;

/// It, in this process.
pub struct Provider {
    metadata: String,
    _folder: TempDir,
}

impl Provider {
    /// Starts one that answers to the suite, at the suite's time; it ends with the suite.
    pub async fn start(suite: &Suite) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let folder = tempfile::tempdir().expect("a folder");
        let config = IdentityProviderConfig {
            public_url: Url::parse(&format!("http://idp.localhost:{port}")).expect("an address"),
            data: folder.path().to_owned(),
            people: Vec::new(),
            sp_prefixes: vec![suite.gateway.join("/saml/").expect("a path")],
        };
        let idp = IdentityProvider::new(config, &suite.context).expect("a key");
        let metadata = idp.metadata();
        suite
            .context
            .tasks
            .spawn("identity provider", |shutdown| async move { Ok(idp.serve(listener, shutdown).await?) });
        Self { metadata, _folder: folder }
    }

    /// Its description of itself.
    pub fn metadata(&self) -> &str {
        &self.metadata
    }

    /// From the page that leads to such a provider, wherever it runs, to the form that its answer is, not sent yet.
    pub async fn answer(browser: &Browser, leaving: &Page, email: &str) -> Form {
        let page = browser.click(leaving, "SAMLRequest=").await;
        // The form for somebody whom it does not list.
        let form = page.forms().pop().unwrap_or_else(|| panic!("{}:\n{}", page.url, page.body));
        browser.submit(form.with("email", email)).await.form("/acs")
    }
}
