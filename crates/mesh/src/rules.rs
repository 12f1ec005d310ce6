//! What each method states about its callers and about itself, from the descriptors.

use crate::{MeshError, Peer};
use pass_proto::options::v1::{Access, ActorKind, Audience};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use prost_types::method_options::IdempotencyLevel;
use std::collections::HashMap;

/// The methods of a contract, by their path on the wire.
pub(crate) struct Rules {
    methods: HashMap<String, Method>,
    /// Why a service can't be served, by its name; absent: not in the contract.
    services: HashMap<String, Result<(), MeshProblem>>,
}

type MeshProblem = (String, &'static str);

/// One method.
pub(crate) struct Method {
    /// Its service's full name.
    pub(crate) service: String,
    /// Its own name.
    pub(crate) name: String,
    /// Who may call; `None`: nobody.
    pub(crate) access: Option<Access>,
    /// Calling twice does no harm.
    pub(crate) idempotent: bool,
    /// Its requests or answers are a stream.
    pub(crate) streaming: bool,
}

impl Rules {
    pub(crate) fn of(pool: &DescriptorPool) -> Self {
        let mut rules = Self { methods: HashMap::new(), services: HashMap::new() };
        for service in pool.services() {
            let mut servable = Ok(());
            for descriptor in service.methods() {
                let method = Method::of(pool, &descriptor);
                if let Err(problem) = method.check() {
                    servable = Err((descriptor.full_name().to_owned(), problem));
                }
                rules.methods.insert(format!("/{}/{}", service.full_name(), method.name), method);
            }
            rules.services.insert(service.full_name().to_owned(), servable);
        }
        rules
    }

    /// The method at a path.
    pub(crate) fn method(&self, path: &str) -> Option<&Method> {
        self.methods.get(path)
    }

    /// Whether every method of a service says who may call it.
    pub(crate) fn check(&self, service: &str) -> Result<(), MeshError> {
        match self.services.get(service) {
            Some(Ok(())) => Ok(()),
            Some(Err((method, problem))) => Err(MeshError::Undeclared(method.clone(), problem)),
            None => Err(MeshError::Undeclared(service.to_owned(), "it is not in the contract")),
        }
    }
}

impl Method {
    fn of(pool: &DescriptorPool, descriptor: &MethodDescriptor) -> Self {
        let access = pool.get_extension_by_name("pass.options.v1.access").and_then(|extension| {
            let options = descriptor.options();
            let stated = options.has_extension(&extension);
            stated.then(|| options.get_extension(&extension).as_message()?.transcode_to().ok()).flatten()
        });
        let level = descriptor.method_descriptor_proto().options.as_ref();
        let level = level.map(prost_types::MethodOptions::idempotency_level).unwrap_or_default();
        Self {
            service: descriptor.parent_service().full_name().to_owned(),
            name: descriptor.name().to_owned(),
            access,
            idempotent: level != IdempotencyLevel::IdempotencyUnknown,
            streaming: descriptor.is_client_streaming() || descriptor.is_server_streaming(),
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let access = self.access.as_ref().ok_or("it states no access rule")?;
        if access.peers.is_empty() {
            return Err("its access rule names no peer");
        }
        if access.actors.is_empty() || access.actors().any(|actor| actor == ActorKind::Unspecified) {
            return Err("its access rule names no kind of actor");
        }
        let by_token = [ActorKind::Person, ActorKind::Operator, ActorKind::Client];
        if access.actors().any(|actor| by_token.contains(&actor))
            && access.audience() == Audience::Unspecified
        {
            return Err("its access rule names no audience");
        }
        if self.allows_actor(ActorKind::Operator) && access.audience() != Audience::Suite {
            return Err("it is for operators, so its audience must be the suite");
        }
        Ok(())
    }

    /// Whether the program may call this at all.
    pub(crate) fn allows_peer(&self, peer: &Peer) -> bool {
        self.access.as_ref().is_some_and(|access| match peer {
            Peer::Service(name) => name != "product" && access.peers.contains(name),
            Peer::Product(_) => access.peers.iter().any(|allowed| allowed == "product"),
        })
    }

    /// Whether it may be called for that kind of actor.
    pub(crate) fn allows_actor(&self, kind: ActorKind) -> bool {
        self.access.as_ref().is_some_and(|access| access.actors().any(|allowed| allowed == kind))
    }

    /// Whether it may be called with an access token at all.
    pub(crate) fn takes_tokens(&self) -> bool {
        self.allows_actor(ActorKind::Person) || self.allows_actor(ActorKind::Operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_the_contract_can_be_served() {
        let pool = pass_proto::descriptor_pool();
        let rules = Rules::of(&pool);
        let ours = pool.services().filter(|service| service.full_name().starts_with("pass."));
        assert!(ours.inspect(|service| rules.check(service.full_name()).unwrap()).count() > 5);
    }

    #[test]
    fn idempotency_and_streaming_are_read() {
        let rules = Rules::of(&pass_proto::descriptor_pool());
        let method = |path: &str| rules.method(path).expect(path);
        assert!(method("/pass.identity.v1.AccountService/GetMyAccount").idempotent);
        assert!(!method("/pass.identity.v1.AccountService/CompleteSignUp").idempotent);
        assert!(method("/pass.gateway.v1.TrustService/WatchTrust").streaming);
        assert!(!method("/pass.gateway.v1.TrustService/CheckRevocation").streaming);
    }

    #[test]
    fn a_service_that_is_called_product_is_no_product() {
        let rules = Rules::of(&pass_proto::descriptor_pool());
        let method = rules.method("/pass.identity.v1.AccountService/GetAccount").unwrap();
        assert!(method.allows_peer(&Peer::Product("backlog".to_owned())));
        assert!(!method.allows_peer(&Peer::Service("product".to_owned())));
        assert!(!method.allows_peer(&Peer::Service("console".to_owned())));
    }
}
