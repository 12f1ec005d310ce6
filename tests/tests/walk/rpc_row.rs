//! What a row of the table of RPCs says.

use crate::{people::Person, wire::Said};
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
        /// What another organization's administrator gets, and an operator, who is in no organization.
        outsider: Gets,
    },
    /// A product on its own behalf.
    Client,
    /// Staff.
    Operators {
        /// Who gets an answer.
        right: &'f Person,
    },
}

impl For<'_> {
    /// What the right caller says.
    pub fn said(&self, product: bool) -> Said {
        match self {
            // A product's own behalf is said as a service's is.
            Self::System | Self::Client => Said::System,
            Self::Anonymous => Said::Anonymous,
            Self::People { right, .. } | Self::Operators { right } => Said::Token(token(right, product)),
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
    /// What a member of Acme with a Managed Account gets, if not what every member does.
    pub managed: Option<Gets>,
    /// Services may call it on their own behalf, too.
    pub system_too: bool,
    /// A good request, about Acme and its people.
    pub request: Vec<u8>,
    /// The outsider asks so for their own organization, with something of Acme's: they are refused so.
    pub crossed: Option<(Vec<u8>, ErrorReason)>,
    /// The administrator asks so for their organization without Nulab Pass: `NULAB_PASS_NEEDED`.
    pub without_pass: Option<Vec<u8>>,
    /// What `spoiled.rs` does to the request and is taken: fields that may be left out, or hold anything.
    pub lenient: &'static [&'static str],
    /// Tables in which a refusal of this method is written down.
    pub notes: &'static [&'static str],
    /// So is a refusal of somebody who asks for what is another's.
    pub all_noted: bool,
    /// Tables in which an answer to somebody of Acme's makes something.
    pub makes: &'static [&'static str],
    /// What the right caller is refused with, where there is nothing to answer in the fixture.
    pub but_refused: Option<ErrorReason>,
}

impl Row<'_> {
    /// The same, with another answer to a Managed Account.
    pub fn managed(mut self, gets: Gets) -> Self {
        self.managed = Some(gets);
        self
    }

    /// The same, lenient.
    pub fn lenient(mut self, lenient: &'static [&'static str]) -> Self {
        self.lenient = lenient;
        self
    }

    /// The same, asked across organizations too.
    pub fn crossed(self, request: &impl Message) -> Self {
        self.crossed_as(request, ErrorReason::NotFound)
    }

    /// The same, where that is no secret.
    pub fn crossed_as(mut self, request: &impl Message, reason: ErrorReason) -> Self {
        self.crossed = Some((request.encode_to_vec(), reason));
        self
    }

    /// The same, which needs Nulab Pass.
    pub fn without_pass(mut self, request: &impl Message) -> Self {
        self.without_pass = Some(request.encode_to_vec());
        self
    }

    /// The same, which services may call by themselves.
    pub fn system_too(mut self) -> Self {
        self.system_too = true;
        self
    }

    /// The same, with refusals that leave a note.
    pub fn notes(mut self, notes: &'static [&'static str]) -> Self {
        self.notes = notes;
        self
    }

    /// The same, with refusals that leave a note whoever is refused.
    pub fn all_noted(mut self, notes: &'static [&'static str]) -> Self {
        (self.notes, self.all_noted) = (notes, true);
        self
    }

    /// The same, with answers that make something.
    pub fn makes(mut self, makes: &'static [&'static str]) -> Self {
        self.makes = makes;
        self
    }

    /// The same, without anything to answer.
    pub fn but_refused(mut self, reason: ErrorReason) -> Self {
        self.but_refused = Some(reason);
        self
    }
}

/// A row.
pub fn row<'f>(method: &'static str, callers: For<'f>, request: &impl Message) -> Row<'f> {
    let request = request.encode_to_vec();
    Row {
        method,
        callers,
        managed: None,
        system_too: false,
        request,
        crossed: None,
        without_pass: None,
        lenient: &[],
        notes: &[],
        all_noted: false,
        makes: &[],
        but_refused: None,
    }
}

/// Everybody asks for what is their own.
pub fn own(right: &Person) -> For<'_> {
    For::People { right, member: Answer, guest: Answer, outsider: Answer }
}

/// Each gets what is said.
pub fn people(right: &Person, member: Gets, guest: Gets, outsider: Gets) -> For<'_> {
    For::People { right, member, guest, outsider }
}

/// Administrators ask; others of the organization may not, and for everybody else it is not there.
pub fn administrators(right: &Person) -> For<'_> {
    let small = Gets::Refused(ErrorReason::RoleMissing);
    people(right, small, small, Gets::Refused(ErrorReason::NotFound))
}
