//! Adding domains, and what lists show of them.

use crate::suite::Suite;
use futures::future::join_all;
use pass_proto::{
    billing::v1::check_entitlement_response::State as Entitlement,
    domains::v1::{Domain, ListDomainsRequest, domain::State},
    errors::v1::ErrorReason,
    events::v1::{self as events, envelope::Payload},
};
use pass_testkit::wait_for;
use pass_types::{Kind, Role};

/// proves DOM-1: a code of 64 of `[A-Za-z0-9]` for each organization and domain, and where it goes
#[tokio::test]
async fn a_domain_and_its_code() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    let domain = visitor.add(&organization, "Acme.Example.").await.unwrap();
    assert_eq!((domain.name.as_str(), domain.unicode_name.as_str()), ("acme.example", "acme.example"));
    assert_eq!((domain.state(), domain.mixed_script), (State::Unverified, false));
    assert_eq!(domain.record_name, "_nulab-challenge.acme.example");
    assert_eq!(domain.verify_time, None);
    let code = domain.record_text.strip_prefix("nulab-verification-code=").unwrap();
    assert!(code.len() == 64 && code.bytes().all(|b| b.is_ascii_alphanumeric()), "{code}");
    let second = visitor.add(&organization, "acme.test").await.unwrap();
    assert_ne!(second.record_text, domain.record_text);
    assert_eq!(visitor.domains(&organization).await.unwrap(), [domain.clone(), second]);

    let added = &suite.events(&organization).await[0];
    let payload = events::DomainAdded {
        organization_id: organization.clone(),
        domain_id: domain.domain_id,
        name: "acme.example".to_owned(),
    };
    assert_eq!(added.payload, Some(Payload::DomainAdded(payload)));
    assert_eq!(added.organization_id, organization);
    assert_eq!(added.actor.as_ref().unwrap().id, visitor.account);
}

/// proves DOM-3: several domains an organization, several organizations a domain, sub-domains apart
#[tokio::test]
async fn the_same_domain_of_two_organizations() {
    let suite = Suite::without_dns().await;
    let ((one, first), (other, second)) = (suite.administrator(), suite.administrator());
    let mine = one.add(&first, "acme.test").await.unwrap();
    let theirs = other.add(&second, "acme.test").await.unwrap();
    assert_ne!((&mine.domain_id, &mine.record_text), (&theirs.domain_id, &theirs.record_text));
    one.add(&first, "sub.acme.test").await.unwrap();
    for again in ["acme.test", "ACME.test", "acme.test.", "sub.acme.test"] {
        let refused = one.add(&first, again).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.reason),
            (Kind::AlreadyExists, ErrorReason::DomainKnown),
            "{again}"
        );
    }
    assert_eq!(one.domains(&first).await.unwrap().len(), 2);
    assert_eq!(other.domains(&second).await.unwrap(), [theirs]);
}

/// proves: a request that comes again, at once or later, adds one domain and gives the same
#[tokio::test]
async fn the_same_request_again() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    let request = suite.id();
    let tries = (0..4).map(|_| visitor.add_by(&request, &organization, "acme.test"));
    let added = join_all(tries).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    assert!(added.iter().all(|domain| *domain == added[0]));
    assert_eq!(visitor.add_by(&request, &organization, "ACME.test.").await.unwrap(), added[0]);
    assert_eq!((suite.count("domains").await, suite.history(&organization).await.len()), (1, 1));

    let reused = visitor.add_by(&request, &organization, "other.test").await.unwrap_err();
    assert_eq!((reused.kind, reused.reason), (Kind::AlreadyExists, ErrorReason::RequestIdReused));
    let known = visitor.add(&organization, "acme.test").await.unwrap_err();
    assert_eq!(known.reason, ErrorReason::DomainKnown, "another request");
    // Ids are each person's own, and what was refused has used none up.
    let colleague = suite.member(&organization, Role::Administrator);
    let known = colleague.add_by(&request, &organization, "acme.test").await.unwrap_err();
    assert_eq!(known.reason, ErrorReason::DomainKnown);
    colleague.add_by(&request, &organization, "other.test").await.unwrap();

    visitor.remove(&organization, &added[0]).await.unwrap();
    let gone = visitor.add_by(&request, &organization, "acme.test").await.unwrap_err();
    assert_eq!(gone.reason, ErrorReason::NotFound);
    suite.clock.advance(std::time::Duration::from_hours(31 * 24));
    wait_for(async || suite.count("requests").await == 0).await;
}

/// proves DOM-4: one name however it is typed; look-alikes are shown in both forms
#[tokio::test]
async fn names_in_other_scripts() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    let domain = visitor.add(&organization, "日本語.jp").await.unwrap();
    assert_eq!((domain.name.as_str(), domain.unicode_name.as_str()), ("xn--wgv71a119e.jp", "日本語.jp"));
    assert_eq!(domain.record_name, "_nulab-challenge.xn--wgv71a119e.jp");
    assert!(!domain.mixed_script);
    for again in ["xn--wgv71a119e.jp", "XN--WGV71A119E.JP", "日本語。jp。"] {
        let refused = visitor.add(&organization, again).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::DomainKnown, "{again}");
    }
    let look_alike = visitor.add(&organization, "\u{430}cme.com").await.unwrap();
    assert!(look_alike.mixed_script && look_alike.name.starts_with("xn--"));
    assert_eq!(look_alike.unicode_name, "\u{430}cme.com");
}

