//! Certificates for meshes in tests.

use pass_mesh::development::Pki;
use std::ops::Deref;

/// An authority of a test's own: a [`Pki`] whose files go when the value does.
#[derive(Debug)]
pub struct Certificates {
    pki: Pki,
    _folder: tempfile::TempDir,
}

impl Deref for Certificates {
    type Target = Pki;

    fn deref(&self) -> &Pki {
        &self.pki
    }
}

/// A new authority, of the trust domain "test".
pub fn certificates() -> Certificates {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pki = Pki::open(folder.path(), "test").expect("a new authority");
    Certificates { pki, _folder: folder }
}
