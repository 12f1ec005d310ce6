//! Rows of the pages about an account's safety.

use crate::{
    fixture::Fixture,
    route_row::{
        Purpose, Row,
        Shown::{Page, Refused},
        Site, row, to,
    },
};

/// Their rows.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| row(f, Site::Console, "GET", path, Purpose::Look);
    let mut switch = row(f, Site::Console, "POST", "/account/login-alerts", Purpose::Form)
        .mine(&to("/account/security-events?done="))
        .field("login_alerts", "on");
    switch.managed = Some(Refused(403));
    // That is told (AUD-1).
    switch.notes = &["identity.outbox", "identity.outbox_keys"];
    let mut not_me = row(f, Site::Gateway, "GET", "/not-me/{token}", Purpose::Look).all(&Page);
    not_me.by_link = true;
    let disown = row(f, Site::Gateway, "POST", "/not-me/{token}", Purpose::Form);
    vec![
        get("/account/history").mine(&Page),
        get("/account/security-events").mine(&Page),
        switch,
        not_me,
        disown.once_by_link(&to("/not-me/done")),
        row(f, Site::Gateway, "GET", "/not-me/done", Purpose::Look).all(&Page),
    ]
}
