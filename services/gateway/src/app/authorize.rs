//! Authorization: from a client's request to its code, over a sign-in where one is needed.

use crate::{
    app::{Fault, Gateway},
    domain::{
        authorization::{Flow, Nowhere, Parameters, Prompt, Refusal, Request, Return, Step, client_id},
        client::Client,
    },
    grpc::Session,
    store::{self, codes::Issued},
};
use pass_types::Secret;
use url::Url;
use uuid::Uuid;

/// What the browser is to do next.
#[derive(Debug)]
pub enum Next {
    /// Go back to the client, with a code or an error.
    Return(Url),
    /// Sign in; then the flow goes on.
    SignIn(Uuid),
}

/// Why there is no next.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// The request is answered by a page and never by a redirect.
    #[error(transparent)]
    Nowhere(#[from] Nowhere),
    /// There is no such flow, or not any more.
    #[error("the sign-in took too long, or was never begun")]
    FlowOver,
    /// Something of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for AuthorizeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Gateway {
    /// Takes an authorization request from a browser that may be signed in. Everything wrong with it is told
    /// to the client, once it is known who and where the client is.
    pub async fn authorize(
        &self,
        parameters: &Parameters,
        session: Option<&Session>,
    ) -> Result<Next, AuthorizeError> {
        let client = self.client(&client_id(parameters)?).await?.ok_or(Nowhere::UnknownClient)?;
        let back = Return::of(parameters, &client)?;
        let request = match Request::parse(parameters, &client, back.clone()) {
            Ok(request) => request,
            Err(refusal) => return Ok(self.refuse(&back, &refusal)),
        };
        let now = self.clock.now();
        let flow = Flow { id: self.entropy.uuid(now), request, create_time: now };
        let next = self.next(&client, &flow, session).await?;
        if matches!(next, Next::SignIn(_)) {
            let mut connection = self.pool.acquire().await?;
            store::flows::insert(&mut connection, &flow, now + self.terms.flow_life).await?;
        }
        Ok(next)
    }

    /// Keeps a request whose browser did not show its cookies (a form post from the client's site), to go
    /// on after a redirect of our own.
    pub async fn park(&self, parameters: &Parameters) -> Result<Next, AuthorizeError> {
        let client = self.client(&client_id(parameters)?).await?.ok_or(Nowhere::UnknownClient)?;
        let back = Return::of(parameters, &client)?;
        let request = match Request::parse(parameters, &client, back.clone()) {
            Ok(request) => request,
            Err(refusal) => return Ok(self.refuse(&back, &refusal)),
        };
        // A flow has no memory of "never a page"; nobody could have been signed in here anyway.
        if request.prompt == Prompt::Never {
            return Ok(self.refuse(&back, &Refusal::LOGIN_REQUIRED));
        }
        let now = self.clock.now();
        let flow = Flow { id: self.entropy.uuid(now), request, create_time: now };
        store::flows::insert(&mut *self.pool.acquire().await?, &flow, now + self.terms.flow_life).await?;
        Ok(Next::SignIn(flow.id))
    }

    /// Goes on with a flow.
    pub async fn resume(&self, flow: Uuid, session: Option<&Session>) -> Result<Next, AuthorizeError> {
        let (flow, client) = self.flow(flow).await?;
        self.next(&client, &flow, session).await
    }

    /// A flow that is not over, and whose it is.
    pub async fn flow(&self, id: Uuid) -> Result<(Flow, Client), AuthorizeError> {
        let mut connection = self.pool.acquire().await?;
        let flow = store::flows::find(&mut connection, id, self.clock.now()).await?;
        let flow = flow.ok_or(AuthorizeError::FlowOver)?;
        let client = store::clients::find(&mut connection, &flow.request.client).await?;
        let client = client.ok_or(AuthorizeError::FlowOver)?;
        // What was registered when the request came may not be any more.
        client.redirect_uri(flow.request.back.redirect_uri.as_str()).ok_or(Nowhere::UnknownRedirectUri)?;
        Ok((flow, client))
    }

    async fn next(
        &self,
        client: &Client,
        flow: &Flow,
        session: Option<&Session>,
    ) -> Result<Next, AuthorizeError> {
        match (flow.next(session.map(|it| it.auth_time), self.clock.now()), session) {
            (Step::Issue, Some(session)) => {
                Ok(Next::Return(self.issue(client, &flow.request, session).await?))
            }
            (Step::LoginRequired, _) => Ok(self.refuse(&flow.request.back, &Refusal::LOGIN_REQUIRED)),
            (Step::SignIn | Step::Issue, _) => Ok(Next::SignIn(flow.id)),
        }
    }

    /// Issues a code to a signed-in person. Whether they are a member of the organization that the client
    /// asked for is decided here, and again when the code is redeemed.
    async fn issue(&self, client: &Client, request: &Request, session: &Session) -> Result<Url, Fault> {
        let product = client.audience.product();
        let membership =
            self.organizations.membership(session.account, request.organization, product).await?;
        if request.organization.is_some() && membership.is_none() {
            return Ok(request.back.with_refusal(&Refusal::NOT_A_MEMBER, &self.terms.issuer));
        }
        let now = self.clock.now();
        let code = Secret::generate(&self.entropy);
        let issued = Issued {
            account: session.account,
            session: session.id,
            auth_time: session.auth_time,
            organization: membership.map(|it| it.organization),
            create_time: now,
            expire_time: now + self.terms.code_life,
        };
        let mut connection = self.pool.acquire().await?;
        store::codes::insert(&mut connection, &code.hash(), request, &issued).await?;
        Ok(request.back.with_code(&code.reveal(), &self.terms.issuer))
    }

    fn refuse(&self, back: &Return, refusal: &Refusal) -> Next {
        tracing::info!(error.reason = refusal.code, error = refusal.description, "refused");
        Next::Return(back.with_refusal(refusal, &self.terms.issuer))
    }
}
