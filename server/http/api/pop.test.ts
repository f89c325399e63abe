import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { signIn } from '../../../test/people.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../test/stores.ts'
import type { Engine } from '../../platform/database/engine.ts'

async function newDesk(t: TestContext, engine: Engine) {
  const world = { now: Date.parse('2026-05-01T12:00:00Z') }
  const opened = await newHub(t, engine, { clock: { now: () => world.now } })
  const { ask } = opened
  const acme = await post(ask, 'customers', {
    name: 'Acme',
    customer_account: 'CL000101',
    phone: '01 99 00 00 01',
    other_phones: ['01 99 00 00 05'],
    extensions: ['210'],
    vip: true,
    on_call_duty: true,
    backend_link: 'https://crm.example/acme',
    comment: 'pays late',
  })
  const ann = await post(ask, 'contacts', {
    customer_id: acme.id,
    first_name: 'Ann',
    last_name: 'Lee',
    phones: [{ raw: '06 28 77 38 62', kind: 'mobile' }],
    backend_link: 'https://crm.example/ann',
  })
  const bolt = await post(ask, 'customers', {
    name: 'Bolt',
    phone: '0199000003',
    other_phones: ['0199000009'],
  })
  const cork = await post(ask, 'customers', { name: 'Cork', other_phones: ['0199000009'] })
  const agent = await signIn(ask, 'ann@example.com', 'agent')
  const card = async (
    query: string,
    token = agent.token,
    headers: Record<string, string> = {},
  ): Promise<Json> => {
    const answer = await ask('GET', `/api/v1/pop?${query}`, { token, headers })
    assert.equal(answer.status, 200, `${query}: ${answer.text}`)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    return answer.json
  }
  return { ...opened, world, acme, ann, bolt, cork, agent, card }
}

