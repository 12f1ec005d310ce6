//! Making a Managed Account (MAN-1).

use super::{
    Console, Done, SignedIn,
    frame::{Frame, Head},
    organization::administered,
    zones,
};
use crate::grpc::{Membership, NewManagedAccount, NulabPassState, Team};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use pass_proto::errors::v1::ErrorReason;
use pass_types::{Kind, Language, Privilege, RequestId, Role};
use pass_web::{Form, Page, Refusal, html_with};

/// At most this many pages of teams are offered.
const PAGES: usize = 5;

/// The form.
#[derive(Template)]
#[template(path = "new_managed.html")]
pub struct NewManaged {
    pub page: Page,
    pub frame: Frame,
    pub head: Head,
    pub languages: Vec<(String, String, String)>,
    pub zones: Vec<(String, String)>,
    pub roles: Vec<(String, String, String)>,
    pub privileges: Vec<Tick>,
    pub teams: Vec<Tick>,
    pub fields: Fields,
}

/// Something to tick.
pub struct Tick {
    pub value: String,
    pub text: String,
    pub ticked: bool,
}

/// What was typed. `privileges` and `team_ids` may be there several times.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(from = "Vec<(String, String)>")]
pub struct Fields {
    pub request_id: String,
    pub name: String,
    pub email: String,
    pub unique_id: String,
    pub language: String,
    pub time_zone: String,
    pub role: String,
    pub privileges: Vec<String>,
    pub team_ids: Vec<String>,
}

impl From<Vec<(String, String)>> for Fields {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "request_id" => fields.request_id = value,
                "name" => fields.name = value,
                "email" => fields.email = value,
                "unique_id" => fields.unique_id = value,
                "language" => fields.language = value,
                "time_zone" => fields.time_zone = value,
                "role" => fields.role = value,
                "privileges" => fields.privileges.push(value),
                "team_ids" => fields.team_ids.push(value),
                _ => {}
            }
        }
        fields
    }
}

impl NewManaged {
    /// The form with what the fields have.
    pub fn new(page: Page, frame: Frame, membership: &Membership, teams: &[Team], fields: Fields) -> Self {
        let word = |set: &str, value: &str| (value.to_owned(), page.word(set, value), String::new());
        // Only a Plan Admin makes Plan Admins (ORG-4).
        let grants = |privilege: &Privilege| {
            *privilege != Privilege::PlanAdmin || membership.privileges.has(Privilege::PlanAdmin)
        };
        let privileges = Privilege::ALL.iter().filter(|privilege| grants(privilege));
        let tick = |value: String, text: String, ticked: &[String]| Tick {
            ticked: ticked.contains(&value),
            value,
            text,
        };
        Self {
            head: Head::of(membership, "members"),
            languages: Language::ALL.iter().map(|it| word("language", it.as_str())).collect(),
            zones: zones::options(&fields.time_zone),
            roles: [Role::Member, Role::Guest, Role::Administrator]
                .iter()
                .map(|role| (role.to_string(), page.word("role", role), page.hint("role", role)))
                .collect(),
            privileges: privileges
                .map(|it| tick(it.to_string(), page.word("privilege", it), &fields.privileges))
                .collect(),
            teams: teams
                .iter()
                .map(|it| tick(it.id.to_string(), it.name.clone(), &fields.team_ids))
                .collect(),
            page,
            frame,
            fields,
        }
    }
}

/// Shows it.
pub async fn show(
    State(console): State<Console>,
    me: SignedIn,
    Path(organization): Path<String>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let pass = me.suite.nulab_pass(membership.organization.id).await.map_err(|refusal| me.failed(refusal))?;
    let missing = match pass.state {
        NulabPassState::Trial => None,
        NulabPassState::Ended => Some(ErrorReason::NulabPassEnded),
        NulabPassState::None | NulabPassState::Applied => Some(ErrorReason::NulabPassNeeded),
    };
    // Nobody is to fill in a form for nothing.
    if let Some(reason) = missing {
        return Err(me.failed(Refusal::new(Kind::Precondition, reason)));
    }
    let fields = Fields {
        request_id: RequestId::generate(&console.entropy, console.clock.now()).to_string(),
        language: me.account.language.to_string(),
        time_zone: me.account.time_zone.to_string(),
        role: Role::Member.to_string(),
        ..Fields::default()
    };
    page_of(&me, (StatusCode::OK, me.page()), &membership, fields).await
}

/// Makes it.
pub async fn create(
    me: SignedIn,
    Path(organization): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let membership = administered(&me, &organization).await?;
    let id = membership.organization.id;
    let created = match account(&fields) {
        Ok(account) => me.suite.create_managed(id, &account).await,
        Err(refusal) => Err(refusal),
    };
    match created {
        Ok(made) => Ok(Done::ManagedCreated.then(&format!("/organizations/{id}/managed/{}", made.id))),
        Err(refusal) => page_of(&me, me.again(refusal)?, &membership, fields).await,
    }
}

async fn page_of(
    me: &SignedIn,
    (status, page): (StatusCode, Page),
    membership: &Membership,
    fields: Fields,
) -> Result<Response, Response> {
    let mut teams = Vec::new();
    let mut next = String::new();
    for _ in 0..PAGES {
        let found = me.suite.teams(membership.organization.id, &next).await;
        let found = found.map_err(|refusal| me.failed(refusal))?;
        teams.extend(found.items);
        next = found.next;
        if next.is_empty() {
            break;
        }
    }
    let frame = Frame::of(me, "organizations");
    Ok(html_with(status, &NewManaged::new(page, frame, membership, &teams, fields)))
}

fn account(fields: &Fields) -> Result<NewManagedAccount, Refusal> {
    let wrong = |field: &'static str| move |_| Refusal::of_field(field, "must be one of the choices");
    let privileges = fields.privileges.iter().map(|it| it.parse::<Privilege>());
    let teams = fields.team_ids.iter().map(|it| it.parse());
    Ok(NewManagedAccount {
        request: fields.request_id.parse().map_err(|_| Refusal::malformed())?,
        name: fields.name.trim().to_owned(),
        email: fields.email.trim().to_owned(),
        unique_id: fields.unique_id.trim().to_owned(),
        language: fields.language.parse().map_err(wrong("language"))?,
        time_zone: fields.time_zone.clone(),
        role: fields.role.parse().map_err(wrong("role"))?,
        privileges: privileges.collect::<Result<_, _>>().map_err(wrong("privileges"))?,
        teams: teams.collect::<Result<_, _>>().map_err(wrong("team_ids"))?,
    })
}
