//! `pass.billing.v1.SeatService`.

use super::{Services, convert};
use crate::app::Author;
use pass_mesh::{open, status};
use pass_proto::billing::v1::{
    CheckEntitlementRequest, CheckEntitlementResponse, FreeSeatRequest, FreeSeatResponse, TakeSeatRequest,
    TakeSeatResponse, seat_service_server::SeatService,
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl SeatService for Services {
    async fn check_entitlement(
        &self,
        request: Request<CheckEntitlementRequest>,
    ) -> Result<Response<CheckEntitlementResponse>, Status> {
        let (_, request) = open(request)?;
        let organization = convert::check_entitlement(&request)?;
        let entitlement = self.0.check_entitlement(organization).await.map_err(status)?;
        Ok(Response::new(convert::entitlement(entitlement)))
    }

    async fn take_seat(
        &self,
        request: Request<TakeSeatRequest>,
    ) -> Result<Response<TakeSeatResponse>, Status> {
        let (caller, request) = open(request)?;
        let take = convert::take_seat(&request)?;
        self.0.take_seat(&Author::of(&caller), take).await.map_err(status)?;
        Ok(Response::new(TakeSeatResponse {}))
    }

    async fn free_seat(
        &self,
        request: Request<FreeSeatRequest>,
    ) -> Result<Response<FreeSeatResponse>, Status> {
        let (caller, request) = open(request)?;
        let free = convert::free_seat(&request)?;
        self.0.free_seat(&Author::of(&caller), free).await.map_err(status)?;
        Ok(Response::new(FreeSeatResponse {}))
    }
}
