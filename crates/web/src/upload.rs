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

/// The name of the file's field.
const FILE: &str = "image";
/// The largest file, in bytes. Larger ones are refused by [`Upload`] with its first bytes kept, so that the service
/// that is asked says what is wrong with it.
const LARGEST_FILE: usize = 1024 * 1024 + 1;
/// The largest body that is read to its end, so that the browser gets an answer instead of a broken connection.
const LARGEST_BODY: u64 = 16 * 1024 * 1024;
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
    let limits = SizeLimit::new().whole_stream(LARGEST_BODY).for_field(FIELD, LONGEST_FIELD);
    let constraints = Constraints::new().allowed_fields(vec![FIELD, FILE]).size_limit(limits);
    let mut form = Multipart::with_constraints(data(body), boundary, constraints);
    let (mut tokens, mut file) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(|_| Refusal::malformed())? {
        match field.name() {
            Some(FILE) if file.is_none() => file = Some(beginning(field).await?),
            Some(FIELD) => tokens.push(field.text().await.map_err(|_| Refusal::malformed())?),
            _ => return Err(Refusal::malformed()),
        }
    }
    if !is_genuine(browser, headers, &tokens) {
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
        let chunk = chunk.map_err(|_| Refusal::malformed())?;
        let room = LARGEST_FILE - kept.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(kept)
}
