//! What people hold in their hands: an authenticator app, and a security key in software (WebAuthn 3, 6) that can
//! be made to misbehave.

use crate::suite::{PASSWORD, Suite, credentials};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use p256::ecdsa::{DerSignature, SigningKey, signature::Signer};
use pass_mesh::Failure;
use pass_proto::identity::v1::{finish_second_step_request::Factor, *};
use pass_types::{Clock, Entropy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use totp_rs::{Algorithm, Secret, TOTP};

/// An app that was given a secret.
pub struct App(TOTP);

impl App {
    /// With the secret as its owner typed it.
    pub fn of(secret: &str) -> Self {
        let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
        Self(TOTP::new(Algorithm::SHA1, 6, 1, 30, secret).unwrap())
    }

    /// What it shows, so many steps from now.
    pub fn code(&self, suite: &Suite, steps: i64) -> String {
        let now = suite.clock.now().unix_timestamp() + 30 * steps;
        self.0.generate(now.try_into().unwrap())
    }
}

/// A security key or passkey.
#[derive(Clone)]
pub struct SoftKey {
    key: SigningKey,
    id: Vec<u8>,
    /// What it counts; it counts on at each use.
    pub counter: u32,
    /// Whether it says that it checks who uses it.
    pub verifies: bool,
    /// The page that it believes to be on.
    pub origin: &'static str,
    /// Whose it says that it is: the account's handle, as it was told when it was made.
    pub user: Value,
}

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

impl SoftKey {
    /// A new one.
    pub fn new(seed: u64) -> Self {
        let entropy = Entropy::from_seed(seed);
        let key = SigningKey::from_bytes((&entropy.bytes::<32>()).into()).unwrap();
        let id = entropy.bytes::<32>().to_vec();
        Self { key, id, counter: 1, verifies: true, origin: "https://pass.test", user: Value::Null }
    }

    /// Its answer to a challenge for a new key.
    pub fn create(&mut self, options: &str) -> Value {
        let options: Value = serde_json::from_str(options).unwrap();
        let options = &options["publicKey"];
        self.user = options["user"]["id"].clone();
        let client_data = self.client_data("webauthn.create", &options["challenge"]);
        let mut data = self.data(&options["rp"]["id"], ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        let point = self.key.verifying_key().to_encoded_point(false);
        // COSE_Key of ES256 (RFC 9053, 2.1), as CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap());
        // {"fmt": "none", "attStmt": {}, "authData": …}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "response": { "attestationObject": text(&object), "clientDataJSON": text(&client_data) },
        })
    }

    /// Its answer to a challenge for a key of an account.
    pub fn get(&mut self, options: &str) -> Value {
        let options: Value = serde_json::from_str(options).unwrap();
        let options = &options["publicKey"];
        let client_data = self.client_data("webauthn.get", &options["challenge"]);
        let data = self.data(&options["rpId"], 0);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: DerSignature = self.key.sign(&signed);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "response": {
                "authenticatorData": text(&data),
                "clientDataJSON": text(&client_data),
                "signature": text(signature.as_bytes()),
                "userHandle": self.user,
            },
        })
    }

    /// The same with something else.
    pub fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    /// Says that it is another one, which it can't sign for.
    pub fn pretend(&mut self, other: &Self) {
        (self.id, self.user, self.counter) = (other.id.clone(), other.user.clone(), other.counter + 100);
    }

    fn client_data(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    /// Authenticator data up to the counter (WebAuthn 3, 6.1).
    fn data(&mut self, party: &Value, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(party.as_str().unwrap()).to_vec();
        data.push(USER_PRESENT | if self.verifies { USER_VERIFIED } else { 0 } | more);
        data.extend(self.counter.to_be_bytes());
        self.counter += 1;
        data
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Second factors of somebody.
impl Suite {
    /// Adds an app to the account; the app, and the recovery codes. The browser keeps its session's new token.
    pub async fn add_app(&self, session_token: &mut String) -> (App, Vec<String>) {
        let gateway = self.gateway_anonymous();
        let request = BeginAuthenticatorRequest { session_token: session_token.clone() };
        let app = App::of(&gateway.begin_authenticator(request).await.unwrap().secret);
        let request =
            ConfirmAuthenticatorRequest { session_token: session_token.clone(), code: app.code(self, 0) };
        let answer = gateway.confirm_authenticator(request).await.unwrap();
        *session_token = answer.session_token;
        (app, answer.recovery_codes)
    }

    /// Adds a security key or passkey to the account; the recovery codes, if they are its first. The browser keeps its
    /// session's new token.
    pub async fn add_key(
        &self,
        session_token: &mut String,
        key: &mut SoftKey,
        passkey: bool,
    ) -> Result<AddKeyResponse, Failure> {
        let gateway = self.gateway_anonymous();
        let request = BeginKeyRequest { session_token: session_token.clone(), passkey };
        let options = gateway.begin_key(request).await?.options_json;
        let request = AddKeyRequest {
            session_token: session_token.clone(),
            name: "Key ring".to_owned(),
            credential_json: key.create(&options).to_string(),
        };
        let added = gateway.add_key(request).await?;
        session_token.clone_from(&added.session_token);
        Ok(added)
    }

    /// Types the right password of an account with second factors; the token of the second step.
    pub async fn begin_step(&self, email: &str) -> String {
        let answer = self.gateway_anonymous().sign_in(credentials(email, PASSWORD)).await.unwrap();
        assert_eq!(answer.session, None, "a second factor is to be shown first");
        answer.second_step.unwrap().token
    }

    /// Shows a second factor.
    pub async fn finish_step(
        &self,
        token: &str,
        factor: Factor,
    ) -> Result<FinishSecondStepResponse, Failure> {
        let request = FinishSecondStepRequest {
            token: token.to_owned(),
            factor: Some(factor),
            ..FinishSecondStepRequest::default()
        };
        self.gateway_anonymous().finish_second_step(request).await
    }

    /// What protects an account.
    pub async fn protection(&self, session_token: &str) -> GetProtectionResponse {
        let request = GetProtectionRequest { session_token: session_token.to_owned() };
        self.gateway_anonymous().get_protection(request).await.unwrap()
    }
}
