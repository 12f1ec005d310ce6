//! A code for tokens (RFC 6749, 4.1.3; RFC 7636, 4.5): once, by the client that it was made for.

use crate::{
    app::{
        Gateway, TokenError,
        mint::{Grant, Tokens},
    },
    domain::{client::Client, family::Family, pkce::Verifier, revocation::Subject},
    grpc::Session,
    store::{self, codes::Claim, families::Cause},
};
use pass_types::{AccountKind, Membership, Secret, SecretHash};
use time::OffsetDateTime;

/// What a client shows for tokens.
pub struct Redemption {
    /// The code, as it came.
    pub code: String,
    /// Where the code was sent to.
    pub redirect_uri: String,
    /// `code_verifier`, as it came.
    pub verifier: String,
}

const WRONG: &str = "the code is not valid, or not for this client, redirect URI or verifier";

impl Gateway {
    /// Redeems a code. One that is used twice is refused, and what it gave is revoked.
    pub async fn exchange(&self, client: &Client, shown: &Redemption) -> Result<Tokens, TokenError> {
        let code: Secret = shown.code.parse().map_err(|_| TokenError::grant(WRONG))?;
        let verifier: Verifier = shown.verifier.parse().map_err(|_| TokenError::grant(WRONG))?;
        let hash = code.hash();
        // Before anything is asked: whatever ends the session from here on voids what is issued now.
        let issued_at = self.clock.now();
        let claim = Claim {
            hash: &hash,
            client: &client.id,
            redirect_uri: &shown.redirect_uri,
            challenge: &verifier.challenge(),
        };
        // Judged before identity is asked, which counts as use: only a good code keeps a session alive.
        let peeked = store::codes::peek(&mut *self.pool.acquire().await?, &claim, issued_at).await?;
        let Some((account, session, organization)) = peeked else {
            return self.refuse_code(client, &hash).await;
        };
        let session = self.identity.session(session, true).await?;
        let session = session.ok_or_else(|| TokenError::grant("the session has ended"))?;
        let membership =
            self.organizations.membership(account, organization, client.audience.product()).await?;
        if organization.is_some() && membership.is_none() {
            return Err(TokenError::grant("no longer a member of the organization"));
        }
        self.redeem(client, &claim, session, membership, issued_at).await
    }

    async fn redeem(
        &self,
        client: &Client,
        claim: &Claim<'_>,
        session: Session,
        membership: Option<Membership>,
        issued_at: OffsetDateTime,
    ) -> Result<Tokens, TokenError> {
        let id = self.entropy.uuid(issued_at);
        let organization = membership.as_ref().map(|it| it.organization);
        let managed = session.kind == AccountKind::Managed;
        let subjects = Subject::of_token(session.id, session.account, id.into(), organization, managed);
        let mut tx = self.pool.begin().await?;
        store::revocations::lock_session(&mut tx, session.id).await?;
        if store::revocations::covers(&mut tx, &subjects, issued_at).await? {
            return Err(TokenError::grant("the session has ended, or its tokens were revoked just now"));
        }
        let Some(redeemed) = store::codes::redeem(&mut tx, claim, id, issued_at).await? else {
            tx.rollback().await?;
            return self.refuse_code(client, claim.hash).await;
        };
        let family = Family {
            id,
            client: client.id.clone(),
            account: redeemed.account,
            session: redeemed.session,
            organization,
            scope: redeemed.scope,
            auth_time: redeemed.auth_time,
            idle_expire_time: issued_at + self.terms.refresh_idle,
            expire_time: session.expire_time.min(issued_at + self.terms.refresh_absolute),
            revoke_time: None,
        };
        let refresh = Secret::generate(&self.entropy);
        store::families::insert(&mut tx, &family, &refresh.hash(), issued_at).await?;
        let grant = Grant {
            family: &family,
            client,
            session: &session,
            membership,
            scope: &family.scope,
            nonce: redeemed.nonce,
            issued_at,
        };
        let tokens = self.mint(grant, &refresh)?;
        tx.commit().await?;
        Ok(tokens)
    }

    /// Refuses a code; when it was used before, revokes what it gave, access tokens included.
    async fn refuse_code(&self, client: &Client, hash: &SecretHash) -> Result<Tokens, TokenError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Some(family) = store::codes::given(&mut tx, hash, &client.id).await?
            && self.revoke_family(&mut tx, family, Cause::CodeReplayed, now).await?
        {
            tracing::info!(client.id = %client.id, "a code was used twice");
        }
        tx.commit().await?;
        Err(TokenError::grant(WRONG))
    }
}
