// A relying party that somebody else wrote (npm: openid-client, a certified OpenID client): discovery,
// code with PKCE, ID token, userinfo, refresh, logout address. It talks with the test by lines of
// JSON: it says where the browser must go, is told where the browser came back to, and says what it got.
// Without a secret it makes a key (private_key_jwt), says its public half first, and is told when to go on.
import dns from 'node:dns'
import readline from 'node:readline'
import * as client from 'openid-client'

// Names under .localhost are this machine (RFC 6761); the C library does not know.
const lookup = dns.lookup
dns.lookup = (host, options, done) => {
  if (!host.endsWith('.localhost')) return lookup(host, options, done)
  if (typeof options === 'function') [options, done] = [{}, options]
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
}

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, POST_LOGOUT_URI } = process.env
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (message) => console.log(JSON.stringify(message))

const withKey = async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  say({ jwks: { keys: [{ kty, crv, x, y, kid: 'interop', use: 'sig', alg: 'ES256' }] } })
  await lines.next()
  return client.PrivateKeyJwt({ key: pair.privateKey, kid: 'interop' })
}
const authentication = CLIENT_SECRET ? client.ClientSecretPost(CLIENT_SECRET) : await withKey()
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, undefined, authentication, {
  execute: [client.allowInsecureRequests],
})
const verifier = client.randomPKCECodeVerifier()
const nonce = client.randomNonce()
const state = client.randomState()
say({
  open: client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce,
    state,
  }).href,
})
const { callback } = JSON.parse((await lines.next()).value)
const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier: verifier,
  expectedNonce: nonce,
  expectedState: state,
  idTokenExpected: true,
})
const claims = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const replayed = await client
  .authorizationCodeGrant(config, new URL(callback), { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: state })
  .then(() => 'accepted', (error) => error.error ?? error.code)
say({
  claims,
  userinfo,
  refreshed: refreshed.access_token !== tokens.access_token,
  replayed,
  logout: client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: POST_LOGOUT_URI,
  }).href,
})
process.exit(0)
