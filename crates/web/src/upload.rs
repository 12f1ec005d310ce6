//! A file of a form that only our own pages can post: `multipart/form-data` with the form token and one file. What the
//! file is called and what it says it is are not looked at.

use crate::{
    Browser, Refusal,
    form::{FIELD, is_genuine},
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    response::Response,
};
use futures::{Stream, StreamExt};
use http::{HeaderMap, header};
use multer::{Constraints, Multipart, SizeLimit};
use pass_proto::errors::v1::ErrorReason;
use pass_types::Kind;

/// The name of the file's field.
const FILE: &str = "image";
/// The largest file, in bytes. Larger ones are refused by [`Upload`] with its first bytes kept, so that the service
/// that is asked says what is wrong with it.
const LARGEST_FILE: usize = 1024 * 1024 + 1;
/// The largest body that is read to its end, so that the browser gets the form's page again instead of a broken connection:
/// what cameras make is smaller. Nothing of it is kept, and who says at once that theirs is larger is told so at once.
const LARGEST_BODY: u64 = 64 * 1024 * 1024;
/// The longest of the other fields.
const LONGEST_FIELD: u64 = 1024;

/// The file that one of our own pages posted; no bytes when none was chosen, and one byte more than may be when it is
/// larger. Refuses everything else with a page that says so.
#[derive(Debug)]
pub struct Upload(pub Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let browser = Browser::from_request_parts(&mut parts, state).await?;
        read(&browser, &parts.headers, body).await.map(Self).map_err(|refusal| browser.refused(refusal))
    }
}

async fn read(browser: &Browser, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // Another kind of form is none of our pages.
    let boundary =
        kind.and_then(|kind| multer::parse_boundary(kind).ok()).ok_or_else(Refusal::form_invalid)?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > LARGEST_BODY) {
        return Err(too_large());
    }
    let limits = SizeLimit::new().whole_stream(LARGEST_BODY).for_field(FIELD, LONGEST_FIELD);
    let constraints = Constraints::new().allowed_fields(vec![FIELD, FILE]).size_limit(limits);
    let mut form = Multipart::with_constraints(data(body), boundary, constraints);
    let (mut token, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| unread(&error))? {
        match field.name() {
            Some(FILE) if file.is_none() => file = Some(beginning(field).await?),
            Some(FIELD) if token.is_none() => {
                token = Some(field.text().await.map_err(|error| unread(&error))?);
            }
            _ => return Err(Refusal::malformed()),
        }
    }
    if !is_genuine(browser, headers, token.as_slice()) {
        return Err(Refusal::form_invalid());
    }
    Ok(file.unwrap_or_default())
}

fn data(body: Body) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static {
    body.into_data_stream()
}

/// As much of a file as is kept of it; the rest is read and dropped.
async fn beginning(mut field: multer::Field<'static>) -> Result<Vec<u8>, Refusal> {
    let mut kept = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|error| unread(&error))?;
        let room = LARGEST_FILE - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(kept)
}

/// Why a body was not read to its end.
fn unread(error: &multer::Error) -> Refusal {
    match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(),
        _ => Refusal::malformed(),
    }
}

fn too_large() -> Refusal {
    Refusal::new(Kind::InvalidInput, ErrorReason::ImageTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Texts;
    use http::HeaderValue;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    fn headers() -> HeaderMap {
        let kind = HeaderValue::from_static("multipart/form-data; boundary=b");
        [(header::CONTENT_TYPE, kind)].into_iter().collect()
    }

    /// What a form's beginning and so many chunks of 1 MiB after it are refused for.
    async fn refused(length: Option<u64>, chunks: usize) -> (Kind, ErrorReason) {
        let mut headers = headers();
        if let Some(length) = length {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        let begin = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x\"\r\n\r\n";
        let more = std::iter::repeat_n(Bytes::from(vec![7; 1024 * 1024]), chunks);
        let chunks = std::iter::once(Bytes::from(begin)).chain(more).map(Ok::<_, std::io::Error>);
        let body = Body::from_stream(futures::stream::iter(chunks));
        let refusal = read(&Browser::sample(Texts::shared()), &headers, body).await.unwrap_err();
        (refusal.kind, refusal.reason)
    }

    /// However many tokens a form has, one is kept: the second is refused as it comes, and what is after it is not read.
    #[tokio::test]
    async fn a_form_has_one_token() {
        let token = "--b\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\nx\r\n";
        let read_of_it = Arc::new(AtomicUsize::new(0));
        let count = read_of_it.clone();
        // One after the other, as they come from a connection.
        let tokens = futures::stream::iter(0..1_000).then(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::task::yield_now().await;
                Ok::<_, std::io::Error>(Bytes::from(token))
            }
        });
        let refused = read(&Browser::sample(Texts::shared()), &headers(), Body::from_stream(tokens)).await;
        assert_eq!(refused.unwrap_err().reason, ErrorReason::InvalidArgument);
        assert!(read_of_it.load(Ordering::Relaxed) < 10, "{read_of_it:?}");
    }

    /// proves ACC-5: whether the size is said before or only seen as it comes, it is what is said to be wrong
    #[tokio::test]
    async fn what_is_far_too_large_is_told_so() {
        let too_large = (Kind::InvalidInput, ErrorReason::ImageTooLarge);
        assert_eq!(refused(Some(LARGEST_BODY + 1), 0).await, too_large);
        assert_eq!(refused(None, 65).await, too_large);
        assert_eq!(refused(Some(LARGEST_BODY), 0).await.1, ErrorReason::InvalidArgument, "it broke off");
    }
}
