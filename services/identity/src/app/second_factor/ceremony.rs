//! What browsers and keys say to each other (WebAuthn), by webauthn-rs: challenges as JSON for the browser, the
//! state that judges the answer, and the answer's verdict. A state is for one answer; that is the callers' to keep.
//! Challenges are drawn by webauthn-rs itself.

use crate::{domain::account::Account, store::second_factors::keys::Credential};
use pass_types::AccountId;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;
use webauthn_rs::prelude::{
    self as webauthn, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication, SecurityKeyRegistration, Webauthn,
    WebauthnBuilder, WebauthnError,
};

/// What browsers show as the party that asks.
const NAME: &str = "Nulab";

/// The relying party: the host of the gateway's pages.
pub struct Ceremonies(Webauthn);

/// Why there is no challenge or no verdict: faults of ours, never of an answer.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The address of the pages has no host, or is none.
    #[error("the address of the pages can't be a relying party's")]
    Address,
    /// webauthn-rs does not do it.
    #[error("making a challenge")]
    Webauthn(#[from] WebauthnError),
    /// What is stored is not what webauthn-rs wrote.
    #[error("reading or writing a credential or challenge")]
    Json(#[from] serde_json::Error),
}

/// A challenge that was made.
pub struct Begun {
    /// For the browser: an object with the member `publicKey`.
    pub options: String,
    /// What judges the one answer.
    pub state: String,
}

/// A key that gave the right answer.
pub struct Proof {
    /// As it is now.
    pub credential: Credential,
    /// It can be copied to other devices.
    pub backed_up: bool,
}

impl Ceremonies {
    /// For pages that begin with this address.
    pub fn new(issuer: &str) -> Result<Self, CeremonyError> {
        let origin = Url::parse(issuer).map_err(|_| CeremonyError::Address)?;
        let host = origin.host_str().ok_or(CeremonyError::Address)?;
        Ok(Self(WebauthnBuilder::new(host, &origin)?.rp_name(NAME).build()?))
    }

    /// A challenge for a new key of the account, which is none of those it has.
    pub fn begin_key(
        &self,
        account: &Account,
        passkey: bool,
        known: &[String],
    ) -> Result<Begun, CeremonyError> {
        let (id, email, name) = (account.id.uuid(), account.email.as_str(), account.name.as_str());
        let known: Vec<webauthn::Credential> = read_all(known)?;
        let exclude = Some(known.into_iter().map(|credential| credential.cred_id).collect());
        if passkey {
            let (options, state) = self.0.start_passkey_registration(id, email, name, exclude)?;
            // webauthn-rs leaves it to the authenticator whether it can be found without the account's name.
            let mut options = serde_json::to_value(options)?;
            let selection = &mut options["publicKey"]["authenticatorSelection"];
            selection["residentKey"] = "required".into();
            selection["requireResidentKey"] = true.into();
            return begun(&options, &state);
        }
        let (options, state) = self.0.start_securitykey_registration(id, email, name, exclude, None, None)?;
        // Chromium refuses what webauthn-rs asks for here: that the key protects itself by a verification that it is
        // not required to make.
        let mut options = serde_json::to_value(options)?;
        if let Some(options) = options["publicKey"].as_object_mut() {
            options.remove("extensions");
        }
        begun(&options, &state)
    }

    /// The new key, if the answer is good.
    pub fn finish_key(
        &self,
        state: &str,
        passkey: bool,
        answer: &str,
    ) -> Result<Option<Proof>, CeremonyError> {
        let Some(answer) = read_answer::<RegisterPublicKeyCredential>(answer) else { return Ok(None) };
        let made: Result<webauthn::Credential, _> = if passkey {
            let state: PasskeyRegistration = serde_json::from_str(state)?;
            self.0.finish_passkey_registration(&answer, &state).map(Passkey::into)
        } else {
            let state: SecurityKeyRegistration = serde_json::from_str(state)?;
            self.0.finish_securitykey_registration(&answer, &state).map(SecurityKey::into)
        };
        made.map_or_else(|why| Ok(refused(&why)), |credential| proof(&credential).map(Some))
    }

    /// A challenge for any of these keys.
    pub fn begin_use(&self, known: &[String]) -> Result<Begun, CeremonyError> {
        let known: Vec<webauthn::Credential> = read_all(known)?;
        let keys: Vec<SecurityKey> = known.into_iter().map(SecurityKey::from).collect();
        // Passkeys among them still have to verify who uses them: that was agreed when they were made.
        let (mut options, state) = self.0.start_securitykey_authentication(&keys)?;
        options.public_key.hints = None;
        begun(&options, &state)
    }

    /// The key that was used, if the answer is good, is one of these and its counter has grown.
    pub fn finish_use(
        &self,
        state: &str,
        answer: &str,
        known: &[String],
    ) -> Result<Option<Proof>, CeremonyError> {
        let state: SecurityKeyAuthentication = serde_json::from_str(state)?;
        let Some(answer) = read_answer::<PublicKeyCredential>(answer) else { return Ok(None) };
        let used = match self.0.finish_securitykey_authentication(&answer, &state) {
            Ok(used) => used,
            Err(why) => return Ok(refused(&why)),
        };
        let known: Vec<webauthn::Credential> = read_all(known)?;
        let key = known.into_iter().find(|credential| &credential.cred_id == used.cred_id());
        // It was removed while it was used.
        let Some(key) = key else { return Ok(None) };
        let mut key = SecurityKey::from(key);
        key.update_credential(&used);
        proof(&key.into()).map(Some)
    }
}

/// Passkeys of whomever, which say themselves whose they are.
impl Ceremonies {
    /// A challenge for any of them; it is answered only by one that has checked who uses it.
    pub fn begin_discovery(&self) -> Result<Begun, CeremonyError> {
        let (mut options, state) = self.0.start_discoverable_authentication()?;
        // A button asks for it, and not the field for the address.
        options.mediation = None;
        options.public_key.extensions = None;
        begun(&options, &state)
    }

    /// Whose and which passkey an answer says it is of; nobody has judged that yet.
    pub fn claimed(&self, answer: &str) -> Option<(AccountId, Vec<u8>)> {
        let answer = read_answer::<PublicKeyCredential>(answer)?;
        let claimed = self.0.identify_discoverable_authentication(&answer);
        claimed.map_or_else(|why| refused(&why), |(account, id)| Some((account.into(), id.to_vec())))
    }

    /// The passkey as it is now, if it gave the answer, the answer is good and its counter has grown.
    pub fn finish_discovery(
        &self,
        state: &str,
        answer: &str,
        passkey: &str,
    ) -> Result<Option<Proof>, CeremonyError> {
        let state: DiscoverableAuthentication = serde_json::from_str(state)?;
        let Some(answer) = read_answer::<PublicKeyCredential>(answer) else { return Ok(None) };
        let passkey: webauthn::Credential = serde_json::from_str(passkey)?;
        let used = match self.0.finish_discoverable_authentication_v2(&answer, state, &passkey) {
            Ok(used) => used,
            Err(why) => return Ok(refused(&why)),
        };
        let mut passkey = Passkey::from(passkey);
        passkey.update_credential(&used);
        proof(&passkey.into()).map(Some)
    }
}

fn begun(options: &impl Serialize, state: &impl Serialize) -> Result<Begun, CeremonyError> {
    Ok(Begun { options: serde_json::to_string(options)?, state: serde_json::to_string(state)? })
}

fn proof(credential: &webauthn::Credential) -> Result<Proof, CeremonyError> {
    let json = serde_json::to_string(credential)?;
    let (id, counter) = (credential.cred_id.clone(), credential.counter);
    let credential_ = Credential { id, json, counter };
    Ok(Proof { credential: credential_, backed_up: credential.backup_eligible })
}

fn read_all<T: DeserializeOwned>(known: &[String]) -> Result<Vec<T>, CeremonyError> {
    Ok(known.iter().map(|json| serde_json::from_str(json)).collect::<Result<_, _>>()?)
}

/// What a browser sent; `None`: it is not what browsers send.
fn read_answer<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).inspect_err(|_| tracing::info!("an answer of a key can't be read")).ok()
}

/// The rules at work: the reason is webauthn-rs's, which has nothing of the person's.
fn refused<T>(why: &WebauthnError) -> Option<T> {
    tracing::info!(error = why as &dyn std::error::Error, "an answer of a key was refused");
    None
}
