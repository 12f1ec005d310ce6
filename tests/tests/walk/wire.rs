//! Calling any method as anybody: bytes in, bytes out, with the certificates of the whole mesh.

use bytes::{Buf, BufMut, Bytes};
use pass_mesh::{CallContext, Channel, Failure, Mesh, MeshConfig};
use pass_proto::options::v1::{Access, ActorKind};
use pass_tests::Suite;
use pass_types::Origin;
use prost_reflect::MethodDescriptor;
use std::{collections::HashMap, time::Duration};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// Services with a certificate of the mesh. The last one serves nothing and is in nobody's rule.
pub const SERVICES: [&str; 8] = [
    "billing",
    "console",
    "domain-verification",
    "gateway",
    "identity",
    "notification",
    "organization",
    "stranger",
];
/// Products with a certificate of the mesh.
pub const PRODUCTS: [&str; 2] = ["backlog", "cacoo"];
/// The services that are called.
const SERVING: [&str; 5] = ["billing", "domain-verification", "gateway", "identity", "organization"];

/// What a call says about who is behind it.
#[derive(Debug, Clone)]
pub enum Said {
    /// Nothing at all.
    Nothing,
    /// Somebody who has not signed in.
    Anonymous,
    /// The calling program itself.
    System,
    /// A person, by an access token.
    Token(String),
    /// The same twice.
    TokenTwice(String),
}

/// Every program of the mesh, ready to call.
pub struct Wire {
    channels: HashMap<(&'static str, &'static str), Channel>,
}

impl Wire {
    /// Takes part in the suite's mesh as everybody.
    pub fn new(suite: &Suite) -> Self {
        let peers = &suite.config.gateway.mesh.peers;
        let products = &suite.config.identity.mesh.products;
        let mut channels = HashMap::new();
        for name in SERVICES.into_iter().chain(PRODUCTS) {
            let product = PRODUCTS.contains(&name);
            let files = if product { suite.pki.product(name) } else { suite.pki.service(name) };
            let config = files.expect("a certificate").config("pass.internal");
            let config = MeshConfig { peers: peers.clone(), products: products.clone(), ..config };
            let mesh = Mesh::new(config, name, &suite.context).expect("a place in the mesh");
            for service in SERVING {
                channels.insert((name, service), mesh.channel(service).expect("an address"));
            }
            channels.insert((name, "backlog"), mesh.product("backlog").expect("an address"));
        }
        Self { channels }
    }

    /// Calls; the first message of the answer.
    pub async fn call(
        &self,
        peer: &str,
        method: &MethodDescriptor,
        said: &Said,
        message: &[u8],
    ) -> Result<Bytes, Failure> {
        let service = service(method);
        let (_, channel) = self
            .channels
            .iter()
            .find(|((from, to), _)| *from == peer && *to == service)
            .unwrap_or_else(|| panic!("no way from {peer} to {service}: add it to wire.rs"));
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = path.parse().expect("a path");
        let request = request(said, Bytes::copy_from_slice(message));
        let mut client = Grpc::new(channel.clone());
        let answer = if method.is_server_streaming() {
            let stream = client.server_streaming(request, path, Raw).await;
            match stream {
                Ok(stream) => stream.into_inner().message().await.map(Option::unwrap_or_default),
                Err(status) => Err(status),
            }
        } else {
            client.unary(request, path, Raw).await.map(tonic::Response::into_inner)
        };
        answer.map_err(|status| Failure::of(&status))
    }
}

/// Which service has a method: that of its package.
fn service(method: &MethodDescriptor) -> String {
    match method.parent_service().package_name().split('.').nth(1).unwrap_or_default() {
        "domains" => "domain-verification".to_owned(),
        // The sample product implements what products may.
        "product" => "backlog".to_owned(),
        name => name.to_owned(),
    }
}

fn request(said: &Said, message: Bytes) -> Request<Bytes> {
    let origin = Origin { address: "192.0.2.7".to_owned(), user_agent: "Walk/1.0".to_owned() };
    let context = match said {
        Said::Nothing => {
            let mut request = Request::new(message);
            request.set_timeout(Duration::from_secs(10));
            return request;
        }
        Said::Anonymous => CallContext::anonymous(origin),
        Said::System => CallContext::system(),
        Said::Token(token) | Said::TokenTwice(token) => CallContext::person(token.as_str(), origin),
    };
    let mut request = context.within(Duration::from_secs(10)).request(message);
    if let Said::TokenTwice(_) = said {
        let token = request.metadata().get("authorization").expect("it was set").clone();
        request.metadata_mut().append("authorization", token);
    }
    request
}

/// The access rule that a method states.
pub fn access(method: &MethodDescriptor) -> Access {
    let extension = method.parent_pool().get_extension_by_name("pass.options.v1.access").expect("the option");
    let options = method.options();
    assert!(options.has_extension(&extension), "{} states no access rule", method.full_name());
    let access = options.get_extension(&extension);
    access.as_message().expect("a message").transcode_to().expect("an access rule")
}

/// The programs that may call, and those that may not.
pub fn peers(access: &Access) -> (Vec<&'static str>, Vec<&'static str>) {
    let product = access.peers.iter().any(|peer| peer == "product");
    let listed = |name: &&'static str| {
        if PRODUCTS.contains(name) { product } else { access.peers.iter().any(|peer| peer == *name) }
    };
    SERVICES.into_iter().chain(PRODUCTS).partition(listed)
}

/// Whether the rule lists that kind of actor.
pub fn lists(access: &Access, kind: ActorKind) -> bool {
    access.actors().any(|listed| listed == kind)
}

/// Messages as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
