//! Signing out because a client asks for it (`OpenID` Connect RP-Initiated Logout 1.0).

use crate::{
    app::{Fault, Gateway},
    domain::{authorization::Parameters, client::Client},
    grpc::Session,
};
use pass_types::Origin;
use url::Url;

/// A client's wish that its person signs out, as far as it is in order.
#[derive(Debug, Default)]
pub struct Wish {
    /// Where to go afterwards: one of the client's, exactly.
    pub afterwards: Option<Url>,
    /// The client showed that it knows this very session.
    pub of_session: Option<pass_types::SessionId>,
    /// Who asks.
    pub client: Option<Client>,
}

/// Why a wish is answered by a page that says so.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// The hint is not an ID token of ours.
    #[error("the id_token_hint is not one of ours")]
    Hint,
    /// Client and hint don't fit, or there is no such client.
    #[error("the client is not known, or the hint is another's")]
    Client,
    /// Not one of the client's.
    #[error("the post-logout redirect URI is not one of the client's")]
    Address,
    /// Something of ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Gateway {
    /// Judges what a client wants. Nothing is ended here.
    pub async fn logout_wish(&self, parameters: &Parameters) -> Result<Wish, WishError> {
        let hint =
            parameters.get("id_token_hint").map(|hint| self.read_id_token(hint).ok_or(WishError::Hint));
        let hint = hint.transpose()?;
        let said = parameters.get("client_id");
        if let (Some(hint), Some(said)) = (&hint, said)
            && hint.aud != said
        {
            return Err(WishError::Client);
        }
        let id = hint.as_ref().map(|hint| hint.aud.as_str()).or(said);
        let client = match id {
            None => None,
            Some(id) => {
                let id = id.parse().map_err(|_| WishError::Client)?;
                Some(self.client(&id).await.map_err(Fault::from)?.ok_or(WishError::Client)?)
            }
        };
        let afterwards = match (parameters.get("post_logout_redirect_uri"), &client) {
            (None, _) => None,
            (Some(text), Some(client)) => {
                let mut url = client.post_logout_uri(text).ok_or(WishError::Address)?.url();
                if let Some(state) = parameters.get("state") {
                    url.query_pairs_mut().append_pair("state", state);
                }
                Some(url)
            }
            (Some(_), None) => return Err(WishError::Address),
        };
        Ok(Wish { afterwards, of_session: hint.map(|hint| hint.sid), client })
    }

    /// Ends the browser's session, everywhere. What follows from it is done at once here and, by
    /// identity's event, once more.
    pub async fn sign_out(
        &self,
        origin: &Origin,
        token: &str,
        session: Option<&Session>,
    ) -> Result<(), Fault> {
        self.identity.sign_out(origin, token).await?;
        if let Some(session) = session {
            let mut tx = self.pool.begin().await?;
            self.session_ended(&mut tx, session.account, session.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
