//! Organizations with identity providers, as identity knows them. The stand-in's assertions are an address in
//! angle brackets: what is judged here is what the gateway does with them.

use super::{Neighbours, Refused, refused};
use base64::{Engine, engine::general_purpose::STANDARD};
use pass_mesh::{open, status};
use pass_proto::{
    errors::v1::ErrorReason,
    identity::v1::{
        managed_account_service_server::ManagedAccountService,
        saml_sign_in_service_server::SamlSignInService, *,
    },
    types::v1 as wire,
};
use pass_types::{AccountKind, Kind, Secret};
use std::collections::HashMap;
use tonic::{Request, Response, Status};

/// The reference of every refused answer.
pub const REFERENCE: &str = "7F3K-9Q2M";

/// An organization with an identity provider.
#[derive(Debug, Clone)]
pub struct Company {
    pub handle: String,
    pub space_key: String,
    pub name: String,
    /// Where its identity provider takes requests.
    pub sso_url: String,
    /// Why nobody can sign in there.
    pub refusal: Option<ErrorReason>,
}

/// What a browser left with.
#[derive(Debug, Clone, Default)]
struct Begun {
    token: String,
    continuation: String,
    test: bool,
    /// The person is to sign in anew.
    anew: bool,
}

/// What came back.
#[derive(Debug, Clone)]
struct Pending {
    email: String,
    organization: String,
    /// Nothing: the identity provider began it.
    begun: Option<Begun>,
}

/// What identity keeps of it all.
#[derive(Default)]
pub struct Saml {
    pub companies: Vec<Company>,
    /// What sign-ins were begun for.
    pub products: Vec<String>,
    /// Tests that an administrator may run, and where their verdict is.
    pub tests: HashMap<String, String>,
    /// Invitations, by the token of their link.
    pub invitations: HashMap<String, GetManagedInvitationResponse>,
    begun: HashMap<String, Begun>,
    pending: HashMap<String, Pending>,
    /// Every post, as it came: Space Key, response, relay state.
    pub posted: Vec<(String, String, String)>,
}

/// A response of the stand-in's kind for an address.
pub fn response(email: &str) -> String {
    STANDARD.encode(format!("<samlp:Response ID=\"?>~?>~\">{email}</samlp:Response>"))
}

fn judged(response: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(response).ok()?).ok()?;
    let (_, rest) = text.split_once("\">")?;
    rest.strip_suffix("</samlp:Response>").map(str::to_owned)
}

fn link_invalid() -> Status {
    refused(Kind::Precondition, ErrorReason::LinkInvalid)
}

fn saml_refused() -> Status {
    let reference = vec![("reference", REFERENCE.to_owned())];
    status(Refused(Kind::Precondition, ErrorReason::SamlRefused, reference))
}

impl Neighbours {
    /// Makes an organization with an identity provider at `idp.example`.
    pub fn company(&self, handle: &str) -> Company {
        let company = Company {
            handle: handle.to_owned(),
            space_key: format!("SPACE{:05}", self.state().saml.companies.len()),
            name: format!("{handle} & Sons"),
            sso_url: "https://idp.example/sso".to_owned(),
            refusal: None,
        };
        self.state().saml.companies.push(company.clone());
        company
    }

    fn depart(&self, sso_url: &str, begun: Begun) -> (String, String) {
        let [relay, token] = [(); 2].map(|()| Secret::generate(&self.entropy).reveal());
        let begun = Begun { token: token.clone(), ..begun };
        let separator = if sso_url.contains('?') { '&' } else { '?' };
        let force = if begun.anew { "&ForceAuthn=true" } else { "" };
        let url = format!("{sso_url}{separator}SAMLRequest=a%2Bb%3D&RelayState={relay}{force}");
        self.state().saml.begun.insert(relay, begun);
        (url, token)
    }

    /// What a handle stands for, if the browser may finish it.
    fn ended(&self, handle: &str, browser_token: &str) -> Option<Pending> {
        let mut state = self.state();
        let pending = state.saml.pending.get(handle)?;
        let its_own = match &pending.begun {
            None => browser_token.is_empty(),
            Some(begun) => browser_token.split('.').any(|token| token == begun.token),
        };
        if its_own { state.saml.pending.remove(handle) } else { None }
    }
}

#[tonic::async_trait]
impl SamlSignInService for Neighbours {
    async fn begin_saml_sign_in(
        &self,
        request: Request<BeginSamlSignInRequest>,
    ) -> Result<Response<BeginSamlSignInResponse>, Status> {
        let (_, request) = open(request)?;
        let BeginSamlSignInRequest { identifier, continuation, force_authentication: anew, product } =
            request;
        self.state().saml.products.push(product);
        let found = self.state().saml.companies.iter().find(|it| it.handle == identifier).cloned();
        let company = found.ok_or_else(|| refused(Kind::NotFound, ErrorReason::OrganizationUnknown))?;
        if let Some(reason) = company.refusal {
            return Err(refused(Kind::Precondition, reason));
        }
        let (redirect_url, browser_token) =
            self.depart(&company.sso_url, Begun { continuation, anew, ..Begun::default() });
        Ok(Response::new(BeginSamlSignInResponse { redirect_url, browser_token }))
    }

    async fn begin_saml_test(
        &self,
        request: Request<BeginSamlTestRequest>,
    ) -> Result<Response<BeginSamlTestResponse>, Status> {
        let (_, BeginSamlTestRequest { token }) = open(request)?;
        let verdict = self.state().saml.tests.remove(&token).ok_or_else(link_invalid)?;
        let (redirect_url, browser_token) = self.depart(
            "https://idp.example/sso",
            Begun { continuation: verdict, test: true, ..Begun::default() },
        );
        Ok(Response::new(BeginSamlTestResponse { redirect_url, browser_token }))
    }

