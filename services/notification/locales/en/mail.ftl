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

role-administrator = administrator
role-member = member
role-guest = guest
