//! Signing out: here, and then at the gateway (`OpenID` Connect RP-Initiated Logout 1.0).

use super::{SessionError, Sessions};
use pass_types::Secret;
use url::Url;

impl Sessions {
    /// Ends the session of a cookie here. Where to send the browser, so that it ends at the gateway too.
    pub async fn sign_out(&self, cookie: Option<&Secret>) -> Result<Url, SessionError> {
        let mut hint = None;
        if let Some(cookie) = cookie {
            if let Some(row) = self.find(cookie).await? {
                hint = self.open(&row).ok().map(|tokens| tokens.id);
            }
            self.forget(cookie).await?;
        }
        let metadata = self.provider.metadata().await.map_err(SessionError::Provider)?;
        let mut location = metadata.end_session_endpoint.clone();
        location
            .query_pairs_mut()
            .append_pair("client_id", &self.provider.relying().client_id)
            .append_pair("post_logout_redirect_uri", &self.signed_out_uri);
        if let Some(hint) = hint {
            location.query_pairs_mut().append_pair("id_token_hint", &hint);
        }
        Ok(location)
    }
}
