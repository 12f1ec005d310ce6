//! Files as they are and as somebody may make them (ACC-5). The small ones were made by another program (Pillow).

use super::*;
use image::{
    ExtendedColorType, GenericImageView, ImageEncoder, Rgba, codecs::jpeg::JpegEncoder,
    codecs::webp::WebPEncoder,
};
use pass_types::Entropy;
use std::{io::Write, time::Duration};
use time::OffsetDateTime;
use tokio::time::Instant;

/// A JPEG as printers want it: magenta and yellow, which is red.
const CMYK: &str = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCeo6ut\
     q2eAvMm6pseZqKuk/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIB\
     AwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZH\
     SElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV\
     1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDpq5muZrpqKKKKKKKKKKKK/9k=";

/// A JPEG, red at the left and blue at the right, that says "turn me clockwise" and who took it.
const EXIF: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/4QBERXhpZgAATU0AKgAAAAgAAgEOAAIAAAAWAAAAJgESAAMAAAABAAYAAAAAAAB0YWtlbiBh\
     dCBob21lIGJ5IFRhcm8A/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+\
     WmFaUGBKUVJP/9sAQwEODg4TERMmFRUmTzUtNU9PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09P\
     T09P/8AAEQgAEAAgAwERAAIRAQMRAf/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAAB\
     fQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpj\
     ZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn\
     6Onq8fLz9PX29/j5+v/EAB8BAAMBAQEBAQEBAQEAAAAAAAABAgMEBQYHCAkKC//EALURAAIBAgQEAwQHBQQEAAECdwABAgMRBAUh\
     MQYSQVEHYXETIjKBCBRCkaGxwQkjM1LwFWJy0QoWJDThJfEXGBkaJicoKSo1Njc4OTpDREVGR0hJSlNUVVZXWFlaY2RlZmdoaWpz\
     dHV2d3h5eoKDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uLj5OXm5+jp6vLz9PX2\
     9/j5+v/aAAwDAQACEQMRAD8A5+vGP0kKAMKv2I/KgoA3a/HT9VCgDCr9iPyoKAP/2Q==";

/// A PNG with a palette.
const PALETTE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQMAAAD+wSzIAAAAA1BMVEUAAACnej3aAAAAC0lEQVR4nGNgQAUAABAAATm9j2UAAAAA\
     SUVORK5CYII=";

/// A lossy WebP.
const WEBPLOSSY: &str = "UklGRkoAAABXRUJQVlA4ID4AAACQAgCdASogABAAAsBMJaACdMoRwN6B+Kv4AARGMAD+7kMf7CE1TZ3/7Z05o/1tv81XFHf963+H\
     plnfwwAAAA==";

/// A WebP that moves.
const AWEBP: &str = "UklGRoQAAABXRUJQVlA4WAoAAAACAAAABwAABwAAQU5JTQYAAAAAAAAAAABBTk1GKAAAAAAAAAAAAAcAAAcAAGQAAAJWUDhMDwAA\
     AC8HwAEABxD9j/4HIqL/AQBBTk1GKAAAAAAAAAAAAAcAAAcAAGQAAABWUDhMDwAAAC8HwAEABxDR//4HIqL/AQA=";

/// A PNG that moves.
const APNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAIAAAACAAA\
     AAAAAAAAAAEACgAA8k66YgAAABJJREFUeJxj/M+AHTDhEB+kEgDNQQEP6EHibwAAABpmY1RMAAAAAQAAAAgAAAAIAAAAAAAAAAAA\
     AQAKAABpPVC2AAAAGGZkQVQAAAACeJxjZGD4z4ANMGEVHbQSAMtDAQ+LnnysAAAAAElFTkSuQmCC";

/// A GIF.
const GIF: &str = "R0lGODdhCAAIAIEAAP8AAAAAAAAAAAAAACwAAAAACAAIAAAIDwABCBxIsKDBgwgTKkwYEAA7";

fn file(base64: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}

/// Red at the left, blue at the right.
fn picture(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) }
    })
}

fn png(picture: &RgbaImage) -> Vec<u8> {
    encode(picture).unwrap()
}

fn made(file: &[u8]) -> (RgbaImage, RgbaImage) {
    let made = ProfileImage::of_file(file).unwrap();
    let read = |size| {
        image::load_from_memory_with_format(made.content(size), ImageFormat::Png).unwrap().into_rgba8()
    };
    (read(Size::Small), read(Size::Large))
}

/// Mostly of that colour: 0 red, 2 blue.
fn is(pixel: Rgba<u8>, colour: usize) -> bool {
    pixel
        .0
        .iter()
        .take(3)
        .enumerate()
        .all(|(at, value)| if at == colour { *value > 180 } else { *value < 90 })
}

