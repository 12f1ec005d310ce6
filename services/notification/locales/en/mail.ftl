# Mails in English. Every mail has: -subject, -lead, -action (text of the button), -note.
greeting = Hello,
footer = You received this mail because of your address { $email }. If you did not expect it, you can ignore it: nothing happens without the link.
footer-notice = You received this mail because it is about your account with the address { $email }.
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

invitation-unnamed-subject = You are invited to { $organization }
invitation-unnamed-lead = You are invited to join the organization { $organization } as { $role }.
invitation-unnamed-action = See the invitation
invitation-unnamed-note = The invitation is open until { $expires }.
invitation-unnamed-message = The message with it:

token-reused-subject = Check your sessions: a sign-in was ended
token-reused-lead = A key that keeps you signed in to a product was used a second time. A copy of it may be in somebody else's hands, so it was made useless and you may have to sign in to that product again.
token-reused-action = See your sessions
token-reused-note = If you do not know one of them, end all others.

login-alert-subject = New sign-in to your Nulab Account
login-alert-lead = Somebody signed in to your Nulab Account at { $at } with a browser and from a network that it has not been used with before: { $device }. If it was you, there is nothing to do.
login-alert-action = This was not me
login-alert-note = The link opens a page on which you can end all sessions and choose a new password. It works once, until { $expires }. You can switch these mails off among the security events of your account.
unknown-browser = an unknown browser

login-alerts-off-subject = Login alerts of your Nulab Account were switched off
login-alerts-off-lead = Login alerts were switched off for your Nulab Account. From now on, you are not mailed when somebody signs in to it with a browser and from a network that are new.
login-alerts-off-action = See what happened
login-alerts-off-note = If it was not you, reset your password on the sign-in page at once and switch them on again.

sign-in-locked-subject = Somebody may be guessing your password
sign-in-locked-lead = There were too many wrong passwords for your Nulab Account, so it refuses sign-ins for a while: from browsers that it does not know, or from the one of yours in which they were typed. You can still sign in with another browser that you have used before. If you have forgotten your password, reset it on the sign-in page: that lets you in at once.
sign-in-locked-action = See your login history
sign-in-locked-note = Nobody got in by this. If it goes on, you are not mailed again before tomorrow.

password-reset-subject = Reset the password of your Nulab Account
password-reset-lead = Somebody, probably you, asked to reset the password of the Nulab Account with this address.
password-reset-action = Choose another password
password-reset-note = The link works once, until { $expires }. With another password, you are signed out everywhere.

password-reset-managed-subject = Your account has no password here
password-reset-managed-lead = Somebody, probably you, asked to reset the password of a Nulab Account with this address. There is none: the address belongs to a Managed Account, which you sign in to at your organization, with the password that you have there.
password-reset-managed-action = Log in with Managed Account
password-reset-managed-note = If you can't sign in at your organization, ask its administrators.

password-reset-nobody-subject = There is no Nulab Account with this address
password-reset-nobody-lead = Somebody, probably you, asked to reset the password of a Nulab Account with this address. There is none. Perhaps you use another address for it.
password-reset-nobody-action = Create an account
password-reset-nobody-note = If it was not you, there is nothing you need to do.

password-changed-subject = The password of your Nulab Account was changed
password-changed-lead = Your Nulab Account has another password. Other sessions were ended.
password-changed-action = See what happened
password-changed-note = If it was not you, reset your password on the sign-in page at once.

email-change-subject = Confirm your new address
email-change-lead = The owner of a Nulab Account wants it to have this address. If that is you, confirm it; until then nothing changes.
email-change-action = Confirm this address
email-change-note = The link works once, until { $expires }. If it is not you, do nothing.

email-change-taken-subject = You already have a Nulab Account
email-change-taken-lead = Somebody, probably you, wants another Nulab Account to have this address. It already has one, so nothing was changed.
email-change-taken-action = Sign in
email-change-taken-note = If it was not you, there is nothing you need to do. To use this address for another account, give this one another address first.

email-change-notice-subject = Your Nulab Account is to have another address
email-change-notice-lead = Somebody who is signed in to your Nulab Account asked for another address. It changes only when the link in the mail to that address is opened and confirmed.
email-change-notice-action = See what happened
email-change-notice-note = If it was not you, reset your password on the sign-in page at once: that stops the change and signs everybody out.

