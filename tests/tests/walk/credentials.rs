//! Passwords and addresses: people who are about to change theirs, and the rows of what they do it by.

use crate::{
    fixture::Fixture,
    people::{PASSWORD, link_token, sign_up},
    route_row::{
        self, Purpose,
        Shown::{Page, Refused},
        Site, row as route, to,
    },
    rpc_row::{For, Gets, Row, own, row},
};
use pass_proto::{
    errors::v1::ErrorReason::ManagedByOrganization,
    identity::v1::{
        ChangePasswordRequest, CompletePasswordResetRequest, ConfirmEmailChangeRequest,
        GetEmailChangeRequest, GetPasswordResetRequest, PrepareEmailChangeMailRequest,
        PreparePasswordResetMailRequest, RequestEmailChangeRequest, RequestPasswordResetRequest,
    },
    types::v1::Language,
};
use pass_tests::{Browser, Suite};
use pass_types::LinkKey;

const NEW_PASSWORD: &str = "seven dunes mapped by an otter";

/// What the links of mails have, and a session whose owner changes the password.
pub struct Credentials {
    /// A reset's id, and what its link has.
    pub reset: (String, String),
    /// The same of a change of address.
    pub email_change: (String, String),
    session: String,
}

impl Credentials {
    /// Makes them, of accounts that are nobody else's.
    pub async fn make(suite: &Suite) -> Self {
        let reta = sign_up(suite, "Reta Reset", "reta@reset.example").await;
        let browser = Browser::new("Reta's other", "en");
        let page = browser.open(suite.gateway.join("/reset-password").expect("a path")).await;
        browser.submit(page.form("/reset-password").with("email", reta.email)).await;
        let token = link_token(suite, reta.email, "/reset-password/", 0).await;
        let sql = "SELECT id::text FROM password_resets WHERE email = $1";
        let pool = &suite.databases["identity"].pool;
        let id = sqlx::query_scalar(sql).bind(reta.email).fetch_one(pool).await.expect("the reset");

        let eve = sign_up(suite, "Eve Elsewhere", "eve@before.example").await;
        let (change, now) =
            (suite.context.entropy.uuid(suite.context.clock.now()), suite.context.clock.now());
        sqlx::query(
            "INSERT INTO email_changes (id, account_id, email, expires_at)
             VALUES ($1, $2::uuid, 'eve@after.example', $3 + interval '24 hours')",
        )
        .bind(change)
        .bind(&eve.account)
        .bind(now)
        .execute(pool)
        .await
        .expect("a change of address");
        let key = LinkKey::new(suite.config.identity.link_secret.expose().as_bytes()).expect("a secret");
        let email_change = (change.to_string(), key.mint("email-change", change, 1));

        let carl = sign_up(suite, "Carl Changer", "carl@change.example").await;
        let session = carl.browser.cookie("pass.localhost", "__Host-pass").expect("a session");
        Self { reset: (id, token), email_change, session }
    }

    /// What no log has.
    pub fn secrets(&self) -> [&str; 8] {
        let (reset, email_change) = (self.reset.1.as_str(), self.email_change.1.as_str());
        let [reta, eve, carl] = ["reta@reset.example", "eve@after.example", "carl@change.example"];
        [reset, email_change, &self.session, NEW_PASSWORD, reta, eve, carl, "eve@before.example"]
    }
}