/// proves ACC-5: PNG, JPEG and WebP of all sorts become two squares of our own making
#[test]
fn every_kind_becomes_two_squares() {
    let source = picture(300, 200);
    let rgb = DynamicImage::ImageRgba8(source.clone()).into_rgb8();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 80)
        .write_image(&rgb, 300, 200, ExtendedColorType::Rgb8)
        .unwrap();
    let mut webp = Vec::new();
    WebPEncoder::new_lossless(&mut webp).write_image(&source, 300, 200, ExtendedColorType::Rgba8).unwrap();
    for file in [png(&source), jpeg, webp] {
        let (small, large) = made(&file);
        assert_eq!((small.dimensions(), large.dimensions()), ((48, 48), (192, 192)));
        for image in [small, large] {
            let (width, height) = image.dimensions();
            assert!(is(*image.get_pixel(2, height / 2), 0) && is(*image.get_pixel(width - 3, height / 2), 2));
        }
    }
    for odd in
        [file(PALETTE), file(WEBPLOSSY), png(&picture(1, 1)), png(&picture(1, 4096)), png(&picture(4096, 1))]
    {
        assert_eq!(made(&odd).1.dimensions(), (192, 192));
    }
    assert!(is(*made(&file(CMYK)).1.get_pixel(90, 90), 0), "printers' colours are colours");
}

/// proves ACC-5: upright, and without what the file says of place, time and people
#[test]
fn it_is_upright_and_says_nothing() {
    let tagged = file(EXIF);
    assert!(tagged.windows(4).any(|part| part == b"Taro"), "the sample says who took it");
    let made = ProfileImage::of_file(&tagged).unwrap();
    for size in Size::ALL {
        let content = made.content(size);
        for said in [&b"Exif"[..], b"eXIf", b"Taro", b"tEXt", b"iTXt", b"iCCP", b"tIME"] {
            assert!(!content.windows(said.len()).any(|part| part == said), "{said:?}");
        }
        let image = image::load_from_memory(content).unwrap();
        let (width, height) = image.dimensions();
        // Turned clockwise, what was at the left is at the top.
        assert!(is(image.get_pixel(width / 2, 3), 0) && is(image.get_pixel(width / 2, height - 4), 2));
    }
}

/// proves ACC-5: what hides behind a picture is not kept
#[test]
fn what_hides_behind_a_picture_is_left() {
    for hidden in [&b"<script>alert(1)</script>"[..], b"PK\x03\x04 an archive", b"%PDF-1.7"] {
        let mut polyglot = png(&picture(60, 60));
        polyglot.write_all(hidden).unwrap();
        let made = ProfileImage::of_file(&polyglot).unwrap();
        for size in Size::ALL {
            assert!(!made.content(size).windows(hidden.len()).any(|part| part == hidden));
        }
    }
}

fn refused(file: &[u8]) -> String {
    ProfileImage::of_file(file).unwrap_err().to_string()
}

/// proves ACC-5: anything else is refused with what was wrong
#[test]
fn anything_else_is_refused_with_what_was_wrong() {
    let format = Unfit::Format.to_string();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let html = b"<!doctype html><script>alert(1)</script>";
    for other in [
        &b""[..],
        b"x",
        svg,
        html,
        &file(GIF),
        b"BM....",
        b"RIFF....WAVE",
        b"\x00\x00\x01\x00",
        b"8BPS",
        b"%PDF-1.7",
    ] {
        assert_eq!(refused(other), format, "{other:?}");
    }
    assert_eq!(refused(&file(AWEBP)), Unfit::Animated.to_string());
    assert_eq!(refused(&file(APNG)), Unfit::Animated.to_string());

    let broken = "the image is damaged or not complete";
    let source = png(&picture(300, 200));
    for cut in [8, 20, 40, source.len() / 2, source.len() - 20] {
        assert_eq!(refused(&source[..cut]), broken, "cut at {cut}");
    }
    let tagged = file(EXIF);
    for cut in [3, 30, 200] {
        assert_eq!(refused(&tagged[..cut]), broken, "cut at {cut}");
    }
    assert_eq!(refused(&file(WEBPLOSSY)[..30]), broken);
    let mut flipped = source;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    assert_eq!(refused(&flipped), broken);
}

/// proves ACC-5: up to 1 MiB
#[test]
fn up_to_a_mebibyte() {
    let mut padded = png(&picture(60, 60));
    padded.resize(LARGEST_FILE, 0);
    made(&padded);
    padded.push(0);
    assert_eq!(refused(&padded), Unfit::TooLarge.to_string());
}

/// A PNG that says it has so many pixels, of so many bits each, and goes on with zeros.
fn bomb(width: u32, height: u32, bits: u8, colour: u8) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut crc = crc32(kind, 0xffff_ffff);
        crc = crc32(data, crc) ^ 0xffff_ffff;
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], kind, data, &crc.to_be_bytes()].concat()
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colour, 0, 0, 0]].concat();
    // Stored blocks of zeros (RFC 1951, 3.2.4), as many as fit: what counts is what the header makes of them.
    let block = [&[0, 0xff, 0xff, 0, 0][..], &vec![0; 0xffff][..]].concat();
    let data = [&[0x78, 1][..], &block.repeat(14)].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &data), chunk(b"IEND", &[])]
        .concat()
}

