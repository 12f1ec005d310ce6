//! Errors on the wire: `google.rpc.Status` with details, both ways. The one table from kind to code.

use crate::trace;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Violation};
use std::{collections::HashMap, error::Error, fmt::Write, time::Duration};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

/// The domain of every reason (`google.rpc.ErrorInfo.domain`).
const DOMAIN: &str = "pass";
/// What a client is told of a fault of ours.
const FAULT: &str = "something went wrong on our side";

/// An error of a use case. Display says what was attempted, in a user's words; the source is kept.
pub trait Problem: Error {
    /// Decides the gRPC code.
    fn kind(&self) -> Kind;
    /// What clients may branch on.
    fn reason(&self) -> ErrorReason;
    /// The fields that are wrong.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
    /// When trying again may help.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
    /// Facts that go with the reason, for instance which role is needed.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl<P: Problem + ?Sized> Problem for &P {
    fn kind(&self) -> Kind {
        (**self).kind()
    }
    fn reason(&self) -> ErrorReason {
        (**self).reason()
    }
    fn violations(&self) -> Vec<Violation> {
        (**self).violations()
    }
    fn retry_after(&self) -> Option<Duration> {
        (**self).retry_after()
    }
    fn metadata(&self) -> Vec<(&'static str, String)> {
        (**self).metadata()
    }
}

/// A problem as the wire has it. Logs it, once: refusals that are the rules at work at `info`, faults
/// at `error` with the chain of their sources. A fault's cause is not told to the client.
pub fn status(problem: impl Problem) -> Status {
    let (kind, reason) = (problem.kind(), problem.reason().code());
    log(kind, reason, &problem);
    let mut details = ErrorDetails::with_error_info(
        reason,
        DOMAIN,
        problem.metadata().into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<HashMap<_, _>>(),
    );
    let message = if kind == Kind::Internal { FAULT.to_owned() } else { problem.to_string() };
    let violations = problem.violations();
    if !violations.is_empty() {
        let violations = violations.iter().map(|it| FieldViolation::new(it.field, it.problem.to_string()));
        details.set_bad_request(violations.collect::<Vec<_>>());
    }
    if kind == Kind::Precondition {
        details.set_precondition_failure(vec![PreconditionViolation::new(reason, DOMAIN, &message)]);
    }
    if let Some(delay) = problem.retry_after() {
        details.set_retry_info(Some(delay));
    }
    if matches!(kind, Kind::Internal | Kind::Unavailable)
        && let Some(trace_id) = trace::id()
    {
        details.set_request_info(trace_id, "");
    }
    details.set_localized_message("en", &message);
    Status::with_error_details(code(kind), message, details)
}

/// A field that is wrong, as the wire has it.
pub fn violation(violation: Violation) -> Status {
    status(InvalidRequest(violation))
}

#[derive(Debug, thiserror::Error)]
#[error("the request is not valid: {0}")]
struct InvalidRequest(Violation);

impl Problem for InvalidRequest {
    fn kind(&self) -> Kind {
        Kind::InvalidInput
    }
    fn reason(&self) -> ErrorReason {
        ErrorReason::InvalidArgument
    }
    fn violations(&self) -> Vec<Violation> {
        vec![self.0.clone()]
    }
}

fn log(kind: Kind, reason: &str, problem: &dyn Problem) {
    let mut chain = problem.to_string();
    let mut source = problem.source();
    while let Some(cause) = source {
        // Writing to a String can't fail.
        let _ = write!(chain, ": {cause}");
        source = cause.source();
    }
    match kind {
        Kind::Internal | Kind::Unavailable => tracing::error!(error.reason = reason, error = chain, "failed"),
        _ => tracing::info!(error.reason = reason, error = chain, "refused"),
    }
}

/// The table: which code a kind has on the wire.
fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidInput => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::Forbidden => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::Precondition => Code::FailedPrecondition,
        Kind::Conflict => Code::Aborted,
        Kind::RateLimited => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

/// The table read backwards; codes that only the transport gives are told apart by whether trying
/// again may help.
fn kind(code: Code) -> Kind {
    match code {
        Code::InvalidArgument | Code::OutOfRange => Kind::InvalidInput,
        Code::Unauthenticated => Kind::Unauthenticated,
        Code::PermissionDenied => Kind::Forbidden,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists => Kind::AlreadyExists,
        Code::FailedPrecondition => Kind::Precondition,
        Code::Aborted => Kind::Conflict,
        Code::ResourceExhausted => Kind::RateLimited,
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Kind::Unavailable,
        Code::Ok | Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => Kind::Internal,
    }
}

