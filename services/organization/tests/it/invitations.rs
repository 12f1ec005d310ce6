//! Invitations by mail.

use crate::{suite::Suite, visitor::Answer};
use futures::future::join_all;
use pass_proto::{
    convert::FromWire,
    errors::v1::ErrorReason,
    events::v1::envelope::Payload,
    organization::v1::{
        CreateInvitationRequest, Invitation, PrepareInvitationMailRequest, invitation::State,
    },
};
use pass_testkit::wait_for;
use pass_types::{AccountKind, Kind, Language, Privilege, Role};
use std::{num::NonZero, time::Duration};

const DAY: Duration = Duration::from_hours(24);

fn reason<T: std::fmt::Debug>(answer: Answer<T>) -> ErrorReason {
    answer.unwrap_err().reason
}

/// proves ORG-6: an administrator invites, the mail has all it needs, the invited becomes a member with
/// the role; each change has its event
#[tokio::test]
async fn an_invitation_is_accepted() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let invited = suite.someone("Taro Yamada");
    let role = Role::Guest.to_wire().into();
    let request = CreateInvitationRequest { role, ..suite.invitation(&id, &invited.email.to_uppercase()) };
    let invitation = administrator.invite(request).await.unwrap();
    assert_eq!((invitation.state(), invitation.role), (State::Open, role));

    let prepare =
        PrepareInvitationMailRequest { invitation_id: invitation.invitation_id.clone(), attempt: 1 };
    let notification = suite.service("notification");
    let mail = notification.prepare_invitation_mail(prepare.clone()).await.unwrap();
    assert_eq!(mail.email, invited.email.to_uppercase());
    assert_eq!((mail.organization_name.as_str(), mail.inviter_name.as_str()), ("Acme", "Hanako Suzuki"));
    assert_eq!((mail.message.as_str(), mail.role), ("Welcome!\nSee you", role));
    assert_eq!(mail.language, Language::Ja.to_wire() as i32);
    assert_eq!(
        mail.url,
        notification.prepare_invitation_mail(prepare).await.unwrap().url,
        "the link is derived"
    );

    let token = suite.link(&invitation, 1).await;
    let shown = suite.nobody().show(&token).await.unwrap();
    assert_eq!((shown.organization_name.as_str(), shown.state()), ("Acme", State::Open));
    let visitor = suite.console(&invited);
    assert_eq!(visitor.accept(&token).await.unwrap().organization_id, id);
    assert_eq!(visitor.accept(&token).await.unwrap().organization_id, id, "accepting again changes nothing");
    let membership = visitor.organization(&id).await.unwrap().membership.unwrap();
    assert_eq!((membership.role, membership.privileges), (role, vec![]));
    assert_eq!(suite.nobody().show(&token).await.unwrap().state(), State::Accepted);
    assert!(administrator.invitations(&id).await.unwrap().is_empty());
    assert!(matches!(
        &suite.history(&id).await[3..],
        [Payload::InvitationCreated(created), Payload::InvitationAccepted(accepted), Payload::MemberAdded(added)]
            if created.attempt == 1
                && accepted.invitation_id == invitation.invitation_id
                && added.account_id == invited.account.to_string()
    ));
}

/// proves ORG-5: invite by mail: administrators and the privilege Invite, which makes no administrators;
/// others are told what is missing
#[tokio::test]
async fn who_may_invite() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (someone, visitor) = suite.join(&administrator, &id, "Taro").await;
    let invite = async |role: Role| {
        let email = suite.someone("Jiro").email;
        let request = suite.invitation(&id, &email);
        visitor.invite(CreateInvitationRequest { role: role.to_wire().into(), ..request }).await
    };
    for (role, privileges) in [
        (Role::Member, &[][..]),
        (Role::Member, &[Privilege::PlanAdmin, Privilege::AuditLogAdmin]),
        (Role::Guest, &[]),
    ] {
        suite.set_role(&id, &someone, role, privileges).await;
        let refused = invite(Role::Guest).await.unwrap_err();
        assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::RoleMissing), "{role}");
        assert_eq!(refused.metadata["needed"], "administrator or invite");
        assert_eq!(reason(visitor.invitations(&id).await), ErrorReason::RoleMissing);
    }
    suite.set_role(&id, &someone, Role::Member, &[Privilege::Invite]).await;
    invite(Role::Member).await.unwrap();
    invite(Role::Guest).await.unwrap();
    let refused = invite(Role::Administrator).await.unwrap_err();
    assert_eq!(
        (refused.reason, refused.metadata["needed"].as_str()),
        (ErrorReason::RoleMissing, "administrator")
    );

    let request = suite.invitation(&id, "boss@example.com");
    let role = Role::Administrator.to_wire().into();
    let boss = administrator.invite(CreateInvitationRequest { role, ..request }).await.unwrap();
    assert_eq!(visitor.invitations(&id).await.unwrap().len(), 3);
    assert_eq!(reason(visitor.resend(&id, &boss).await), ErrorReason::RoleMissing);
    assert_eq!(reason(visitor.cancel(&id, &boss).await), ErrorReason::RoleMissing);
    administrator.cancel(&id, &boss).await.unwrap();
}

