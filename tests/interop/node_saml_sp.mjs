// A service provider that somebody else wrote (npm: @node-saml/node-saml). It says that it is ready; then each line of
// its input is a response with all that it is judged by, as JSON, and each line of its output what it says of it:
// {"name_id": …} or {"refused": …}. Its time is that of the document: Date, the one clock that it has, is replaced.
import readline from 'node:readline'
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'

const SKEW = 60_000 // milliseconds, as we have it

let now = 0
const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length ? given : [now]))
  }
  static now() {
    return now
  }
}

// The requests that wait for an answer: ours, if there is one.
const waiting = (request) => ({
  saveAsync: async () => null,
  getAsync: async (id) => (request?.id === id ? new Date(request.issued_at * 1000).toISOString() : null),
  removeAsync: async () => null,
})

// As close to our own rules as it can be set.
const judge = async (told, decryptionPvk) => {
  const unsolicited = told.idp_initiated_allowed && !told.request
  const saml = new SAML({
    issuer: told.sp_entity_id,
    audience: told.sp_entity_id,
    callbackUrl: told.acs_url,
    idpIssuer: told.idp_entity_id,
    idpCert: told.certificates,
    wantAuthnResponseSigned: false, // the response or the assertion: one must be
    wantAssertionsSigned: false,
    acceptedClockSkewMs: SKEW,
    validateInResponseTo: unsolicited ? ValidateInResponseTo.ifPresent : ValidateInResponseTo.always,
    cacheProvider: waiting(told.request),
    decryptionPvk,
  })
  const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: told.response })
  return profile?.nameID === undefined ? { refused: 'it names nobody' } : { name_id: profile.nameID }
}

// What it says with one of the keys: it takes no more than one.
const verdict = async (told) => {
  now = told.now * 1000
  let said
  for (const key of told.keys.length ? told.keys : [undefined]) {
    said = await judge(told, key).catch((problem) => ({ refused: `${problem?.name}: ${problem?.message ?? problem}` }))
    if ('name_id' in said) break
  }
  return said
}

console.error = () => {} // its XML parser writes there what it finds
console.warn = () => {}
console.log(JSON.stringify('ready'))
for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  console.log(JSON.stringify(await verdict(JSON.parse(line))))
}
