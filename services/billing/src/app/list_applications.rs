//! Applications, for operators: those that wait first by when they are due, then the decided ones,
//! latest first (BIL-1).

use super::{Billing, Operator, ReadError, Refused};
use crate::{
    domain::application::{Application, State},
    store::{self, applications::Ended},
};
use pass_types::{ApplicationId, Page, PageSize, PageTokenInvalid};
use sqlx::PgConnection;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

/// Which applications.
#[derive(Debug)]
pub struct ListApplications {
    /// In which state.
    pub which: Which,
    /// How many.
    pub size: PageSize,
    /// From the page before; empty: the first.
    pub token: String,
}

/// In which state listed applications are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// In any.
    All,
    /// Those that wait.
    Open,
    /// Those that were granted.
    Approved,
    /// Those that were not.
    Rejected,
}

impl Which {
    /// What page tokens of the list are signed for.
    fn purpose(self) -> &'static str {
        match self {
            Self::All => "page of applications",
            Self::Open => "page of open applications",
            Self::Approved => "page of approved applications",
            Self::Rejected => "page of rejected applications",
        }
    }

    fn waiting(self) -> bool {
        matches!(self, Self::All | Self::Open)
    }

    fn decided(self) -> Option<Ended> {
        match self {
            Self::All => Some(Ended::Both),
            Self::Open => None,
            Self::Approved => Some(Ended::Approved),
            Self::Rejected => Some(Ended::Rejected),
        }
    }
}

/// Where in the list the page before ended.
#[derive(Debug, Clone, Copy)]
enum Position {
    /// Among those that waited then.
    Waiting(OffsetDateTime, Uuid),
    /// Among the decided ones.
    Decided(OffsetDateTime, Uuid),
}

/// Before all that wait.
const FIRST: (OffsetDateTime, Uuid) = (OffsetDateTime::UNIX_EPOCH, Uuid::nil());
/// After whatever will be decided.
const LATEST: (OffsetDateTime, Uuid) = (datetime!(9999-12-31 00:00 UTC), Uuid::max());
/// As tokens have it.
const WAITING: i32 = 1;
const DECIDED: i32 = 2;

impl Billing {
    /// One application.
    #[tracing::instrument(skip_all, fields(application.id = %id))]
    pub async fn get_application(&self, _: &Operator, id: ApplicationId) -> Result<Application, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let application = store::applications::find(&mut conn, id).await?;
        Ok(application.ok_or(Refused::NotFound)?)
    }

    /// A page of applications.
    #[tracing::instrument(skip_all)]
    pub async fn list_applications(
        &self,
        _: &Operator,
        list: ListApplications,
    ) -> Result<Page<Application>, ReadError> {
        let mut conn = self.pool.acquire().await?;
        let (waiting, decided) = match self.position(&mut conn, &list).await? {
            None => (Some(FIRST), LATEST),
            Some(Position::Waiting(due, id)) => (Some((due, id)), LATEST),
            Some(Position::Decided(at, id)) => (None, (at, id)),
        };
        let limit = list.size.limit();
        let mut items = match waiting.filter(|_| list.which.waiting()) {
            Some(after) => store::applications::waiting(&mut conn, after, limit).await?,
            None => Vec::new(),
        };
        let room = limit - i64::try_from(items.len()).unwrap_or(limit);
        if let Some(which) = list.which.decided()
            && room > 0
        {
            items.extend(store::applications::decided(&mut conn, which, decided, room).await?);
        }
        let next = list.size.cut(&mut items, |last| self.token(list.which, last));
        Ok(Page { next: next.unwrap_or_default(), items })
    }

    /// The token for going on after an application, as it stands now.
    fn token(&self, which: Which, last: &Application) -> String {
        let part = if last.state == State::Open { WAITING } else { DECIDED };
        self.settings.link_key.mint(which.purpose(), last.id.uuid(), part)
    }

    /// The position that a token stands for. One that waited then may be decided by now: its place among
    /// those that wait is the same.
    async fn position(
        &self,
        conn: &mut PgConnection,
        list: &ListApplications,
    ) -> Result<Option<Position>, ReadError> {
        if list.token.is_empty() {
            return Ok(None);
        }
        let opened = self.settings.link_key.open(list.which.purpose(), &list.token);
        let (id, part) = opened.ok_or(PageTokenInvalid)?;
        let ended_with = store::applications::find(conn, id.into()).await?.ok_or(PageTokenInvalid)?;
        Ok(Some(match (part, ended_with.decision()) {
            (WAITING, _) => Position::Waiting(ended_with.due_at, id),
            (DECIDED, Some(decision)) => Position::Decided(decision.at, id),
            _ => return Err(PageTokenInvalid.into()),
        }))
    }
}
