//! Profile images (ACC-5): a file that somebody chose becomes two small pictures of our own making. The file's pixels
//! are all that is taken over: what it calls itself, its metadata and whatever hides behind it are left.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage,
    codecs::{
        png::{CompressionType, FilterType as RowFilter, PngDecoder, PngEncoder},
        webp::WebPDecoder,
    },
    imageops::{self, FilterType},
};
use pass_types::{AccountId, Invalid};
use sha2::{Digest, Sha256};
use std::{fmt, io::Cursor, str::FromStr};

/// The largest file that is looked at, in bytes.
pub const LARGEST_FILE: usize = 1024 * 1024;
/// The most pixels that a file may have across, and down.
const MOST_ACROSS: u32 = 4096;
/// The most memory that decoding takes, in bytes: 4096 by 4096 pixels of four bytes, and some to work with.
const MOST_MEMORY: u64 = 72 * 1024 * 1024;
/// Bytes of an id.
const ID_LENGTH: usize = 24;

/// The id of an account's image, from its content and whose it is: who has not been told it does not guess it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageId([u8; ID_LENGTH]);

/// A size that images are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Beside a name.
    Small,
    /// On a profile.
    Large,
}

impl Size {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Small, Self::Large];

    /// Pixels wide and high.
    pub fn pixels(self) -> i16 {
        match self {
            Self::Small => 48,
            Self::Large => 192,
        }
    }

    /// The one of so many pixels.
    pub fn of_pixels(pixels: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|size| i32::from(size.pixels()) == pixels)
    }
}

/// A profile image, as PNG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileImage {
    small: Vec<u8>,
    large: Vec<u8>,
}

/// Why a file is no profile image.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It has more than [`LARGEST_FILE`] bytes.
    #[error("the image must be at most 1 MiB")]
    TooLarge,
    /// It is something else, or nothing.
    #[error("the image must be a PNG, JPEG or WebP")]
    Format,
    /// Too many pixels.
    #[error("the image must be at most 4096 pixels wide and high")]
    Dimensions,
    /// It can't be read to its end.
    #[error("the image is damaged or not complete")]
    Broken(#[source] ImageError),
    /// It moves.
    #[error("the image must not be animated")]
    Animated,
}

impl ProfileImage {
    /// Makes one of a file: upright, its middle, square. Takes a processor for long: up to a second.
    pub fn of_file(file: &[u8]) -> Result<Self, Unfit> {
        if file.len() > LARGEST_FILE {
            return Err(Unfit::TooLarge);
        }
        let large = square(decode(file)?);
        let small = imageops::resize(&large, px(Size::Small), px(Size::Small), FilterType::CatmullRom);
        Ok(Self { small: encode(&small)?, large: encode(&large)? })
    }

    /// The PNG of a size.
    pub fn content(&self, size: Size) -> &[u8] {
        match size {
            Size::Small => &self.small,
            Size::Large => &self.large,
        }
    }

    /// Its id as this account's image.
    pub fn id(&self, account: AccountId) -> ImageId {
        let mut hash = Sha256::new();
        hash.update(account.uuid().as_bytes());
        for size in Size::ALL {
            let content = self.content(size);
            hash.update((content.len() as u64).to_be_bytes());
            hash.update(content);
        }
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&hash.finalize()[..ID_LENGTH]);
        ImageId(id)
    }
}

fn px(size: Size) -> u32 {
    size.pixels().unsigned_abs().into()
}

/// The pixels, upright. What the file is, its first bytes say.
fn decode(file: &[u8]) -> Result<DynamicImage, Unfit> {
    let format = image::guess_format(file).map_err(|_| Unfit::Format)?;
    let moves = match format {
        ImageFormat::Jpeg => false,
        ImageFormat::Png => {
            PngDecoder::with_limits(Cursor::new(file), limits()).map_err(unfit)?.is_apng().map_err(unfit)?
        }
        ImageFormat::WebP => WebPDecoder::new(Cursor::new(file)).map_err(unfit)?.has_animation(),
        _ => return Err(Unfit::Format),
    };
    if moves {
        return Err(Unfit::Animated);
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(unfit)?;
    let (width, height) = decoder.dimensions();
    if width > MOST_ACROSS || height > MOST_ACROSS {
        return Err(Unfit::Dimensions);
    }
    if decoder.total_bytes() > MOST_MEMORY {
        return Err(Unfit::Dimensions);
    }
    // Metadata that can't be read is left like all of it.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(unfit)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_ACROSS);
    limits.max_image_height = Some(MOST_ACROSS);
    limits.max_alloc = Some(MOST_MEMORY);
    limits
}

fn unfit(error: ImageError) -> Unfit {
    match error {
        ImageError::Limits(_) => Unfit::Dimensions,
        error => Unfit::Broken(error),
    }
}

/// The middle of a picture, in the large size.
fn square(image: DynamicImage) -> RgbaImage {
    let (width, height) = (image.width(), image.height());
    let side = width.min(height);
    let middle = image.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    drop(image);
    // In two steps: averaging is quick however large it is, and the last step is the fine one.
    let middle = if side > 4 * px(Size::Large) {
        middle.thumbnail_exact(2 * px(Size::Large), 2 * px(Size::Large))
    } else {
        middle
    };
    imageops::resize(&middle.into_rgba8(), px(Size::Large), px(Size::Large), FilterType::CatmullRom)
}

fn encode(image: &RgbaImage) -> Result<Vec<u8>, Unfit> {
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Default, RowFilter::Adaptive);
    image.write_with_encoder(encoder).map_err(Unfit::Broken)?;
    Ok(png)
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for ImageId {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut id = [0; ID_LENGTH];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut id) {
            Ok(ID_LENGTH) => Ok(Self(id)),
            _ => Err(Invalid("must be the id of an image")),
        }
    }
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
