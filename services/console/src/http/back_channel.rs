//! Where the gateway tells that a session ended (`OpenID` Connect Back-Channel Logout 1.0, 2.5).

use super::{Console, signed_in::report};
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use pass_types::Kind;
use pass_web::{Refusal, problem};

#[derive(serde::Deserialize)]
pub struct Told {
    logout_token: String,
}

/// 200 when it was obeyed (now or before), 400 when the token is not to be believed.
pub async fn logout(State(console): State<Console>, told: Result<Form<Told>, FormRejection>) -> Response {
    let told = match told {
        Ok(Form(told)) => told,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return rejection.into_response();
        }
        Err(_) => return problem(&Refusal::malformed()),
    };
    match console.sessions.back_channel_logout(&told.logout_token).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => {
            let refusal = report(&error);
            // The gateway tries again unless it hears that trying does not help.
            if refusal.kind == Kind::InvalidInput {
                problem(&refusal)
            } else {
                problem(&Refusal { kind: Kind::Unavailable, ..refusal })
            }
        }
    }
}
