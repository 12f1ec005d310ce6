//! A stream of messages that ends with a status when something happens: a deadline, a shutdown.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::Frame;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tonic::{Status, body::Body};

/// A body that goes on until a future says how it ends.
pub(crate) struct Until {
    inner: Option<Body>,
    end: BoxFuture<'static, Status>,
}

/// `body`, ended with the status that `end` resolves to, if it does so first.
pub(crate) fn until(body: Body, end: BoxFuture<'static, Status>) -> Body {
    Body::new(Until { inner: Some(body), end })
}

impl http_body::Body for Until {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        if let Poll::Ready(status) = this.end.as_mut().poll(context) {
            this.inner = None;
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))));
        }
        Pin::new(inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }
}
