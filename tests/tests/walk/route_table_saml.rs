//! Rows of the routes about SAML.

use crate::{
    fixture::Fixture,
    nulab_pass::HANDLE,
    route_row::{
        Purpose, Row,
        Shown::{Page, Refused},
        Site, row, to,
    },
    route_table_pass::{administrators, administrators_then},
    rpc_table_saml::{LOG, NO_RESPONSE},
    saml::{ENTITY_ID, SSO_URL},
};

/// Their rows, in the order in which the right visitors are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let mut rows = signing_in(f);
    rows.extend(connections(f));
    rows
}

/// What administrators set up.
fn connections(f: &Fixture) -> Vec<Row<'_>> {
    let get = |path| administrators(row(f, Site::Console, "GET", path, Purpose::Look));
    let post = |path, page| administrators_then(f, row(f, Site::Console, "POST", path, Purpose::Form), page);
    let mut save = post("/organizations/{organization}/saml", "saml?done=")
        .field("metadata_xml", "")
        .field("idp_entity_id", ENTITY_ID)
        .field("sso_url", SSO_URL)
        .field("certificates", &f.saml.certificate);
    save.lenient = &["metadata_xml: missing"];
    let mut test = post("/organizations/{organization}/saml/tests", "");
    test.right.1 = to(format!("{}saml/tests/", f.suite.gateway));
    let mut switch_on = post("/organizations/{organization}/saml/switch-on", "");
    // Nobody has tested it (SML-6).
    switch_on.right.1 = Refused(422);
    for row in [&mut test, &mut switch_on] {
        row.fields.push(("connection_id".to_owned(), f.saml.connection.clone()));
        row.crossed = vec![("organization", &f.other)];
    }
    let mut verdict = get("/organizations/{organization}/saml/tests/{test}");
    verdict.crossed = vec![("organization", &f.other), ("test", &f.saml.test)];
    let switch_off = post("/organizations/{organization}/saml/switch-off", "saml?done=");
    vec![
        get("/organizations/{organization}/saml"),
        test,
        verdict,
        get("/organizations/{organization}/saml/sign-ins"),
        switch_on,
        get("/organizations/{organization}/saml/switch-off"),
        // It replaces the draft.
        save,
        switch_off.field("confirmation", "2"),
    ]
}

/// The gateway's, before anybody is known.
fn signing_in(f: &Fixture) -> Vec<Row<'_>> {
    let look = |path| row(f, Site::Gateway, "GET", path, Purpose::Look);
    let post = |path, purpose| {
        let mut row = row(f, Site::Gateway, "POST", path, purpose);
        row.right.0 = None;
        row
    };
    let mut test = look("/saml/tests/{token}").all(&Page);
    test.by_link = true;
    test.notes = &["identity.saml_requests"];
    let mut acs = post("/saml/{space_key}/acs", Purpose::Program)
        .all(&Refused(401))
        .field("SAMLResponse", NO_RESPONSE)
        .field("RelayState", "");
    acs.too_large = 1_200 * 1024 + 1;
    acs.notes = LOG;
    vec![
        post("/managed", Purpose::Form).all(&Page).field("identifier", HANDLE),
        look("/saml/{space_key}").all(&Page),
        test,
        acs,
        look("/saml/finish").all(&Refused(400)),
        look("/saml/continue").all(&Refused(400)),
        post("/saml/continue", Purpose::Form).all(&Refused(422)).field("handle", "nothing"),
    ]
}
