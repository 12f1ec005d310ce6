//! Authorization: from a client's request to its code, over a sign-in where one is needed.

use crate::{
    app::{Fault, Gateway},
    domain::{
        authorization::{
            Flow, Nowhere, Parameters, Prompt, Refusal, Request, Return, SignedIn, Step, client_id,
        },
        client::{Client, RegisteredUri},
    },
    grpc::Session,
    store::{self, codes::Issued},
};
use pass_types::{Secret, SecretHash, SessionId};
use url::Url;
use uuid::Uuid;

/// What the browser is to do next.
#[derive(Debug)]
pub enum Next {
    /// Go back to the client, with a code or an error.
    Return(Url),
    /// Sign in; then the flow, which is to be kept, goes on.
    SignIn(Box<Flow>),
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
        let flow = Flow { id: self.entropy.uuid(now), request, create_time: now, session: None };
        self.next(&client, flow, session, false).await
    }

    /// Keeps a flow for a browser, or for the first one that goes on with it.
    pub async fn keep_flow(&self, flow: &Flow, browser: Option<&SecretHash>) -> Result<(), AuthorizeError> {
        let mut connection = self.pool.acquire().await?;
        let end = flow.create_time + self.terms.flow_life;
        Ok(store::flows::insert(&mut connection, flow, browser, end).await?)
    }

    /// Takes a request whose browser did not show its cookies (a form post from the client's site), to go on
    /// after a redirect of our own.
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
        let flow = Flow { id: self.entropy.uuid(now), request, create_time: now, session: None };
        Ok(Next::SignIn(Box::new(flow)))
    }

    /// Goes on with a flow of the browser's.
    pub async fn resume(
        &self,
        flow: Uuid,
        browser: &SecretHash,
        session: Option<&Session>,
    ) -> Result<Next, AuthorizeError> {
        store::flows::claim(&mut *self.pool.acquire().await?, flow, browser).await?;
        let (flow, client) = self.flow(flow, browser).await?;
        self.next(&client, flow, session, true).await
    }

    /// Notes that somebody signed in in a flow of the browser's.
    pub async fn signed_in(
        &self,
        flow: Uuid,
        browser: &SecretHash,
        session: SessionId,
    ) -> Result<bool, Fault> {
        Ok(store::flows::signed_in(&mut *self.pool.acquire().await?, flow, browser, session).await?)
    }

    /// Notes that somebody asked for an account in a flow of the browser's: it waits for them.
    pub async fn sign_up_requested(&self, flow: Uuid, browser: &SecretHash) -> Result<(), Fault> {
        let end = self.clock.now() + self.terms.sign_up_life;
        Ok(store::flows::extend(&mut *self.pool.acquire().await?, flow, browser, end).await?)
    }

    /// Notes that somebody asked for another password in a flow of the browser's: it waits for them.
    pub async fn reset_requested(&self, flow: Uuid, browser: &SecretHash) -> Result<(), Fault> {
        let end = self.clock.now() + self.terms.reset_life;
        Ok(store::flows::extend(&mut *self.pool.acquire().await?, flow, browser, end).await?)
    }

    /// Gives a flow to the browser in which the sign-up that began in it was just completed: who has the
    /// mail's link may open it in another one. `flow` is what identity gave back, and nothing that a browser
    /// said. `false`: the flow is over.
    pub async fn signed_up(
        &self,
        flow: Uuid,
        browser: &SecretHash,
        session: SessionId,
    ) -> Result<bool, Fault> {
        let now = self.clock.now();
        Ok(store::flows::signed_up(&mut *self.pool.acquire().await?, flow, browser, session, now).await?)
    }

    /// Where a flow leads to, in whichever browser, and what its client is called; `None`: it is over.
    pub async fn leads_to(&self, flow: Uuid) -> Result<Option<(RegisteredUri, String)>, Fault> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::flows::destination(&mut connection, flow, self.clock.now()).await?)
    }

    /// A flow of the browser's that is not over, and which client's it is.
    pub async fn flow(&self, id: Uuid, browser: &SecretHash) -> Result<(Flow, Client), AuthorizeError> {
        let mut connection = self.pool.acquire().await?;
        let flow = store::flows::find(&mut connection, id, browser, self.clock.now()).await?;
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
        flow: Flow,
        session: Option<&Session>,
        kept: bool,
    ) -> Result<Next, AuthorizeError> {
        let signed_in = session.map(|it| SignedIn { session: it.id, at: it.auth_time, anew: it.anew });
        match (flow.next(signed_in, self.clock.now()), session) {
            (Step::Issue, Some(session)) => self.issue(client, &flow, session, kept).await,
            (Step::LoginRequired, _) => Ok(self.refuse(&flow.request.back, &Refusal::LOGIN_REQUIRED)),
            (Step::SignIn | Step::Issue, _) => Ok(Next::SignIn(Box::new(flow))),
        }
    }

    /// Issues a code to a signed-in person, which ends the flow. Whether they are a member of the organization
    /// that the client asked for is decided here, and again when the code is redeemed.
    async fn issue(
        &self,
        client: &Client,
        flow: &Flow,
        session: &Session,
        kept: bool,
    ) -> Result<Next, AuthorizeError> {
        let (request, product) = (&flow.request, client.audience.product());
        let membership = self.organizations.membership(session.account, request.organization, product).await;
        let membership = membership.map_err(Fault::from)?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if kept && !store::flows::consume(&mut tx, flow.id, now).await? {
            return Err(AuthorizeError::FlowOver);
        }
        if request.organization.is_some() && membership.is_none() {
            tx.commit().await?;
            return Ok(self.refuse(&request.back, &Refusal::NOT_A_MEMBER));
        }
        let code = Secret::generate(&self.entropy);
        let issued = Issued {
            account: session.account,
            session: session.id,
            auth_time: session.auth_time,
            organization: membership.map(|it| it.organization),
            create_time: now,
            expire_time: now + self.terms.code_life,
        };
        store::codes::insert(&mut tx, &code.hash(), request, &issued).await?;
        tx.commit().await?;
        Ok(Next::Return(request.back.with_code(&code.reveal(), &self.terms.issuer)))
    }

    fn refuse(&self, back: &Return, refusal: &Refusal) -> Next {
        tracing::info!(error.reason = refusal.code, error = refusal.description, "refused");
        Next::Return(back.with_refusal(refusal, &self.terms.issuer))
    }
}
