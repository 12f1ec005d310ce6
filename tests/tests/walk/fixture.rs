//! The people of the walk and what is theirs, made the way people make it: by the pages, by HTTP and by
//! calls. Acme is the organization that others must not reach.

use crate::{
    asker::{Asker, method},
    credentials::Credentials,
    login_alert,
    nulab_pass::{CONTACT, HANDLE, MANAGED, MANAGED_NAME, NulabPass, Owners, ZONES},
    people::{Person, Tokens, begin_sign_up, claim, second_session, sign_in_anew, sign_up},
    saml::{self, ENTITY_ID, Saml},
    spaces::Spaces,
    wire::{Said, Wire},
};
use pass_proto::{errors::v1::ErrorReason, types::v1::Role};
use pass_testkit::{DnsServer, wait_for};
use pass_tests::Suite;
use prost_reflect::DescriptorPool;
use std::time::Duration;

/// The suite, with people and organizations in it.
pub struct Fixture {
    /// The suite.
    pub suite: Suite,
    /// Everybody's certificates.
    pub wire: Wire,
    /// The contract.
    pub pool: DescriptorPool,
    /// Administrator of Acme.
    pub administrator: Person,
    /// Member of Acme.
    pub member: Person,
    /// Guest of Acme.
    pub guest: Person,
    /// Member of Acme with a Managed Account.
    pub managed: Person,
    /// Administrator of another organization.
    pub outsider: Person,
    /// Staff, in no organization.
    pub operator: Person,
    /// The operator's tokens from before.
    pub not_yet_operator: Tokens,
    /// In no organization; has an open invitation to Acme.
    pub invited: Person,
    /// Their account's unique ID.
    pub unique_id: String,
    /// The id of Acme.
    pub acme: String,
    /// The id of the other organization.
    pub other: String,
    /// An open invitation of Acme, to an address without an account.
    pub invitation: String,
    /// What the link of the other open invitation, for `invited`, has.
    pub invitation_token: String,
    /// The administrator's other session, and its secret.
    pub spare: (String, String),
    /// A sign-up that waits for its password, and what its link has.
    pub sign_up: (String, String),
    /// A login alert of somebody else's account, and what its link has.
    pub login_alert: (String, String),
    /// Passwords and addresses that are about to change.
    pub credentials: Credentials,
    /// Tokens of the administrator that are over.
    pub expired: Tokens,
    /// Tokens of a session of the administrator that has ended.
    pub revoked: Tokens,
    /// And those for the product.
    pub revoked_product: Tokens,
    /// The same of a product's tokens that are over.
    pub expired_product: Tokens,
    /// What comes with Nulab Pass.
    pub pass: NulabPass,
    /// What Acme has of SAML.
    pub saml: Saml,
    /// The administrator's connected spaces.
    pub spaces: Spaces,
    _dns: DnsServer,
}

impl Fixture {
    /// Makes it all.
    pub async fn make() -> Self {
        let dns = DnsServer::start(&ZONES).await;
        let suite = start(&dns).await;
        let (wire, pool) = (Wire::new(&suite), pass_proto::descriptor_pool());
        let mut administrator = sign_up(&suite, "Taro Yamada", "taro@acme.example").await;
        let mut member = sign_up(&suite, "Mika Abe", "mika@acme.example").await;
        let mut guest = sign_up(&suite, "Goro Ito", "goro@agency.example").await;
        let mut outsider = sign_up(&suite, "Olga Other", "olga@other.example").await;
        let mut invited = sign_up(&suite, "Nina New", "nina@acme.example").await;
        let mut operator = sign_up(&suite, "Otto Operator", "otto@staff.example").await;

        let asker = Asker { suite: &suite, wire: &wire, pool: &pool };
        let acme = asker.start_trial(&administrator, "Acme", "acme").await;
        let plain = asker.start_trial(&administrator, "Acme without", "acme-plain").await;
        let other = asker.start_trial(&outsider, "Other", "other").await;
        for organization in [&acme, &plain] {
            asker.join(&administrator, &organization.organization_id, &member, Role::Member).await;
            asker.join(&administrator, &organization.organization_id, &guest, Role::Guest).await;
        }
        for person in [&mut administrator, &mut member, &mut guest] {
            person.of_acme = true;
        }
        let id = &acme.organization_id;
        let (_, invitation_token) = asker.invite(&administrator, id, invited.email, Role::Member).await;
        let (invitation, _) = asker.invite(&administrator, id, "open@acme.example", Role::Member).await;

        let (expired, expired_product) = (administrator.console.clone(), administrator.product.clone());
        suite.clock.advance(Duration::from_mins(10));
        for person in
            [&mut administrator, &mut member, &mut guest, &mut outsider, &mut invited, &mut operator]
        {
            sign_in_anew(&suite, person).await;
        }
        let not_yet_operator = operator.console.clone();
        make_operator(&suite, &operator).await;
        // Browsers that are signed in at the console already show it from the next refresh on.
        sign_in_anew(&suite, &mut operator).await;
        let owners = Owners {
            administrator: &administrator,
            outsider: &outsider,
            operator: &operator,
            acme: &acme,
            other: &other,
            plain: &plain,
        };
        let pass = NulabPass::make(&asker, &dns, &owners).await;
        let saml = Saml::make(&asker, &administrator, &acme.organization_id, &acme.space_key).await;
        let managed = saml::sign_in(&suite, &acme.space_key).await;
        let spaces = Spaces::make(&asker, &administrator).await;

        let spare = second_session(&suite, &administrator, "spare").await;
        let spare = (
            claim(&spare.1.access, "sid"),
            spare.0.cookie("pass.localhost", "__Host-pass").expect("a session"),
        );
        let (revoked, revoked_product) = end_a_session(&asker, &administrator).await;
        let sign_up = begin_sign_up(&suite).await;
        let login_alert = login_alert::make(&suite).await;
        let credentials = Credentials::make(&suite).await;
        let sql = "SELECT unique_id FROM accounts WHERE email = $1";
        let unique_id =
            sqlx::query_scalar(sql).bind(invited.email).fetch_one(&suite.databases["identity"].pool).await;
        let unique_id = unique_id.expect("an account");
        settle(&suite).await;
        Self {
            suite,
            wire,
            pool,
            administrator,
            member,
            guest,
            managed,
            outsider,
            operator,
            not_yet_operator,
            invited,
            unique_id,
            acme: acme.organization_id,
            other: other.organization_id,
            invitation,
            invitation_token,
            spare,
            sign_up,
            login_alert,
            credentials,
            expired,
            revoked,
            revoked_product,
            expired_product,
            pass,
            saml,
            spaces,
            _dns: dns,
        }
    }

