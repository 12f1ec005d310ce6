//! What the pages of legacy spaces say, in English and Japanese: a table. In a page, `words.say("…")`.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use pass_types::Language;
use std::convert::Infallible;

/// The texts in one language: that which the browser prefers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(Language);

/// Name, English, Japanese.
const TEXTS: &[(&str, &str, &str)] = &[
    ("legacy-space", "Backlog legacy space", "Backlogの従来のスペース"),
    ("log-out", "Log out", "ログアウト"),
    ("spaces", "Spaces", "スペース"),
    ("you", "You", "あなたの情報"),
    ("name", "Name", "名前"),
    ("email", "Email", "メールアドレス"),
    ("user-id", "User ID", "ユーザーID"),
    ("password", "Password", "パスワード"),
    ("shown-from", "Shown from", "表示元"),
    ("nulab-account", "Nulab Account", "ヌーラボアカウント"),
    ("this-space", "this space", "このスペース"),
    ("logged-in-with", "Logged in with", "ログイン方法"),
    ("own-password", "Backlog user ID and password", "BacklogのユーザーIDとパスワード"),
    ("members", "Members", "メンバー"),
    ("more", "More", "その他"),
    ("personal-settings", "Personal Settings", "個人設定"),
    ("connect-spaces", "Connect your Backlog Space", "Backlogスペースの連携"),
    ("space-settings", "Space settings", "スペース設定"),
    ("by-account", "Log in with Nulab Account", "ヌーラボアカウントでログイン"),
    (
        "members-may",
        "Members may log in with their Nulab Account",
        "メンバーにヌーラボアカウントでのログインを許可する",
    ),
    (
        "members-may-hint",
        "While this is off, nobody can connect to this space or log in to it with a Nulab Account.",
        "オフの間は、このスペースとの連携も、ヌーラボアカウントでのログインもできません。",
    ),
    ("save", "Save", "保存"),
    ("now-on", "Now: on", "現在：オン"),
    ("now-off", "Now: off", "現在：オフ"),
    ("by-backlog", "Log in with Backlog", "Backlogでログイン"),
    ("log-in", "Log in", "ログイン"),
    ("login", "Login", "ログインする"),
    (
        "one-account",
        "Use one account for all your spaces.",
        "1つのアカウントですべてのスペースを利用できます。",
    ),
    ("wrong", "User ID or password is wrong.", "ユーザーIDまたはパスワードが正しくありません。"),
    (
        "locked",
        "There were too many wrong passwords for this user. Try again in 15 minutes.",
        "このユーザーのパスワードが何度も間違って入力されました。15分後にもう一度お試しください。",
    ),
    ("not-logged-in", "Not logged in", "ログインしていません"),
    ("not-in-space", "You are not logged in to this space", "このスペースにログインしていません"),
    (
        "own-users",
        "You chose “Use Backlog user information” for this space, so it is not logged in to with your Nulab Account.",
        "このスペースでは「Backlogのユーザー情報を使用する」が選択されているため、ヌーラボアカウントではログインできません。",
    ),
    (
        "own-users-hint",
        "Log in with the space's own user ID and password. Or choose to use Nulab Account information again, in your Nulab Account.",
        "スペースのユーザーIDとパスワードでログインしてください。または、ヌーラボアカウントで「ヌーラボアカウントの情報を使用する」を選び直してください。",
    ),
    ("open-account", "Open Nulab Account", "ヌーラボアカウントを開く"),
    (
        "not-connected",
        "This space is not connected to your Nulab Account yet.",
        "このスペースは、まだヌーラボアカウントと連携されていません。",
    ),
    (
        "not-connected-hint",
        "Connect it once, with the user ID and password that you have in this space. From then on you log in with your Nulab Account.",
        "このスペースのユーザーIDとパスワードで一度連携すると、以後はヌーラボアカウントでログインできます。",
    ),
    ("connect", "Connect to Nulab Account", "ヌーラボアカウントと連携する"),
    (
        "closed",
        "The administrators of this space have switched “Log in with Nulab Account” off.",
        "このスペースの管理者が「ヌーラボアカウントでログイン」をオフにしています。",
    ),
    (
        "closed-hint",
        "Log in with the space's own user ID and password, or ask them.",
        "スペースのユーザーIDとパスワードでログインするか、管理者にお問い合わせください。",
    ),
    ("unknown", "Your Nulab Account can't be asked right now.", "現在、ヌーラボアカウントを確認できません。"),
    (
        "unknown-hint",
        "Try again in a moment, or log in with the space's own user ID and password.",
        "しばらくしてからもう一度お試しいただくか、スペースのユーザーIDとパスワードでログインしてください。",
    ),
    ("user-information", "User Information", "ユーザー情報"),
    (
        "unconnected",
        "This space is not connected to a Nulab Account, so it shows its own user information.",
        "このスペースはヌーラボアカウントと連携されていないため、スペースのユーザー情報が表示されます。",
    ),
    ("use-account", "Use Nulab Account information", "ヌーラボアカウントの情報を使用する"),
    ("use-backlog", "Use Backlog user information", "Backlogのユーザー情報を使用する"),
    (
        "use-backlog-hint",
        "With Backlog user information, this space shows its own profile, and you log in to it with its own user ID and password only.",
        "Backlogのユーザー情報を使用すると、スペースのプロフィールが表示され、スペースのユーザーIDとパスワードでのみログインできます。",
    ),
    (
        "now-own-profile",
        "Now: this space shows its own profile, and you can log in to it with your Nulab Account.",
        "現在：スペースのプロフィールが表示され、ヌーラボアカウントでログインできます。",
    ),
    (
        "profile-account",
        "This space uses your Nulab Account information.",
        "このスペースでは、ヌーラボアカウントの情報が使用されます。",
    ),
    (
        "profile-space",
        "This space shows its own profile, and you can log in to it with your Nulab Account.",
        "このスペースではスペースのプロフィールが表示され、ヌーラボアカウントでログインできます。",
    ),
    (
        "profile-space-only",
        "This space uses Backlog user information: you log in to it with its own user ID and password only.",
        "このスペースではBacklogのユーザー情報が使用されます。スペースのユーザーIDとパスワードでのみログインできます。",
    ),
    ("change-there", "Change it in your Nulab Account", "ヌーラボアカウントで変更する"),
];