/// proves ORG-6: resending makes a new link that lives 7 days; the old one is dead
#[tokio::test]
async fn a_resent_invitation_has_a_new_link() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let invited = suite.someone("Taro");
    let invitation = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let old = suite.link(&invitation, 1).await;
    suite.clock.advance(6 * DAY);
    let administrator = suite.console(&founder);
    let sent = administrator.resend(&id, &invitation).await.unwrap();
    let late = 6 * 24 * 60 * 60;
    assert_eq!(sent.expire_time.unwrap().seconds, invitation.expire_time.unwrap().seconds + late);
    assert_eq!(reason(suite.nobody().show(&old).await), ErrorReason::LinkInvalid);
    assert_eq!(reason(suite.console(&invited).accept(&old).await), ErrorReason::LinkInvalid);
    let prepare =
        PrepareInvitationMailRequest { invitation_id: invitation.invitation_id.clone(), attempt: 1 };
    let mail = suite.service("notification").prepare_invitation_mail(prepare).await;
    assert_eq!(reason(mail), ErrorReason::LinkInvalid, "the first mail is not sent any more");
    let new = suite.link(&invitation, 2).await;
    suite.clock.advance(6 * DAY);
    suite.console(&invited).accept(&new).await.unwrap();
    assert!(matches!(&suite.history(&id).await[4], Payload::InvitationCreated(again) if again.attempt == 2));
}

/// proves ORG-6: an invitation expires after 7 days and frees the address; it can be resent
#[tokio::test]
async fn an_expired_invitation_frees_what_it_held() {
    let suite = Suite::start_with(|config| config.open_invitations = NonZero::new(1).unwrap()).await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let invited = suite.someone("Taro");
    let first = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let token = suite.link(&first, 1).await;
    assert_eq!(
        reason(administrator.invite(suite.invitation(&id, "x@example.com")).await),
        ErrorReason::InvitationLimit
    );

    suite.clock.advance(7 * DAY);
    assert_eq!(suite.nobody().show(&token).await.unwrap().state(), State::Expired, "by the clock, at once");
    assert_eq!(reason(suite.console(&invited).accept(&token).await), ErrorReason::InvitationClosed);
    let prepare = PrepareInvitationMailRequest { invitation_id: first.invitation_id.clone(), attempt: 1 };
    let mail = suite.service("notification").prepare_invitation_mail(prepare).await;
    assert_eq!(reason(mail), ErrorReason::LinkInvalid);

    let administrator = suite.console(&founder);
    let second = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let listed = administrator.invitations(&id).await.unwrap();
    let states: Vec<_> = listed.iter().map(|it| (it.invitation_id.as_str(), it.state())).collect();
    assert_eq!(
        states,
        [(second.invitation_id.as_str(), State::Open), (first.invitation_id.as_str(), State::Expired)]
    );
    assert_eq!(reason(administrator.resend(&id, &first).await), ErrorReason::InvitationLimit);
    administrator.cancel(&id, &second).await.unwrap();
    assert_eq!(administrator.resend(&id, &first).await.unwrap().state(), State::Open);
    let token = suite.link(&first, 2).await;
    suite.console(&invited).accept(&token).await.unwrap();
}

/// proves ORG-6: the job writes down what has expired, each with its event, nobody's doing
#[tokio::test]
async fn expiry_is_written_down_once() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    for number in 0..3 {
        administrator.invite(suite.invitation(&id, &format!("p{number}@example.com"))).await.unwrap();
    }
    suite.clock.advance(7 * DAY);
    let expired = async || {
        let events = suite.events(&id).await;
        let expired =
            events.into_iter().filter(|it| matches!(it.payload, Some(Payload::InvitationExpired(_))));
        expired.collect::<Vec<_>>()
    };
    wait_for(async || expired().await.len() == 3).await;
    assert!(expired().await.iter().all(|event| event.actor.as_ref().unwrap().id == "organization"));
    let open: i64 = sqlx::query_scalar("SELECT count(*) FROM invitations WHERE state = 'open'")
        .fetch_one(&suite.database.pool)
        .await
        .unwrap();
    assert_eq!(open, 0);
}

