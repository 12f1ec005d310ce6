//! Teams.

use crate::{
    suite::{Someone, Suite},
    visitor::Visitor,
};
use futures::future::join_all;
use pass_proto::{
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    organization::v1::{CreateTeamRequest, ListTeamsRequest, Team},
};
use pass_types::{Kind, Privilege, Role};
use std::{num::NonZero, time::Duration};

fn request(suite: &Suite, organization: &str, name: &str) -> CreateTeamRequest {
    CreateTeamRequest {
        request_id: suite.request_id(),
        organization_id: organization.to_owned(),
        name: name.to_owned(),
    }
}

async fn make(suite: &Suite, visitor: &Visitor, organization: &str, name: &str) -> Team {
    visitor.create_team(request(suite, organization, name)).await.unwrap().team.unwrap()
}

/// Puts a member into a team. (No RPC does that yet.)
async fn join(suite: &Suite, organization: &str, team: &Team, member: &Someone) {
    let insert = "INSERT INTO team_members (organization_id, team_id, account_id, administrator)
                  VALUES ($1::text::uuid, $2::text::uuid, $3, false)";
    let query = sqlx::query(insert).bind(organization).bind(&team.team_id).bind(member.account.uuid());
    query.execute(&suite.database.pool).await.unwrap();
}

fn names(teams: &[Team]) -> Vec<&str> {
    teams.iter().map(|team| team.name.as_str()).collect()
}

/// proves ORG-8: whoever makes a team is its team administrator; the change has its event
#[tokio::test]
async fn a_team_is_made() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let team = make(&suite, &administrator, &id, "  開発 ").await;
    assert_eq!((team.name.as_str(), team.member_count), ("開発", 1));
    assert!(team.create_time.is_some());
    assert_eq!(administrator.teams(&id).await.unwrap(), std::slice::from_ref(&team));
    let member = administrator.members(&id, "").await.unwrap().remove(0);
    assert_eq!(
        (member.teams[0].team_id.as_str(), member.teams[0].name.as_str()),
        (team.team_id.as_str(), "開発")
    );
    let row = "SELECT administrator FROM team_members WHERE account_id = $1";
    let runs: bool =
        sqlx::query_scalar(row).bind(founder.account.uuid()).fetch_one(&suite.database.pool).await.unwrap();
    assert!(runs);
    assert!(matches!(
        &suite.history(&id).await[3..],
        [Payload::TeamCreated(created)] if created.team_id == team.team_id && created.organization_id == id
    ));
}

/// proves ORG-8: a name is one team's in the organization, however it is spelled, also when all ask at once
#[tokio::test]
async fn a_team_name_is_taken_once() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let spelled = ["Dev", "dev", "ＤＥＶ", " DEV ", "dEv"];
    let requests = spelled.iter().map(|name| administrator.create_team(request(&suite, &id, name)));
    let answers = join_all(requests).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 4);
    for refused in refused {
        assert_eq!((refused.kind, refused.reason), (Kind::AlreadyExists, ErrorReason::TeamNameTaken));
    }
    assert_eq!((suite.count("teams").await, suite.history(&id).await.len()), (1, 4));
    // Another organization may have one of that name.
    let (_, other, elsewhere) = suite.founder("other").await;
    make(&suite, &other, &elsewhere, "Dev").await;
}

/// A repeated request makes one team; with other content it is refused.
#[tokio::test]
async fn a_repeated_request_makes_one_team() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let request = request(&suite, &id, "Dev");
    let answers = join_all((0..10).map(|_| administrator.create_team(request.clone()))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!(suite.history(&id).await.len(), 4);
    let other = CreateTeamRequest { name: "Ops".to_owned(), ..request };
    let refused = administrator.create_team(other).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::RequestIdReused);
}

/// proves ORG-5: create a team: administrators and members, not guests; strangers find nothing
#[tokio::test]
async fn who_may_make_a_team() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (taro, visitor) = suite.join(&administrator, &id, "Taro").await;
    make(&suite, &visitor, &id, "Members'").await;
    suite.set_role(&id, &taro, Role::Administrator, &[Privilege::PlanAdmin]).await;
    make(&suite, &visitor, &id, "Administrators'").await;
    suite.set_role(&id, &taro, Role::Guest, &[]).await;
    let refused = visitor.create_team(request(&suite, &id, "Guests'")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::RoleMissing));
    assert_eq!(refused.metadata["needed"], "administrator or member");
    let (_, stranger, _) = suite.founder("other").await;
    let refused = stranger.create_team(request(&suite, &id, "Strangers'")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
    assert_eq!(stranger.teams(&id).await.unwrap_err().reason, ErrorReason::NotFound);
    assert_eq!((suite.count("teams").await, suite.count("team_members").await), (2, 2));
}