/// proves DOM-4: public suffixes and public mail providers are refused
#[tokio::test]
async fn what_is_everybodys() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    for (names, reason) in [
        (["co.jp", "github.io", "tokyo.jp", "公司.cn", "CO.JP."], ErrorReason::DomainPublicSuffix),
        (
            ["gmail.com", "docomo.ne.jp", "i.softbank.jp", "sub.yahoo.co.jp", "GMAIL.com."],
            ErrorReason::DomainMailProvider,
        ),
    ] {
        for name in names {
            let refused = visitor.add(&organization, name).await.unwrap_err();
            assert_eq!((refused.kind, refused.reason), (Kind::InvalidInput, reason), "{name}");
        }
    }
    assert_eq!(suite.count("domains").await, 0);
    assert!(suite.history(&organization).await.is_empty());
}

/// proves ORG-5, BIL-6: for administrators; adding and verifying need Nulab Pass, reading and removing do not
#[tokio::test]
async fn who_may() {
    let suite = Suite::without_dns().await;
    let (administrator, organization) = suite.administrator();
    let domain = administrator.add(&organization, "acme.test").await.unwrap();
    for role in [Role::Member, Role::Guest] {
        let member = suite.member(&organization, role);
        for refused in [
            member.add(&organization, "other.test").await.unwrap_err(),
            member.domains(&organization).await.unwrap_err(),
            member.verify(&organization, &domain).await.unwrap_err(),
            member.remove(&organization, &domain).await.unwrap_err(),
        ] {
            assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
            assert_eq!(refused.metadata["needed"], "administrator");
        }
    }
    let stranger = suite.somebody();
    for refused in [
        stranger.add(&organization, "other.test").await.unwrap_err(),
        stranger.domains(&organization).await.unwrap_err(),
        stranger.verify(&organization, &domain).await.unwrap_err(),
        stranger.remove(&organization, &domain).await.unwrap_err(),
        administrator.domains(&suite.id()).await.unwrap_err(),
    ] {
        assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    }
    for (entitlement, reason) in
        [(Entitlement::None, ErrorReason::NulabPassNeeded), (Entitlement::Ended, ErrorReason::NulabPassEnded)]
    {
        suite.world.entitle(&organization, entitlement);
        for refused in [
            administrator.add(&organization, "other.test").await.unwrap_err(),
            administrator.verify(&organization, &domain).await.unwrap_err(),
        ] {
            assert_eq!((refused.kind, refused.reason), (Kind::Precondition, reason));
        }
    }
    assert_eq!(administrator.domains(&organization).await.unwrap(), std::slice::from_ref(&domain));
    administrator.remove(&organization, &domain).await.unwrap();
    assert!(administrator.domains(&organization).await.unwrap().is_empty());
}

/// proves: an organization has at most so many domains, also when all are added at once
#[tokio::test]
async fn not_too_many() {
    let suite =
        Suite::start(&["127.0.0.1:1".parse().unwrap()], |config| config.domains_per_organization = 3).await;
    let (visitor, organization) = suite.administrator();
    let names: Vec<_> = (0..8).map(|number| format!("acme{number}.test")).collect();
    let added = join_all(names.iter().map(|name| visitor.add(&organization, name))).await;
    let (added, refused): (Vec<_>, Vec<_>) = added.into_iter().partition(Result::is_ok);
    assert_eq!(added.len(), 3);
    for refused in refused {
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::DomainLimit));
    }
    let known = added[0].as_ref().unwrap();
    assert_eq!(visitor.add(&organization, &known.name).await.unwrap_err().reason, ErrorReason::DomainKnown);
    visitor.remove(&organization, known).await.unwrap();
    visitor.add(&organization, "more.test").await.unwrap();
}

/// proves: whatever the page size, the pages have every domain once, by name
#[tokio::test]
async fn pages() {
    let suite = Suite::without_dns().await;
    let (visitor, organization) = suite.administrator();
    for number in [5, 3, 7, 1, 6, 2, 4] {
        visitor.add(&organization, &format!("acme{number}.test")).await.unwrap();
    }
    let whole = visitor.domains(&organization).await.unwrap();
    assert!(whole.len() == 7 && whole.is_sorted_by_key(|domain| domain.name.clone()));
    for page_size in [1, 2, 3, 6, 7, 100] {
        let mut paged: Vec<Domain> = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListDomainsRequest { organization_id: organization.clone(), page_size, page_token };
            let page = visitor.list_domains(request).await.unwrap();
            paged.extend(page.domains);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
            assert!(
                paged.len().is_multiple_of(usize::try_from(page_size).unwrap()),
                "only the last may be short"
            );
        }
        assert_eq!(paged, whole, "{page_size}");
    }
}
