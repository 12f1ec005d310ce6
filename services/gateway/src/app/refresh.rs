//! Fresh tokens for a refresh token (RFC 6749, 6), and giving one back (RFC 7009).

use crate::{
    app::{
        Gateway, TokenError,
        mint::{Grant, Tokens},
    },
    domain::{
        client::Client,
        family::{Family, FamilyId, Link, Verdict, successor},
        scope::Scope,
    },
    events,
    grpc::Session,
    store::{self, families::Cause},
};
use pass_types::{Membership, Secret};
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;

const OVER: &str = "the refresh token is not valid, or not any more";

/// The person behind a grant, as identity and organization say they are now.
struct Standing {
    session: Session,
    membership: Option<Membership>,
    issued_at: OffsetDateTime,
}

impl Gateway {
    /// Rotates a refresh token. One that was used before (but for the immediate predecessor, for ten
    /// seconds) kills its family.
    pub async fn refresh(
        &self,
        client: &Client,
        token: &str,
        scope: Option<&str>,
    ) -> Result<Tokens, TokenError> {
        let token: Secret = token.parse().map_err(|_| TokenError::grant(OVER))?;
        let issued_at = self.clock.now();
        let peeked = store::families::peek(&mut *self.pool.acquire().await?, &token.hash()).await?;
        let (family, link) = peeked.ok_or_else(|| TokenError::grant(OVER))?;
        // Judged before identity is asked, which counts as use: only a good token keeps a session alive.
        let standing = match family.judge(link, &client.id, issued_at) {
            Verdict::Rotate | Verdict::Repeat => self.standing(client, &family, issued_at).await?,
            Verdict::Reused => return self.kill(self.pool.begin().await?, &family, issued_at).await,
            Verdict::Dead | Verdict::Foreign => return Err(TokenError::grant(OVER)),
        };
        let mut tx = self.pool.begin().await?;
        let locked = store::families::lock(&mut tx, &token.hash()).await?;
        let (family, link) = locked.ok_or_else(|| TokenError::grant(OVER))?;
        // Not `issued_at`: what took the lock meanwhile must not look like it came later.
        let now = self.clock.now();
        match family.judge(link, &client.id, now) {
            verdict @ (Verdict::Rotate | Verdict::Repeat) => {
                let Some(standing) = standing else { return self.end(tx, &family, now).await };
                let rotate = verdict == Verdict::Rotate;
                self.renew(tx, client, family, rotate.then_some(link), &token, scope, standing).await
            }
            Verdict::Reused => self.kill(tx, &family, now).await,
            Verdict::Dead | Verdict::Foreign => Err(TokenError::grant(OVER)),
        }
    }

    /// Who is behind the grant now; `None`: nobody, the session has ended or the membership is gone.
    async fn standing(
        &self,
        client: &Client,
        family: &Family,
        issued_at: OffsetDateTime,
    ) -> Result<Option<Standing>, TokenError> {
        let Some(session) = self.identity.session(family.session, true).await? else { return Ok(None) };
        let asked = family.organization;
        let membership =
            self.organizations.membership(family.account, asked, client.audience.product()).await?;
        if asked.is_some() && membership.is_none() {
            return Ok(None);
        }
        Ok(Some(Standing { session, membership, issued_at }))
    }

    #[expect(clippy::too_many_arguments, reason = "one step of one use case, with all that it knows")]
    async fn renew(
        &self,
        mut tx: Transaction<'_, Postgres>,
        client: &Client,
        mut family: Family,
        rotate: Option<Link>,
        token: &Secret,
        scope: Option<&str>,
        standing: Standing,
    ) -> Result<Tokens, TokenError> {
        let scope = match scope.map(Scope::parse) {
            None => family.scope.clone(),
            Some(less) if less.is_within(&family.scope) && less.has("openid") => less,
            Some(_) => {
                let refusal = "the scope must contain openid and be within what was granted";
                return Err(crate::domain::authorization::Refusal {
                    code: "invalid_scope",
                    description: refusal,
                }
                .into());
            }
        };
        let Standing { session, membership, issued_at } = standing;
        let next = successor(&self.terms.refresh_key, family.id, token);
        if let Some(link) = rotate {
            family.idle_expire_time = issued_at + self.terms.refresh_idle;
            family.organization = membership.as_ref().map(|it| it.organization);
            store::families::rotate(&mut tx, &family, link, &next.hash(), issued_at).await?;
        }
        let grant = Grant {
            family: &family,
            client,
            session: &session,
            membership,
            scope: &scope,
            nonce: None,
            issued_at,
        };
        let tokens = self.mint(grant, &next)?;
        tx.commit().await?;
        Ok(tokens)
    }

    async fn end(
        &self,
        mut tx: Transaction<'_, Postgres>,
        family: &Family,
        now: OffsetDateTime,
    ) -> Result<Tokens, TokenError> {
        self.revoke_family(&mut tx, family.id, Cause::SessionEnded, now).await?;
        tx.commit().await?;
        Err(TokenError::grant("the session has ended, or the organization is not open any more"))
    }

    /// Revokes a family that was misused.
    async fn kill(
        &self,
        mut tx: Transaction<'_, Postgres>,
        family: &Family,
        now: OffsetDateTime,
    ) -> Result<Tokens, TokenError> {
        if self.revoke_family(&mut tx, family.id, Cause::Reused, now).await? {
            tracing::info!(client.id = %family.client, "a refresh token was used twice: its family is revoked");
        }
        tx.commit().await?;
        Err(TokenError::grant(OVER))
    }

    /// Takes a refresh token back, and with it its family and the access tokens that came of it. What is no
    /// refresh token of this client's is no error (RFC 7009, 2.1 and 2.2).
    pub async fn give_back(&self, client: &Client, token: &str) -> Result<(), TokenError> {
        let Ok(token) = token.parse::<Secret>() else { return Ok(()) };
        let mut tx = self.pool.begin().await?;
        let family = store::families::peek(&mut tx, &token.hash()).await?.map(|(family, _)| family);
        if let Some(family) = family.filter(|it| it.client == client.id) {
            self.revoke_family(&mut tx, family.id, Cause::Client, self.clock.now()).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Revokes a family and what it gave, access tokens included, and tells of it; `false`: it was revoked before.
    pub(super) async fn revoke_family(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        family: FamilyId,
        cause: Cause,
        now: OffsetDateTime,
    ) -> sqlx::Result<bool> {
        let Some(family) = store::families::revoke(tx, family, cause, now).await? else { return Ok(false) };
        self.void_grant(tx, family.id, now).await?;
        self.outbox.publish(tx, events::token_family_revoked(&family, cause)).await?;
        Ok(true)
    }
}
