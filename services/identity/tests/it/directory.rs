//! Products with legacy spaces, as small as can be: real servers on the mesh, with users and passwords, that can
//! be made to fail or to hang.

use crate::{gateway::ISSUER, standins::Fault};
use pass_mesh::{Caller, Mesh, Problem, Trust, development::Pki, open, status};
use pass_proto::{
    errors::v1::ErrorReason,
    product::v1::{
        BatchGetSpacesRequest, BatchGetSpacesResponse, CheckPasswordRequest, CheckPasswordResponse,
        LegacySpace,
        legacy_directory_server::{LegacyDirectory, LegacyDirectoryServer},
    },
};
use pass_runtime::Context;
use pass_types::Kind;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::{net::TcpListener, sync::Barrier};
use tonic::{Request, Response, Status};

/// A product's legacy spaces.
#[derive(Default)]
pub struct Spaces {
    pub known: BTreeMap<String, Space>,
    /// What every call does instead of answering.
    pub fault: Option<Fault>,
    /// Passwords are checked only when so many are being checked.
    pub together: Option<Arc<Barrier>>,
    /// How often a password was checked.
    pub checks: usize,
    /// Who asked.
    pub callers: Vec<Caller>,
}

/// One of them.
pub struct Space {
    pub name: String,
    pub allowed: bool,
    /// Permanent id, user ID, password.
    pub users: Vec<(String, String, String)>,
}

/// The product. Clones are the same one.
#[derive(Clone, Default)]
pub struct Directory(Arc<Mutex<Spaces>>);

impl Directory {
    pub fn state(&self) -> MutexGuard<'_, Spaces> {
        self.0.lock().unwrap()
    }

    /// Makes a space whose users have the passwords `<user ID> password`; their ids begin with the space's.
    pub fn found(&self, id: &str, users: &[&str]) {
        let user = |user: &&str| (format!("{id}:{user}"), (*user).to_owned(), format!("{user} password"));
        let space =
            Space { name: format!("Space {id}"), allowed: true, users: users.iter().map(user).collect() };
        self.state().known.insert(id.to_owned(), space);
    }

    /// The administrator's switch (SPC-1).
    pub fn switch(&self, id: &str, allowed: bool) {
        self.state().known.get_mut(id).unwrap().allowed = allowed;
    }

    /// Serves it as the product `name`.
    pub async fn serve(&self, pki: &Pki, name: &'static str, context: &Context) -> SocketAddr {
        let config = pki.product(name).unwrap().config(pki.trust_domain());
        let mesh = Mesh::new(config, name, context).unwrap();
        let trust = Trust::new(ISSUER, context.clock.clone());
        let server = mesh.server(trust).add(LegacyDirectoryServer::new(self.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        context.tasks.spawn(name, |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
        address
    }

    async fn step(&self, caller: Caller) -> Result<(), Status> {
        let fault = {
            let mut state = self.state();
            state.callers.push(caller);
            state.fault
        };
        match fault {
            None => Ok(()),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Before | Fault::After) => Err(Status::unavailable("a test's fault")),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a product refuses")]
struct Refusal(Kind, ErrorReason);

impl Problem for Refusal {
    fn kind(&self) -> Kind {
        self.0
    }
    fn reason(&self) -> ErrorReason {
        self.1
    }
}

#[tonic::async_trait]
impl LegacyDirectory for Directory {
    async fn batch_get_spaces(
        &self,
        request: Request<BatchGetSpacesRequest>,
    ) -> Result<Response<BatchGetSpacesResponse>, Status> {
        let (caller, BatchGetSpacesRequest { space_ids }) = open(request)?;
        self.step(caller).await?;
        let state = self.state();
        let found = space_ids.into_iter().filter_map(|id| {
            let space = state.known.get(&id)?;
            Some(LegacySpace {
                sign_in_url: format!("https://{id}.backlog.test/login"),
                space_id: id,
                name: space.name.clone(),
                nulab_account_allowed: space.allowed,
            })
        });
        Ok(Response::new(BatchGetSpacesResponse { spaces: found.collect() }))
    }

    async fn check_password(
        &self,
        request: Request<CheckPasswordRequest>,
    ) -> Result<Response<CheckPasswordResponse>, Status> {
        let (caller, CheckPasswordRequest { space_id, user_id, password }) = open(request)?;
        self.state().checks += 1;
        self.step(caller).await?;
        let together = self.state().together.clone();
        if let Some(together) = together {
            together.wait().await;
        }
        let state = self.state();
        let refuse = |kind, reason| Err(status(Refusal(kind, reason)));
        let Some(space) = state.known.get(&space_id) else {
            return refuse(Kind::NotFound, ErrorReason::SpaceUnknown);
        };
        if !space.allowed {
            return refuse(Kind::Precondition, ErrorReason::SpaceClosed);
        }
        let user = space.users.iter().find(|(_, user, right)| *user == user_id && *right == password);
        let Some((id, name, _)) = user else {
            return refuse(Kind::Unauthenticated, ErrorReason::CredentialsInvalid);
        };
        Ok(Response::new(CheckPasswordResponse { space_user_id: id.clone(), name: name.clone() }))
    }
}
