//! What is wrong with a value, and what kinds of errors there are.

/// A value that breaks a rule. Display is a sentence for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);

/// An [`Invalid`] value and the field of the request that it came in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Violation {
    /// Path of the field in the request message, for instance `account.name`.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Invalid,
}

impl Invalid {
    /// Says which field the value came in.
    #[must_use]
    pub fn of(self, field: &'static str) -> Violation {
        Violation { field, problem: self }
    }
}

/// What kind of failure an error is; decides the gRPC code (in `pass-mesh`) and from it the HTTP
/// status (in the gateway).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request can't be right, whatever the state of things.
    InvalidInput,
    /// Who calls is not known.
    Unauthenticated,
    /// Who calls is known, and may not.
    Forbidden,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// There is such a thing already.
    AlreadyExists,
    /// The state of things does not allow it.
    Precondition,
    /// Somebody else changed the same thing meanwhile.
    Conflict,
    /// Too many, too fast.
    RateLimited,
    /// Something needed does not answer; trying again may help.
    Unavailable,
    /// A fault of ours.
    Internal,
}
