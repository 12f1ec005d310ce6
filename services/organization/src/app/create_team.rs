//! Making a team (ORG-5, ORG-8).

use super::{By, Organizations, Refused, authorize, quota};
use crate::{
    domain::{
        authority::TeamFounder,
        team::{CountedTeam, Team},
    },
    events,
    store::{self, quotas::Quota},
};
use pass_events::requests::{Claim, claim};
use pass_mesh::{Fault, Problem, faults, refusals};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, OrganizationId, RequestId, TeamId, TeamName};
use sqlx::PgConnection;
use std::time::Duration;
use time::OffsetDateTime;

/// Which team to make.
#[derive(Debug)]
pub struct CreateTeam {
    /// The caller's name for this.
    pub request: RequestId,
    /// In which organization.
    pub organization: OrganizationId,
    /// Its name.
    pub name: TeamName,
}

/// A team can't be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTeamError {
    /// The person may not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The `request_id` came with other content before.
    #[error("this request_id was used for something else")]
    RequestIdReused,
    /// The organization has a team of this name.
    #[error("there is a team of this name already")]
    NameTaken,
    /// The organization has too many teams.
    #[error("the organization has as many teams as it may have")]
    TooMany,
    /// Too many teams were made today.
    #[error("no more teams can be made today")]
    TooManyToday {
        /// When the next day begins.
        retry_after: Duration,
    },
    /// A fault of ours.
    #[error("the team could not be made")]
    Fault(#[source] Fault),
}

faults!(CreateTeamError: sqlx::Error);
refusals!(CreateTeamError: Refused);

impl Problem for CreateTeamError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::RequestIdReused | Self::NameTaken => Kind::AlreadyExists,
            Self::TooMany => Kind::Precondition,
            Self::TooManyToday { .. } => Kind::RateLimited,
            Self::Fault(fault) => fault.kind(),
        }
    }

    fn reason(&self) -> ErrorReason {
        match self {
            Self::Refused(refused) => refused.reason(),
            Self::RequestIdReused => ErrorReason::RequestIdReused,
            Self::NameTaken => ErrorReason::TeamNameTaken,
            Self::TooMany => ErrorReason::TeamLimit,
            Self::TooManyToday { .. } => ErrorReason::RateLimited,
            Self::Fault(fault) => fault.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Refused(refused) => refused.metadata(),
            _ => vec![],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooManyToday { retry_after } => Some(*retry_after),
            _ => None,
        }
    }
}

impl Organizations {
    /// Makes a team with the person as its administrator. The same request again gives the same team.
    #[tracing::instrument(skip_all, fields(org.id = %create.organization))]
    pub async fn create_team(&self, by: &By, create: CreateTeam) -> Result<CountedTeam, CreateTeamError> {
        let mut tx = self.pool.begin().await?;
        let founder = authorize::team_founder_alone(&mut tx, by, create.organization).await?;
        let (organization, now) = (founder.organization(), self.clock.now());
        let CreateTeam { request, organization: _, name } = create;
        let id = TeamId::generate(&self.entropy, now);
        let content = ["CreateTeam", &organization.to_string(), name.as_str()];
        match claim(&mut tx, by.person.account, request, &content, id.uuid(), now).await? {
            Claim::First => {}
            Claim::Reused => return Err(CreateTeamError::RequestIdReused),
            Claim::Repeated(id) => {
                let earlier = store::teams::find(&mut tx, organization, id.into()).await?;
                return Ok(earlier.ok_or(Refused::NotFound)?);
            }
        }
        self.leave_room_for_team(&mut tx, &founder, now).await?;
        let team = Team { id, organization, name, created_at: now };
        if !store::teams::insert(&mut tx, &team).await? {
            return Err(CreateTeamError::NameTaken);
        }
        store::teams::join(&mut tx, organization, &[id], founder.account(), true).await?;
        self.outbox.publish(&mut tx, events::team_created(by, &team)).await?;
        tx.commit().await?;
        Ok(CountedTeam { team, members: 1 })
    }

    /// Refuses when there are as many teams as there may be, or enough were made today. The founder's
    /// authorization holds the organization's row, so that nobody else makes one meanwhile.
    async fn leave_room_for_team(
        &self,
        conn: &mut PgConnection,
        founder: &TeamFounder,
        now: OffsetDateTime,
    ) -> Result<(), CreateTeamError> {
        let (organization, account) = (founder.organization(), founder.account());
        if store::teams::count(conn, organization).await? >= self.settings.teams {
            return Err(CreateTeamError::TooMany);
        }
        let quotas = [Quota::TeamsOfOrganization(organization), Quota::TeamsOfAccount(account)];
        match quota::take(conn, &quotas, self.settings.teams_per_day, now).await? {
            None => Ok(()),
            Some(retry_after) => Err(CreateTeamError::TooManyToday { retry_after }),
        }
    }
}