onEachStore('the card of a call', (engine) => {
  test('an agent sees who calls: person, company, contracts, links, and what may be done', async (t) => {
    const { card, acme, ann } = await newDesk(t, engine)
    const seen = await card('number=0033628773862')
    assert.deepEqual(seen.number, { raw: '0033628773862', kind: 'external', e164: '+33628773862' })
    assert.deepEqual(
      [seen.known, seen.ambiguous, seen.confidence, seen.tier, seen.vip, seen.on_call_duty, seen.call],
      [true, false, 1, 'exact', true, true, null],
    )
    assert.deepEqual(
      [seen.customer.id, seen.customer.account, seen.customer.category, seen.customer.comment],
      [acme.id, 'CL000101', acme.category, 'pays late'],
    )
    assert.deepEqual(
      seen.customer.phones.map((phone: Json) => [phone.kind, phone.raw, phone.e164]),
      [
        ['main', '01 99 00 00 01', '+33199000001'],
        ['other', '01 99 00 00 05', '+33199000005'],
        ['extension', '210', null],
      ],
    )
    assert.deepEqual(
      [seen.contact.id, seen.contact.name, seen.contact.phones[0].kind],
      [ann.id, 'Ann Lee', 'mobile'],
    )
    assert.deepEqual(
      [seen.crm_link, seen.customer.crm_link],
      ['https://crm.example/ann', 'https://crm.example/acme'],
    )
    assert.deepEqual(
      seen.contracts.map((one: Json) => [one.kind, one.active]),
      [['on_call_duty', true]],
    )
    assert.deepEqual(seen.may, { disposition: true, note: true, attach: true })
    assert.deepEqual(seen.do_not_call, { do_not_call: false, since: null })
    assert.deepEqual(
      seen.codes.map((one: Json) => one.code),
      ['no_answer', 'schedule_later', 'do_not_disturb', 'completed'],
    )
  })

  test('whatever is no number is the card of somebody unknown, never an error', async (t) => {
    const { card, ask, agent } = await newDesk(t, engine)
    for (const number of [
      '',
      'anonymous',
      '%00',
      '%20',
      '[CallerID]',
      'x'.repeat(1_500),
      '+',
      '999999',
      '%F0%9F%98%80',
      '0700000000',
    ]) {
      const seen = await card(`number=${number}`)
      assert.deepEqual(
        [seen.known, seen.customer, seen.contact, seen.candidates],
        [false, null, null, []],
        number,
      )
      assert.equal(seen.do_not_call.do_not_call, false)
      assert.deepEqual(seen.may, { disposition: true, note: false, attach: true })
    }
    const unheard = await card('call=%00nothing%00&host=999')
    assert.deepEqual([unheard.known, unheard.call.record], [false, null])
    const nothing = await ask('GET', '/api/v1/pop', { token: agent.token })
    assert.deepEqual([nothing.status, nothing.json.code], [400, 'parameter_missing'])
    for (const party of ['customer_id=99999', 'contact_id=9007199254740991', 'party_id=99999']) {
      const missing = await ask('GET', `/api/v1/pop?${party}`, { token: agent.token })
      assert.equal(missing.status, 404, party)
    }
  })

  test('of several owners none is named; the agent picks one and keeps the number', async (t) => {
    const { card, bolt, cork } = await newDesk(t, engine)
    const seen = await card('number=0199000009')
    assert.deepEqual([seen.known, seen.ambiguous, seen.customer], [true, true, null])
    assert.deepEqual(seen.candidates.map((one: Json) => one.customer.name).toSorted(), ['Bolt', 'Cork'])
    for (const [query, id] of [
      [`customer_id=${bolt.id}`, bolt.id],
      [`party_id=${cork.id}`, cork.id],
    ]) {
      const picked = await card(`number=0199000009&${query}`)
      assert.deepEqual([picked.customer.id, picked.number.e164, picked.confidence], [id, '+33199000009', 1])
    }
  })

  test('what happened before is there: of the number, the company and its people, the newest ten', async (t) => {
    const { ask, card, world, acme, ann, agent } = await newDesk(t, engine)
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'pbx.example' })
    const call = (n: number, more: Json) =>
      post(ask, 'pbx3cx-call-logs', {
        pbx3cx_host_id: host.id,
        started_at: new Date(world.now - n * 60_000).toISOString(),
        external_id: `x${n}`,
        ...more,
      })
    for (let n = 1; n <= 6; n++) await call(n, { direction: 'inbound', caller_number: '0628773862' })
    for (let n = 7; n <= 12; n++) await call(n, { direction: 'outbound', called_number: '0199000001' })
    await call(13, { direction: 'inbound', caller_number: '0199000003' })
    const say = async (number: string, status: string, more: Json = {}) => {
      world.now += 1_000
      return post(ask, 'dispositions', { number, status, ...more }, agent.token)
    }
    const later = await say('0628773862', 'schedule_later', { due_at: '2026-06-01T08:00:00Z' })
    const sooner = await say('0199000001', 'schedule_later', { due_at: '2026-05-02T08:00:00Z', comment: 'a' })
    const anytime = await say('0199000001', 'schedule_later', { comment: 'b' })
    await say('0199000003', 'schedule_later')
    await say('0628773862', 'do_not_disturb')
    const note = await post(
      ask,
      'notes',
      { noteable_type: 'contact', noteable_id: ann.id, body: 'nice' },
      agent.token,
    )
    const seen = await card('number=0199000001')
    assert.deepEqual(
      seen.calls.map((one: Json) => one.started_at),
      seen.calls
        .map((one: Json) => one.started_at)
        .toSorted()
        .toReversed(),
    )
    assert.equal(seen.calls.length, 10)
    assert.ok(seen.calls.every((one: Json) => one.customer_id === acme.id))
    assert.deepEqual(
      seen.callbacks.map((one: Json) => one.disposition_id),
      [sooner.id, later.id, anytime.id],
    )
    assert.deepEqual(
      seen.dispositions.slice(1).map((one: Json) => one.id),
      [anytime.id, sooner.id, later.id],
    )
    assert.equal(seen.do_not_call.do_not_call, false)
    assert.deepEqual(
      seen.notes.map((one: Json) => one.id),
      [note.id],
    )
    assert.equal((await card('number=0628773862')).do_not_call.do_not_call, true)
    const byId = await card(`party_id=${ann.id}`)
    assert.deepEqual([byId.number, byId.do_not_call, byId.notes.length], [null, null, 1])
  })

  test('a call is found by its id at the PBX, by ours, and by what the PBX says of it while it goes on', async (t) => {
    const { ask, card, acme, bolt } = await newDesk(t, engine)
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'pbx.example' })
    const other = await post(ask, 'pbx3cx-hosts', { host_name: 'other.example' })
    const told = { pbx3cx_host_id: host.id, started_at: '2026-05-01T10:00:00Z', direction: 'inbound' }
    const call = await post(ask, 'pbx3cx-call-logs', {
      ...told,
      call_history_id: '1779.42',
      caller_number: '0199000001',
    })
    for (const query of ['call=1779.42', `call=1779.42&host=${host.id}`, `call=id:${call.id}`]) {
      const seen = await card(query)
      assert.deepEqual(
        [seen.customer.id, seen.call.record.id, seen.number.e164],
        [acme.id, call.id, '+33199000001'],
      )
    }
    const elsewhere = await card(`call=1779.42&host=${other.id}`)
    assert.deepEqual([elsewhere.known, elsewhere.call.record], [false, null])
    // The id was given again to a call of somebody else.
    const again = await card('call=1779.42&number=0199000003')
    assert.deepEqual([again.customer.id, again.call.record], [bolt.id, null])
    const event = await ask(
      'GET',
      '/api/while1voice/events?event=incoming_start&uniqueid=live.7&telephone=0199000001',
    )
    assert.equal(event.status, 200, event.text)
    const live = await card('call=live.7')
    assert.deepEqual([live.customer.id, live.call.record], [acme.id, null])
    const unseen = await card('call=not.yet&number=0199000003')
    assert.deepEqual(
      [unseen.customer.id, unseen.call],
      [bolt.id, { call: 'not.yet', host_id: null, record: null, live: null }],
    )
  })

  test('it takes the scopes of an agent, in the tenant acted in alone', async (t) => {
    const { ask, newToken, agent, acme } = await newDesk(t, engine)
    for (const scopes of [['calls:read'], ['directory:read'], ['identify']]) {
      const refused = await ask('GET', '/api/v1/pop?number=0199000001', { token: await newToken(scopes) })
      assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'], scopes.join())
    }
    const reads = await newToken(['calls:read', 'directory:read'])
    const seen = await ask('GET', '/api/v1/pop?number=0199000001', { token: reads })
    assert.deepEqual(seen.json.may, { disposition: false, note: false, attach: false })
    const { id } = await post(ask, 'tenants', { name: 'Other', country: 'FR' })
    const headers = { 'cordboard-tenant': String(id) }
    const stranger = await signIn(ask, 'eve@example.com', 'agent', {}, headers)
    for (const query of ['number=0199000001', `party_id=${acme.id}`]) {
      const answer = await ask('GET', `/api/v1/pop?${query}`, { token: stranger.token })
      assert.ok(!answer.text.includes('Acme'), query)
    }
    assert.equal((await ask('GET', '/api/v1/pop?number=1', { token: agent.token, headers })).status, 403)
  })
})

