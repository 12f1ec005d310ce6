# Mails in English. Every mail has: -subject, -lead, -action (text of the button), -note.
greeting = Hello,
footer = You received this mail because of your address { $email }. If you did not expect it, you can ignore it: nothing happens without the link.
link-hint = If the button does not work, copy this address into your browser:
service = Nulab Pass

sign-up-subject = Confirm your address for your Nulab Account
sign-up-lead = Thank you for signing up. Confirm your address and choose a password to create your Nulab Account.
sign-up-action = Choose a password
sign-up-note = The link works once, until { $expires }.

sign-up-exists-subject = You already have a Nulab Account
sign-up-exists-lead = Somebody, probably you, tried to sign up with this address. It already has a Nulab Account, so nothing was changed.
sign-up-exists-action = Sign in
sign-up-exists-note = If it was not you, there is nothing you need to do.

invitation-subject = { $inviter } invited you to { $organization }
invitation-lead = { $inviter } invites you to join the organization { $organization } as { $role }.
invitation-action = See the invitation
invitation-note = The invitation is open until { $expires }.
invitation-message = { $inviter } writes:

token-reused-subject = Check your sessions: a sign-in was ended
token-reused-lead = A key that keeps you signed in to a product was used a second time. A copy of it may be in somebody else's hands, so it was made useless and you may have to sign in to that product again.
token-reused-action = See your sessions
token-reused-note = If you do not know one of them, end all others.

managed-invitation-subject = Your account at { $organization }
managed-invitation-lead = { $organization } has made a Managed Account for you. You sign in with the account that you have at your organization; there is no password to choose.
managed-invitation-handle = If you are asked for an Organization ID, type:
managed-invitation-action = Sign in
managed-invitation-note = The link works until { $expires }. After that, sign in from the product with "Log in with Managed Account".

application-received-subject = We have received your application for Nulab Pass
application-received-lead = Thank you for applying for a trial of Nulab Pass. We will look at it and answer within 3 business days.
application-received-action = See where it stands
application-received-note = There is nothing you need to do until then.

application-approved-subject = Your trial of Nulab Pass has begun
application-approved-lead = Your application was approved. Nulab Pass is ready for your organization: set an Organization ID, verify your domain and connect your identity provider.
application-approved-action = Set up Nulab Pass
application-approved-note = The trial ends at { $until }.

application-rejected-subject = Your application for Nulab Pass
application-rejected-lead = We could not approve your application for a trial of Nulab Pass.
application-rejected-reason = The reason:
application-rejected-action = See the application
application-rejected-note = You may apply again.

saml-activated-subject = SAML settings of { $organization } were changed
saml-activated-lead = An administrator of { $organization } has switched on new SAML settings. People with Managed Accounts sign in through the identity provider that these name.
saml-activated-action = See the SAML settings
saml-activated-note = If you and your fellow administrators did not expect this, look at the settings at once.

saml-disabled-subject = SAML of { $organization } was switched off
saml-disabled-lead = An administrator of { $organization } has switched SAML off. People with Managed Accounts can't sign in until it is switched on again.
saml-disabled-action = See the SAML settings
saml-disabled-note = If you and your fellow administrators did not expect this, look at the settings at once.

role-administrator = administrator
role-member = member
role-guest = guest