/// proves ORG-6: a canceled invitation is dead and frees the address; canceling again changes nothing
#[tokio::test]
async fn a_canceled_invitation_is_dead() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let invited = suite.someone("Taro");
    let invitation = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let token = suite.link(&invitation, 1).await;
    administrator.cancel(&id, &invitation).await.unwrap();
    administrator.cancel(&id, &invitation).await.unwrap();
    assert_eq!(reason(suite.console(&invited).accept(&token).await), ErrorReason::InvitationClosed);
    assert_eq!(reason(administrator.resend(&id, &invitation).await), ErrorReason::InvitationClosed);
    assert!(administrator.invitations(&id).await.unwrap().is_empty());
    assert!(matches!(
        &suite.history(&id).await[3..],
        [Payload::InvitationCreated(_), Payload::InvitationCanceled(_)]
    ));
    let again = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let token = suite.link(&again, 1).await;
    suite.console(&invited).accept(&token).await.unwrap();
    assert_eq!(reason(administrator.cancel(&id, &again).await), ErrorReason::InvitationClosed);
}

/// proves ORG-6: an invitation for one address is not accepted by another
#[tokio::test]
async fn an_invitation_is_for_one_address() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (invited, other) = (suite.someone("Taro"), suite.someone("Jiro"));
    let invitation = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let token = suite.link(&invitation, 1).await;
    let refused = suite.console(&other).accept(&token).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Forbidden, ErrorReason::InvitationForOther));
    let managed = suite.account(AccountKind::Managed, "Taro", &invited.email);
    assert_eq!(reason(suite.console(&managed).accept(&token).await), ErrorReason::ActorNotAllowed);
    assert_eq!(suite.count("members").await, 1);
    suite.console(&invited).accept(&token).await.unwrap();
    assert_eq!(reason(suite.console(&other).accept(&token).await), ErrorReason::InvitationForOther);
}

/// proves ORG-6: two accepts at once make one member
#[tokio::test]
async fn two_accepts_at_once() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let invited = suite.someone("Taro");
    let invitation = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
    let token = suite.link(&invitation, 1).await;
    let visitor = suite.console(&invited);
    for answer in join_all((0..10).map(|_| visitor.accept(&token))).await {
        assert_eq!(answer.unwrap().organization_id, id);
    }
    assert_eq!(suite.history(&id).await.len(), 3 + 1 + 2);
    assert_eq!(suite.count("members").await, 2);
}

/// proves ORG-6: accepting and canceling at once: one of them wins, and the other is told
#[tokio::test]
async fn accepting_and_canceling_at_once() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    for _ in 0..5 {
        let invited = suite.someone("Taro");
        let invitation = administrator.invite(suite.invitation(&id, &invited.email)).await.unwrap();
        let token = suite.link(&invitation, 1).await;
        let visitor = suite.console(&invited);
        let (accepted, canceled) =
            futures::join!(visitor.accept(&token), administrator.cancel(&id, &invitation));
        assert_ne!(accepted.is_ok(), canceled.is_ok());
        let member = visitor.organization(&id).await.is_ok();
        assert_eq!(member, accepted.is_ok());
        let closed = accepted.err().or(canceled.err()).unwrap();
        assert_eq!(closed.reason, ErrorReason::InvitationClosed);
    }
}

/// proves ORG-6: one open invitation per address, however it is spelled; a member is not invited
#[tokio::test]
async fn an_address_is_invited_once() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let member = administrator.invite(suite.invitation(&id, &founder.email.to_uppercase())).await;
    let refused = member.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::AlreadyExists, ErrorReason::AlreadyMember));

    let requests = (0..10).map(|_| suite.invitation(&id, "taro@example.com"));
    let answers = join_all(requests.map(|request| administrator.invite(request))).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 9);
    assert!(refused.iter().all(|it| it.reason == ErrorReason::AlreadyInvited));
    let other = administrator.invite(suite.invitation(&id, "Taro@EXAMPLE.com")).await;
    assert_eq!(reason(other), ErrorReason::AlreadyInvited);
    assert_eq!(suite.history(&id).await.len(), 4);
    // Another organization may invite the same address.
    let (_, elsewhere, other) = suite.founder("other").await;
    elsewhere.invite(suite.invitation(&other, "taro@example.com")).await.unwrap();
}

/// A repeated request makes one invitation; with other content it is refused.
#[tokio::test]
async fn a_repeated_request_makes_one_invitation() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let request = suite.invitation(&id, "taro@example.com");
    let answers = join_all((0..10).map(|_| administrator.invite(request.clone()))).await;
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!(suite.history(&id).await.len(), 4);
    let other = CreateInvitationRequest { message: "Hi".to_owned(), ..request };
    assert_eq!(reason(administrator.invite(other).await), ErrorReason::RequestIdReused);
}

