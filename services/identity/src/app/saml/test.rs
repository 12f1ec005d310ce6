//! Test sign-ins (SML-6): an administrator runs one and sees every check's verdict, without being signed in.

use super::{
    SamlError,
    begin::{Begun, Purpose},
};
use crate::{
    app::{Identity, Owner},
    domain::device::ProductName,
    domain::saml::{ConnectionState, REQUEST_LIFE},
    domain::saml_test::{Test, TestReport, TestState},
    domain::sign_up::Continuation,
    store,
};
use pass_mesh::Caller;
use pass_types::{OrganizationId, SamlConnectionId, SamlTestId};

/// What the addresses of tests are minted for.
const PURPOSE: &str = "saml-test";
/// A test has one address.
const ATTEMPT: i32 = 1;

/// A test that waits.
pub struct NewTest {
    /// The test.
    pub id: SamlTestId,
    /// Where it is run. It is not tied to the administrator who made it, and need not be: a test proves something of
    /// the connection and nothing of a person. It passes only by an answer that the identity provider under test
    /// has signed, nobody is signed in by it, and only administrators see the verdict; so whoever else gets hold
    /// of the link (a secret, for 10 minutes, for one verdict and one entry of the log) can at worst make a test fail,
    /// which is made again. And an administrator with a Nulab Account may have no account at the provider: a
    /// colleague who has one runs the test for them.
    pub url: String,
}

impl Identity {
    /// Begins a test of the draft, or of the connection in force.
    pub async fn create_saml_test(
        &self,
        owner: &Owner<'_>,
        organization: OrganizationId,
        connection: SamlConnectionId,
    ) -> Result<NewTest, SamlError> {
        self.administrator(owner, organization).await?;
        self.entitled_until(&owner.caller.as_system(), organization).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let connection = store::saml::connections::find(&mut tx, organization, connection).await?;
        let connection = connection.filter(|it| it.state != ConnectionState::Disabled);
        let test = Test {
            id: SamlTestId::generate(&self.entropy, now),
            organization,
            connection: connection.ok_or(SamlError::NotFound)?.id,
            state: TestState::Waiting,
            expires_at: now + REQUEST_LIFE,
        };
        store::saml::tests::insert(&mut tx, &test).await?;
        tx.commit().await?;
        let token = self.links.mint(PURPOSE, test.id.uuid(), ATTEMPT);
        Ok(NewTest { id: test.id, url: format!("{}/saml/tests/{token}", self.rules.gateway_url) })
    }

    /// Sends the browser that opened a test's address to the identity provider; counted with the sign-ins of its
    /// network.
    pub async fn begin_saml_test(&self, caller: &Caller, token: &str) -> Result<Begun, SamlError> {
        let id = match self.links.open(PURPOSE, token) {
            Some((id, ATTEMPT)) => SamlTestId::from(id),
            _ => return Err(SamlError::LinkInvalid),
        };
        self.count_saml_begin(caller).await?;
        let mut db = self.pool.acquire().await?;
        let test = store::saml::tests::find(&mut db, id).await?.map(|test| test.at(self.clock.now()));
        let test = test.filter(|test| test.state == TestState::Waiting).ok_or(SamlError::LinkInvalid)?;
        let connection = store::saml::connections::find(&mut db, test.organization, test.connection).await?;
        drop(db);
        let connection = connection.filter(|it| it.state != ConnectionState::Disabled);
        let purpose = Purpose {
            continuation: Continuation::default(),
            product: ProductName::default(),
            force_authn: false,
            test: Some(id),
        };
        self.send(&connection.ok_or(SamlError::LinkInvalid)?, purpose).await
    }

    /// What came of a test.
    pub async fn saml_test(
        &self,
        owner: &Owner<'_>,
        organization: OrganizationId,
        id: SamlTestId,
    ) -> Result<TestReport, SamlError> {
        self.administrator(owner, organization).await?;
        let mut db = self.pool.acquire().await?;
        let test = store::saml::tests::find(&mut db, id).await?;
        let test = test.filter(|test| test.organization == organization).ok_or(SamlError::NotFound)?;
        let verdicts = store::saml::tests::verdicts(&mut db, id).await?;
        Ok(TestReport { test: test.at(self.clock.now()), verdicts })
    }
}
