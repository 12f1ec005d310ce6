//! Calls as the console makes them for the people of the fixture, and what those make by them.

use crate::{
    people::{Person, link_token},
    wire::{Said, Wire},
};
use pass_proto::{
    organization::v1::{
        AcceptInvitationRequest, AcceptInvitationResponse, CreateInvitationRequest, CreateInvitationResponse,
        Organization, StartTrialRequest, StartTrialResponse,
    },
    types::v1::{Language, Product, Role},
};
use pass_tests::Suite;
use pass_types::RequestId;
use prost::Message;
use prost_reflect::{DescriptorPool, MethodDescriptor};

/// A method of the contract by its full name.
pub fn method(pool: &DescriptorPool, name: &str) -> MethodDescriptor {
    let (service, method) = name.rsplit_once('.').expect("a full name");
    let service = pool.get_service_by_name(service).unwrap_or_else(|| panic!("no service {service}"));
    let found = service.methods().find(|found| found.name() == method);
    found.unwrap_or_else(|| panic!("no method {name}"))
}

/// Asks for people.
pub struct Asker<'a> {
    /// The suite.
    pub suite: &'a Suite,
    /// Everybody's certificates.
    pub wire: &'a Wire,
    /// The contract.
    pub pool: &'a DescriptorPool,
}

impl Asker<'_> {
    /// Asks as the console does; panics when it is refused.
    pub async fn ask<A: Message + Default>(&self, person: &Person, name: &str, message: &impl Message) -> A {
        self.ask_from("console", person, name, message).await
    }

    /// The same as the product does.
    pub async fn ask_product<A: Message + Default>(
        &self,
        person: &Person,
        name: &str,
        message: &impl Message,
    ) -> A {
        let method = method(self.pool, &format!("pass.{name}"));
        let said = Said::Token(person.product.access.clone());
        let answer = self.wire.call("backlog", &method, &said, &message.encode_to_vec()).await;
        A::decode(answer.unwrap_or_else(|failure| panic!("{name}: {failure:?}"))).expect("an answer")
    }

    /// The same as another program of the mesh does.
    pub async fn ask_from<A: Message + Default>(
        &self,
        peer: &str,
        person: &Person,
        name: &str,
        message: &impl Message,
    ) -> A {
        let method = method(self.pool, &format!("pass.{name}"));
        let said = Said::Token(person.console.access.clone());
        let answer = self.wire.call(peer, &method, &said, &message.encode_to_vec()).await;
        let answer = answer.unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        A::decode(answer).expect("an answer")
    }

    /// A new organization of somebody's, with a trial of Backlog.
    pub async fn start_trial(&self, person: &Person, name: &str, space: &str) -> Organization {
        let request = StartTrialRequest {
            request_id: self.request_id(),
            organization_id: String::new(),
            organization_name: name.to_owned(),
            product: Product::Backlog.into(),
            plan: "standard".to_owned(),
            space_id: space.to_owned(),
        };
        let answer: StartTrialResponse =
            self.ask(person, "organization.v1.OrganizationService.StartTrial", &request).await;
        answer.organization.expect("an organization")
    }

    /// Invites; the invitation, and what its link has.
    pub async fn invite(&self, by: &Person, organization: &str, email: &str, role: Role) -> (String, String) {
        // Somebody may have several invitations.
        let earlier = self.suite.mails.mails_to(email).len();
        let request = CreateInvitationRequest {
            request_id: self.request_id(),
            organization_id: organization.to_owned(),
            email: email.to_owned(),
            role: role.into(),
            message: String::new(),
            language: Language::En.into(),
        };
        let made: CreateInvitationResponse =
            self.ask(by, "organization.v1.InvitationService.CreateInvitation", &request).await;
        let made = made.invitation.expect("an invitation");
        (made.invitation_id, link_token(self.suite, email, "/invitations/", earlier).await)
    }

    /// Makes somebody a member.
    pub async fn join(&self, by: &Person, organization: &str, person: &Person, role: Role) {
        let (_, token) = self.invite(by, organization, person.email, role).await;
        let request = AcceptInvitationRequest { token };
        let _: AcceptInvitationResponse =
            self.ask(person, "organization.v1.InvitationService.AcceptInvitation", &request).await;
    }

    /// A name for a request.
    pub fn request_id(&self) -> String {
        let context = &self.suite.context;
        RequestId::generate(&context.entropy, context.clock.now()).to_string()
    }
}
