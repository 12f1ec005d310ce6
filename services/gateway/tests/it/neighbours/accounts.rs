//! Accounts, as identity keeps them.

use super::{Neighbours, Someone, Wish, refused};
use pass_mesh::open;
use pass_proto::{
    convert::{FromWire, timestamp},
    errors::v1::ErrorReason,
    identity::v1::{account_service_server::AccountService, *},
    types::v1 as wire,
};
use pass_types::{AccountId, AccountKind, Kind, Secret};
use time::OffsetDateTime;
use tonic::{Request, Response, Status};

pub(super) fn account(someone: &Someone, now: OffsetDateTime) -> Account {
    Account {
        account_id: someone.id.to_string(),
        kind: someone.kind.to_wire().into(),
        name: someone.name.clone(),
        email: someone.email.clone(),
        unique_id: "user-1234567890".to_owned(),
        language: someone.language.into(),
        time_zone: "Asia/Tokyo".to_owned(),
        appearance: someone.appearance.into(),
        create_time: Some(timestamp(now)),
        etag: "1".to_owned(),
        organization_id: String::new(),
        operator: someone.operator,
        image_id: someone.image.clone(),
    }
}

#[tonic::async_trait]
impl AccountService for Neighbours {
    async fn request_sign_up(
        &self,
        request: Request<RequestSignUpRequest>,
    ) -> Result<Response<RequestSignUpResponse>, Status> {
        let (_, asked) = open(request)?;
        if asked.email.parse::<pass_types::Email>().is_err() {
            let problem = pass_types::Invalid("must be an email address");
            return Err(pass_mesh::violation(problem.of("email")));
        }
        let language = asked.language();
        let RequestSignUpRequest { name, email, language: _, time_zone, continuation } = asked;
        let token = Secret::generate(&self.entropy).reveal();
        self.state().wishes.push(Wish { token, name, email, language, time_zone, continuation });
        Ok(Response::new(RequestSignUpResponse {}))
    }

    async fn get_sign_up(
        &self,
        request: Request<GetSignUpRequest>,
    ) -> Result<Response<GetSignUpResponse>, Status> {
        let (_, asked) = open(request)?;
        let state = self.state();
        let wish = state.wishes.iter().find(|it| it.token == asked.token);
        let wish = wish.ok_or_else(|| refused(Kind::Precondition, ErrorReason::LinkInvalid))?;
        let language = wish.language.into();
        Ok(Response::new(GetSignUpResponse {
            name: wish.name.clone(),
            email: wish.email.clone(),
            language,
            continuation: wish.continuation.clone(),
        }))
    }

    async fn complete_sign_up(
        &self,
        request: Request<CompleteSignUpRequest>,
    ) -> Result<Response<CompleteSignUpResponse>, Status> {
        let (_, CompleteSignUpRequest { token, password, replaced_token, visit }) = open(request)?;
        self.state().visits.extend(visit);
        if password.chars().count() < 12 {
            return Err(refused(Kind::InvalidInput, ErrorReason::PasswordLength));
        }
        let wish = {
            let mut state = self.state();
            let at = state.wishes.iter().position(|it| it.token == token);
            state.wishes.remove(at.ok_or_else(|| refused(Kind::Precondition, ErrorReason::LinkInvalid))?)
        };
        let someone = Someone {
            id: AccountId::generate(&self.entropy, self.clock.now()),
            kind: AccountKind::Nulab,
            name: wish.name,
            email: wish.email,
            password,
            language: wish.language,
            appearance: wire::Appearance::System,
            image: String::new(),
            operator: false,
            suspended: false,
        };
        self.state().accounts.push(someone.clone());
        self.state().sessions.remove(&replaced_token);
        Ok(Response::new(CompleteSignUpResponse {
            account: Some(account(&someone, self.clock.now())),
            session: Some(self.begin(someone.id, true)),
            continuation: wish.continuation,
        }))
    }

    async fn get_my_account(
        &self,
        _: Request<GetMyAccountRequest>,
    ) -> Result<Response<GetMyAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn update_my_account(
        &self,
        _: Request<UpdateMyAccountRequest>,
    ) -> Result<Response<UpdateMyAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }

    async fn get_account(
        &self,
        _: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        Err(Status::unimplemented("not the gateway's"))
    }
}
