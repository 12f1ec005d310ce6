//! Rows of the pages about an account's image and its deletion.

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
    let post = |path| row(f, Site::Console, "POST", path, Purpose::Form);
    let mut question = get("/account/delete").mine(&Page);
    question.managed = Some(to("/account"));
    // Nobody types their own address; the administrator is needed.
    let mut delete = post("/account/delete").mine(&Refused(400)).field("confirmation", f.administrator.email);
    delete.managed = Some(Refused(403));
    delete.right.1 = Refused(422);
    // That is told (AUD-1).
    delete.notes = &["identity.outbox", "identity.outbox_keys"];
    // It is of another kind: a form with a file. Without one it is none of ours, however large.
    let mut image = post("/account/image").mine(&Refused(403));
    image.large = Refused(403);
    vec![
        image,
        post("/account/image/remove").mine(&to("/account?done=")),
        question,
        delete,
        get("/account-deleted").all(&Page),
        get("/account-deleting").all(&Page),
        row(f, Site::Gateway, "GET", "/images/{image}/{size}", Purpose::Look).all(&Refused(404)),
    ]
}
