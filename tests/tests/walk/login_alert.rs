//! Somebody who was mailed about a sign-in from something new (ACC-10). In the walk everything comes from one network,
//! which every account knows: the alert is put into the database.

use crate::people::sign_up;
use pass_tests::Suite;
use pass_types::LinkKey;

/// The alert's id, and what its link has.
pub async fn make(suite: &Suite) -> (String, String) {
    let alma = sign_up(suite, "Alma Alerted", "alma@alerted.example").await;
    let now = suite.context.clock.now();
    let id = suite.context.entropy.uuid(now);
    sqlx::query(
        "INSERT INTO login_alerts (id, account_id, at, user_agent, expires_at)
         VALUES ($1, $2::uuid, $3, 'Firefox/140.0 Linux', $3 + interval '7 days')",
    )
    .bind(id)
    .bind(&alma.account)
    .bind(now)
    .execute(&suite.databases["identity"].pool)
    .await
    .expect("an alert");
    let key = LinkKey::new(suite.config.identity.link_secret.expose().as_bytes()).expect("a secret");
    (id.to_string(), key.mint("login-alert", id, 1))
}