/// An answer that refuses, read back by who called. It is a [`Problem`] itself, so that a use case can
/// hand on what another service said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure.
    pub kind: Kind,
    /// Why; `UNAVAILABLE` or `INTERNAL` when the other side could not say.
    pub reason: ErrorReason,
    /// Fields that were wrong, and what is wrong with each.
    pub violations: Vec<(String, String)>,
    /// A sentence, in English.
    pub message: String,
    /// Facts that go with the reason.
    pub metadata: HashMap<String, String>,
    /// When trying again may help.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// What a status says.
    pub fn of(status: &Status) -> Self {
        let details = status.get_error_details();
        let kind = kind(status.code());
        let info = details.error_info().filter(|info| info.domain == DOMAIN);
        let reason = match (info, kind) {
            (Some(info), _) => ErrorReason::from_code(&info.reason),
            (None, Kind::Unavailable) => ErrorReason::Unavailable,
            (None, Kind::RateLimited) => ErrorReason::RateLimited,
            (None, Kind::InvalidInput) => ErrorReason::InvalidArgument,
            (None, _) => ErrorReason::Internal,
        };
        let violations = details.bad_request().map(|request| {
            let fields = request.field_violations.iter();
            fields.map(|it| (it.field.clone(), it.description.clone())).collect()
        });
        Self {
            kind,
            reason,
            violations: violations.unwrap_or_default(),
            message: status.message().to_owned(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        Self::of(status)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::of(&status)
    }
}

impl Problem for Failure {
    fn kind(&self) -> Kind {
        self.kind
    }
    fn reason(&self) -> ErrorReason {
        self.reason
    }
    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::Invalid;

    #[derive(Debug, thiserror::Error)]
    #[error("saving the account")]
    struct Fault(#[source] std::io::Error);

    impl Problem for Fault {
        fn kind(&self) -> Kind {
            Kind::Internal
        }
        fn reason(&self) -> ErrorReason {
            ErrorReason::Internal
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("too many tries")]
    struct TooMany;

    impl Problem for TooMany {
        fn kind(&self) -> Kind {
            Kind::RateLimited
        }
        fn reason(&self) -> ErrorReason {
            ErrorReason::RateLimited
        }
        fn retry_after(&self) -> Option<Duration> {
            Some(Duration::from_secs(7))
        }
        fn metadata(&self) -> Vec<(&'static str, String)> {
            vec![("limit", "5".to_owned())]
        }
    }

    #[test]
    fn a_fault_says_nothing_of_its_cause() {
        let status = status(Fault(std::io::Error::other("password=hunter2")));
        assert_eq!(status.code(), Code::Internal);
        let whole = format!("{status:?} {:?}", String::from_utf8_lossy(status.details()));
        assert!(!whole.contains("hunter2") && !whole.contains("saving"), "{whole}");
        assert_eq!(Failure::of(&status).reason, ErrorReason::Internal);
    }

    #[test]
    fn what_was_said_is_read_back() {
        let failure = Failure::of(&status(TooMany));
        assert_eq!((failure.kind, failure.reason), (Kind::RateLimited, ErrorReason::RateLimited));
        assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(failure.metadata["limit"], "5");
        assert_eq!(failure.message, "too many tries");

        let failure = Failure::of(&violation(Invalid("must not be empty").of("account.name")));
        assert_eq!((failure.kind, failure.reason), (Kind::InvalidInput, ErrorReason::InvalidArgument));
        assert_eq!(failure.violations, [("account.name".to_owned(), "must not be empty".to_owned())]);
    }

    #[test]
    fn every_kind_survives_the_wire() {
        use Kind::*;
        let all = [
            InvalidInput,
            Unauthenticated,
            Forbidden,
            NotFound,
            AlreadyExists,
            Precondition,
            Conflict,
            RateLimited,
            Unavailable,
            Internal,
        ];
        for it in all {
            assert_eq!(kind(code(it)), it);
        }
    }

    #[test]
    fn what_the_transport_says_has_a_reason_too() {
        let of = |code| Failure::of(&Status::new(code, "")).reason;
        assert_eq!(of(Code::DeadlineExceeded), ErrorReason::Unavailable);
        assert_eq!(of(Code::Unimplemented), ErrorReason::Internal);
        assert_eq!(of(Code::OutOfRange), ErrorReason::InvalidArgument);
    }
}
