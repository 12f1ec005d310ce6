//! `pass.identity.v1.SamlConnectionService`.

use super::{Services, convert::id, page::Page, saml_convert};
use crate::app::Owner;
use pass_mesh::{open, status, violation};
use pass_proto::identity::v1::{
    ActivateSamlConnectionRequest, ActivateSamlConnectionResponse, CreateSamlTestRequest,
    CreateSamlTestResponse, DisableSamlConnectionRequest, DisableSamlConnectionResponse,
    GetSamlSettingsRequest, GetSamlSettingsResponse, GetSamlTestRequest, GetSamlTestResponse,
    ListSamlSignInsRequest, ListSamlSignInsResponse, SaveSamlDraftRequest, SaveSamlDraftResponse,
    saml_connection_service_server::SamlConnectionService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SamlConnectionService for Services {
    async fn get_saml_settings(
        &self,
        request: Request<GetSamlSettingsRequest>,
    ) -> Result<Response<GetSamlSettingsResponse>, Status> {
        let (caller, GetSamlSettingsRequest { organization_id }) = open(request)?;
        let organization = id(&organization_id, "organization_id").map_err(violation)?;
        let standing = self.0.saml_settings(&Owner::of(&caller)?, organization).await.map_err(status)?;
        Ok(Response::new(saml_convert::standing(standing)))
    }

    async fn save_saml_draft(
        &self,
        request: Request<SaveSamlDraftRequest>,
    ) -> Result<Response<SaveSamlDraftResponse>, Status> {
        let (caller, request) = open(request)?;
        let saving = saml_convert::saving(request).map_err(violation)?;
        let draft = self.0.save_saml_draft(&Owner::of(&caller)?, saving).await.map_err(status)?;
        Ok(Response::new(SaveSamlDraftResponse { draft: Some(saml_convert::connection(draft)) }))
    }

    async fn create_saml_test(
        &self,
        request: Request<CreateSamlTestRequest>,
    ) -> Result<Response<CreateSamlTestResponse>, Status> {
        let (caller, CreateSamlTestRequest { organization_id, connection_id }) = open(request)?;
        let organization = id(&organization_id, "organization_id").map_err(violation)?;
        let connection = id(&connection_id, "connection_id").map_err(violation)?;
        let test = self.0.create_saml_test(&Owner::of(&caller)?, organization, connection).await;
        let test = test.map_err(status)?;
        Ok(Response::new(CreateSamlTestResponse { test_id: test.id.to_string(), url: test.url }))
    }

    async fn get_saml_test(
        &self,
        request: Request<GetSamlTestRequest>,
    ) -> Result<Response<GetSamlTestResponse>, Status> {
        let (caller, GetSamlTestRequest { organization_id, test_id }) = open(request)?;
        let organization = id(&organization_id, "organization_id").map_err(violation)?;
        let test = id(&test_id, "test_id").map_err(violation)?;
        let report = self.0.saml_test(&Owner::of(&caller)?, organization, test).await.map_err(status)?;
        Ok(Response::new(saml_convert::report(report)))
    }

    async fn activate_saml_connection(
        &self,
        request: Request<ActivateSamlConnectionRequest>,
    ) -> Result<Response<ActivateSamlConnectionResponse>, Status> {
        let (caller, ActivateSamlConnectionRequest { organization_id, connection_id }) = open(request)?;
        let organization = id(&organization_id, "organization_id").map_err(violation)?;
        let connection = id(&connection_id, "connection_id").map_err(violation)?;
        let owner = Owner::of(&caller)?;
        let active = self.0.activate_saml_connection(&owner, organization, connection).await;
        let connection = Some(saml_convert::connection(active.map_err(status)?));
        Ok(Response::new(ActivateSamlConnectionResponse { connection }))
    }

    async fn disable_saml_connection(
        &self,
        request: Request<DisableSamlConnectionRequest>,
    ) -> Result<Response<DisableSamlConnectionResponse>, Status> {
        let (caller, DisableSamlConnectionRequest { organization_id, confirmation }) = open(request)?;
        let organization = id(&organization_id, "organization_id").map_err(violation)?;
        let owner = Owner::of(&caller)?;
        self.0.disable_saml_connection(&owner, organization, confirmation.into()).await.map_err(status)?;
        Ok(Response::new(DisableSamlConnectionResponse {}))
    }

    async fn list_saml_sign_ins(
        &self,
        request: Request<ListSamlSignInsRequest>,
    ) -> Result<Response<ListSamlSignInsResponse>, Status> {
        let (caller, ListSamlSignInsRequest { organization_id, page_size, page_token }) = open(request)?;
        let organization = id(&organization_id, "organization_id").map_err(violation)?;
        let page = Page::parse(page_size, &page_token).map_err(status)?;
        let owner = Owner::of(&caller)?;
        let found = self.0.saml_sign_ins(&owner, organization, page.after, page.rows()).await;
        let (found, next_page_token) = page.cut(found.map_err(status)?, |entry| entry.id);
        let sign_ins = found.into_iter().map(saml_convert::sign_in).collect();
        Ok(Response::new(ListSamlSignInsResponse { sign_ins, next_page_token }))
    }
}
