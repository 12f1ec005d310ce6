//! Billing's part of deleting an account (ACC-13): what is left of name and address.

use crate::suite::{Answer, Someone, Suite};
use pass_proto::{
    billing::v1::{Application, ForgetPersonRequest, ForgetPersonResponse, application::State, nulab_pass},
    errors::v1::ErrorReason,
};
use pass_types::{Kind, Privilege, Role};
use sqlx::AssertSqlSafe;

const CONTACT: &str = "Hanako Suzuki";

async fn forget(suite: &Suite, account: &str, email: &str) -> Answer<ForgetPersonResponse> {
    let request = ForgetPersonRequest { account_id: account.to_owned(), email: email.to_owned() };
    suite.service("identity").forget_person(request).await
}

async fn forget_all_of(suite: &Suite, someone: &Someone) {
    forget(suite, &someone.account.to_string(), &someone.email).await.unwrap();
}

/// Whether a text is in any row of any table.
async fn is_found(suite: &Suite, text: &str) -> bool {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&suite.database.pool)
    .await
    .unwrap();
    let mut found = false;
    for table in tables {
        let dump = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        let rows: String =
            sqlx::query_scalar(AssertSqlSafe(dump)).fetch_one(&suite.database.pool).await.unwrap();
        found |= rows.to_lowercase().contains(&text.to_lowercase());
    }
    found
}

fn named(application: &Application) -> (&str, &str) {
    (&application.contact_name, &application.plan_admin_email)
}

/// proves ACC-13: name and address go with whoever applied and is the Plan Admin, from decided and from open
/// applications; these stay, and nobody is mailed about them
#[tokio::test]
async fn an_application_stays_without_its_people() {
    let suite = Suite::start().await;
    let (customer, operator) = (suite.customer(), suite.operator());
    let rejected = customer.visitor.apply(suite.application(&customer)).await.unwrap().application_id;
    operator.reject(&rejected, "why").await.unwrap();
    let open = customer.visitor.apply(suite.application(&customer)).await.unwrap().application_id;
    let (_, colleague) = suite.member(&customer.id, Role::Administrator, &[Privilege::PlanAdmin]);
    assert!(is_found(&suite, CONTACT).await && is_found(&suite, &customer.founder.email).await);

    forget_all_of(&suite, &customer.founder).await;
    assert!(!is_found(&suite, CONTACT).await && !is_found(&suite, &customer.founder.email).await);
    for (id, state) in [(&rejected, State::Rejected), (&open, State::Open)] {
        let shown = operator.show(id).await.unwrap();
        assert_eq!((named(&shown), shown.state(), shown.company.as_str()), (("", ""), state, "Acme K.K."));
        let mail = suite.service("notification").mail(id).await.unwrap_err();
        assert_eq!(mail.reason, ErrorReason::NotFound);
    }
    let pass = colleague.nulab_pass(&customer.id).await.unwrap();
    assert_eq!((pass.state(), named(&pass.application.unwrap())), (nulab_pass::State::Applied, ("", "")));
    assert_eq!(operator.approve(&open).await.unwrap().state(), State::Approved);
    // The same call again, as after a crash.
    forget_all_of(&suite, &customer.founder).await;
}

/// proves ACC-13: who applied takes the contact's name along, and not the address of the Plan Admin who stays; whose
/// address it was takes that along, by whatever address they have by then
#[tokio::test]
async fn each_takes_along_what_is_theirs() {
    let suite = Suite::start().await;
    let (customer, operator) = (suite.customer(), suite.operator());
    let (applicant, visitor) = suite.member(&customer.id, Role::Administrator, &[]);
    let applied = visitor.apply(suite.application(&customer)).await.unwrap().application_id;
    let (other, _) = suite.member(&customer.id, Role::Administrator, &[Privilege::PlanAdmin]);

    forget_all_of(&suite, &other).await;
    assert_eq!(
        named(&operator.show(&applied).await.unwrap()),
        (CONTACT, customer.founder.email.as_str()),
        "who has nothing to do with it takes nothing along"
    );
    forget_all_of(&suite, &applicant).await;
    assert_eq!(named(&operator.show(&applied).await.unwrap()), ("", customer.founder.email.as_str()));
    assert!(suite.service("notification").mail(&applied).await.is_ok(), "the answer is mailed still");
    forget(&suite, &customer.founder.account.to_string(), "another@example.com").await.unwrap();
    assert_eq!(named(&operator.show(&applied).await.unwrap()), ("", ""));
}