/// proves ORG-5: see members and teams: guests their own teams and who is in them, members all
#[tokio::test]
async fn guests_see_their_own_teams() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (guest, visitor) = suite.join(&administrator, &id, "Goro Guest").await;
    let (mate, other) = suite.join(&administrator, &id, "Mariko Mate").await;
    suite.set_role(&id, &guest, Role::Guest, &[]).await;
    let shared = make(&suite, &administrator, &id, "Shared").await;
    let secret = make(&suite, &administrator, &id, "Secret").await;
    let seen = async |query: &str| {
        let members = visitor.members(&id, query).await.unwrap();
        members.into_iter().map(|member| member.name).collect::<Vec<_>>()
    };
    assert!(visitor.teams(&id).await.unwrap().is_empty());
    assert_eq!(seen("").await, ["Goro Guest"], "in no team: only oneself");

    join(&suite, &id, &shared, &guest).await;
    join(&suite, &id, &secret, &mate).await;
    assert_eq!(names(&visitor.teams(&id).await.unwrap()), ["Shared"]);
    assert_eq!(seen("").await, ["Goro Guest", "Hanako Suzuki"]);
    assert_eq!(seen("hana").await, ["Hanako Suzuki"]);
    assert!(seen("mariko").await.is_empty(), "a search finds nobody else either");
    let hanako = visitor.members(&id, "hana").await.unwrap().remove(0);
    let labels: Vec<_> = hanako.teams.iter().map(|team| team.name.as_str()).collect();
    assert_eq!(labels, ["Shared"], "nor the others' other teams");

    assert_eq!(names(&other.teams(&id).await.unwrap()), ["Secret", "Shared"]);
    assert_eq!(other.members(&id, "").await.unwrap().len(), 3);
}

/// proves ORG-8: pages of teams have every team once, in order; a token is for one organization
#[tokio::test]
async fn teams_are_paged() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    for name in ["e", "B", "d", "A", "c"] {
        make(&suite, &administrator, &id, name).await;
    }
    let page = |organization_id: &str, page_token: &str| ListTeamsRequest {
        organization_id: organization_id.to_owned(),
        page_size: 2,
        page_token: page_token.to_owned(),
    };
    let (mut seen, mut token, mut first) = (Vec::new(), String::new(), None);
    loop {
        let answer = administrator.list_teams(page(&id, &token)).await.unwrap();
        seen.extend(answer.teams.into_iter().map(|team| team.name));
        token = answer.next_page_token;
        first.get_or_insert(token.clone());
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["A", "B", "c", "d", "e"]);
    let (_, other, elsewhere) = suite.founder("other").await;
    let refused = other.list_teams(page(&elsewhere, &first.unwrap())).await.unwrap_err();
    assert_eq!(refused.reason, ErrorReason::PageTokenInvalid);
}

/// The list of members shows the first 20 of somebody's teams.
#[tokio::test]
async fn not_more_teams_than_fit_are_shown() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    for number in 0..22 {
        make(&suite, &administrator, &id, &format!("Team {number:02}")).await;
    }
    let member = administrator.members(&id, "").await.unwrap().remove(0);
    let labels: Vec<_> = member.teams.iter().map(|team| team.name.as_str()).collect();
    assert_eq!((labels.len(), labels[0], labels[19]), (20, "Team 00", "Team 19"));
}

/// proves ORG-8: an organization has so many teams, also when all ask at once; another one has its own
#[tokio::test]
async fn teams_are_not_without_end() {
    let suite = Suite::start_with(|config| config.teams = NonZero::new(3).unwrap()).await;
    let (_, administrator, id) = suite.founder("acme").await;
    make(&suite, &administrator, &id, "First").await;
    let names: Vec<_> = (0..8).map(|number| format!("Team {number}")).collect();
    let requests = names.iter().map(|name| administrator.create_team(request(&suite, &id, name)));
    let refused: Vec<_> = join_all(requests).await.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 6);
    for refused in refused {
        assert_eq!((refused.kind, refused.reason), (Kind::Precondition, ErrorReason::TeamLimit));
    }
    assert_eq!(administrator.teams(&id).await.unwrap().len(), 3);
    let (_, other, elsewhere) = suite.founder("other").await;
    make(&suite, &other, &elsewhere, "First").await;
}

/// Teams are limited per day, for an organization and for a person in all of theirs.
#[tokio::test]
async fn new_teams_are_limited() {
    let suite = Suite::start_with(|config| config.teams_per_day = NonZero::new(2).unwrap()).await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let (_, taro) = suite.join(&administrator, &id, "Taro").await;
    make(&suite, &administrator, &id, "First").await;
    make(&suite, &administrator, &id, "Second").await;
    let started = administrator.start_trial(suite.trial("Second", "second")).await.unwrap();
    let second = started.organization.unwrap().organization_id;
    for (visitor, organization) in [(&administrator, &id), (&taro, &id), (&administrator, &second)] {
        let refused = visitor.create_team(request(&suite, organization, "Third")).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
        assert_eq!(refused.retry_after, Some(Duration::from_hours(15)), "until midnight");
    }
    suite.clock.advance(Duration::from_hours(24));
    make(&suite, &suite.console(&founder), &id, "Third").await;
}
