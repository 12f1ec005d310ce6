//! One try of a unary call, and whether another one may follow.

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, Response, response::Parts};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use pass_types::Entropy;
use std::{convert::Infallible, error::Error, time::Duration};
use tonic::{Code, ConnectError, Status, TimeoutExpired, body::Body};

const MAX_ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What came of a try.
pub(super) enum Answer {
    /// The service answered: head, message, trailers.
    Complete(Box<Parts>, Vec<Bytes>, Option<HeaderMap>),
    /// It began to answer, and then the connection broke.
    Broken(Status),
    /// There was no answer.
    Failed(tonic::transport::Error),
}

impl Answer {
    /// Takes the whole answer in, up to `max` bytes of message.
    pub(super) async fn read(response: Response<Body>, max: usize) -> Self {
        let (parts, mut body) = response.into_parts();
        let (mut data, mut size, mut trailers) = (Vec::new(), 0, None);
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(bytes)) => {
                    size += bytes.len();
                    // Five bytes go before each message.
                    if size > max + 5 {
                        return Self::Broken(Status::out_of_range("the answer is too large"));
                    }
                    data.push(bytes);
                }
                Ok(Err(frame)) => trailers = frame.into_trailers().ok(),
                Err(status) => return Self::Broken(status),
            }
        }
        Self::Complete(Box::new(parts), data, trailers)
    }

    fn code(&self) -> Code {
        match self {
            Self::Complete(parts, _, trailers) => [Some(&parts.headers), trailers.as_ref()]
                .into_iter()
                .flatten()
                .find_map(|headers| headers.get("grpc-status"))
                .map_or(Code::Unknown, |value| Code::from_bytes(value.as_bytes())),
            Self::Broken(status) => status.code(),
            Self::Failed(error) if expired(error) => Code::DeadlineExceeded,
            // The connection broke, or there was none.
            Self::Failed(_) => Code::Unavailable,
        }
    }

    /// Whether the call can't have reached the service: there was no connection, or it closed (it was
    /// old, say) before the request was written.
    fn never_left(&self) -> bool {
        let Self::Failed(error) = self else { return false };
        chain(error).any(|cause| {
            let unsent = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled);
            unsent || cause.is::<ConnectError>()
        })
    }

    /// As tonic's clients take it.
    pub(super) fn into_result(self) -> Result<Response<Body>, Status> {
        match self {
            Self::Complete(parts, data, trailers) => {
                let data = data.into_iter().map(Frame::data);
                let frames = data.chain(trailers.map(Frame::trailers)).map(Ok::<_, Infallible>);
                let body = StreamBody::new(futures::stream::iter(frames).fuse());
                Ok(Response::from_parts(*parts, Body::new(body)))
            }
            Self::Broken(status) => Err(status),
            Self::Failed(error) => Err(status(error)),
        }
    }
}

/// A failure of the transport. Its cause stays in the status as its source.
pub(super) fn status(error: tonic::transport::Error) -> Status {
    if expired(&error) {
        return Status::deadline_exceeded("the deadline has passed");
    }
    let mut status = Status::from_error(Box::new(error));
    if matches!(status.code(), Code::Unknown | Code::Cancelled | Code::Internal) {
        let mut unavailable = Status::unavailable("the connection to the service broke");
        unavailable.set_source(std::sync::Arc::new(status));
        status = unavailable;
    }
    status
}

/// Whether tonic's own watch on `grpc-timeout` ended the call.
fn expired(error: &tonic::transport::Error) -> bool {
    chain(error).any(<dyn Error + 'static>::is::<TimeoutExpired>)
}

/// An error and its causes.
fn chain(error: &tonic::transport::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

/// How many tries there were, and how many there may be.
pub(super) struct Retry {
    idempotent: bool,
    attempts: u32,
}

impl Retry {
    pub(super) fn new(idempotent: bool) -> Self {
        Self { idempotent, attempts: 0 }
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts + 1
    }

    /// How long to wait before the next try; `None`: this answer it is. The pauses double, and are
    /// spread so that callers don't come back all at once.
    pub(super) fn after(&mut self, answer: &Answer, entropy: &Entropy) -> Option<Duration> {
        self.attempts += 1;
        let again = answer.never_left() || (self.idempotent && answer.code() == Code::Unavailable);
        if !again || self.attempts >= MAX_ATTEMPTS {
            return None;
        }
        let pause = FIRST_PAUSE * 2_u32.pow(self.attempts - 1);
        Some(pause.mul_f64(0.5 + f64::from(entropy.below(1000)) / 1000.0))
    }
}
