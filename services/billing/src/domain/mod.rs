//! The rules of Nulab Pass as something bought, on plain types: no transport, no SQL, no clock of
//! their own.

pub mod application;
pub mod authority;
pub mod calendar;
pub mod seat;
pub mod subscription;