onEachStore('labels and authors of dispositions', (engine) => {
  test('labels come in the language asked for, the user’s, the browser’s; the tenant’s own before the built-in', async (t) => {
    const { ask, card, agent, newToken } = await newDesk(t, engine)
    const label = async (query: string, headers: Record<string, string> = {}, code = 'no_answer') => {
      const answer = await ask('GET', `/api/v1/disposition-codes?${query}`, { token: agent.token, headers })
      return answer.json.find((one: Json) => one.code === code).label
    }
    const french = { 'accept-language': 'es;q=0.9, fr-CA;q=0.8, de;q=0.5' }
    assert.equal(await label(''), 'No Answer')
    assert.equal(await label('', french), 'Pas de réponse')
    assert.equal(await label('lang=ro-RO', french), 'Fără răspuns')
    assert.equal(await label('lang=xx', { 'accept-language': 'nonsense;;q=z,' }), 'No Answer')
    const set = await ask('PATCH', '/api/v1/session', { token: agent.token, body: { language: 'de' } })
    assert.deepEqual([set.status, set.json], [200, { language: 'de' }])
    assert.equal(await label('', french), 'Keine Antwort')
    assert.equal((await ask('GET', '/api/v1/session', { token: agent.token })).json.user.language, 'de')

    const own = await post(ask, 'disposition-codes', { code: 'sold', label: 'Sold', labels: { fr: 'Vendu' } })
    assert.deepEqual([own.label, own.labels], ['Sold', { fr: 'Vendu' }])
    const relabel = (code: string, labels: Json, more: Json = {}) =>
      ask('PUT', `/api/v1/disposition-labels/${code}`, { body: { labels }, ...more })
    const told = await relabel('no_answer', { de: 'Niemand da', fr: 'Absent' })
    assert.equal(told.status, 200, told.text)
    assert.deepEqual(told.json.labels, {
      en: 'No Answer',
      fr: 'Absent',
      ro: 'Fără răspuns',
      de: 'Niemand da',
    })
    assert.equal((await relabel('sold', { de: 'Verkauft' })).json.labels.de, 'Verkauft')
    assert.equal((await relabel('sold', { fr: null })).json.labels.fr, undefined)
    assert.equal((await relabel('none', { fr: 'x' })).status, 404)
    assert.equal((await relabel('sold', { fr: ' ' })).status, 422)
    assert.equal((await relabel('sold', { es: 'x' })).status, 422)
    assert.equal((await relabel('sold', { fr: 'x' }, { token: agent.token })).status, 403)
    assert.equal((await relabel('sold', { fr: 'x' }, { headers: { 'if-match': '"no"' } })).status, 412)
    const seen = await card('number=1')
    assert.equal(seen.language, 'de')
    assert.deepEqual(
      seen.codes.map((one: Json) => one.label),
      ['Niemand da', 'Später zurückrufen', 'Nicht stören', 'Erledigt', 'Verkauft'],
    )
    // Nothing of it in another tenant; a deleted status takes its labels along.
    const { id } = await post(ask, 'tenants', { name: 'Other' })
    const elsewhere = { token: undefined, headers: { 'cordboard-tenant': String(id) } }
    assert.ok(
      !(await ask('GET', '/api/v1/disposition-codes?lang=de', { headers: elsewhere.headers })).text.includes(
        'Niemand',
      ),
    )
    assert.equal((await ask('DELETE', `/api/v1/disposition-codes/${own.id}`)).status, 204)
    const anew = await post(ask, 'disposition-codes', { code: 'sold', label: 'Sold' })
    assert.deepEqual(anew.labels, {})
    assert.equal(
      (await ask('PATCH', '/api/v1/session', { token: await newToken(['identify']), body: {} })).status,
      403,
    )
  })

  test('who spoke is who is signed in, and an agent corrects what they recorded themselves', async (t) => {
    const { ask, agent } = await newDesk(t, engine)
    const bob = await signIn(ask, 'bob@example.com', 'agent')
    const eve = await signIn(ask, 'eve@example.com', 'manager')
    const said = { number: '0199000001', call: 'c1', agent: 'somebody else' }
    const mine = await post(ask, 'dispositions', { ...said, status: 'completed' }, agent.token)
    assert.deepEqual([mine.agent, mine.user_id, mine.token_id], ['ann', agent.id, null])
    // The same call again is a correction by the same person, and a record of its own by another.
    const again = await post(ask, 'dispositions', { ...said, status: 'no_answer' }, agent.token)
    assert.deepEqual([again.id, again.status], [mine.id, 'no_answer'])
    const his = await post(ask, 'dispositions', { ...said, status: 'completed' }, bob.token)
    assert.notEqual(his.id, mine.id)
    const path = `/api/v1/dispositions/${mine.id}`
    const change = (token: string | undefined, body: Json) =>
      ask('PATCH', path, { body, ...(token === undefined ? {} : { token }) })
    const refused = await change(bob.token, { status: 'completed' })
    assert.deepEqual([refused.status, refused.json.code], [403, 'not_yours'])
    const corrected = await change(agent.token, { comment: 'well', agent: 'Bob' })
    assert.deepEqual([corrected.json.comment, corrected.json.agent], ['well', 'ann'])
    assert.equal((await change(eve.token, { agent: 'Ann Lee' })).json.agent, 'Ann Lee')
    // A token with the same number as a user is somebody else.
    const program = await post(ask, 'dispositions', { ...said, status: 'completed' })
    assert.equal(program.token_id, agent.id)
    assert.deepEqual([program.agent, program.user_id], ['somebody else', null])
    assert.ok(![mine.id, his.id].includes(program.id))
  })
})
