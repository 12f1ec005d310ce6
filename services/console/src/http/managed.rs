//! One Managed Account, as the administrators of its organization see and run it (MAN-2, MAN-4, MAN-5).

use super::{
    Done, SignedIn,
    frame::{Frame, Head, View},
    organization::administered,
    sign_in::Nothing,
};
use crate::grpc::{ManagedAccount, ManagedChange, ManagedState, Member, Membership};
use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use pass_types::{AccountId, Email};
use pass_web::{Form, Page, Refusal, html_with};

/// The account.
#[derive(Template)]
#[template(path = "managed.html")]
pub struct ManagedPage {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub managed: ManagedAccount,
    /// Its place in the organization, when that can be told.
    pub member: Option<Member>,
}

/// The question before it is deleted.
#[derive(Template)]
#[template(path = "managed_delete.html")]
pub struct ManagedDelete {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub managed: ManagedAccount,
    pub confirmation: String,
}

#[derive(Debug, serde::Deserialize)]
pub struct Confirmation {
    confirmation: String,
}

type Ids = Path<(String, String)>;

/// Shows it.
pub async fn show(me: SignedIn, Path(ids): Ids, Query(view): Query<View>) -> Result<Response, Response> {
    let (membership, account) = of_path(&me, &ids).await?;
    page_of(&me, (StatusCode::OK, view.noticed(me.page())), &membership, account).await
}

/// Suspends it.
pub async fn suspend(
    me: SignedIn,
    Path(ids): Ids,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    change(me, ids, ManagedChange::Suspend, Done::ManagedSuspended).await
}

/// Resumes it.
pub async fn resume(
    me: SignedIn,
    Path(ids): Ids,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    change(me, ids, ManagedChange::Resume, Done::ManagedResumed).await
}

/// Mails its invitation again.
pub async fn resend(
    me: SignedIn,
    Path(ids): Ids,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Response> {
    change(me, ids, ManagedChange::Resend, Done::ManagedResent).await
}

/// Asks before it is deleted.
pub async fn confirm_delete(me: SignedIn, Path(ids): Ids) -> Result<Response, Response> {
    let (membership, account) = of_path(&me, &ids).await?;
    let managed = known(&me, &membership, account).await?;
    Ok(question(&me, (StatusCode::OK, me.page()), &membership, managed, String::new()))
}

/// Deletes it, if the address was typed.
pub async fn delete(
    me: SignedIn,
    Path(ids): Ids,
    Form(Confirmation { confirmation }): Form<Confirmation>,
) -> Result<Response, Response> {
    let (membership, account) = of_path(&me, &ids).await?;
    let id = membership.organization.id;
    let managed = known(&me, &membership, account).await?;
    let deleted = if is_confirmed(&confirmation, &managed) {
        me.suite.change_managed(id, account, ManagedChange::Delete).await
    } else {
        Err(Refusal::of_field("confirmation", "must be the address of the account"))
    };
    match deleted {
        Ok(()) => Ok(Done::ManagedDeleted.then(&format!("/organizations/{id}/members"))),
        Err(refusal) => Ok(question(&me, me.again(refusal)?, &membership, managed, confirmation)),
    }
}

async fn change(
    me: SignedIn,
    ids: (String, String),
    change: ManagedChange,
    done: Done,
) -> Result<Response, Response> {
    let (membership, account) = of_path(&me, &ids).await?;
    let id = membership.organization.id;
    match me.suite.change_managed(id, account, change).await {
        Ok(()) => Ok(done.then(&format!("/organizations/{id}/managed/{account}"))),
        Err(refusal) => page_of(&me, me.again(refusal)?, &membership, account).await,
    }
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    account: AccountId,
) -> Result<Response, Response> {
    let managed = known(me, membership, account).await?;
    let listed = me.suite.members(membership.organization.id, &managed.account.email, "").await;
    let member = listed.ok().and_then(|found| found.items.into_iter().find(|it| it.account == account));
    let (frame, head) = (Frame::of(me, "organizations"), Head::of(membership, "members"));
    Ok(html_with(status, &ManagedPage { page, frame, head, managed, member }))
}

fn question(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    managed: ManagedAccount,
    confirmation: String,
) -> Response {
    let (frame, head) = (Frame::of(me, "organizations"), Head::of(membership, "members"));
    html_with(status, &ManagedDelete { page, frame, head, managed, confirmation })
}

async fn of_path(me: &SignedIn, ids: &(String, String)) -> Result<(Membership, AccountId), Response> {
    let account = ids.1.parse().map_err(|_| me.failed(Refusal::not_found()))?;
    Ok((administered(me, &ids.0).await?, account))
}

async fn known(
    me: &SignedIn,
    membership: &Membership,
    account: AccountId,
) -> Result<ManagedAccount, Response> {
    me.suite.managed(membership.organization.id, account).await.map_err(|refusal| me.failed(refusal))
}

/// Whether the account's address was typed, however it is spelled (ACC-2).
fn is_confirmed(typed: &str, managed: &ManagedAccount) -> bool {
    match (typed.trim().parse::<Email>(), managed.account.email.parse::<Email>()) {
        (Ok(typed), Ok(email)) => typed == email,
        _ => false,
    }
}
