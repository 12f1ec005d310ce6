//! Which client it is that calls: by its secret or by an assertion, or, when it is public, by nothing but
//! what it registered.

use crate::{
    app::{Gateway, TokenError},
    domain::{
        assertion,
        client::{Authentication, Client},
        client_keys::ClientKeys,
    },
    store,
};
use pass_types::{ClientId, Secret};
use sqlx::PgConnection;

/// How a client says who it is.
pub struct Credentials {
    /// Its `client_id`.
    pub id: String,
    /// What it shows for it.
    pub proof: Proof,
}

/// What a client shows: one thing, or nothing.
pub enum Proof {
    /// Nothing.
    None,
    /// A secret.
    Secret(String),
    /// A client assertion.
    Assertion(String),
}

impl Gateway {
    /// The client that these credentials prove: in the way that it registered, and no other.
    pub async fn authenticate(&self, credentials: &Credentials) -> Result<Client, TokenError> {
        let id: ClientId = credentials.id.parse().map_err(|_| TokenError::client())?;
        let mut connection = self.pool.acquire().await?;
        let client = store::clients::find(&mut connection, &id).await?.ok_or_else(TokenError::client)?;
        let proved = match (&credentials.proof, &client.authentication) {
            (Proof::None, Authentication::None) => true,
            (Proof::Secret(secret), Authentication::Secret) => match secret.parse::<Secret>() {
                Ok(secret) => store::clients::has_secret(&mut connection, &id, &secret.hash()).await?,
                Err(_) => false,
            },
            (Proof::Assertion(assertion), Authentication::Keys(keys)) => {
                self.take_assertion(&mut connection, &id, keys, assertion).await?
            }
            _ => false,
        };
        if proved { Ok(client) } else { Err(TokenError::client()) }
    }

    /// Whether an assertion is good, and is used for the first time.
    async fn take_assertion(
        &self,
        connection: &mut PgConnection,
        client: &ClientId,
        keys: &ClientKeys,
        assertion: &str,
    ) -> sqlx::Result<bool> {
        let issuer = &self.terms.issuer;
        let assertion = match assertion::judge(assertion, client, keys, issuer, self.clock.now()) {
            Ok(assertion) => assertion,
            Err(refused) => {
                let error = &refused as &dyn std::error::Error;
                tracing::info!(client.id = %client, error, "a client assertion is refused");
                return Ok(false);
            }
        };
        let first = store::assertions::take(connection, client, &assertion).await?;
        if !first {
            tracing::info!(client.id = %client, "a client assertion was used before");
        }
        Ok(first)
    }
}
