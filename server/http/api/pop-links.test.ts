import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { signIn } from '../../../test/people.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../test/stores.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openLog } from '../../platform/log.ts'

async function newDesk(t: TestContext, engine: Engine) {
  const world = { now: Date.parse('2026-05-01T12:00:00Z') }
  const lines: string[] = []
  const log = openLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } })
  const secretKey = randomBytes(32).toString('base64')
  const env = { CORDBOARD_PUBLIC_URL: 'https://hub.example', CORDBOARD_SECRET_KEY: secretKey }
  const opened = await newHub(t, engine, { clock: { now: () => world.now }, env, log })
  const { ask } = opened
  const acme = await post(ask, 'customers', { name: 'Acme', phone: '0199000001' })
  await post(ask, 'customers', { name: 'Bolt', phone: '0199000003' })
  const agent = await signIn(ask, 'ann@example.com', 'agent')
  const allow = async (links = true) => {
    const set = await ask('PATCH', '/api/v1/pop/settings', { body: { links } })
    assert.deepEqual([set.status, set.json.links], [200, links], set.text)
  }
  const link = async (more: Json = {}, token = agent.token): Promise<Json> =>
    post(ask, 'pop/links', { number: '0199000001', ...more }, token)
  const card = (token: string | null) => ask('GET', '/api/v1/pop/link?lang=fr', { token })
  return { ...opened, world, log, lines, acme, agent, allow, link, card }
}

