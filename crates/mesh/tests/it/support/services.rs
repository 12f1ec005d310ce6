//! Services to call: they note who called and do what the test says.

use futures::{Stream, StreamExt, future::BoxFuture};
use pass_mesh::{Caller, open};
use pass_proto::{
    gateway::v1::{
        CheckRevocationRequest, CheckRevocationResponse, Heartbeat, WatchTrustRequest, WatchTrustResponse,
        trust_service_server::{TrustService, TrustServiceServer},
        watch_trust_response::Message,
    },
    identity::v1::{
        CompleteSignUpRequest, CompleteSignUpResponse, GetAccountRequest, GetAccountResponse,
        GetMyAccountRequest, GetMyAccountResponse, GetSignUpRequest, GetSignUpResponse, RequestSignUpRequest,
        RequestSignUpResponse, UpdateMyAccountRequest, UpdateMyAccountResponse,
        account_service_server::{AccountService, AccountServiceServer},
    },
};
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Request, Response, Status};

type Work = dyn Fn(Caller) -> BoxFuture<'static, Result<(), Status>> + Send + Sync;

/// Identity's accounts: every method does the same work.
#[derive(Clone)]
pub struct Accounts {
    pub calls: Arc<Mutex<Vec<Caller>>>,
    work: Arc<Work>,
}

impl Accounts {
    pub fn new() -> Self {
        Self::working(|_| async { Ok(()) })
    }

    pub fn working<F>(work: impl Fn(Caller) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Status>> + Send + 'static,
    {
        Self { calls: Arc::default(), work: Arc::new(move |caller| Box::pin(work(caller))) }
    }

    pub fn server(&self) -> AccountServiceServer<Self> {
        AccountServiceServer::new(self.clone())
    }

    pub fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    pub fn last(&self) -> Caller {
        self.calls.lock().unwrap().last().expect("nobody called").clone()
    }

    async fn answer<T, R: Default>(&self, request: Request<T>) -> Result<Response<R>, Status> {
        let (caller, _) = open(request)?;
        self.calls.lock().unwrap().push(caller.clone());
        (self.work)(caller).await?;
        Ok(Response::new(R::default()))
    }
}

macro_rules! accounts {
    ($($method:ident: $request:ty => $response:ty,)+) => {
        #[tonic::async_trait]
        impl AccountService for Accounts {
            $(async fn $method(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                self.answer(request).await
            })+
        }
    };
}

accounts! {
    request_sign_up: RequestSignUpRequest => RequestSignUpResponse,
    get_sign_up: GetSignUpRequest => GetSignUpResponse,
    complete_sign_up: CompleteSignUpRequest => CompleteSignUpResponse,
    get_my_account: GetMyAccountRequest => GetMyAccountResponse,
    update_my_account: UpdateMyAccountRequest => UpdateMyAccountResponse,
    get_account: GetAccountRequest => GetAccountResponse,
}

/// The gateway's trust: streams a snapshot and what the test sends.
#[derive(Clone)]
pub struct Gateway {
    pub snapshot: Arc<Mutex<Vec<Message>>>,
    pub changes: broadcast::Sender<Message>,
    pub streams: Arc<AtomicUsize>,
    pub questions: Arc<AtomicUsize>,
    /// What is answered by call.
    pub revoked: Arc<AtomicBool>,
    /// Whether there is an answer.
    pub answers: Arc<AtomicBool>,
}

impl Gateway {
    pub fn new(snapshot: Vec<Message>) -> Self {
        Self {
            snapshot: Arc::new(Mutex::new(snapshot)),
            changes: broadcast::channel(16).0,
            streams: Arc::default(),
            questions: Arc::default(),
            revoked: Arc::default(),
            answers: Arc::new(AtomicBool::new(true)),
        }
    }

    pub fn server(&self) -> TrustServiceServer<Self> {
        TrustServiceServer::new(self.clone())
    }

    pub fn beat(&self) {
        self.changes.send(Message::Heartbeat(Heartbeat {})).unwrap();
    }
}

#[tonic::async_trait]
impl TrustService for Gateway {
    type WatchTrustStream = Pin<Box<dyn Stream<Item = Result<WatchTrustResponse, Status>> + Send>>;

    async fn watch_trust(
        &self,
        _: Request<WatchTrustRequest>,
    ) -> Result<Response<Self::WatchTrustStream>, Status> {
        let changes = BroadcastStream::new(self.changes.subscribe()).map(|it| it.expect("a slow reader"));
        let snapshot = self.snapshot.lock().unwrap().clone();
        let messages = futures::stream::iter(snapshot).chain(changes);
        self.streams.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(Box::pin(messages.map(|it| Ok(WatchTrustResponse { message: Some(it) })))))
    }

    async fn check_revocation(
        &self,
        _: Request<CheckRevocationRequest>,
    ) -> Result<Response<CheckRevocationResponse>, Status> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        if !self.answers.load(Ordering::SeqCst) {
            return Err(Status::internal("no answer"));
        }
        Ok(Response::new(CheckRevocationResponse { revoked: self.revoked.load(Ordering::SeqCst) }))
    }
}