email-changed-subject = Your Nulab Account has a new address
email-changed-lead = This is now the address of your Nulab Account. Sign in with it from now on.
email-changed-action = See your account
email-changed-note = The address before was told, too.

email-changed-notice-subject = Your Nulab Account has another address
email-changed-notice-lead = The address of your Nulab Account was changed, and the new one was confirmed. This one does not sign you in any more.
email-changed-notice-action = See what happened
email-changed-notice-note = If it was not you, somebody else has your account: tell us, or the administrators of your organizations, at once.

email-taken-away-subject = Your Nulab Account has another address
email-taken-away-lead = The address of your Nulab Account was changed, and the new one was confirmed. This one does not sign you in any more. If it was you, there is nothing to do.
email-taken-away-action = This was not me
email-taken-away-note = The link opens a page on which you can take the address back, end all sessions and choose a new password. It works once, until { $expires }.

account-deleted-subject = Your Nulab Account was deleted
account-deleted-lead = Somebody who was signed in to your Nulab Account deleted it at { $at }. Your profile, sign-in methods, sessions, login history and security events were erased, you left all organizations, and connected spaces were disconnected. What you made in the products stays with the organizations.
account-deleted-action = Contact us
account-deleted-note = If it was you, there is nothing you need to do. If it was not, contact us at once: the account can't be brought back, but we can look into what happened. Your address was kept for this mail only, and is erased about an hour after the deletion.

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

second-factor-added-subject = A second factor was added to your Nulab Account
second-factor-added-lead = An authenticator app, a security key or a passkey was added to your Nulab Account. Your other sessions were ended.
second-factor-added-action = See what happened
second-factor-added-note = If it was not you, reset your password on the sign-in page and remove what you do not know.

new-second-factor-subject = A second factor was added to your Nulab Account
new-second-factor-lead = An authenticator app, a security key or a passkey was added to your Nulab Account, by somebody who signed in at { $at }. Your other sessions were ended. If it was you, there is nothing to do.
new-second-factor-action = This was not me
new-second-factor-note = The link opens a page on which you can remove what was added, end all sessions and choose a new password. It works once, until { $expires }.

second-factor-removed-subject = A second factor was removed from your Nulab Account
second-factor-removed-lead = An authenticator app, a security key or a passkey was removed from your Nulab Account. Others are left, and your other sessions were ended.
second-factor-removed-action = See what happened
second-factor-removed-note = If it was not you, reset your password on the sign-in page and add it again.

second-factors-disabled-subject = Two-factor authentication was switched off
second-factors-disabled-lead = Your Nulab Account has no second factor any more: the password alone lets somebody in. Your other sessions were ended.
second-factors-disabled-action = See what happened
second-factors-disabled-note = If it was not you, reset your password on the sign-in page and switch it on again.

recovery-codes-made-subject = New recovery codes for your Nulab Account
recovery-codes-made-lead = New recovery codes were made for your Nulab Account. Those from before do not work any more, and your other sessions were ended.
recovery-codes-made-action = See what happened
recovery-codes-made-note = If it was not you, reset your password on the sign-in page and make new ones.

recovery-codes-removed-subject = Your Nulab Account has no recovery codes
recovery-codes-removed-lead = Somebody whose sign-in was not yours had made new recovery codes for your Nulab Account. They were removed, and those from before do not work any more either. Your second factors are as they were.
recovery-codes-removed-action = See what happened
recovery-codes-removed-note = Choose a new password by the link that we have mailed you, sign in with your second factor, and make new recovery codes.

second-factor-locked-subject = Somebody may know your password
second-factor-locked-lead = Somebody typed the right password of your Nulab Account, and then too many wrong codes. For a while, codes are refused from all browsers that it does not know or, if these came from one that it knows, from all that it knows. You can still sign in with another one, or with a security key or passkey.
second-factor-locked-action = See what happened
second-factor-locked-note = Nobody got in by this. If it was not you, change your password. If it goes on, you are not mailed again before tomorrow.

recovery-code-used-subject = A recovery code was used for your Nulab Account
recovery-code-used-lead = Somebody showed a recovery code in place of your second factor. Recovery codes that are left: { $left }.
recovery-code-used-action = See what happened
recovery-code-used-note = If it was not you, reset your password on the sign-in page and make new recovery codes.

role-administrator = administrator
role-member = member
role-guest = guest
