import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAGES } from '../../contract/pages.ts'
import { newHub, ADMIN_TOKEN } from '../../test/hub.ts'
import { onEachStore } from '../../test/stores.ts'

/** What the design names public; everything else needs a credential. */
const PUBLIC = [
  '/health/live',
  '/health/ready',
  '/api/version',
  '/openapi.json',
  '/api/v1/helpers/3cxCountries',
  '/api/v1/helpers/3cxOpenDestinations',
  // The pages of the console; what they show is asked for with a session.
  ...Object.values(PAGES),
]
const SIGN_IN = ['POST /api/login', 'POST /api/v1/session', 'POST /api/v1/session/set-password']
const isPublic = (method: string, url: string) =>
  PUBLIC.includes(url) || url === '/docs' || url.startsWith('/docs/') || SIGN_IN.includes(`${method} ${url}`)
const filled = (url: string) => url.replace(':id', '1').replace(':number', '0199001234').replace('*', 'x')
const BODIES = ['POST', 'PUT', 'PATCH']

onEachStore('who may call what', (engine) => {
  test('without a token every route but the public ones answers 401, and with a wrong one too', async (t) => {
    const { hub, ask } = await newHub(t, engine, { env: { CORDBOARD_TRUSTED_PROXIES: '127.0.0.1/32' } })
    assert.ok(hub.server.routes.length > 40, 'the route table is suspiciously short')
    let caller = 0
    for (const { method, url, admission } of hub.server.routes) {
      assert.equal(admission === 'public', isPublic(method, url), `${method} ${url} is ${admission}`)
      if (admission === 'public') continue
      const body = BODIES.includes(method) ? { body: {} } : {}
      for (const token of [null, 'cb_wrong']) {
        // Each failure comes from an address of its own: the throttle has its own test.
        const headers = { 'x-forwarded-for': `10.1.${caller >> 8}.${caller++ & 255}` }
        const { status } = await ask(method, filled(url), { ...body, token, headers })
        assert.equal(status, 401, `${method} ${url} with ${token}`)
      }
    }
  })

  test('a token without the scope is told which one it lacks', async (t) => {
    const { hub, ask, newToken } = await newHub(t, engine)
    const calls = await newToken(['calls:read'])
    const fleet = await newToken(['fleet:read'])
    for (const { method, url, admission } of hub.server.routes) {
      if (admission === 'public' || admission === 'self' || method === 'HEAD') continue
      // A link is no token: tests of links say what it opens.
      if (admission === 'link') continue
      const body = BODIES.includes(method) ? { body: {} } : {}
      const token = admission.startsWith('calls:') ? fleet : calls
      const answer = await ask(method, filled(url), { ...body, token })
      assert.equal(answer.status, 403, `${method} ${url}: ${answer.text}`)
      assert.equal(answer.json.code, 'scope_missing', `${method} ${url}`)
    }
  })

  test('a write scope includes its read scope, and nothing of another resource', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const token = await newToken(['directory:write'])
    assert.equal((await ask('GET', '/api/v1/customers', { token })).status, 200)
    assert.equal((await ask('GET', '/api/v1/tokens', { token })).status, 403)
    assert.equal((await ask('GET', '/api/isKnownPhoneNumber?number=1', { token })).status, 403)
  })

  test('a token works in a header, and as a parameter on the dialects only', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const token = await newToken(['identify', 'directory:read'])
    const question = '/api/isKnownPhoneNumber?number=0199001234'
    assert.equal((await ask('GET', question, { token: null, headers: { 'x-api-key': token } })).status, 200)
    assert.equal((await ask('GET', `${question}&token=${token}`, { token: null })).status, 200)
    assert.equal((await ask('GET', `${question}&TOKEN=${token}`, { token: null })).status, 200)
    assert.equal(
      (await ask('POST', '/api/isKnownPhoneNumber', { token: null, body: { number: '1', token } })).status,
      200,
    )
    const form = `number=1&token=${token}`
    const type = 'application/x-www-form-urlencoded'
    assert.equal(
      (await ask('POST', '/api/isKnownPhoneNumber', { token: null, body: form, type })).status,
      200,
    )
    assert.equal((await ask('GET', `/api/v1/customers?token=${token}`, { token: null })).status, 401)
  })

  test('more tokens than are remembered between questions each stay themselves, until they are revoked', async (t) => {
    const { ask, newToken, importBook } = await newHub(t, engine)
    await importBook('customer_account,customer_name,customer_phone\nCL1,One,+33199001234\n')
    const made = await ask('POST', '/api/v1/tenants', { body: { name: 'Another' } })
    assert.equal(made.status, 201, made.text)
    const headers = { 'cordboard-tenant': String(made.json.id) }
    const strangers = await ask('POST', '/api/v1/tokens', {
      body: { name: 'abroad', scopes: ['identify'] },
      headers,
    })
    assert.equal(strangers.status, 201, strangers.text)
    const own: string[] = []
    for (let i = 0; i < 66; i++) own.push(await newToken(['identify']))
    const question = '/api/isKnownPhoneNumber?number=%2B33199001234&format=raw'
    const said = async (token: string) => (await ask('GET', question, { token })).text
    for (let round = 0; round < 2; round++) {
      for (const token of own) assert.equal(await said(token), '1')
      assert.equal(await said(strangers.json.token), '0')
    }
    const { json } = await ask('GET', '/api/v1/tokens?sort=-id')
    assert.equal((await ask('DELETE', `/api/v1/tokens/${json.data[0].id}`)).status, 200)
    assert.equal((await ask('GET', question, { token: own.at(-1)! })).status, 401)
    assert.equal(await said(own.at(-2)!), '1')
  })

  test('a revoked or expired token is refused at once', async (t) => {
    let now = Date.parse('2026-05-01T12:00:00Z')
    const { ask, newToken } = await newHub(t, engine, { clock: { now: () => now } })
    const expiring = await newToken(['identify'], { expires_at: '2099-01-01T00:00:00Z' })
    const question = '/api/isKnownPhoneNumber?number=1'
    assert.equal((await ask('GET', question, { token: expiring })).status, 200)
    now = Date.parse('2099-01-01T00:00:00Z')
    assert.equal((await ask('GET', question, { token: expiring })).status, 401)
    const revoked = await newToken(['identify'])
    const { json } = await ask('GET', '/api/v1/tokens?sort=-id')
    assert.equal((await ask('DELETE', `/api/v1/tokens/${json.data[0].id}`)).status, 200)
    assert.equal((await ask('GET', question, { token: revoked })).status, 401)
  })

  test('a secret is shown once and stored nowhere', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const secret = await newToken(['identify'])
    assert.match(secret, /^cb_[\w-]{43}$/)
    const list = await ask('GET', '/api/v1/tokens')
    assert.ok(!list.text.includes(secret))
    assert.equal(list.json.data.at(-1).hint, secret.slice(-4))
  })

  test('after ten failures a minute from one address the answer is 429, and a valid token still gets in', async (t) => {
    let now = Date.parse('2026-05-01T12:00:00Z')
    const { ask } = await newHub(t, engine, { clock: { now: () => now } })
    const question = '/api/isKnownPhoneNumber?number=1'
    for (let i = 0; i < 10; i++) assert.equal((await ask('GET', question, { token: 'cb_wrong' })).status, 401)
    const throttled = await ask('GET', question, { token: 'cb_wrong' })
    assert.equal(throttled.status, 429)
    assert.equal(throttled.json.code, 'too_many_failures')
    assert.equal((await ask('GET', question)).status, 200)
    now += 60_000
    assert.equal((await ask('GET', question, { token: 'cb_wrong' })).status, 401)
  })

  test('failures from many addresses of one IPv6 network are those of one address', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_TRUSTED_PROXIES: '127.0.0.1/32' } })
    const from = (network: string, i: number) => ({ 'x-forwarded-for': `2001:db8:0:${network}::${i}:1` })
    const fail = async (headers: Record<string, string>) =>
      (await ask('GET', '/api/v1/customers', { token: 'cb_wrong', headers })).status
    for (let i = 1; i <= 10; i++) assert.equal(await fail(from('1', i)), 401)
    assert.equal(await fail(from('1', 11)), 429)
    assert.equal(await fail(from('2', 1)), 401, 'a neighbour is somebody else')
    const signIn = async (i: number) => {
      const body = { email: `a${i}@example.com`, password: 'what people often choose' }
      return (await ask('POST', '/api/login', { body, token: null, headers: from('3', i) })).status
    }
    for (let i = 1; i <= 10; i++) assert.equal(await signIn(i), 401)
    assert.equal(await signIn(11), 429)
  })

  test('an address list is held against the peer, and against X-Forwarded-For only behind a trusted proxy', async (t) => {
    const question = '/api/isKnownPhoneNumber?number=1'
    const headers = { 'x-forwarded-for': '203.0.113.7' }
    const plain = await newHub(t, engine)
    const outside = await plain.newToken(['identify'], { address_list: ['203.0.113.0/24'] })
    const refused = await plain.ask('GET', question, { token: outside, headers })
    assert.deepEqual([refused.status, refused.json.code], [403, 'address_refused'])
    const proxied = await newHub(t, engine, { env: { CORDBOARD_TRUSTED_PROXIES: '127.0.0.1/32' } })
    const inside = await proxied.newToken(['identify'], { address_list: ['203.0.113.0/24'] })
    assert.equal((await proxied.ask('GET', question, { token: inside, headers })).status, 200)
    assert.equal((await proxied.ask('GET', question, { token: inside })).status, 403)
  })

  test('an address credential opens its dialect to its addresses without a token, and nothing else', async (t) => {
    const { ask } = await newHub(t, engine)
    const input = {
      name: 'PBX',
      kind: 'address',
      scopes: ['identify'],
      address_list: ['127.0.0.1'],
      dialects: ['identification'],
    }
    assert.equal((await ask('GET', '/api/isKnownPhoneNumber?number=1', { token: null })).status, 401)
    assert.equal((await ask('POST', '/api/v1/tokens', { body: input })).json.token, null)
    assert.equal((await ask('GET', '/api/isKnownPhoneNumber?number=1', { token: null })).status, 200)
    assert.equal((await ask('GET', '/api/v1/lookup/1', { token: null })).status, 401)
    const greedy = await ask('POST', '/api/v1/tokens', { body: { ...input, scopes: ['admin'] } })
    assert.equal(greedy.status, 422)
  })

  test('an operator acts in a child tenant; nobody acts in a parent or a sibling, and no data crosses', async (t) => {
    const { ask, newToken, importBook } = await newHub(t, engine)
    const makeTenant = async (name: string) =>
      (await ask('POST', '/api/v1/tenants', { body: { name, country: 'FR' } })).json.id as number
    const [one, two] = [await makeTenant('One'), await makeTenant('Two')]
    const tokenIn = async (tenant: number, scopes: string[]) => {
      const headers = { 'cordboard-tenant': String(tenant) }
      return (await ask('POST', '/api/v1/tokens', { body: { name: 'child', scopes }, headers })).json
        .token as string
    }
    const [oneAdmin, twoAdmin] = [await tokenIn(one, ['admin']), await tokenIn(two, ['admin'])]
    await importBook('customer_account,customer_name,customer_phone\nCL1,Of the operator,0199000001\n')
    const made = await ask('POST', '/api/v1/customers', {
      token: oneAdmin,
      body: { customer_account: 'CL2', name: 'Of one', phone: '0199000002' },
    })
    assert.equal(made.status, 201, made.text)

    const known = async (number: string, token: string) =>
      (await ask('GET', `/api/isKnownPhoneNumber?number=${number}`, { token })).json.known as boolean
    assert.deepEqual(
      [
        await known('0199000002', oneAdmin),
        await known('0199000002', twoAdmin),
        await known('0199000002', ADMIN_TOKEN),
      ],
      [true, false, false],
    )
    assert.equal(await known('0199000001', oneAdmin), false)
    assert.equal((await ask('GET', `/api/v1/customers/${made.json.id}`, { token: twoAdmin })).status, 404)
    assert.equal(
      (await ask('PATCH', `/api/v1/customers/${made.json.id}`, { token: twoAdmin, body: { name: 'x' } }))
        .status,
      404,
    )
    assert.equal((await ask('DELETE', `/api/v1/customers/${made.json.id}`, { token: twoAdmin })).status, 404)
    assert.equal((await ask('GET', '/api/v1/customers', { token: twoAdmin })).json.total, 0)

    const acting = (tenant: number | string, token: string) =>
      ask('GET', '/api/v1/customers', { token, headers: { 'cordboard-tenant': String(tenant) } })
    assert.equal((await acting(one, ADMIN_TOKEN)).json.total, 1)
    for (const [tenant, token] of [
      [two, oneAdmin],
      [1, oneAdmin],
      ['x', oneAdmin],
      [99_999, ADMIN_TOKEN],
    ] as const) {
      assert.equal((await acting(tenant, token)).status, 403, `tenant ${tenant}`)
    }
    const reader = await newToken(['directory:read'])
    assert.equal((await acting(one, reader)).status, 403)
    const tokens = await ask('GET', '/api/v1/tokens', { token: oneAdmin })
    assert.deepEqual(
      tokens.json.data.map((row: { name: string }) => row.name),
      ['child'],
    )
  })

  test('only the operator lets an address in, and an address that speaks for two tenants speaks for neither', async (t) => {
    const { ask } = await newHub(t, engine)
    const { json: child } = await ask('POST', '/api/v1/tenants', { body: { name: 'Child', country: 'FR' } })
    const inChild = { 'cordboard-tenant': String(child.id) }
    const admin = await ask('POST', '/api/v1/tokens', {
      body: { name: 'a', scopes: ['admin'] },
      headers: inChild,
    })
    const input = {
      name: 'PBX',
      kind: 'address',
      scopes: ['identify'],
      address_list: ['127.0.0.1'],
      dialects: ['identification'],
    }
    const refused = await ask('POST', '/api/v1/tokens', { body: input, token: admin.json.token })
    assert.deepEqual([refused.status, refused.json.code], [403, 'forbidden'])
    const question = () => ask('GET', '/api/isKnownPhoneNumber?number=1', { token: null })
    assert.equal((await ask('POST', '/api/v1/tokens', { body: input, headers: inChild })).status, 201)
    assert.equal((await question()).status, 200)
    assert.equal(
      (await ask('POST', '/api/v1/tokens', { body: { ...input, address_list: ['127.0.0.0/8'] } })).status,
      201,
    )
    assert.equal((await question()).status, 401)
  })

  test('a tenant cannot close itself, and a closed child is shut out until its parent opens it', async (t) => {
    const { ask } = await newHub(t, engine)
    const own = await ask('PATCH', '/api/v1/tenants/1', { body: { active: false } })
    assert.deepEqual([own.status, own.json.code], [409, 'conflict'])
    const { json: child } = await ask('POST', '/api/v1/tenants', { body: { name: 'Child' } })
    const headers = { 'cordboard-tenant': String(child.id) }
    const { json: made } = await ask('POST', '/api/v1/tokens', {
      body: { name: 'a', scopes: ['identify'] },
      headers,
    })
    const status = async () =>
      (await ask('GET', '/api/isKnownPhoneNumber?number=1', { token: made.token })).status
    assert.equal(await status(), 200)
    await ask('PATCH', `/api/v1/tenants/${child.id}`, { body: { active: false } })
    assert.equal(await status(), 401)
    await ask('PATCH', `/api/v1/tenants/${child.id}`, { body: { active: true } })
    assert.equal(await status(), 200)
  })

  test('the metrics have a token of their own', async (t) => {
    const { ask, newToken } = await newHub(t, engine, {
      env: { CORDBOARD_METRICS_TOKEN: 'metrics-token-of-thirty-two-chars' },
    })
    await ask('GET', '/api/isKnownPhoneNumber?number=1')
    const metrics = await ask('GET', '/metrics', { token: 'metrics-token-of-thirty-two-chars' })
    assert.equal(metrics.status, 200)
    assert.match(metrics.text, /cordboard_lookups_total\{outcome="unknown"\} 1/)
    assert.equal((await ask('GET', '/metrics', { token: await newToken(['identify']) })).status, 403)
  })
})