fn crc32(data: &[u8], mut crc: u32) -> u32 {
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    crc
}

/// What this process has in memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// proves ACC-5: a file that unfolds to more than it may is refused by what it says, before memory is taken for it
#[test]
fn bombs_are_refused_before_they_unfold() {
    let dimensions = Unfit::Dimensions.to_string();
    let bombs = [
        bomb(100_000, 100_000, 8, 6),
        bomb(u32::MAX >> 1, u32::MAX >> 1, 8, 6),
        bomb(4097, 1, 8, 2),
        bomb(1, 4097, 8, 2),
        bomb(65_535, 65_535, 1, 0),
        // As many pixels as may be, of twice as many bytes.
        bomb(4096, 4096, 16, 6),
    ];
    let before = resident();
    for bomb in &bombs {
        assert!(bomb.len() <= LARGEST_FILE);
        assert_eq!(refused(bomb), dimensions);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 * 1024 * 1024, "{grown} bytes");
    let mut jpeg = file(EXIF);
    let frame = jpeg.windows(2).position(|part| part == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    assert_eq!(refused(&jpeg), dimensions, "a JPEG of 65,535 by 65,535");
    let mut webp = file(WEBPLOSSY);
    webp[26..30].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert_eq!(refused(&webp), dimensions, "a WebP of 16,383 by 16,383");
}

/// A progressive JPEG of 4096 by 4096 pixels that goes over all of them so many times, 40 bytes each.
fn scans(times: usize) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8];
    let mut segment = |marker: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        jpeg.extend([&[0xff, marker][..], &length, &content].concat());
    };
    segment(0xc2, &[&[8, 0x10, 0, 0x10, 0, 1, 1, 0x11, 0]]);
    segment(0xdb, &[&[0], &[1; 64]]);
    // One code of one bit each: "as the one before", and "nothing more in the next 16,384 blocks" with 14 bits.
    segment(0xc4, &[&[0x00, 1], &[0; 15], &[0x00]]);
    segment(0xc4, &[&[0x10, 1], &[0; 15], &[0xe0]]);
    jpeg.extend([&[0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0][..], &vec![0; 512 * 512 / 8][..]].concat());
    let scan = [&[0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0][..], &[0; 16 * 15 / 8]].concat();
    jpeg.extend(scan.repeat(times));
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

/// proves ACC-5: a file that takes no memory but a processor for minutes is given up after seconds
#[test]
fn what_takes_too_long_is_given_up() {
    assert_eq!(made(&scans(9)).1.dimensions(), (192, 192), "as many as cameras write");
    let endless = scans(25_000);
    assert!(endless.len() <= LARGEST_FILE, "{}", endless.len());
    let start = Instant::now();
    assert_eq!(refused(&endless), "the image is damaged or not complete");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// proves ACC-5: of whatever bytes a file is, it is taken or refused: nothing panics
#[test]
fn nothing_panics() {
    let entropy = Entropy::from_seed(5);
    let samples = [
        png(&picture(40, 30)),
        file(EXIF),
        file(WEBPLOSSY),
        file(PALETTE),
        file(CMYK),
        file(APNG),
        file(AWEBP),
    ];
    for sample in &samples {
        for _ in 0..300 {
            let mut changed = sample.clone();
            let random: [u8; 16] = entropy.bytes();
            for (at, value) in random.chunks(2).map(|pair| (usize::from(pair[0]), pair[1])) {
                let length = changed.len();
                changed[(at * length) / 256] = value;
            }
            drop(ProfileImage::of_file(&changed));
        }
    }
}

/// An id is of one image of one account, and comes back as it is.
#[test]
fn ids() {
    let (entropy, now) = (Entropy::from_seed(1), OffsetDateTime::UNIX_EPOCH);
    let [taro, jiro] = [(); 2].map(|()| AccountId::generate(&entropy, now));
    let image = ProfileImage::of_file(&png(&picture(60, 60))).unwrap();
    let id = image.id(taro);
    assert_eq!(image.id(taro), id);
    assert_ne!(image.id(jiro), id, "the same picture of somebody else has another id");
    let upside_down = imageops::rotate180(&picture(60, 60));
    assert_ne!(ProfileImage::of_file(&png(&upside_down)).unwrap().id(taro), id);
    let text = id.to_string();
    assert_eq!((text.len(), text.parse::<ImageId>().unwrap()), (32, id));
    let (short, long) = (&text[1..], format!("{text}A"));
    for wrong in ["", short, &long, "../../../../../../../../etc/hosts", "éééééééééééééééé"] {
        assert!(wrong.parse::<ImageId>().is_err(), "{wrong}");
    }
    assert_eq!(
        [-48, 0, 47, 48, 192, 193].map(|it| Size::of_pixels(it).is_some()),
        [false, false, false, true, true, false]
    );
}