    /// What nobody outside of Acme may ever see.
    pub fn secrets(&self) -> Vec<&str> {
        let mut secrets =
            vec![self.acme.as_str(), "Acme", &self.invitation, "open@acme.example", &self.invitation_token];
        secrets.extend([self.spare.0.as_str(), &self.spare.1]);
        let NulabPass { plain, application, waiting: _, space_key, team, domain, .. } = &self.pass;
        secrets.extend([plain.organization_id.as_str(), &plain.space_key, application, space_key, team]);
        let NulabPass { pending_domain, managed, managed_invitation, .. } = &self.pass;
        secrets.extend([domain.as_str(), pending_domain, managed, managed_invitation]);
        let Spaces { link, user } = &self.spaces;
        secrets.extend([link.as_str(), user]);
        let Saml { connection, test, test_token, certificate: _ } = &self.saml;
        secrets.extend([connection.as_str(), test, test_token, ENTITY_ID]);
        secrets.extend(["pending.acme.example", HANDLE, MANAGED, MANAGED_NAME, CONTACT]);
        for person in [&self.administrator, &self.member, &self.guest, &self.managed] {
            secrets.extend([person.name, person.email, &person.account, &person.session]);
        }
        secrets
    }
}

/// The suite, in which nothing is refused for being asked often: the limits have tests of their own.
async fn start(dns: &DnsServer) -> Suite {
    Suite::start_with(|config| {
        config.gateway.credentials_per_minute = std::num::NonZeroU32::MAX;
        config.console.posts_per_minute = std::num::NonZeroU32::MAX;
        config.identity.limits.failed_sign_ins_per_network = u32::MAX;
        config.identity.limits.password_resets_per_network = u32::MAX;
        config.identity.limits.password_resets_per_address = u32::MAX;
        config.identity.limits.email_changes_per_account = u32::MAX;
        config.identity.limits.email_changes_per_address = u32::MAX;
        config.identity.limits.sign_ups_per_network = u32::MAX;
        config.identity.limits.sign_ups_per_address = u32::MAX;
        config.identity.limits.space_tries_per_network = u32::MAX;
        config.identity.limits.space_tries_per_user = u32::MAX;
        config.identity.limits.saml_sign_ins_per_network = u32::MAX;
        config.identity.limits.wrong_passwords_per_account = 1_000_000;
        config.identity.limits.wrong_passwords_per_known_device = 1_000_000;
        config.domain_verification.resolvers = vec![dns.address()];
    })
    .await
}

/// As `pass operator add` does.
async fn make_operator(suite: &Suite, person: &Person) {
    let email = person.email.parse().expect("an address");
    let added = pass::add_operator(&suite.databases["identity"].pool, &suite.context, &email).await;
    assert!(added.expect("an account"), "they were none before");
}

/// Tokens of a session that has ended, which every service has been told.
async fn end_a_session(asker: &Asker<'_>, person: &Person) -> (Tokens, Tokens) {
    let suite = asker.suite;
    let (browser, console, product) = second_session(suite, person, "ended").await;
    let page = browser.open(suite.gateway.join("/oauth/logout").expect("a path")).await;
    browser.submit(page.form("/oauth/logout/confirm")).await;
    for (name, peer, token) in [
        ("identity.v1.AccountService.GetMyAccount", "console", &console),
        ("organization.v1.AccessService.CheckAccess", "backlog", &product),
        ("billing.v1.ApplicationService.GetNulabPass", "console", &console),
        ("domains.v1.DomainService.ListDomains", "console", &console),
    ] {
        let (said, method) = (Said::Token(token.access.clone()), method(asker.pool, &format!("pass.{name}")));
        wait_for(async || {
            let refused = asker.wire.call(peer, &method, &said, &[]).await.err();
            refused.is_some_and(|failure| failure.reason == ErrorReason::TokenRevoked)
        })
        .await;
    }
    (console, product)
}

/// Waits until everybody has been told what happened: clients of sessions that ended, then all others.
async fn settle(suite: &Suite) {
    const LOGOUTS: &str = "SELECT count(*) FROM back_channel_logouts WHERE settle_time IS NULL";
    const EVENTS: &str = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
    const DUE: [(&str, &str); 6] = [
        ("gateway", LOGOUTS),
        ("gateway", EVENTS),
        ("identity", EVENTS),
        ("organization", EVENTS),
        ("billing", EVENTS),
        ("domain-verification", EVENTS),
    ];
    for (service, due) in DUE {
        wait_for(async || {
            let due = sqlx::query_scalar(due).fetch_one(&suite.databases[service].pool).await;
            due.map(|due: i64| due == 0).expect("a count")
        })
        .await;
    }
}
