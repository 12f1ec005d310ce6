//! Domains of an organization.

use crate::suite::{ORGANIZATION, Suite, THING};
use http::StatusCode;
use pass_proto::{
    domains::v1::{AddDomainRequest, Domain, Finding, RemoveDomainRequest, VerifyDomainRequest, finding},
    errors::v1::ErrorReason,
};
use pass_types::{Invalid, Kind};

fn list() -> String {
    format!("/organizations/{ORGANIZATION}/domains")
}

/// proves DOM-1, DOM-4: a domain is added, with what to put into DNS; or it says why not
#[tokio::test]
async fn a_domain_is_added() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&list()).await;
    for copied in ["_nulab-challenge.acme.example", "nulab-verification-code=CODE"] {
        assert!(page.body.contains(&format!("value=\"{copied}\" readonly")), "{copied}: {}", page.body);
    }
    let done = browser.post(&page, &list(), &[("request_id", THING), ("name", " Acme.example. ")]).await;
    assert_eq!(done.location(), format!("{}?done=domain-added", list()));
    let asked = &suite.services.asked::<AddDomainRequest>("add_domain")[0];
    assert_eq!((asked.organization_id.as_str(), asked.name.as_str()), (ORGANIZATION, "Acme.example."));
    assert_eq!(asked.request_id, THING);
    let wrong = Invalid("must be a domain name").of("name");
    for (kind, reason, violations, text) in [
        (Kind::InvalidInput, ErrorReason::InvalidArgument, vec![wrong], "Enter a domain name"),
        (Kind::InvalidInput, ErrorReason::DomainPublicSuffix, vec![], "Anybody may register names"),
        (Kind::InvalidInput, ErrorReason::DomainMailProvider, vec![], "a public mail service"),
        (Kind::AlreadyExists, ErrorReason::DomainKnown, vec![], "in the list already"),
        (Kind::Precondition, ErrorReason::DomainLimit, vec![], "as many domains as it may have"),
        (Kind::Precondition, ErrorReason::NulabPassEnded, vec![], "Nulab Pass has ended"),
    ] {
        suite.services.refuse("add_domain", kind, reason, violations);
        let refused = browser.post(&page, &list(), &[("request_id", THING), ("name", "x.example")]).await;
        assert!(refused.status.is_client_error(), "{reason:?}");
        assert!(refused.body.contains(text), "{reason:?}: {}", refused.body);
        assert!(refused.body.contains("value=\"x.example\""), "what was typed is still there");
    }
}

/// proves DOM-2: the answer tells what was found; only a match verifies
#[tokio::test]
async fn verifying_tells_what_was_found() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&list()).await;
    let verify = format!("{}/{THING}/verify", list());
    assert!(page.body.contains(&verify), "{}", page.body);
    for (kind, text) in [
        (finding::Kind::NoSuchName, "There is no such name in DNS"),
        (finding::Kind::NoTxt, "There is no TXT record at this name"),
        (finding::Kind::OtherCodes, "There is another code"),
        (finding::Kind::Wildcard, "Every name answers"),
        (finding::Kind::ResolverFailure, "DNS does not answer"),
        (finding::Kind::Disagreement, "Not all DNS servers have the record yet"),
    ] {
        let codes = vec!["<b>CODE".to_owned()];
        suite.services.change(|data| data.finding = Finding { kind: kind as i32, codes });
        let told = browser.post(&page, &verify, &[]).await;
        assert_eq!(told.status, StatusCode::OK, "{kind:?}");
        assert!(told.body.contains(text), "{kind:?}: {}", told.body);
        assert!(told.body.contains("&#60;b&#62;CODE") && !told.body.contains("<b>"), "{}", told.body);
    }
    suite.services.change(|data| data.finding.kind = finding::Kind::Match as i32);
    let done = browser.post(&page, &verify, &[]).await;
    assert_eq!(done.location(), format!("{}?done=domain-verified", list()));
    assert_eq!(suite.services.asked::<VerifyDomainRequest>("verify_domain")[0].domain_id, THING);
    suite.services.refuse("verify_domain", Kind::RateLimited, ErrorReason::RateLimited, vec![]);
    assert_eq!(browser.post(&page, &verify, &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
    let nowhere = format!("{}/x/verify", list());
    assert_eq!(browser.post(&page, &nowhere, &[]).await.status, StatusCode::NOT_FOUND);
}

/// proves DOM-4: mixed-script look-alikes are shown in both forms
#[tokio::test]
async fn a_look_alike_is_shown_in_both_forms() {
    let suite = Suite::start().await;
    suite.services.change(|data| {
        let domain = data.domains[0].clone();
        let (name, unicode_name) = ("xn--pple-43d.example".to_owned(), "аpple.example".to_owned());
        data.domains = vec![Domain { name, unicode_name, mixed_script: true, ..domain }];
    });
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&list()).await.body;
    assert!(page.contains("xn--pple-43d.example") && page.contains("аpple.example"), "{page}");
    assert!(page.contains("mixes letters of several scripts"), "{page}");
}

/// proves DOM-6: a domain that Managed Accounts use is kept, and their number told
#[tokio::test]
async fn a_domain_is_removed_unless_it_is_used() {
    let suite = Suite::start().await;
    let (browser, _) = suite.signed_in().await;
    let page = browser.get(&list()).await;
    let remove = format!("{}/{THING}/remove", list());
    let done = browser.post(&page, &remove, &[]).await;
    assert_eq!(done.location(), format!("{}?done=domain-removed", list()));
    assert_eq!(suite.services.asked::<RemoveDomainRequest>("remove_domain")[0].domain_id, THING);
    suite.services.refuse_needing("remove_domain", Kind::Precondition, ErrorReason::DomainInUse, "12");
    let refused = browser.post(&page, &remove, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("Managed Accounts that use the domain: 12."), "{}", refused.body);
}
