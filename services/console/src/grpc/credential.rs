//! Changing the person's address, from identity.

use super::{AsPerson, refused};
use pass_proto::identity::v1 as wire;
use pass_web::Refusal;

impl AsPerson {
    /// Asks for another address (ACC-7); a mail with a link goes to it. The answer does not tell whether it has an
    /// account.
    pub async fn request_email_change(&self, email: &str) -> Result<(), Refusal> {
        let request = self.context.request(wire::RequestEmailChangeRequest { email: email.to_owned() });
        self.suite.credentials.clone().request_email_change(request).await.map_err(refused)?;
        Ok(())
    }
}
