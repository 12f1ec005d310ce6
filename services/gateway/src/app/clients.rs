//! Clients: registered by an operator (API-6), known by their secret or, when public, by nothing but what
//! they registered.

use crate::{
    app::{Gateway, TokenError},
    domain::client::{Audience, Client, RegisteredUri},
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
    /// Has a secret.
    pub confidential: bool,
    /// Where codes may be sent, at least one.
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after signing out.
    pub post_logout_uris: Vec<String>,
    /// Where the client hears that a session ended.
    pub back_channel_logout_uri: Option<String>,
}

/// Why a client could not be registered, or its secret not be changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Something is malformed.
    #[error("registering a client")]
    Invalid(#[source] Violation),
    /// The id is taken.
    #[error("there is a client {0} already")]
    Taken(ClientId),
    /// There is no such client, or it has no secret because it is public.
    #[error("there is no confidential client {0}")]
    Unknown(ClientId),
    /// The database.
    #[error("saving the client")]
    Store(#[from] sqlx::Error),
}

impl Problem for ClientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::InvalidInput,
            Self::Taken(_) => Kind::AlreadyExists,
            Self::Unknown(_) => Kind::NotFound,
            Self::Store(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Invalid(_) | Self::Taken(_) => ErrorReason::InvalidArgument,
            Self::Unknown(_) => ErrorReason::NotFound,
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

/// Registers a client; called by `pass client add`. The secret of a confidential one is given here once and
/// never again.
pub async fn register(
    pool: &PgPool,
    outbox: &Outbox,
    entropy: &Entropy,
    now: OffsetDateTime,
    registration: &Registration,
) -> Result<Option<Secret>, ClientError> {
    let client = parse(registration).map_err(ClientError::Invalid)?;
    let secret = client.confidential.then(|| Secret::generate(entropy));
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

/// Gives a confidential client a second secret beside the newest one; an older one ends.
pub async fn add_secret(
    pool: &PgPool,
    entropy: &Entropy,
    now: OffsetDateTime,
    id: &ClientId,
) -> Result<Secret, ClientError> {
    let secret = Secret::generate(entropy);
    let mut tx = pool.begin().await?;
    let client = store::clients::find(&mut tx, id).await?;
    if !client.is_some_and(|client| client.confidential) {
        return Err(ClientError::Unknown(id.clone()));
    }
    store::clients::add_secret(&mut tx, id, &secret.hash(), now).await?;
    tx.commit().await?;
    Ok(secret)
}

fn parse(registration: &Registration) -> Result<Client, Violation> {
    let Registration {
        client_id,
        name,
        audience,
        confidential,
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
    let back_channel = back_channel_logout_uri.as_deref().map(str::parse).transpose();
    Ok(Client {
        id: client_id.parse().map_err(|invalid: Invalid| invalid.of("client_id"))?,
        name: name.to_owned(),
        audience: audience.parse::<Audience>().map_err(|invalid| invalid.of("audience"))?,
        confidential: *confidential,
        redirect_uris: uris(redirect_uris, "redirect_uris")?,
        post_logout_uris: uris(post_logout_uris, "post_logout_uris")?,
        back_channel_logout_uri: back_channel
            .map_err(|invalid: Invalid| invalid.of("back_channel_logout_uri"))?,
    })
}

/// How a client says who it is.
pub struct Credentials {
    /// Its `client_id`.
    pub id: String,
    /// Its secret, if it showed one.
    pub secret: Option<String>,
}

impl Gateway {
    /// The client that these credentials prove. A public client has no secret and may not show one.
    pub async fn authenticate(&self, credentials: &Credentials) -> Result<Client, TokenError> {
        let id: ClientId = credentials.id.parse().map_err(|_| TokenError::client())?;
        let mut connection = self.pool.acquire().await?;
        let client = store::clients::find(&mut connection, &id).await?.ok_or_else(TokenError::client)?;
        let proved = match (&credentials.secret, client.confidential) {
            (None, false) => true,
            (Some(secret), true) => match secret.parse::<Secret>() {
                Ok(secret) => store::clients::has_secret(&mut connection, &id, &secret.hash()).await?,
                Err(_) => false,
            },
            _ => false,
        };
        if proved { Ok(client) } else { Err(TokenError::client()) }
    }

    /// A client by its id.
    pub async fn client(&self, id: &ClientId) -> Result<Option<Client>, sqlx::Error> {
        store::clients::find(&mut *self.pool.acquire().await?, id).await
    }

    /// All redirect URIs of all clients.
    pub async fn redirect_uris(&self) -> Result<Vec<RegisteredUri>, sqlx::Error> {
        store::clients::redirect_uris(&mut *self.pool.acquire().await?).await
    }
}