impl Words {
    /// For the page's `lang`.
    pub(super) fn language(self) -> &'static str {
        self.0.as_str()
    }

    /// A text by its name.
    pub(super) fn say(self, name: &str) -> &'static str {
        let text = TEXTS.iter().find(|(known, ..)| *known == name);
        text.map_or("", |(_, en, ja)| if self.0 == Language::Ja { ja } else { en })
    }

    /// As `Accept-Language` (RFC 9110, 12.5.4) prefers.
    fn preferred(headers: &HeaderMap) -> Self {
        let value = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let ours = value.split(',').take(20).filter_map(|range| {
            let (tag, quality) = range.split_once(';').unwrap_or((range, "q=1"));
            let quality: f32 = quality.trim().strip_prefix("q=")?.parse().ok()?;
            let language = tag.trim().split('-').next()?.to_ascii_lowercase().parse().ok()?;
            (quality > 0.0).then_some((quality, language))
        });
        // The first of those that are liked as much.
        let best = ours.reduce(|best, other| if other.0 > best.0 { other } else { best });
        Self(best.map_or(Language::En, |(_, language)| language))
    }
}

impl<S: Sync> FromRequestParts<S> for Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::preferred(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_browser_is_answered_in_its_language() {
        for (accepts, language) in [
            ("", "en"),
            ("fr", "en"),
            ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
            ("en;q=0.3, ja;q=0.5", "ja"),
            ("en, ja", "en"),
            ("ja;q=0", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepts.parse().unwrap());
            assert_eq!(Words::preferred(&headers).language(), language, "{accepts}");
        }
    }

    /// Every text that a page names is there, and no page names a text otherwise.
    #[test]
    fn pages_say_what_is_in_the_table() {
        let pages = [
            include_str!("../../templates/space.html"),
            include_str!("../../templates/space_administration.html"),
            include_str!("../../templates/space_base.html"),
            include_str!("../../templates/space_login.html"),
            include_str!("../../templates/space_refused.html"),
            include_str!("../../templates/space_settings.html"),
        ];
        let named = |page: &'static str| {
            page.split("words.say(\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(name, _)| name)
        };
        let mut said: BTreeSet<&str> = pages.into_iter().flat_map(named).collect();
        // Said by handlers.
        said.extend(["wrong", "locked"]);
        let known: BTreeSet<&str> = TEXTS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(known.len(), TEXTS.len(), "each once");
        assert_eq!(said, known);
    }
}
