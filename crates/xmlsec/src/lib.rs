//! Shuts the doors of libxmlsec1 that a SAML service provider must not have open: its file and network
//! access, and the chatter of it and of libxml2 on stderr.
//!
//! libxmlsec1 fetches what a signature refers to (`file:`, `http:`, `ftp:`) before any signature is right,
//! and both libraries print errors with the sender's bytes in them. Neither can be switched off through
//! samael, so this crate calls the libraries itself: the only `unsafe` of the suite. Verifying is left to
//! `pass-saml`.

use std::{
    ffi::{c_char, c_int, c_void},
    ptr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

#[expect(unsafe_code, reason = "the libraries have no safe interface to these")]
mod ffi {
    //! `xmlsec/io.h` and `xmlsec/errors.h` of libxmlsec1 1.2 and 1.3, `libxml/xmlerror.h` of libxml2.

    use super::{c_char, c_int, c_void};

    /// `xmlSecErrorsCallback`.
    pub(crate) type ErrorsCallback = extern "C" fn(
        file: *const c_char,
        line: c_int,
        function: *const c_char,
        error_object: *const c_char,
        error_subject: *const c_char,
        reason: c_int,
        message: *const c_char,
    );

    /// `xmlStructuredErrorFunc`; the error is an `xmlErrorPtr`.
    pub(crate) type StructuredErrorFunc = extern "C" fn(context: *mut c_void, error: *mut c_void);

    #[link(name = "xmlsec1")]
    unsafe extern "C" {
        pub(crate) fn xmlSecIOCleanupCallbacks();
        pub(crate) fn xmlSecErrorsSetCallback(callback: ErrorsCallback);
    }

    #[link(name = "xml2")]
    unsafe extern "C" {
        pub(crate) fn xmlSetStructuredErrorFunc(context: *mut c_void, handler: StructuredErrorFunc);
    }
}

/// Whether libxmlsec1 is hardened. It never goes back to `false`, so whoever reads `true` need not wait.
static HARDENED: AtomicBool = AtomicBool::new(false);

/// Held by whoever hardens it.
static HARDENING: Mutex<()> = Mutex::new(());

/// Hardens the libxmlsec1 of this process, once, and libxml2 on this thread. Call it before each use of
/// either; whoever calls meanwhile waits until it is done. When it says `false` nothing is hardened, and the
/// libraries must not be used.
///
/// `initialize` must make whoever uses libxmlsec1 initialize it for good, and say whether that succeeded:
/// initialization registers the file and network handlers and sets the error callback, so it would undo
/// what is done here. It runs until it has succeeded once.
#[must_use = "when it failed, the libraries must not be used"]
pub fn harden(initialize: impl FnOnce() -> bool) -> bool {
    silence_libxml2();
    if HARDENED.load(Ordering::Acquire) {
        return true;
    }
    let _turn = HARDENING.lock().unwrap_or_else(PoisonError::into_inner);
    if !HARDENED.load(Ordering::Acquire) && initialize() {
        close_doors();
        HARDENED.store(true, Ordering::Release);
    }
    HARDENED.load(Ordering::Acquire)
}

#[expect(unsafe_code, reason = "what this crate is for")]
fn close_doors() {
    // SAFETY: the function has no arguments and only empties the library's list of I/O handlers, which
    // initialization has made (`xmlSecIOInit`). The list has no lock of its own: `HARDENING` is held, and
    // nobody uses the library before `harden` has answered. An empty list is a state that readers know:
    // opening any URI then fails.
    unsafe { ffi::xmlSecIOCleanupCallbacks() };
    // SAFETY: the function stores the pointer in a global that is read at each error. `ignore` has the C
    // ABI and the exact type of `xmlSecErrorsCallback`, lives as long as the program, touches none of its
    // arguments and can't unwind. Nobody reads the global meanwhile, as above.
    unsafe { ffi::xmlSecErrorsSetCallback(ignore) };
}

/// libxml2 keeps its error handler by thread.
#[expect(unsafe_code, reason = "what this crate is for")]
fn silence_libxml2() {
    // SAFETY: the function stores both pointers in this thread's own globals of libxml2, which it makes when
    // there are none. The context is null, and the handler does not look at it. `ignore_structured` has the C
    // ABI and the type of `xmlStructuredErrorFunc` (both arguments are pointers), lives as long as the
    // program, touches none of its arguments and can't unwind.
    unsafe { ffi::xmlSetStructuredErrorFunc(ptr::null_mut(), ignore_structured) };
}

/// Takes an error of libxmlsec1 and does nothing: what it says, the sender may have written.
extern "C" fn ignore(
    _file: *const c_char,
    _line: c_int,
    _function: *const c_char,
    _error_object: *const c_char,
    _error_subject: *const c_char,
    _reason: c_int,
    _message: *const c_char,
) {
}

/// Takes an error of libxml2 and does nothing, for the same reason.
extern "C" fn ignore_structured(_context: *mut c_void, _error: *mut c_void) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without samael nobody initializes the library here, so this must not get as far as its lists.
    #[test]
    fn what_could_not_be_initialized_is_not_hardened() {
        assert!(!harden(|| false));
        assert!(!harden(|| false), "it is tried again");
    }
}
