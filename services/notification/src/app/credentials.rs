//! What mails about passwords and addresses say (ACC-7, ACC-8, ACC-12), as identity has it at that moment.

use super::{Notification, prepare::PrepareError};
use crate::{
    domain::{Delivery, MailKind},
    render::{Content, Credential, Mail},
};
use pass_mesh::CallContext;
use pass_proto::{
    convert::{FromWire, instant},
    identity::v1::{
        PrepareEmailChangeMailRequest, PrepareEmailChangeMailResponse, PreparePasswordResetMailRequest,
        PreparePasswordResetMailResponse, prepare_password_reset_mail_response::Owner,
    },
};
use pass_types::{Invalid, Language};

/// The mail that somebody asked for who wants another password.
pub async fn reset(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PreparePasswordResetMailRequest { password_reset_id: delivery.subject.to_string() };
    let request = CallContext::system().request(request);
    let answer = app.identity.clone().prepare_password_reset_mail(request).await?.into_inner();
    let owner = answer.owner();
    let PreparePasswordResetMailResponse { email, language, time_zone, owner: _, url, expire_time } = answer;
    let read = || -> Result<Mail, Invalid> {
        let content = match owner {
            Owner::NulabAccount => Credential::Reset { expires: instant(expire_time)? },
            Owner::ManagedAccount => Credential::ResetManaged,
            Owner::Nobody => Credential::ResetNobody,
            Owner::Unspecified => return Err(Invalid("must say whose the address is")),
        };
        let (language, time_zone) = (Language::from_wire(language)?, time_zone.parse()?);
        Ok(Mail { email, language, time_zone, url, content: Content::Credential(content) })
    };
    read().map_err(PrepareError::Answer)
}

/// One of the mails about a change of address: to the new one, or to the one before.
pub async fn email_change(app: &Notification, delivery: &Delivery) -> Result<Mail, PrepareError> {
    let request = PrepareEmailChangeMailRequest { email_change_id: delivery.subject.to_string() };
    let request = CallContext::system().request(request);
    let answer = app.identity.clone().prepare_email_change_mail(request).await?.into_inner();
    if delivery.kind == MailKind::EmailChange && answer.confirmed {
        return Err(PrepareError::Obsolete);
    }
    about_change(app, delivery.kind, answer).map_err(PrepareError::Answer)
}

fn about_change(
    app: &Notification,
    kind: MailKind,
    answer: PrepareEmailChangeMailResponse,
) -> Result<Mail, Invalid> {
    let PrepareEmailChangeMailResponse {
        new_email,
        old_email,
        language,
        time_zone,
        url,
        expire_time,
        account_exists,
        confirmed: _,
        not_me_url,
        not_me_expire_time,
    } = answer;
    let events = || app.console("/account/security-events");
    let (email, url, content) = match kind {
        MailKind::EmailChange if account_exists => (new_email, url, Credential::EmailChangeTaken),
        MailKind::EmailChange => (new_email, url, Credential::EmailChange { expires: instant(expire_time)? }),
        MailKind::EmailChanged => (new_email, app.console("/account"), Credential::EmailChanged),
        MailKind::EmailChangedNotice if not_me_url.is_empty() => {
            (old_email, events(), Credential::EmailChangedNotice)
        }
        MailKind::EmailChangedNotice => {
            let expires = instant(not_me_expire_time)?;
            (old_email, not_me_url, Credential::EmailTakenAway { expires })
        }
        _ => (old_email, events(), Credential::EmailChangeNotice),
    };
    let (language, time_zone) = (Language::from_wire(language)?, time_zone.parse()?);
    Ok(Mail { email, language, time_zone, url, content: Content::Credential(content) })
}
