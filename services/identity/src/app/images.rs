//! The owner's image (ACC-5). Decoding takes a processor and memory for long, so it happens on blocking threads, one at
//! a time, outside of any transaction; more than a short queue of it is turned away, and so is who does it again and again.

use super::{Identity, Owner, database_kind};
use crate::{
    domain::{
        account::Account,
        image::{ImageId, ProfileImage, Size, Unfit},
    },
    events::{self, ByCaller},
    store,
};
use pass_mesh::Problem;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Invalid, Kind, Violation};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// So many files may wait for their turn: the largest one takes half a second, and a caller waits for five.
const QUEUE: usize = 8;

/// Where files are decoded.
pub struct Decoding {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

impl Default for Decoding {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(QUEUE + 1)), turn: Arc::new(Semaphore::new(1)) }
    }
}

/// Why an image was not taken or shown.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The account, or the image, is gone.
    #[error("there is no such image")]
    NotFound,
    /// The file is none that can be taken.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// This person did lately.
    #[error("the image was changed too often; wait a while, then try again")]
    TooOften(Duration),
    /// Too many people change their image at this moment.
    #[error("too many images are being read; try again")]
    Busy,
    /// The process is stopping, or the thread crashed.
    #[error("the image could not be read to its end")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The database failed.
    #[error("keeping the image")]
    Database(#[from] sqlx::Error),
}

impl Decoding {
    async fn run(&self, file: Vec<u8>) -> Result<ProfileImage, ImageError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| ImageError::Busy)?;
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| ImageError::Busy)?;
        let held = (place, turn);
        // The turn is over when the thread is through, whether or not somebody waits for it still.
        let decode = move || (ProfileImage::of_file(&file), held);
        let (image, _held) = tokio::task::spawn_blocking(decode).await?;
        Ok(image?)
    }
}

impl Identity {
    /// Makes the owner's image of a file; what the account is afterwards.
    pub async fn set_image(&self, owner: &Owner<'_>, file: Vec<u8>) -> Result<Account, ImageError> {
        let (now, account) = (self.clock.now(), owner.account.to_string());
        let (by_account, limit) = (self.subject("image", &account), self.rules.images_per_account);
        if !store::throttles::take(&mut *self.pool.acquire().await?, &by_account, limit, now).await? {
            return Err(ImageError::TooOften(limit.one().unsigned_abs()));
        }
        let image = match self.decoding.run(file).await {
            Err(busy @ ImageError::Busy) => {
                // It was not looked at.
                store::throttles::give_back(&mut *self.pool.acquire().await?, &by_account, limit, now)
                    .await?;
                return Err(busy);
            }
            Err(unfit @ ImageError::Unfit(_)) => {
                let refused = events::image_refused(owner.account, unfit.reason());
                self.tell(refused.by_caller(owner.caller)).await?;
                return Err(unfit);
            }
            image => image?,
        };
        let id = image.id(owner.account);
        self.change_image(owner, Some((id, &image))).await
    }

    /// Takes the owner's image away; what the account is afterwards.
    pub async fn remove_image(&self, owner: &Owner<'_>) -> Result<Account, ImageError> {
        self.change_image(owner, None).await
    }

    async fn change_image(
        &self,
        owner: &Owner<'_>,
        image: Option<(ImageId, &ProfileImage)>,
    ) -> Result<Account, ImageError> {
        let mut tx = self.pool.begin().await?;
        let before = store::accounts::lock(&mut tx, owner.account).await?.ok_or(ImageError::NotFound)?;
        let Some(account) = before.clone().with_image(image.map(|(id, _)| id)) else { return Ok(before) };
        match image {
            Some((id, image)) => store::images::replace(&mut tx, account.id, id, image).await?,
            None => store::images::remove(&mut tx, account.id).await?,
        }
        store::accounts::set_image(&mut tx, &account).await?;
        let changed = events::account_changed(account.id, &["image"]);
        self.outbox.publish(&mut tx, changed.by_caller(owner.caller)).await?;
        tx.commit().await?;
        Ok(account)
    }

    /// An image's PNG, for whoever was told its id.
    pub async fn image(&self, id: ImageId, size: Size) -> Result<Vec<u8>, ImageError> {
        let mut db = self.pool.acquire().await?;
        store::images::content(&mut db, id, size).await?.ok_or(ImageError::NotFound)
    }
}

impl Problem for ImageError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Unfit(_) => Kind::InvalidInput,
            Self::Busy | Self::TooOften(_) => Kind::RateLimited,
            Self::Interrupted(_) => Kind::Internal,
            Self::Database(error) => database_kind(error).0,
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::NotFound => ErrorReason::NotFound,
            Self::Unfit(Unfit::TooLarge) => ErrorReason::ImageTooLarge,
            Self::Unfit(Unfit::Format) => ErrorReason::ImageFormat,
            Self::Unfit(Unfit::Dimensions) => ErrorReason::ImageDimensions,
            Self::Unfit(Unfit::Broken(_)) => ErrorReason::ImageBroken,
            Self::Unfit(Unfit::Animated) => ErrorReason::ImageAnimated,
            Self::Busy | Self::TooOften(_) => ErrorReason::RateLimited,
            Self::Interrupted(_) => ErrorReason::Internal,
            Self::Database(error) => database_kind(error).1,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let problem = match self {
            Self::Unfit(Unfit::TooLarge) => "must be at most 1 MiB",
            Self::Unfit(Unfit::Format) => "must be a PNG, JPEG or WebP",
            Self::Unfit(Unfit::Dimensions) => "must be at most 4096 pixels wide and high",
            Self::Unfit(Unfit::Broken(_)) => "is damaged or not complete",
            Self::Unfit(Unfit::Animated) => "must not be animated",
            _ => return Vec::new(),
        };
        vec![Invalid(problem).of("image")]
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
            Self::TooOften(wait) => Some(*wait),
            _ => None,
        }
    }
}
