//! `pass.identity.v1.DirectoryService`.

use super::{Services, convert, credential, managed_convert, security};
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    BatchGetAccountsRequest, BatchGetAccountsResponse, CountManagedAccountsRequest,
    CountManagedAccountsResponse, GetMailPreferencesRequest, GetMailPreferencesResponse,
    PrepareAccountDeletedMailRequest, PrepareAccountDeletedMailResponse, PrepareEmailChangeMailRequest,
    PrepareEmailChangeMailResponse, PrepareLoginAlertMailRequest, PrepareLoginAlertMailResponse,
    PrepareManagedInvitationMailRequest, PrepareManagedInvitationMailResponse,
    PreparePasswordResetMailRequest, PreparePasswordResetMailResponse, PrepareSignUpMailRequest,
    PrepareSignUpMailResponse, directory_service_server::DirectoryService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl DirectoryService for Services {
    async fn batch_get_accounts(
        &self,
        request: Request<BatchGetAccountsRequest>,
    ) -> Result<Response<BatchGetAccountsResponse>, Status> {
        let (_, request) = open(request)?;
        let ids = convert::ids(request).map_err(violation)?;
        let accounts = self.0.accounts(&ids).await.map_err(status)?;
        let accounts = accounts.into_iter().map(convert::account).collect();
        Ok(Response::new(BatchGetAccountsResponse { accounts }))
    }

    async fn get_mail_preferences(
        &self,
        request: Request<GetMailPreferencesRequest>,
    ) -> Result<Response<GetMailPreferencesResponse>, Status> {
        let (_, GetMailPreferencesRequest { email }) = open(request)?;
        let email = convert::parse(&email, "email").map_err(violation)?;
        let preferences = self.0.mail_preferences(&email).await.map_err(status)?;
        Ok(Response::new(convert::mail_preferences(preferences)))
    }

    async fn prepare_login_alert_mail(
        &self,
        request: Request<PrepareLoginAlertMailRequest>,
    ) -> Result<Response<PrepareLoginAlertMailResponse>, Status> {
        let (_, PrepareLoginAlertMailRequest { login_alert_id }) = open(request)?;
        let id = convert::id(&login_alert_id, "login_alert_id").map_err(violation)?;
        let asked = self.0.login_alert_mail(id).await.map_err(status)?;
        Ok(Response::new(security::mail(asked)))
    }

    async fn prepare_password_reset_mail(
        &self,
        request: Request<PreparePasswordResetMailRequest>,
    ) -> Result<Response<PreparePasswordResetMailResponse>, Status> {
        let (_, PreparePasswordResetMailRequest { password_reset_id }) = open(request)?;
        let id = convert::id(&password_reset_id, "password_reset_id").map_err(violation)?;
        let mail = self.0.password_reset_mail(id).await.map_err(status)?;
        Ok(Response::new(credential::reset_mail(mail)))
    }

    async fn prepare_email_change_mail(
        &self,
        request: Request<PrepareEmailChangeMailRequest>,
    ) -> Result<Response<PrepareEmailChangeMailResponse>, Status> {
        let (_, PrepareEmailChangeMailRequest { email_change_id }) = open(request)?;
        let id = convert::id(&email_change_id, "email_change_id").map_err(violation)?;
        let mail = self.0.email_change_mail(id).await.map_err(status)?;
        Ok(Response::new(credential::change_mail(mail)))
    }

    async fn prepare_sign_up_mail(
        &self,
        request: Request<PrepareSignUpMailRequest>,
    ) -> Result<Response<PrepareSignUpMailResponse>, Status> {
        let (_, PrepareSignUpMailRequest { sign_up_id }) = open(request)?;
        let id = convert::id(&sign_up_id, "sign_up_id").map_err(violation)?;
        let mail = self.0.sign_up_mail(id).await.map_err(status)?;
        Ok(Response::new(convert::sign_up_mail(mail)))
    }

    async fn prepare_managed_invitation_mail(
        &self,
        request: Request<PrepareManagedInvitationMailRequest>,
    ) -> Result<Response<PrepareManagedInvitationMailResponse>, Status> {
        let (_, PrepareManagedInvitationMailRequest { account_id, attempt }) = open(request)?;
        let id = convert::id(&account_id, "account_id").map_err(violation)?;
        let mail = self.0.managed_invitation_mail(id, attempt).await.map_err(status)?;
        Ok(Response::new(managed_convert::invitation_mail(mail)))
    }

    async fn prepare_account_deleted_mail(
        &self,
        request: Request<PrepareAccountDeletedMailRequest>,
    ) -> Result<Response<PrepareAccountDeletedMailResponse>, Status> {
        let (_, PrepareAccountDeletedMailRequest { account_id }) = open(request)?;
        let id = convert::id(&account_id, "account_id").map_err(violation)?;
        let farewell = self.0.account_deleted_mail(id).await.map_err(status)?;
        Ok(Response::new(convert::account_deleted_mail(farewell)))
    }

    async fn count_managed_accounts(
        &self,
        request: Request<CountManagedAccountsRequest>,
    ) -> Result<Response<CountManagedAccountsResponse>, Status> {
        let (_, CountManagedAccountsRequest { organization_id, domain }) = open(request)?;
        let organization = convert::id(&organization_id, "organization_id").map_err(violation)?;
        let count = self.0.count_managed_accounts(organization, &domain).await.map_err(status)?;
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Response::new(CountManagedAccountsResponse { count }))
    }
}
