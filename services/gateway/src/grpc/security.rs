//! What the gateway asks identity about login alerts, for whoever has the link of the mail.

use super::{Identity, broken};
use pass_mesh::{CallContext, Channel, Failure};
use pass_proto::{
    convert::{FromWire, instant},
    identity::v1::{self as wire, security_service_client::SecurityServiceClient},
};
use pass_types::{Invalid, Language, Origin, TimeZone, device_name};
use time::OffsetDateTime;

/// A sign-in that its account's owner is asked about.
pub struct LoginAlert {
    /// When it was.
    pub sign_in_time: OffsetDateTime,
    /// What the browser seems to be; `None`: nothing that is known.
    pub device: Option<String>,
    /// The owner's language.
    pub language: Language,
    /// The owner's time zone.
    pub time_zone: TimeZone,
}

impl Identity {
    fn security(&self) -> SecurityServiceClient<Channel> {
        SecurityServiceClient::new(self.0.clone())
    }

    /// The sign-in that a login alert's link is about.
    pub async fn login_alert(&self, origin: &Origin, token: String) -> Result<LoginAlert, Failure> {
        let request = CallContext::anonymous(origin.clone()).request(wire::GetLoginAlertRequest { token });
        let answer = self.security().get_login_alert(request).await?.into_inner();
        alert(answer).map_err(broken)
    }

    /// "This was not me".
    pub async fn disown_sign_in(&self, origin: &Origin, token: String) -> Result<(), Failure> {
        let request = CallContext::anonymous(origin.clone()).request(wire::DisownSignInRequest { token });
        self.security().disown_sign_in(request).await?;
        Ok(())
    }
}

fn alert(answer: wire::GetLoginAlertResponse) -> Result<LoginAlert, Invalid> {
    let wire::GetLoginAlertResponse { sign_in_time, user_agent, language, time_zone } = answer;
    Ok(LoginAlert {
        sign_in_time: instant(sign_in_time)?,
        device: device_name(&user_agent),
        language: Language::from_wire(language)?,
        time_zone: time_zone.parse()?,
    })
}