/// The rows of their RPCs, in the order in which the right callers are answered.
pub fn rpcs(f: &Fixture) -> Vec<Row<'_>> {
    let Credentials { reset, email_change, session } = &f.credentials;
    let (reset_token, change_token) = (|| reset.1.clone(), || email_change.1.clone());
    vec![
        row(
            "identity.v1.CredentialService.RequestPasswordReset",
            For::Anonymous,
            &RequestPasswordResetRequest {
                email: "nobody@new.example".to_owned(),
                language: Language::En as i32,
                continuation: String::new(),
            },
        ),
        row(
            "identity.v1.DirectoryService.PreparePasswordResetMail",
            For::System,
            &PreparePasswordResetMailRequest { password_reset_id: reset.0.clone() },
        ),
        row(
            "identity.v1.CredentialService.GetPasswordReset",
            For::Anonymous,
            &GetPasswordResetRequest { token: reset_token() },
        ),
        row(
            "identity.v1.CredentialService.CompletePasswordReset",
            For::Anonymous,
            &CompletePasswordResetRequest {
                token: reset_token(),
                password: NEW_PASSWORD.to_owned(),
                device_token: String::new(),
            },
        )
        // What is no device's is an unknown one's (ACC-10).
        .lenient(&["device_token: *"]),
        row(
            "identity.v1.CredentialService.ChangePassword",
            For::Anonymous,
            &ChangePasswordRequest {
                session_token: session.clone(),
                current_password: PASSWORD.to_owned(),
                password: NEW_PASSWORD.to_owned(),
            },
        )
        // A wrong current one is told (AUD-1).
        .notes(&["identity.outbox", "identity.outbox_keys"]),
        row(
            "identity.v1.CredentialService.RequestEmailChange",
            own(&f.administrator),
            &RequestEmailChangeRequest { email: "elsewhere@new.example".to_owned() },
        )
        .managed(Gets::Refused(ManagedByOrganization))
        // That is told (AUD-1).
        .all_noted(&["identity.outbox", "identity.outbox_keys"]),
        row(
            "identity.v1.DirectoryService.PrepareEmailChangeMail",
            For::System,
            &PrepareEmailChangeMailRequest { email_change_id: email_change.0.clone() },
        ),
        row(
            "identity.v1.CredentialService.GetEmailChange",
            For::Anonymous,
            &GetEmailChangeRequest { token: change_token() },
        ),
        row(
            "identity.v1.CredentialService.ConfirmEmailChange",
            For::Anonymous,
            &ConfirmEmailChangeRequest { token: change_token() },
        ),
    ]
}

/// The rows of their pages.
pub fn routes(f: &Fixture) -> Vec<route_row::Row<'_>> {
    let get = |path| route(f, Site::Gateway, "GET", path, Purpose::Look);
    let post = |path| route(f, Site::Gateway, "POST", path, Purpose::Form);
    let mut ask =
        post("/reset-password").all(&to("/reset-password/sent")).field("email", "nobody@new.example");
    ask.right.0 = None;
    let mut new_password = get("/reset-password/{token}").all(&Page);
    new_password.by_link = true;
    // Too short (ACC-6).
    let mut choose = post("/reset-password/{token}").all(&Refused(400)).field("password", "short");
    choose.by_link = true;
    let mut address = get("/email-change/{token}").all(&Page);
    address.by_link = true;
    let confirm = post("/email-change/{token}").once_by_link(&to("/email-change/done"));
    let mut password = get("/security/password").all(&Page);
    (password.nobody, password.managed) = (to("/sign-in?then=security"), Some(to("/security")));
    let mut change = post("/security/password").all(&Refused(400));
    (change.nobody, change.managed) = (to("/sign-in?then=security"), Some(Refused(403)));
    change = change.field("current_password", "not the password at all").field("password", NEW_PASSWORD);
    // A wrong current one is told (AUD-1).
    change.notes = &["identity.outbox", "identity.outbox_keys"];
    let mut form = route(f, Site::Console, "GET", "/account/email", Purpose::Look).mine(&Page);
    form.managed = Some(to("/account"));
    let mut send = route(f, Site::Console, "POST", "/account/email", Purpose::Form);
    send = send.mine(&to("/account?done=email-change-sent")).field("email", "elsewhere@new.example");
    // That the organization looks after it is told (AUD-1).
    (send.managed, send.notes) = (Some(Refused(403)), change.notes);
    vec![
        get("/reset-password").all(&Page),
        ask,
        get("/reset-password/sent").all(&Page),
        get("/reset-password/done").all(&Page),
        new_password,
        choose,
        get("/email-change/done").all(&Page),
        address,
        confirm,
        password,
        change,
        form,
        send,
    ]
}
