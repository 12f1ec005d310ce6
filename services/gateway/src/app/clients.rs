//! Clients, as an operator registers them and changes how they prove who they are (API-6).

use crate::{
    app::Gateway,
    domain::{
        client::{Audience, Authentication, Client, RegisteredUri},
        client_keys::ClientKeys,
    },
    events, store,
};
use pass_events::Outbox;
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{ClientId, Entropy, Invalid, Kind, Secret, Violation};
use sqlx::PgPool;
use time::OffsetDateTime;

/// What an operator says of a new client, as typed.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// 1-64 of `[a-z0-9-]`.
    pub client_id: String,
    /// For people: 1-100 characters.
    pub name: String,
    /// "pass" for the console, else the product's name in the mesh.
    pub audience: String,
    /// Proves who it is: by a secret, or by keys if it has some.
    pub confidential: bool,
    /// Its public keys, a JWK Set; only of a confidential one, which gets no secret then.
    pub jwks: Option<String>,
    /// Where codes may be sent, at least one.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after signing out.
    pub post_logout_uris: Vec<String>,
    /// Where the client hears that a session ended.
    pub back_channel_logout_uri: Option<String>,
}

/// Why a client could not be registered, or what it proves itself with not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Something is malformed.
    #[error("registering a client")]
    Invalid(#[source] Violation),
    /// The id is taken.
    #[error("there is a client {0} already")]
    Taken(ClientId),
    /// There is no such client, or it has no secret because it is public or has keys.
    #[error("there is no client {0} with a secret")]
    WithoutSecret(ClientId),
    /// There is no such client, or it has no keys.
    #[error("there is no client {0} with keys")]
    WithoutKeys(ClientId),
    /// The database.
    #[error("saving the client")]
    Store(#[from] sqlx::Error),
}

impl Problem for ClientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::InvalidInput,
            Self::Taken(_) => Kind::AlreadyExists,
            Self::WithoutSecret(_) | Self::WithoutKeys(_) => Kind::NotFound,
            Self::Store(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(_) | Self::Taken(_) => ErrorReason::InvalidArgument,
            Self::WithoutSecret(_) | Self::WithoutKeys(_) => ErrorReason::NotFound,
            Self::Store(_) => ErrorReason::Internal,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violation) => vec![violation.clone()],
            _ => Vec::new(),
        }
    }
}

/// Registers a client; called by `pass client add`. The secret of a confidential one without keys is given
/// here once and never again.
pub async fn register(
    pool: &PgPool,
    outbox: &Outbox,
    entropy: &Entropy,
    now: OffsetDateTime,
    registration: &Registration,
) -> Result<Option<Secret>, ClientError> {
    let client = parse(registration).map_err(ClientError::Invalid)?;
    let with_secret = matches!(client.authentication, Authentication::Secret);
    let secret = with_secret.then(|| Secret::generate(entropy));
    let mut tx = pool.begin().await?;
    if !store::clients::insert(&mut tx, &client, now).await? {
        return Err(ClientError::Taken(client.id));
    }
    if let Some(secret) = &secret {
        store::clients::add_secret(&mut tx, &client.id, &secret.hash(), now).await?;
    }
    outbox.publish(&mut tx, events::client_registered(&client.id)).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Gives a client that has a secret a second one beside the newest; an older one ends.
pub async fn add_secret(
    pool: &PgPool,
    outbox: &Outbox,
    entropy: &Entropy,
    now: OffsetDateTime,
    id: &ClientId,
) -> Result<Secret, ClientError> {
    let secret = Secret::generate(entropy);
    let mut tx = pool.begin().await?;
    let client = store::clients::find(&mut tx, id).await?;
    if !client.is_some_and(|client| matches!(client.authentication, Authentication::Secret)) {
        return Err(ClientError::WithoutSecret(id.clone()));
    }
    store::clients::add_secret(&mut tx, id, &secret.hash(), now).await?;
    outbox.publish(&mut tx, events::client_secret_added(id)).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Gives a client that has keys others instead: for changing one without a gap, the old and the new one
/// first, and later the new one alone.
pub async fn replace_keys(
    pool: &PgPool,
    outbox: &Outbox,
    id: &ClientId,
    jwks: &str,
) -> Result<(), ClientError> {
    let keys = keys(jwks).map_err(ClientError::Invalid)?;
    let mut tx = pool.begin().await?;
    if !store::clients::replace_keys(&mut tx, id, &keys).await? {
        return Err(ClientError::WithoutKeys(id.clone()));
    }
    outbox.publish(&mut tx, events::client_keys_replaced(id)).await?;
    tx.commit().await?;
    Ok(())
}

fn keys(jwks: &str) -> Result<ClientKeys, Violation> {
    jwks.parse().map_err(|invalid: Invalid| invalid.of("jwks"))
}

fn parse(registration: &Registration) -> Result<Client, Violation> {
    let Registration {
        client_id,
        name,
        audience,
        confidential,
        jwks,
        redirect_uris,
        post_logout_uris,
        back_channel_logout_uri,
    } = registration;
    let uris = |texts: &[String], field: &'static str| {
        let uris = texts.iter().map(|text| text.parse::<RegisteredUri>()).collect::<Result<Vec<_>, _>>();
        match uris {
            Ok(uris) if uris.len() <= 20 => Ok(uris),
            Ok(_) => Err(Invalid("must be at most 20").of(field)),
            Err(invalid) => Err(invalid.of(field)),
        }
    };
    if redirect_uris.is_empty() {
        return Err(Invalid("must be at least one").of("redirect_uris"));
    }
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Invalid("must be 1-100 characters long").of("name"));
    }
    let authentication = match (confidential, jwks) {
        (true, Some(jwks)) => Authentication::Keys(keys(jwks)?),
        (true, None) => Authentication::Secret,
        (false, None) => Authentication::None,
        (false, Some(_)) => return Err(Invalid("must not be given for a public client").of("jwks")),
    };
    let back_channel = back_channel_logout_uri.as_deref().map(str::parse).transpose();
    Ok(Client {
        id: client_id.parse().map_err(|invalid: Invalid| invalid.of("client_id"))?,
        name: name.to_owned(),
        audience: audience.parse::<Audience>().map_err(|invalid| invalid.of("audience"))?,
        authentication,
        redirect_uris: uris(redirect_uris, "redirect_uris")?,
        post_logout_uris: uris(post_logout_uris, "post_logout_uris")?,
        back_channel_logout_uri: back_channel
            .map_err(|invalid: Invalid| invalid.of("back_channel_logout_uri"))?,
    })
}

impl Gateway {
    /// A client by its id.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, sqlx::Error> {
        store::clients::find(&mut *self.pool.acquire().await?, id).await
    }
}
