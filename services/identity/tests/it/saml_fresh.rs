//! Fresh sign-ins of administrators who are Managed Accounts (security.md: changing the connection needs one).

use crate::{connected::Connected, suite::User};
use pass_mesh::Failure;
use pass_proto::{errors::v1::ErrorReason, identity::v1::*, types::v1::Role};
use time::Duration;

const EMAIL: &str = "hanako@acme.example";

impl Connected {
    /// A Managed Account's sign-in, so long after the one at the identity provider; who they are, and what their
    /// session is.
    async fn comes(&self, anew: bool, earlier: Duration) -> Result<(User, Session), Failure> {
        let returning = self.leave_to("acme", anew).await.unwrap();
        assert_eq!(returning.asked.force_authn, anew, "what the provider is asked");
        let mut says = returning.asked.about(EMAIL, &self.assertion_id(), self.now());
        says.signed_in -= earlier;
        let consumed = self.post(&self.idp.answer(&says), "").await?;
        let finished = self.finish(&consumed.handle, &returning.browser).await?;
        let NewSession { session_id, token, .. } = finished.session.unwrap();
        let user = User {
            account: finished.account_id.parse().unwrap(),
            session: session_id.parse().unwrap(),
            token: token.clone(),
        };
        let resolved = self.gateway().resolve_session(ResolveSessionRequest { token }).await?;
        Ok((user, resolved.session.unwrap()))
    }
}

/// proves SML-6: an identity provider that answers from its own session lets nobody change the connection
#[tokio::test]
async fn the_providers_own_session_is_not_fresh() {
    let mut acme = Connected::start().await;
    let id = acme.employ(EMAIL).await;
    acme.company.suite.world.join(id, acme.company.organization, Role::Administrator);
    let draft = acme.draft(false).await.connection_id;
    acme.test(&draft, |_| {}).await;

    let (hanako, session) = acme.comes(false, Duration::ZERO).await.unwrap();
    assert!(!session.anew);
    acme.company.administrator = hanako;
    assert_eq!(acme.activate(&draft).await.unwrap_err().reason, ErrorReason::FreshSignInNeeded);
    let (organization_id, confirmation) = (acme.company.organization.to_string(), 1);
    let disable = DisableSamlConnectionRequest { organization_id, confirmation };
    let refused = acme.console().disable_saml_connection(disable.clone()).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::FreshSignInNeeded);

    let (hanako, session) = acme.comes(true, Duration::ZERO).await.unwrap();
    assert!(session.anew);
    acme.company.administrator = hanako;
    acme.activate(&draft).await.unwrap();
    acme.company.suite.clock.advance(Duration::minutes(10));
    let refused = acme.console().disable_saml_connection(disable).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::FreshSignInNeeded, "not for ever");
}

/// A browser that takes the question out of the request gains no more than clocks may be apart: the answer must be
/// of a sign-in since, or of a minute before.
#[tokio::test]
async fn an_earlier_sign_in_answers_no_such_request() {
    let acme = Connected::start().await;
    acme.employ(EMAIL).await;
    let (_, session) = acme.comes(true, Duration::seconds(59)).await.unwrap();
    assert!(session.anew, "the provider's clock may be behind");
    let refused = acme.comes(true, Duration::seconds(61)).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::SamlRefused);
    let log = acme.log().await;
    assert_eq!(
        (log[0].failed_check.as_str(), &log[0].reference),
        ("forced_authn", &refused.metadata["reference"])
    );
    let (_, session) = acme.comes(false, Duration::minutes(2)).await.unwrap();
    assert!(!session.anew, "good enough where nobody asks for more");
}