/// proves ACC-13: why an application was rejected goes with whom it was written to, and with the operator who wrote it
#[tokio::test]
async fn what_was_written_goes_with_its_reader_and_its_writer() {
    let suite = Suite::start().await;
    let texts = ["Dear Ms. Suzuki, who are you?", "Your Space Key is a test's. Yours, Olga Operator"];
    let (reader, other) = (suite.customer(), suite.customer());
    let olga = suite.someone();
    let writer = suite.operated_by(&olga);
    let mut rejected = Vec::new();
    for (customer, text) in [(&reader, texts[0]), (&other, texts[1])] {
        let id = customer.visitor.apply(suite.application(customer)).await.unwrap().application_id;
        let operator = if rejected.is_empty() { &suite.operator() } else { &writer };
        operator.reject(&id, text).await.unwrap();
        rejected.push(id);
    }
    forget_all_of(&suite, &reader.founder).await;
    assert!(!is_found(&suite, texts[0]).await && is_found(&suite, texts[1]).await);
    forget_all_of(&suite, &olga).await;
    assert!(!is_found(&suite, texts[1]).await);
    for (id, email) in rejected.iter().zip(["", other.founder.email.as_str()]) {
        let shown = suite.operator().show(id).await.unwrap();
        assert_eq!((shown.state(), shown.rejection_reason.as_str()), (State::Rejected, "—"));
        assert_eq!(shown.plan_admin_email, email, "the operator takes nothing else along");
    }
    let open = other.visitor.apply(suite.application(&other)).await.unwrap().application_id;
    let late = writer.reject(&open, "Olga").await.unwrap_err();
    assert_eq!(late.reason, ErrorReason::NotFound, "nor is anything written later");
}

/// proves ACC-13: what was written before accounts were noted goes by its address, as addresses are compared (ACC-2)
#[tokio::test]
async fn older_applications_go_by_their_address() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let (_, visitor) = suite.member(&customer.id, Role::Administrator, &[]);
    let applied = visitor.apply(suite.application(&customer)).await.unwrap().application_id;
    sqlx::query("UPDATE applications SET plan_admin_id = NULL, plan_admin_email = 'Person.Zero@Example.com'")
        .execute(&suite.database.pool)
        .await
        .unwrap();
    forget(&suite, &suite.id(), "somebody@example.com").await.unwrap();
    assert_eq!(suite.operator().show(&applied).await.unwrap().plan_admin_email, "Person.Zero@Example.com");
    forget(&suite, &customer.founder.account.to_string(), "person.zero@example.com").await.unwrap();
    assert_eq!(named(&suite.operator().show(&applied).await.unwrap()), ("", ""));
}

/// proves ACC-13: an application that was on its way while its people went is refused, whichever of the two was first
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_is_refused() {
    let suite = Suite::start().await;
    for _ in 0..6 {
        let customer = suite.customer();
        let request = suite.application(&customer);
        let (applied, ()) =
            tokio::join!(customer.visitor.apply(request), forget_all_of(&suite, &customer.founder));
        if let Err(refused) = applied {
            assert_eq!((refused.kind, refused.reason), (Kind::NotFound, ErrorReason::NotFound));
        }
        assert!(!is_found(&suite, &customer.founder.email).await);
        let late = customer.visitor.apply(suite.application(&customer)).await.unwrap_err();
        assert!([ErrorReason::NotFound, ErrorReason::ApplicationOpen].contains(&late.reason), "{late:?}");
        assert!(!is_found(&suite, &customer.founder.email).await);
        // Nor does anybody name them any more.
        let (_, colleague) = suite.member(&customer.id, Role::Administrator, &[]);
        let late = colleague.apply(suite.application(&customer)).await.unwrap_err();
        assert!(
            [ErrorReason::InvalidArgument, ErrorReason::ApplicationOpen].contains(&late.reason),
            "{late:?}"
        );
        assert!(!is_found(&suite, &customer.founder.email).await);
    }
    // For longer than any call can take.
    assert_eq!(suite.count("forgotten_people").await, 6);
    suite.clock.advance(time::Duration::days(31));
    pass_testkit::wait_for(async || suite.count("forgotten_people").await == 0).await;
}

/// Only identity asks, with all that is needed.
#[tokio::test]
async fn wrong_calls_change_nothing() {
    let suite = Suite::start().await;
    let customer = suite.customer();
    let applied = customer.visitor.apply(suite.application(&customer)).await.unwrap();
    let (account, email) = (customer.founder.account.to_string(), customer.founder.email.as_str());
    let long = "a".repeat(100_000);
    for (account, email, field) in [
        ("", email, "account_id"),
        (long.as_str(), email, "account_id"),
        (&account, "", "email"),
        (&account, "a@b\r\nc", "email"),
        (&account, long.as_str(), "email"),
    ] {
        let refused = forget(&suite, account, email).await.unwrap_err();
        assert_eq!((refused.kind, refused.violations[0].0.as_str()), (Kind::InvalidInput, field));
    }
    let request = ForgetPersonRequest { account_id: account, email: email.to_owned() };
    for visitor in [&customer.visitor, &suite.nobody(), &suite.operator(), &suite.service("organization")] {
        let refused = visitor.forget_person(request.clone()).await.unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PeerNotAllowed);
    }
    assert_eq!(suite.operator().show(&applied.application_id).await.unwrap(), applied);
    assert_eq!(suite.count("forgotten_people").await, 0);
}
