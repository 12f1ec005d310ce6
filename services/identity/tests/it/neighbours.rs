//! Where identity's neighbours are, each with its certificate: the stand-ins of `standins`, served over mTLS.

use crate::{
    gateway::{ISSUER, gateway},
    standins::World,
};
use pass_mesh::{Mesh, MeshConfig, Trust, development::Pki};
use pass_proto::{
    billing::v1::{person_service_server::PersonServiceServer, seat_service_server::SeatServiceServer},
    domains::v1::verification_service_server::VerificationServiceServer,
    gateway::v1::trust_service_server::TrustServiceServer,
    organization::v1::{
        account_deletion_service_server::AccountDeletionServiceServer,
        managed_member_service_server::ManagedMemberServiceServer,
        membership_service_server::MembershipServiceServer,
    },
};
use pass_runtime::Context;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// A service's place in the mesh.
pub fn service(pki: &Pki, name: &str) -> MeshConfig {
    pki.service(name).unwrap().config(pki.trust_domain())
}

/// The same, with a peer that is there.
pub fn peer(mut config: MeshConfig, name: &str, address: SocketAddr) -> MeshConfig {
    config.peers.insert(name.to_owned(), format!("https://{address}").parse().unwrap());
    config
}

/// Serves a neighbour of identity; all but the gateway learn from it which tokens are genuine.
macro_rules! neighbour {
    ($pki:expr, $name:literal, $context:expr, $gateway:expr, $($service:expr),+) => {{
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let trust = Trust::new(ISSUER, $context.clock.clone());
        let config = peer(service($pki, $name), "gateway", $gateway.unwrap_or(address));
        let mesh = Mesh::new(config, $name, $context).unwrap();
        if $gateway.is_some() {
            trust.follow(mesh.channel("gateway").unwrap(), $context);
        }
        let server = mesh.server(trust)$(.add($service))+;
        $context.tasks.spawn($name, |shutdown| async move { Ok(server.serve(listener, shutdown).await?) });
        address
    }};
}

/// Serves all neighbours, and tells identity where they are.
pub async fn with_neighbours(pki: &Pki, world: &World, context: &Context) -> MeshConfig {
    let gateway = neighbour!(pki, "gateway", context, None::<SocketAddr>, TrustServiceServer::new(gateway()));
    let organization = neighbour!(
        pki,
        "organization",
        context,
        Some(gateway),
        MembershipServiceServer::new(world.clone()),
        ManagedMemberServiceServer::new(world.clone()),
        AccountDeletionServiceServer::new(world.clone())
    );
    let (seats, people) = (SeatServiceServer::new(world.clone()), PersonServiceServer::new(world.clone()));
    let billing = neighbour!(pki, "billing", context, Some(gateway), seats, people);
    let domains = VerificationServiceServer::new(world.clone());
    let domains = neighbour!(pki, "domain-verification", context, Some(gateway), domains);
    let mesh = peer(service(pki, "identity"), "gateway", gateway);
    let mesh = peer(peer(mesh, "organization", organization), "billing", billing);
    peer(mesh, "domain-verification", domains)
}