onEachStore('links to a card', (engine) => {
  test('there are none until an admin allows them, and no more when they are allowed no longer', async (t) => {
    const { ask, agent, allow, link, card } = await newDesk(t, engine)
    const body = { number: '0199000001' }
    const off = await ask('POST', '/api/v1/pop/links', { body, token: agent.token })
    assert.deepEqual([off.status, off.json.code], [403, 'links_off'])
    assert.deepEqual((await ask('GET', '/api/v1/pop/settings', { token: agent.token })).json, {
      links: false,
      rotated_at: null,
    })
    const refused = await ask('PATCH', '/api/v1/pop/settings', { body: { links: true }, token: agent.token })
    assert.equal(refused.status, 403)
    await allow()
    const { token } = await link()
    assert.equal((await card(token)).status, 200)
    await allow(false)
    assert.equal((await card(token)).status, 401)
    await allow()
    assert.equal((await card(token)).status, 200)
  })

  test('it opens the card of its number and nothing else, with no session', async (t) => {
    const { ask, allow, link, card, acme, hub } = await newDesk(t, engine)
    await allow()
    const made = await link({ call: 'c9' })
    assert.equal(made.url, `https://hub.example/pop#link=${made.token}`)
    assert.equal(made.expires_at, '2026-05-01T13:00:00.000Z')
    const seen = await card(made.token)
    assert.equal(seen.headers.get('cache-control'), 'no-store')
    assert.deepEqual([seen.json.customer.id, seen.json.call.call], [acme.id, 'c9'])
    assert.equal(seen.json.codes[0].label, 'Pas de réponse')
    assert.deepEqual(seen.json.may, { disposition: true, note: true, attach: false })
    const other = await ask('GET', '/api/v1/pop/link?number=0199000003&customer_id=2', { token: made.token })
    assert.equal(other.json.customer.id, acme.id)
    let opened = 0
    for (const { method, url, admission } of hub.server.routes) {
      if (admission === 'public' || admission === 'metrics' || method === 'HEAD') continue
      if (admission === 'link') {
        opened += 1
        continue
      }
      // A wrong credential is counted by address, and refused all the same.
      const path = url.replace(':id', '1').replace(':number', '1').replace('*', 'x')
      const { status } = await ask(method, path, {
        token: made.token,
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }),
      })
      assert.ok([401, 429].includes(status), `${method} ${url}: ${status}`)
    }
    assert.equal(opened, 3)
  })

  test('what is written through it is its call’s: one disposition, corrected when it is said again, and notes', async (t) => {
    const { ask, allow, link, newToken, acme } = await newDesk(t, engine)
    await allow()
    const { token } = await link({ call: 'c9' })
    const say = (status: string, by = token) =>
      ask('POST', '/api/v1/pop/link/dispositions', { body: { status, comment: 'x' }, token: by })
    const first = await say('Completed')
    assert.equal(first.status, 201, first.text)
    const { number, call, agent, user_id, token_id, customer_id } = first.json
    assert.deepEqual(
      [number, call, agent, user_id, token_id, customer_id],
      ['0199000001', 'c9', 'ann', null, null, acme.id],
    )
    const again = await say('do_not_disturb')
    assert.deepEqual([again.json.id, again.json.status], [first.json.id, 'do_not_disturb'])
    assert.equal((await ask('GET', '/api/v1/do-not-call/0199000001')).json.do_not_call, true)
    assert.equal((await say('nonsense')).status, 422)
    for (const more of [{ number: '0199000003' }, { agent: 'Eve' }, { call: 'c1' }]) {
      const body = { status: 'completed', ...more }
      assert.equal((await ask('POST', '/api/v1/pop/link/dispositions', { body, token })).status, 422)
    }
    // Another link without a call has one record of its own as well.
    const program = await newToken(['journal:write', 'calls:read', 'directory:read'])
    const of = await link({ agent: '101' }, program)
    const [one, two] = [await say('completed', of.token), await say('no_answer', of.token)]
    assert.notEqual(one.json.id, first.json.id)
    assert.deepEqual([two.json.id, two.json.agent, two.json.status], [one.json.id, '101', 'no_answer'])
    const nameless = await link({}, program)
    assert.equal((await say('completed', nameless.token)).json.agent, null)
    const note = await ask('POST', '/api/v1/pop/link/notes', { body: { body: 'Hello' }, token })
    assert.equal(note.status, 201, note.text)
    assert.deepEqual([note.json.noteable_id, note.json.author, note.json.user_id], [acme.id, 'ann', null])
    const unknown = await link({ number: '0199999999' })
    const nobody = await ask('POST', '/api/v1/pop/link/notes', { body: { body: 'x' }, token: unknown.token })
    assert.equal(nobody.status, 422)
  })

  test('its time ends, rotation ends it, and a changed one never was one', async (t) => {
    const { ask, world, allow, link, card, agent } = await newDesk(t, engine)
    await allow()
    const body = { number: '0199000001', expires_in: 86_401 }
    assert.equal((await ask('POST', '/api/v1/pop/links', { body, token: agent.token })).status, 422)
    const short = await link({ expires_in: 60 })
    world.now += 59_000
    assert.equal((await card(short.token)).status, 200)
    world.now += 1_000
    const over = await card(short.token)
    assert.deepEqual([over.status, over.json.code], [401, 'link_expired'])
    const { token } = await link()
    const [content, mac] = token.slice('cbl_'.length).split('.')
    const said = JSON.parse(Buffer.from(content, 'base64url').toString())
    const forged = (change: (said: Json[]) => void) => {
      const copy = structuredClone(said)
      change(copy)
      return `cbl_${Buffer.from(JSON.stringify(copy)).toString('base64url')}.${mac}`
    }
    const claims = [
      forged((one) => (one[3] = '0199000003')),
      forged((one) => (one[8] += 1)),
      forged((one) => (one[2] = 99)),
      `cbl_${content}.${'A'.repeat(43)}`,
      'cbl_',
      'cbl_%00.x',
    ]
    for (const claim of claims) {
      const refused = await card(claim)
      assert.deepEqual([refused.status, refused.json.code], [401, 'unauthenticated'], claim)
    }
    for (const wrong of [null, agent.token]) assert.equal((await card(wrong)).status, 401)
    const rotated = await ask('POST', '/api/v1/pop/links/rotate', {})
    assert.deepEqual([rotated.status, rotated.json.links], [200, true])
    assert.equal((await card(token)).status, 401)
    assert.equal((await card((await link()).token)).status, 200)
    // Guessing is throttled like any other credential; a good link is not.
    const last = await link()
    let throttled = 0
    for (let n = 0; n < 12; n++) if ((await card(`${claims[0]}`)).status === 429) throttled += 1
    assert.ok(throttled > 0)
    assert.equal((await card(last.token)).status, 200)
  })

  test('keys may be sealed anew under it, one form is one link, and its credential is in no log', async (t) => {
    const { ask, allow, agent, card, log, lines, newToken } = await newDesk(t, engine)
    await allow()
    const made = () =>
      ask('POST', '/api/v1/pop/links', {
        body: { number: '0199000001' },
        token: agent.token,
        headers: { 'idempotency-key': 'form' },
      })
    const [one, two] = [await made(), await made()]
    assert.deepEqual(two.json, one.json)
    const rotated = await ask('POST', '/api/v1/keys/rotate', {})
    assert.deepEqual([rotated.status, rotated.json.rewritten], [200, 1])
    assert.equal((await card(one.json.token)).status, 200)
    for (const scopes of [
      ['journal:write', 'directory:read'],
      ['journal:write', 'calls:read'],
    ]) {
      const token = await newToken(scopes)
      const refused = await ask('POST', '/api/v1/pop/links', { body: { number: '1' }, token })
      assert.equal(refused.status, 403, scopes.join())
    }
    await log.flush()
    const text = lines.join('')
    assert.match(text, /pop\/link/)
    assert.ok(!text.includes(one.json.token.slice(4, 30)), 'the credential is in the log')
    assert.ok(!text.includes('199000001'))
  })
})