    async fn consume_saml_response(
        &self,
        request: Request<ConsumeSamlResponseRequest>,
    ) -> Result<Response<ConsumeSamlResponseResponse>, Status> {
        let (_, ConsumeSamlResponseRequest { space_key, saml_response, relay_state }) = open(request)?;
        let mut state = self.state();
        state.saml.posted.push((space_key.clone(), saml_response.clone(), relay_state.clone()));
        let company = state.saml.companies.iter().find(|it| it.space_key == space_key);
        let organization = company.ok_or_else(saml_refused)?.name.clone();
        let email = judged(&saml_response).ok_or_else(saml_refused)?;
        let begun = state.saml.begun.remove(&relay_state);
        let unsolicited = begun.is_none();
        let handle = Secret::generate(&self.entropy).reveal();
        state.saml.pending.insert(handle.clone(), Pending { email, organization, begun });
        Ok(Response::new(ConsumeSamlResponseResponse { handle, unsolicited }))
    }

    async fn get_pending_saml_sign_in(
        &self,
        request: Request<GetPendingSamlSignInRequest>,
    ) -> Result<Response<GetPendingSamlSignInResponse>, Status> {
        let (_, GetPendingSamlSignInRequest { handle }) = open(request)?;
        let found = self.state().saml.pending.get(&handle).filter(|it| it.begun.is_none()).cloned();
        let Pending { email, organization, begun: _ } = found.ok_or_else(link_invalid)?;
        Ok(Response::new(GetPendingSamlSignInResponse { organization_name: organization, email }))
    }

    async fn finish_saml_sign_in(
        &self,
        request: Request<FinishSamlSignInRequest>,
    ) -> Result<Response<FinishSamlSignInResponse>, Status> {
        let (_, FinishSamlSignInRequest { handle, browser_token, replaced_token }) = open(request)?;
        let Pending { email, begun, .. } = self.ended(&handle, &browser_token).ok_or_else(link_invalid)?;
        let Begun { token: browser_token, continuation, test, anew } = begun.unwrap_or_default();
        if test {
            let answer =
                FinishSamlSignInResponse { test_url: continuation, browser_token, ..Default::default() };
            return Ok(Response::new(answer));
        }
        let managed = |it: &&super::Someone| it.email == email && it.kind == AccountKind::Managed;
        let found = self.state().accounts.iter().find(managed).cloned();
        let someone = found.ok_or_else(|| refused(Kind::NotFound, ErrorReason::ManagedAccountUnknown))?;
        if someone.suspended {
            return Err(refused(Kind::Forbidden, ErrorReason::AccountSuspended));
        }
        self.state().sessions.remove(&replaced_token);
        Ok(Response::new(FinishSamlSignInResponse {
            session: Some(self.begin(someone.id, anew)),
            account_id: someone.id.to_string(),
            continuation,
            test_url: String::new(),
            browser_token,
        }))
    }

    async fn get_service_provider_metadata(
        &self,
        request: Request<GetServiceProviderMetadataRequest>,
    ) -> Result<Response<GetServiceProviderMetadataResponse>, Status> {
        let (_, GetServiceProviderMetadataRequest { space_key }) = open(request)?;
        let known = self.state().saml.companies.iter().any(|it| it.space_key == space_key);
        if !known {
            return Err(refused(Kind::NotFound, ErrorReason::NotFound));
        }
        let xml = format!("<EntityDescriptor entityID=\"https://pass.example/saml/{space_key}\"/>");
        Ok(Response::new(GetServiceProviderMetadataResponse { xml }))
    }
}

/// What is not the gateway's to call.
macro_rules! not_the_gateways {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        #[tonic::async_trait]
        impl ManagedAccountService for Neighbours {
            $(async fn $rpc(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented("not the gateway's"))
            })*

            async fn get_managed_invitation(
                &self,
                request: Request<GetManagedInvitationRequest>,
            ) -> Result<Response<GetManagedInvitationResponse>, Status> {
                let (_, GetManagedInvitationRequest { token }) = open(request)?;
                let found = self.state().saml.invitations.get(&token).cloned();
                found.map(Response::new).ok_or_else(link_invalid)
            }
        }
    };
}

not_the_gateways! {
    create_managed_account(CreateManagedAccountRequest) -> CreateManagedAccountResponse;
    get_managed_account(GetManagedAccountRequest) -> GetManagedAccountResponse;
    resend_managed_invitation(ResendManagedInvitationRequest) -> ResendManagedInvitationResponse;
    suspend_managed_account(SuspendManagedAccountRequest) -> SuspendManagedAccountResponse;
    resume_managed_account(ResumeManagedAccountRequest) -> ResumeManagedAccountResponse;
    delete_managed_account(DeleteManagedAccountRequest) -> DeleteManagedAccountResponse;
}

impl Neighbours {
    /// Has an invitation mailed; gives the path of its link.
    pub fn invite(&self, company: &Company, handle: &str, language: wire::Language) -> String {
        let token = Secret::generate(&self.entropy).reveal();
        let invitation = GetManagedInvitationResponse {
            organization_name: company.name.clone(),
            organization_handle: handle.to_owned(),
            name: "Hanako <b>".to_owned(),
            language: language.into(),
        };
        self.state().saml.invitations.insert(token.clone(), invitation);
        format!("/managed/invitations/{token}")
    }
}
