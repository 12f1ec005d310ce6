//! The only SQL of the console.

pub mod logouts;
pub mod sessions;
pub mod sign_ins;
