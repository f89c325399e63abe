import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { openClient, openPretendPbx, SECRET, type PretendPbx } from './testing/pbx.ts'
import { isXapiError, memoryTokenStore, XapiError } from './xapi.ts'

const MINUTE = 60_000

function tokenRequests(pbx: PretendPbx) {
  return pbx.heard.filter(({ url }) => url === '/connect/token')
}

test('the secret is sent as a URL-encoded form, whatever characters it has', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { body: { Version: '20' } })
  await openClient(t, pbx).system.status()
  const [sent] = tokenRequests(pbx)
  assert.match(sent?.headers['content-type'] ?? '', /^application\/x-www-form-urlencoded/)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(sent?.body)), {
    client_id: 'hub',
    client_secret: SECRET,
    grant_type: 'client_credentials',
  })
})

for (const [what, seconds, expiresIn, refreshedAfter, notAfter] of [
  ['by its own claims, whatever expires_in says', 3600, 60, 49 * MINUTE, 47 * MINUTE],
  ['by expires_in in seconds when it is no JWT', null, 100, 81_000, 79_000],
] as const) {
  test(`a token is refreshed at 80 % of its life: ${what}`, async (t) => {
    const pbx = await openPretendPbx(t)
    pbx.tokens.seconds = seconds
    pbx.tokens.expiresIn = expiresIn
    pbx.on('/SystemStatus', { body: {} })
    const client = openClient(t, pbx)
    const start = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: start })
    await client.system.status()
    t.mock.timers.setTime(start + notAfter)
    await client.system.status()
    assert.equal(pbx.tokens.issued, 1)
    t.mock.timers.setTime(start + refreshedAfter)
    await client.system.status()
    assert.equal(pbx.tokens.issued, 2)
  })
}

test('many calls at once fetch one token', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { body: {} })
  const client = openClient(t, pbx, { concurrency: 8 })
  await Promise.all(Array.from({ length: 100 }, () => client.system.status()))
  assert.equal(pbx.tokens.issued, 1)
})

test('five clients on one store hold one token, also while it dies again and again', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { body: {} })
  const tokens = memoryTokenStore()
  const clients = Array.from({ length: 5 }, () => openClient(t, pbx, { tokens, concurrency: 100 }))
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start })
  for (let round = 1; round <= 5; round++) {
    // Older than 50 s, and dead before its time: everybody is refused, and one of them fetches another.
    t.mock.timers.setTime(start + round * MINUTE)
    pbx.tokens.kill()
    await Promise.all(clients.flatMap((client) => Array.from({ length: 20 }, () => client.system.status())))
    assert.equal(pbx.tokens.issued, round)
  }
})

test('a token that somebody else replaced is taken from the store, not fetched again', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { body: {} })
  const tokens = memoryTokenStore()
  const [first, second] = [openClient(t, pbx, { tokens }), openClient(t, pbx, { tokens })]
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start })
  await Promise.all([first.system.status(), second.system.status()])
  t.mock.timers.setTime(start + 50 * MINUTE)
  await first.system.status()
  assert.equal(pbx.tokens.issued, 2)
  t.mock.timers.setTime(start + MINUTE)
  await second.system.status()
  assert.equal(pbx.tokens.issued, 2)
})

for (const status of [401, 403]) {
  test(`${status} with an old token is tried once more with another`, async (t) => {
    const pbx = await openPretendPbx(t)
    let refused = 0
    pbx.on('/SystemStatus', () =>
      pbx.tokens.issued === 1 && refused++ >= 0 ? { status } : { body: { Version: 'x' } },
    )
    const client = openClient(t, pbx)
    const start = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: start })
    await client.call('ListExtension').catch(() => {})
    t.mock.timers.setTime(start + MINUTE)
    assert.deepEqual(await client.system.status().catch((error: XapiError) => error.kind), { Version: 'x' })
    assert.equal(pbx.tokens.issued, 2)
  })
}

test('a young token that is refused is not replaced', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { status: 401 })
  const client = openClient(t, pbx)
  for (let i = 0; i < 3; i++) {
    await assert.rejects(client.system.status(), (error) => isXapiError(error, 'authentication'))
  }
  assert.equal(pbx.tokens.issued, 1)
})

test('what a fresh token may not see either costs no further token', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { status: 403 })
  const client = openClient(t, pbx)
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start })
  await client.operations()
  for (let minute = 1; minute <= 10; minute++) {
    t.mock.timers.setTime(start + minute * MINUTE)
    await assert.rejects(client.system.status(), (error) => isXapiError(error, 'permission'))
  }
  assert.equal(pbx.tokens.issued, 2)
})

test('a refused secret is not tried again for a while, by nobody who shares the store; another secret is', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.tokens.reply = { status: 400, body: { error: 'invalid_client', error_description: `no ${SECRET}` } }
  const tokens = memoryTokenStore()
  const clients = Array.from({ length: 3 }, () => openClient(t, pbx, { tokens }))
  for (const client of clients) {
    await assert.rejects(client.callControl.state(), (error) => isXapiError(error, 'authentication'))
    await assert.rejects(client.callControl.state(), /refuses the client id or its secret/)
  }
  assert.equal(tokenRequests(pbx).length, 1)
  pbx.tokens.reply = null
  const other = openClient(t, pbx, { tokens, clientSecret: 'another' })
  await assert.rejects(other.callControl.state(), (error) => isXapiError(error, 'not_found'))
})

test('no secret and no token is in any error, or in what inspecting shows', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, pbx)
  const shown = [inspect(client, { depth: 20, showHidden: true }), JSON.stringify(client)]
  const say = () => `${SECRET} ${encodeURIComponent(SECRET)} ${pbx.tokens.live}`
  const fail = async (reply: () => object) => {
    pbx.on('/callcontrol', () => reply())
    const error: unknown = await client.callControl.state().catch((thrown: unknown) => thrown)
    assert.ok(error instanceof XapiError)
    shown.push(inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error.stack))
  }
  for (const status of [400, 401, 403, 404, 409, 500, 302]) {
    await fail(() => ({ status, body: { error: { code: say(), message: say(), target: say() } } }))
    await fail(() => ({ status, body: say() }))
  }
  await fail(() => ({ headers: { 'content-type': 'application/json' }, body: `{"broken ${say()}` }))
  pbx.tokens.reply = { status: 401, body: { error: SECRET, error_description: say() } }
  const refused = openClient(t, pbx)
  const error: unknown = await refused.callControl.state().catch((thrown: unknown) => thrown)
  shown.push(inspect(error, { depth: 20, showHidden: true }))
  for (const text of shown) assert.doesNotMatch(text, /planted/)
})
