//! What a row of the table of RPCs says.

use crate::{fixture::Person, wire::Said};
use Gets::Answer;
use pass_proto::errors::v1::ErrorReason;
use prost::Message;

/// What somebody gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gets {
    /// An answer: it is theirs to ask, and says nothing that is not theirs.
    Answer,
    /// A refusal with that reason.
    Refused(ErrorReason),
}

/// Whom a method is for.
pub enum For<'f> {
    /// A service on its own behalf.
    System,
    /// Browsers in which nobody has signed in.
    Anonymous,
    /// People.
    People {
        /// Who gets an answer.
        right: &'f Person,
        /// What a member of Acme gets.
        member: Gets,
        /// What a guest of Acme gets.
        guest: Gets,
        /// What another organization's administrator gets.
        outsider: Gets,
    },
}

impl For<'_> {
    /// What the right caller says.
    pub fn said(&self, product: bool) -> Said {
        match self {
            Self::System => Said::System,
            Self::Anonymous => Said::Anonymous,
            Self::People { right, .. } => Said::Token(token(right, product)),
        }
    }
}

/// The access token that a person calls a method with.
pub fn token(person: &Person, product: bool) -> String {
    if product { person.product.access.clone() } else { person.console.access.clone() }
}

/// One RPC.
pub struct Row<'f> {
    /// Its full name, without "pass.".
    pub method: &'static str,
    /// Whom it is for.
    pub callers: For<'f>,
    /// A good request, about Acme and its people.
    pub request: Vec<u8>,
    /// The outsider asks so for their own organization, with something of Acme's: they get `NOT_FOUND`.
    pub crossed: Option<Vec<u8>>,
    /// What `spoiled.rs` does to the request and is taken: fields that may be left out, or hold anything.
    pub lenient: &'static [&'static str],
    /// Tables in which a refusal of this method is written down.
    pub notes: &'static [&'static str],
}

impl Row<'_> {
    /// The same, lenient.
    pub fn lenient(mut self, lenient: &'static [&'static str]) -> Self {
        self.lenient = lenient;
        self
    }

    /// The same, asked across organizations too.
    pub fn crossed(mut self, request: &impl Message) -> Self {
        self.crossed = Some(request.encode_to_vec());
        self
    }

    /// The same, with refusals that leave a note.
    pub fn notes(mut self, notes: &'static [&'static str]) -> Self {
        self.notes = notes;
        self
    }
}

/// A row.
pub fn row<'f>(method: &'static str, callers: For<'f>, request: &impl Message) -> Row<'f> {
    let request = request.encode_to_vec();
    Row { method, callers, request, crossed: None, lenient: &[], notes: &[] }
}

/// Everybody asks for what is their own.
pub fn own(right: &Person) -> For<'_> {
    For::People { right, member: Answer, guest: Answer, outsider: Answer }
}

/// Each gets what is said.
pub fn people(right: &Person, member: Gets, guest: Gets, outsider: Gets) -> For<'_> {
    For::People { right, member, guest, outsider }
}
