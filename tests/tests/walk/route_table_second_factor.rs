//! Rows of the second step, and of the pages of what protects an account. Nobody here has a second factor.

use crate::{
    fixture::Fixture,
    route_row::{
        Purpose, Row,
        Shown::{self, Page, Refused},
        Site, row, to,
    },
};

/// Their rows. What a page keeps for the form on it, a draft or a challenge, is its session's own.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Gateway, "GET", path, Purpose::Look);
    let post = |path| row(f, Site::Gateway, "POST", path, Purpose::Form);
    // There is no second step under way: whatever is shown, the way is back to the first.
    let mut second = post("/sign-in/second").all(&to("/sign-in")).field("code", "000000");
    second.right.0 = None;
    second.lenient = &["code"];
    let mut passkey = get("/sign-in/passkey").all(&Page);
    passkey.notes = &["identity.passkey_sign_ins"];
    // Nobody has a passkey: the page again, with another challenge.
    let mut answered = post("/sign-in/passkey").all(&Refused(422)).field("credential", "{}");
    (answered.right.0, answered.notes) = (None, passkey.notes);
    answered.lenient = &["credential"];
    let mut page = mine(get("/security"), &Page);
    page.managed = Some(Page);
    let mut app = mine(get("/security/authenticator"), &Page);
    app.notes = &["identity.authenticator_drafts", "identity.outbox", "identity.outbox_keys"];
    let mut confirm = mine(post("/security/authenticator"), &Refused(401)).field("code", "000000");
    confirm.notes = app.notes;
    let mut key = mine(get("/security/keys/new"), &Page);
    key.notes = &["identity.key_challenges", "identity.outbox", "identity.outbox_keys"];
    let mut add =
        mine(post("/security/keys"), &Refused(401)).field("name", "Key ring").field("credential", "{}");
    add.notes = key.notes;
    // There are no new ones to show.
    let mut codes = mine(get("/security/recovery-codes"), &to("/security"));
    codes.managed = Some(to("/security"));
    vec![
        get("/sign-in/second").all(&to("/sign-in")),
        second,
        passkey,
        answered,
        page,
        app,
        confirm,
        mine(post("/security/authenticator/remove"), &Refused(404)),
        key,
        add,
        mine(post("/security/keys/{key}/remove"), &Refused(404)),
        codes,
        mine(post("/security/recovery-codes"), &Refused(422)),
        mine(post("/security/off"), &Refused(422)),
    ]
}

/// Everybody's own; with a Managed Account there is nothing to change (MAN-6). What is refused is told (AUD-1).
fn mine<'f>(row: Row<'f>, shown: &Shown) -> Row<'f> {
    let mut row = row.all(shown);
    (row.nobody, row.managed) = (to("/sign-in?then=security"), Some(Refused(403)));
    row.notes = &["identity.outbox", "identity.outbox_keys"];
    row
}