/// Mails to strangers are limited per day, for an organization and for a person in all of theirs.
#[tokio::test]
async fn mails_are_limited() {
    let suite = Suite::start_with(|config| config.invitation_mails_per_day = NonZero::new(2).unwrap()).await;
    let (founder, administrator, id) = suite.founder("acme").await;
    let invitation = administrator.invite(suite.invitation(&id, "a@example.com")).await.unwrap();
    administrator.resend(&id, &invitation).await.unwrap();
    let refused = administrator.invite(suite.invitation(&id, "b@example.com")).await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::RateLimited, ErrorReason::RateLimited));
    assert_eq!(refused.retry_after, Some(Duration::from_hours(15)), "until midnight");
    assert_eq!(reason(administrator.resend(&id, &invitation).await), ErrorReason::RateLimited);
    // Another organization of the same person does not help.
    let started = administrator.start_trial(suite.trial("Second", "second")).await.unwrap();
    let second = started.organization.unwrap().organization_id;
    assert_eq!(
        reason(administrator.invite(suite.invitation(&second, "b@example.com")).await),
        ErrorReason::RateLimited
    );
    suite.clock.advance(DAY);
    suite.console(&founder).invite(suite.invitation(&id, "b@example.com")).await.unwrap();
}

/// Another organization's administrator finds none of its invitations.
#[tokio::test]
async fn foreign_invitations_are_not_found() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let invitation = administrator.invite(suite.invitation(&id, "taro@example.com")).await.unwrap();
    let (_, stranger, own) = suite.founder("other").await;
    for organization in [&id, &own] {
        assert_eq!(reason(stranger.resend(organization, &invitation).await), ErrorReason::NotFound);
        assert_eq!(reason(stranger.cancel(organization, &invitation).await), ErrorReason::NotFound);
    }
    assert_eq!(reason(stranger.invite(suite.invitation(&id, "x@example.com")).await), ErrorReason::NotFound);
    assert_eq!(suite.history(&id).await.len(), 4);
}

/// Somebody who became a member in another way does not become one twice.
#[tokio::test]
async fn a_member_does_not_join_again() {
    let suite = Suite::start().await;
    let (_, administrator, id) = suite.founder("acme").await;
    let (someone, visitor) = suite.join(&administrator, &id, "Taro").await;
    let other: Invitation = administrator.invite(suite.invitation(&id, "new@example.com")).await.unwrap();
    suite.people.put(someone.account, AccountKind::Nulab, "Taro", "new@example.com");
    let token = suite.link(&other, 1).await;
    assert_eq!(reason(visitor.accept(&token).await), ErrorReason::AlreadyMember);
    assert_eq!(suite.nobody().show(&token).await.unwrap().state(), State::Open);
}

/// What is kept for a while only goes: request ids after 30 days, counted mails after their day.
#[tokio::test]
async fn what_is_old_is_forgotten() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    administrator.invite(suite.invitation(&id, "taro@example.com")).await.unwrap();
    suite.clock.advance(2 * DAY);
    wait_for(async || suite.count("quotas").await == 0).await;
    assert_eq!(suite.count("requests").await, 2);
    suite.clock.advance(27 * DAY);
    let request = suite.trial("Second", "second");
    let administrator = suite.console(&founder);
    let second = administrator.start_trial(request.clone()).await.unwrap();
    suite.clock.advance(2 * DAY);
    wait_for(async || suite.count("requests").await == 1).await;
    assert_eq!(suite.console(&founder).start_trial(request).await.unwrap().organization, second.organization);
}

/// Invitations go 13 months after they closed; open ones and members don't.
#[tokio::test]
async fn closed_invitations_are_forgotten() {
    let suite = Suite::start().await;
    let (founder, administrator, id) = suite.founder("acme").await;
    suite.join(&administrator, &id, "Taro").await;
    let canceled = administrator.invite(suite.invitation(&id, "a@example.com")).await.unwrap();
    administrator.invite(suite.invitation(&id, "b@example.com")).await.unwrap();
    suite.clock.advance(8 * DAY);
    let administrator = suite.console(&founder);
    administrator.cancel(&id, &canceled).await.unwrap();
    // The accepted one is 13 months old, the others are a week and more younger.
    suite.clock.advance(389 * DAY);
    wait_for(async || suite.count("invitations").await == 2).await;
    suite.clock.advance(7 * DAY);
    wait_for(async || suite.count("invitations").await == 1).await;
    let kept = suite.console(&founder).invite(suite.invitation(&id, "c@example.com")).await.unwrap();
    suite.clock.advance(3 * DAY);
    wait_for(async || suite.count("invitations").await == 1).await;
    assert_eq!(suite.console(&founder).invitations(&id).await.unwrap()[0].invitation_id, kept.invitation_id);
    assert_eq!(suite.count("members").await, 2);
}
