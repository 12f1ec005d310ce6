//! Rows of the RPCs about an account's image and its deletion.

use crate::{
    fixture::Fixture,
    rpc_row::{For, Gets::Refused, Row, own, people, row},
};
use pass_proto::{
    billing::v1::ForgetPersonRequest,
    errors::v1::ErrorReason,
    identity::v1::{
        DeleteMyAccountRequest, GetImageRequest, PrepareAccountDeletedMailRequest, PreviewMyDeletionRequest,
        RemoveMyImageRequest, SetMyImageRequest,
    },
    organization::v1::{EraseAccountRequest, PreviewAccountDeletionRequest},
};

/// Their rows, in the order in which the right callers are answered.
pub fn rows(f: &Fixture) -> Vec<Row<'_>> {
    let taro = &f.administrator;
    let managed = Refused(ErrorReason::ManagedByOrganization);
    let not_typed = Refused(ErrorReason::InvalidArgument);
    let not_theirs = Refused(ErrorReason::NotFound);
    vec![
        row(
            "identity.v1.ProfileService.SetMyImage",
            own(taro),
            &SetMyImageRequest { image: include_bytes!("../me.jpg").to_vec() },
        ),
        // Nobody has an image of that id.
        row(
            "identity.v1.ProfileService.GetImage",
            For::Anonymous,
            &GetImageRequest { image_id: "A".repeat(32), size: 48 },
        )
        .but_refused(ErrorReason::NotFound),
        row("identity.v1.ProfileService.RemoveMyImage", own(taro), &RemoveMyImageRequest {}),
        row("identity.v1.ProfileService.PreviewMyDeletion", own(taro), &PreviewMyDeletionRequest {})
            .managed(managed),
        // The address is the administrator's, whom Acme needs; others did not type their own.
        row(
            "identity.v1.ProfileService.DeleteMyAccount",
            people(taro, not_typed, not_typed, not_typed),
            &DeleteMyAccountRequest { confirmation: taro.email.to_owned() },
        )
        .managed(managed)
        .all_noted(&[
            "identity.account_deletions",
            "identity.outbox",
            "identity.outbox_keys",
            "organization.account_deletions",
        ])
        .but_refused(ErrorReason::AccountNeeded),
        row(
            "organization.v1.AccountDeletionService.PreviewAccountDeletion",
            For::System,
            &PreviewAccountDeletionRequest { account_id: taro.account.clone() },
        ),
        row(
            "organization.v1.AccountDeletionService.EraseAccount",
            people(taro, not_theirs, not_theirs, not_theirs),
            &EraseAccountRequest {
                account_id: taro.account.clone(),
                attempt: 1000,
                email: taro.email.to_owned(),
            },
        )
        .managed(not_theirs)
        .system_too()
        .lenient(&["attempt: huge"])
        .notes(&["organization.account_deletions"])
        .but_refused(ErrorReason::AccountNeeded),
        // Nobody's account, so none that was deleted.
        row(
            "identity.v1.DirectoryService.PrepareAccountDeletedMail",
            For::System,
            &PrepareAccountDeletedMailRequest { account_id: taro.session.clone() },
        )
        .but_refused(ErrorReason::LinkInvalid),
        // Nobody's account.
        row(
            "billing.v1.PersonService.ForgetPerson",
            For::System,
            &ForgetPersonRequest { account_id: taro.session.clone(), email: "nobody@example.com".to_owned() },
        ),
    ]
}
