//! Starting a trial (ORG-1): first the product, then plan, organization and Space.

use super::{Console, Done, SignedIn, frame::Frame};
use crate::{
    domain::{default_plan, plans},
    grpc::{Membership, Trial},
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use pass_proto::errors::v1::ErrorReason;
use pass_types::{AccountKind, Kind, OrganizationId, Product, RequestId, Role};
use pass_web::{Form, Page, Refusal, html, html_with, http_status};

/// At most this many pages of organizations are looked through for those that the person administers.
const PAGES: usize = 4;

/// The products to choose from.
#[derive(Template)]
#[template(path = "trial_products.html")]
pub struct Products {
    pub page: Page,
    pub frame: Frame,
    pub choices: &'static [Product],
}

/// The form of one product.
#[derive(Template)]
#[template(path = "trial.html")]
pub struct TrialPage {
    pub page: Page,
    pub frame: Frame,
    pub product: Product,
    pub plans: Vec<(String, String, String)>,
    pub organizations: Vec<(String, String)>,
    pub fields: Fields,
}

#[derive(Debug, serde::Deserialize)]
pub struct Fields {
    pub request_id: String,
    pub plan: String,
    #[serde(default)]
    pub organization_id: String,
    #[serde(default)]
    pub organization_name: String,
    pub space_id: String,
}

impl TrialPage {
    /// The form with what the fields have; `administered` are the organizations to choose from.
    pub fn new(
        page: Page,
        frame: Frame,
        product: Product,
        administered: &[Membership],
        fields: Fields,
    ) -> Self {
        let plans = plans(product)
            .iter()
            .map(|plan| {
                let key = format!("plan-{product}-{plan}");
                ((*plan).to_owned(), page.t(&key), page.t(&format!("{key}-hint")))
            })
            .collect();
        let mut organizations = vec![(String::new(), page.t("trial-new-organization"))];
        organizations.extend(
            administered.iter().map(|it| (it.organization.id.to_string(), it.organization.name.clone())),
        );
        Self { page, frame, product, plans, organizations, fields }
    }
}

/// Shows the products.
pub async fn choose(me: SignedIn) -> Result<Response, Response> {
    refuse_managed(&me)?;
    Ok(html(&Products { page: me.page(), frame: Frame::of(&me, "organizations"), choices: Product::ALL }))
}

/// Managed Accounts start no trials (ORG-1).
#[expect(clippy::result_large_err, reason = "handlers answer with a response either way")]
fn refuse_managed(me: &SignedIn) -> Result<(), Response> {
    if me.account.kind == AccountKind::Managed {
        return Err(me.failed(Refusal::new(Kind::Forbidden, ErrorReason::RoleMissing)));
    }
    Ok(())
}

/// Shows the form of one.
pub async fn show(
    State(console): State<Console>,
    me: SignedIn,
    Path(product): Path<String>,
) -> Result<Response, Response> {
    refuse_managed(&me)?;
    let product: Product = product.parse().map_err(|_| me.failed(Refusal::not_found()))?;
    let administered = administered(&me).await.map_err(|refusal| me.failed(refusal))?;
    let fields = Fields {
        request_id: RequestId::generate(&console.entropy, console.clock.now()).to_string(),
        plan: default_plan(product).to_owned(),
        organization_id: String::new(),
        organization_name: String::new(),
        space_id: String::new(),
    };
    Ok(html(&TrialPage::new(me.page(), Frame::of(&me, "organizations"), product, &administered, fields)))
}

/// Starts it.
pub async fn start(
    me: SignedIn,
    Path(product): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Response> {
    let product: Product = product.parse().map_err(|_| me.failed(Refusal::not_found()))?;
    let started = match trial(product, &fields) {
        Ok(trial) => me.suite.start_trial(&trial).await,
        Err(refusal) => Err(refusal),
    };
    match started {
        Ok(organization) => Ok(Done::TrialStarted.then(&format!("/organizations/{organization}"))),
        Err(refusal) if refusal.fields().is_empty() => Err(me.failed(refusal)),
        Err(refusal) => {
            let administered = administered(&me).await.map_err(|refusal| me.failed(refusal))?;
            let status = http_status(refusal.kind);
            let (page, frame) = (me.page().refused(refusal), Frame::of(&me, "organizations"));
            Ok(html_with(status, &TrialPage::new(page, frame, product, &administered, fields)))
        }
    }
}

fn trial(product: Product, fields: &Fields) -> Result<Trial, Refusal> {
    let organization = match fields.organization_id.as_str() {
        "" => None,
        id => Some(id.parse::<OrganizationId>().map_err(|_| Refusal::malformed())?),
    };
    Ok(Trial {
        request: fields.request_id.parse().map_err(|_| Refusal::malformed())?,
        organization,
        // The name is of the new one: with a chosen one it says nothing.
        organization_name: if organization.is_none() {
            fields.organization_name.clone()
        } else {
            String::new()
        },
        product,
        plan: fields.plan.clone(),
        space_id: fields.space_id.trim().to_owned(),
    })
}

/// The organizations that the person can add a product to.
async fn administered(me: &SignedIn) -> Result<Vec<Membership>, Refusal> {
    let mut found = Vec::new();
    let mut next = String::new();
    for _ in 0..PAGES {
        let page = me.suite.organizations(&next).await?;
        found.extend(page.items.into_iter().filter(|it| it.role == Role::Administrator));
        next = page.next;
        if next.is_empty() {
            break;
        }
    }
    Ok(found)
}
