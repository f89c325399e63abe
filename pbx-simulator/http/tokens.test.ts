import assert from 'node:assert/strict'
import { createPublicKey, verify, type webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { openClient } from '../test-client.ts'
import type { Row } from '../model/pbx.ts'

const claimsOf = (token: string): Row =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Row

test('a token is an ES256 JWT whose signature the published key proves', async (t) => {
  const { simulator, token, signIn } = await openClient(t)
  const reply = await signIn()
  assert.equal(reply.status, 200)
  assert.equal(reply.json.token_type, 'Bearer')
  assert.equal(reply.json.expires_in, 3600)
  assert.equal(reply.json.refresh_token, null)
  const { sub, scope, aud, role, exp, iat } = claimsOf(token)
  assert.deepEqual({ sub, scope, aud }, { sub: 'simulator', scope: 'xapi', aud: '/api' })
  assert.ok((role as string[]).includes('system_owners'))
  assert.equal(Number(exp) - Number(iat), 3600)
  const { keys } = (await (await fetch(`${simulator.url}/.well-known/jwks`)).json()) as {
    keys: webcrypto.JsonWebKey[]
  }
  const key = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' })
  const [head, body, signature = ''] = String(reply.json.access_token).split('.')
  const bytes = Buffer.from(signature, 'base64url')
  assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, bytes))
})

test('the token form may be multipart as well', async (t) => {
  const { simulator } = await openClient(t)
  const form = new FormData()
  form.append('client_id', simulator.clientId)
  form.append('client_secret', simulator.clientSecret)
  form.append('grant_type', 'client_credentials')
  const reply = await fetch(`${simulator.url}/connect/token`, { method: 'POST', body: form })
  assert.equal(reply.status, 200)
})

test('wrong credentials and unknown grants are refused in the manner of OAuth', async (t) => {
  const { signIn } = await openClient(t)
  const wrong = await signIn({ client_secret: 'wrong' })
  assert.deepEqual([wrong.status, wrong.json.error], [401, 'invalid_client'])
  assert.equal((await signIn({ client_id: 'nobody' })).status, 401)
  const grant = await signIn({ grant_type: 'password' })
  assert.deepEqual([grant.status, grant.json.error], [400, 'unsupported_grant_type'])
})

test('a new token makes the one before worthless', async (t) => {
  const client = await openClient(t)
  const first = client.token
  await client.signIn()
  assert.equal((await client.ask('GET', '/xapi/v1/Defs?$select=Id')).status, 200)
  client.token = first
  assert.equal((await client.ask('GET', '/xapi/v1/Defs')).status, 401)
})

test('expired tokens are refused, and a refresh token brings a new one where there are any', async (t) => {
  const client = await openClient(t, { givesRefreshTokens: true })
  const { json } = await client.signIn()
  client.simulator.expireTokens()
  assert.equal((await client.ask('GET', '/xapi/v1/Defs')).status, 401)
  const refreshed = await client.signIn({
    grant_type: 'refresh_token',
    refresh_token: String(json.refresh_token),
  })
  assert.equal(refreshed.status, 200)
  assert.equal((await client.ask('GET', '/xapi/v1/Defs')).status, 200)
  assert.equal(
    (await client.signIn({ grant_type: 'refresh_token', refresh_token: 'made up' })).json.error,
    'invalid_grant',
  )
})

test('a token that lives no second is dead at once', async (t) => {
  const client = await openClient(t, { tokenSeconds: 0 })
  assert.equal((await client.ask('GET', '/xapi/v1/Defs')).status, 401)
})

test('discovery, description and names answer without a token, and every answer says what it comes from', async (t) => {
  const { simulator } = await openClient(t)
  const discovery = (await (await fetch(`${simulator.url}/.well-known/openid-configuration`)).json()) as Row
  assert.equal(discovery.token_endpoint, `${simulator.url}/connect/token`)
  for (const path of ['/xapi/v1/swagger.yaml', '/xapi/v1/$metadata', '/xapi/v1/Users']) {
    const reply = await fetch(simulator.url + path)
    assert.equal(reply.status, path.endsWith('Users') ? 401 : 200, path)
    assert.match(reply.headers.get('server') ?? '', /not a 3CX/)
    assert.equal(reply.headers.get('x-3cx-version'), '20.0.8.1')
  }
})
