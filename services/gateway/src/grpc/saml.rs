//! What the gateway asks identity about Managed Accounts and SAML, on behalf of the browser.

use super::{Identity, NewSession, broken, identity::begun};
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::{
    convert::FromWire,
    identity::v1::{
        self as wire, managed_account_service_client::ManagedAccountServiceClient,
        saml_sign_in_service_client::SamlSignInServiceClient,
    },
};
use pass_types::{Invalid, Language, Origin, Secret, SpaceKey};
use url::Url;
use uuid::Uuid;

/// A browser that leaves for its identity provider.
pub struct Departure {
    /// Where to: http or https, so that no page of ours runs what an organization's settings say.
    pub url: Url,
    /// What the browser keeps until it is back.
    pub browser_token: Secret,
}

/// A browser that came back.
pub struct Arrival {
    /// Names what it brought, once.
    pub handle: String,
    /// The identity provider began it.
    pub unsolicited: bool,
}

/// How a sign-in through an identity provider ended.
pub enum Finished {
    /// With a session.
    SignedIn(NewSession),
    /// It was a test: where its verdict is.
    Test(Url),
}

/// What the link in the mail to a new Managed Account is for.
pub struct ManagedInvitation {
    /// Whom it is for.
    pub name: String,
    /// Who made the account.
    pub organization: String,
    /// What to type to sign in; may be empty.
    pub handle: String,
    /// The account's language.
    pub language: Language,
}

impl Identity {
    fn saml(&self) -> SamlSignInServiceClient<Channel> {
        SamlSignInServiceClient::new(self.0.clone())
    }

    /// Makes an `AuthnRequest` of the organization that the identifier names; `product`: what for (ACC-11); `anew`:
    /// the person shall sign in there whether or not they are signed in.
    pub async fn begin_saml(
        &self,
        origin: &Origin,
        identifier: String,
        continuation: Option<Uuid>,
        product: String,
        anew: bool,
    ) -> Result<Departure, Failure> {
        let continuation = continuation.map(|flow| flow.to_string()).unwrap_or_default();
        let message =
            wire::BeginSamlSignInRequest { identifier, continuation, force_authentication: anew, product };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.saml().begin_saml_sign_in(request).await?.into_inner();
        let wire::BeginSamlSignInResponse { redirect_url, browser_token } = answer;
        departure(&redirect_url, &browser_token).map_err(broken)
    }

    /// The same for an administrator's test.
    pub async fn begin_saml_test(&self, origin: &Origin, token: String) -> Result<Departure, Failure> {
        let request = CallContext::anonymous(origin.clone()).request(wire::BeginSamlTestRequest { token });
        let answer = self.saml().begin_saml_test(request).await?.into_inner();
        let wire::BeginSamlTestResponse { redirect_url, browser_token } = answer;
        departure(&redirect_url, &browser_token).map_err(broken)
    }

    /// Has a posted response judged.
    pub async fn consume_saml(
        &self,
        origin: &Origin,
        space_key: &SpaceKey,
        saml_response: String,
        relay_state: String,
    ) -> Result<Arrival, Failure> {
        let space_key = space_key.to_string();
        let message = wire::ConsumeSamlResponseRequest { space_key, saml_response, relay_state };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.saml().consume_saml_response(request).await?.into_inner();
        let wire::ConsumeSamlResponseResponse { handle, unsolicited } = answer;
        Ok(Arrival { handle, unsolicited })
    }

    /// Organization and address of a sign-in that the identity provider began.
    pub async fn pending_saml(&self, origin: &Origin, handle: String) -> Result<(String, String), Failure> {
        let message = wire::GetPendingSamlSignInRequest { handle };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.saml().get_pending_saml_sign_in(request).await?.into_inner();
        let wire::GetPendingSamlSignInResponse { organization_name, email } = answer;
        Ok((organization_name, email))
    }

    /// Ends a sign-in; how, and which of the browser's tokens has done its work. `replaced` is the browser's
    /// session so far, which ends.
    pub async fn finish_saml(
        &self,
        origin: &Origin,
        handle: String,
        browser_token: String,
        replaced: Option<&str>,
    ) -> Result<(Finished, String), Failure> {
        let replaced_token = replaced.unwrap_or_default().to_owned();
        let message = wire::FinishSamlSignInRequest { handle, browser_token, replaced_token };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let answer = self.saml().finish_saml_sign_in(request).await?.into_inner();
        let wire::FinishSamlSignInResponse { session, account_id: _, continuation, test_url, browser_token } =
            answer;
        let finished = if test_url.is_empty() {
            Finished::SignedIn(begun(session, Uuid::try_parse(&continuation).ok())?)
        } else {
            Finished::Test(web_address(&test_url).map_err(broken)?)
        };
        Ok((finished, browser_token))
    }

    /// Our metadata for an organization's identity provider.
    pub async fn saml_metadata(&self, origin: &Origin, space_key: &SpaceKey) -> Result<String, Failure> {
        let message = wire::GetServiceProviderMetadataRequest { space_key: space_key.to_string() };
        let request = CallContext::anonymous(origin.clone()).request(message);
        Ok(self.saml().get_service_provider_metadata(request).await?.into_inner().xml)
    }

    /// What the link in the mail to a new Managed Account is for.
    pub async fn managed_invitation(
        &self,
        origin: &Origin,
        token: String,
    ) -> Result<ManagedInvitation, Failure> {
        let message = wire::GetManagedInvitationRequest { token };
        let request = CallContext::anonymous(origin.clone()).request(message);
        let mut accounts = ManagedAccountServiceClient::new(self.0.clone());
        let answer = accounts.get_managed_invitation(request).await?.into_inner();
        let wire::GetManagedInvitationResponse { organization_name, organization_handle, name, language } =
            answer;
        let language = Language::from_wire(language).map_err(broken)?;
        Ok(ManagedInvitation { name, organization: organization_name, handle: organization_handle, language })
    }
}

fn departure(redirect_url: &str, browser_token: &str) -> Result<Departure, Invalid> {
    Ok(Departure { url: web_address(redirect_url)?, browser_token: browser_token.parse()? })
}

/// Where a browser may be sent to: never `javascript:` and its like.
fn web_address(text: &str) -> Result<Url, Invalid> {
    let url = Url::parse(text).map_err(|_| Invalid("must be an address"))?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(Invalid("must be http or https")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_sent_to_web_pages_only() {
        for good in ["https://idp.example/sso?a=b;c='d'", "http://localhost:8000/sso"] {
            assert!(web_address(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/sso",
            "//idp.example",
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "data:text/html,x",
            "ftp://a/b",
        ] {
            assert!(web_address(bad).is_err(), "{bad}");
        }
    }

    /// Nothing that breaks out of an attribute, or ends the address of a refresh, is left in an address.
    #[test]
    fn an_address_has_no_quotes_and_no_spaces() {
        let url = web_address("https://idp.example/\"><script>?a=\"b'c d\n;url=javascript:x").unwrap();
        assert!(!url.as_str().contains(['"', '<', '>', ' ', '\n']), "{url}");
    }
}
