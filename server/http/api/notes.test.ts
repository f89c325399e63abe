import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { signIn } from '../../../test/people.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'
import { pruneNotes } from '../../journal/notes-forgetting.ts'
import type { JournalTables } from '../../journal/tables.ts'

const DAY = 86_400_000

onEachStore('notes', (engine) => {
  test('a note is written on a customer, a contact or a call, in every spelling of older clients', async (t) => {
    const { ask } = await newHub(t, engine)
    const acme = await post(ask, 'customers', { name: 'Acme' })
    const ann = await post(ask, 'contacts', { customer_id: acme.id, last_name: 'Ann' })
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'pbx.example' })
    const call = await post(ask, 'pbx3cx-call-logs', {
      pbx3cx_host_id: host.id,
      started_at: '2026-05-01T10:00:00Z',
    })
    const written: [Json, string, number][] = [
      [{ noteable_type: 'customer', noteable_id: acme.id }, 'customer', acme.id],
      [{ noteable_type: 'App\\Customer', noteable_id: String(acme.id) }, 'customer', acme.id],
      [{ noteableType: 'App\\Models\\Contact', noteableId: ann.id }, 'contact', ann.id],
      [{ noteable_type: 'PhoneCall', noteable_id: call.id }, 'call', call.id],
    ]
    for (const [on, type, id] of written) {
      const note = await post(ask, 'notes', { ...on, body: 'Called', shared: false, byMail: false })
      assert.deepEqual([note.noteable_type, note.noteable_id, note.priority], [type, id, 999])
    }
    const query = `noteable_type=App%5CCustomer&noteable_id=${acme.id}`
    const inQuery = await ask('POST', `/api/v1/notes?${query}`, {
      body: { title: 'Of the query', priority: 1, phoneCallId: call.id },
    })
    assert.equal(inQuery.status, 201, inQuery.text)
    const { noteable_id, title, priority, phone_call_id } = inQuery.json
    assert.deepEqual([noteable_id, title, priority, phone_call_id], [acme.id, 'Of the query', 1, call.id])
    const bare = await ask('GET', `/api/v1/notes?${query}`)
    assert.deepEqual(
      bare.json.map((note: Json) => note.title ?? note.body),
      ['Of the query', 'Called', 'Called'],
    )
    for (const [body, field] of [
      [{ noteable_type: 'customer', noteable_id: ann.id, body: 'x' }, 'noteable_id'],
      [{ noteable_type: 'contact', noteable_id: 999, body: 'x' }, 'noteable_id'],
      [{ noteable_type: 'App\\Invoice', noteable_id: 1, body: 'x' }, 'noteable_type'],
      [{ noteable_type: 'customer', noteable_id: acme.id, body: '  ' }, 'body'],
      [{ noteable_type: 'customer', noteable_id: acme.id, body: 'x', phone_call_id: 999 }, 'phone_call_id'],
    ] as [Json, string][]) {
      const { status, json } = await ask('POST', '/api/v1/notes', { body })
      assert.deepEqual([status, Object.keys(json.errors)], [422, [field]])
    }
  })

  test('notes are found by customer with those of its contacts, by contact, by words and by call', async (t) => {
    const { ask } = await newHub(t, engine)
    const [acme, bolt] = [
      await post(ask, 'customers', { name: 'Acme' }),
      await post(ask, 'customers', { name: 'Bolt' }),
    ]
    const ann = await post(ask, 'contacts', { customer_id: acme.id, last_name: 'Ann' })
    const one = await post(ask, 'notes', {
      noteable_type: 'customer',
      noteable_id: acme.id,
      title: 'Crème brûlée',
    })
    const two = await post(ask, 'notes', { noteable_type: 'contact', noteable_id: ann.id, body: 'likes 50%' })
    await post(ask, 'notes', { noteable_type: 'customer', noteable_id: bolt.id, body: 'other' })
    const ids = async (query: string) => {
      const answer = await ask('GET', `/api/v1/notes?${query}`)
      assert.equal(answer.status, 200, answer.text)
      return answer.json.data.map((note: Json) => note.id)
    }
    assert.deepEqual(await ids(`filter[customer_id]=${acme.id}`), [two.id, one.id])
    assert.deepEqual(await ids(`filter[contact_id]=${ann.id}`), [two.id])
    assert.deepEqual(await ids('filter[term_match]=BRULEE creme'), [one.id])
    assert.deepEqual(await ids('filter[term_match]=50%25'), [two.id])
    assert.deepEqual(await ids('filter[term_match]=%25'), [two.id])
    assert.equal((await ask('GET', '/api/v1/notes?filter[title]=x')).status, 422)
    // A customer that is merged takes its notes along.
    const merged = await ask('POST', `/api/v1/customers/${bolt.id}/merge`, { body: { from: acme.id } })
    assert.equal(merged.status, 200, merged.text)
    assert.equal((await ids(`filter[customer_id]=${bolt.id}`)).length, 3)
    const followed = (await ask('GET', `/api/v1/notes/${one.id}`)).json
    assert.deepEqual([followed.noteable_id, followed.customer_id], [bolt.id, bolt.id])
  })

  test('the author is who is signed in, and an agent changes only what they wrote', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const acme = await post(ask, 'customers', { name: 'Acme' })
    const [ann, bob, eve] = [
      await signIn(ask, 'ann@example.com', 'agent'),
      await signIn(ask, 'bob@example.com', 'agent'),
      await signIn(ask, 'eve@example.com', 'manager'),
    ]
    const on = { noteable_type: 'customer', noteable_id: acme.id }
    const note = await post(ask, 'notes', { ...on, body: 'Hers', user_id: bob.id, author: 'Bob' }, ann.token)
    assert.deepEqual([note.author, note.user_id, note.token_id], ['ann', ann.id, null])
    const path = `/api/v1/notes/${note.id}`
    for (const [method, body] of [
      ['PATCH', { body: 'His' }],
      ['DELETE', undefined],
    ] as const) {
      const refused = await ask(method, path, { body, token: bob.token })
      assert.deepEqual([refused.status, refused.json.code], [403, 'not_yours'])
    }
    const changed = await ask('PATCH', path, { body: { body: 'Hers, better' }, token: ann.token })
    assert.deepEqual([changed.status, changed.json.body], [200, 'Hers, better'])
    const stale = await ask('PATCH', path, {
      body: { body: 'x' },
      token: eve.token,
      headers: { 'if-match': '"old"' },
    })
    assert.equal(stale.status, 412)
    assert.equal((await ask('PATCH', path, { body: { title: 'Hm' }, token: eve.token })).json.title, 'Hm')
    assert.equal((await ask('PATCH', path, { body: { title: null, body: null } })).status, 422)
    assert.equal((await ask('DELETE', path, { token: ann.token })).status, 204)
    assert.equal((await ask('GET', path)).status, 404)
    // A token without the manager's scope is in the same position.
    const [writes, other] = [await newToken(['journal:write']), await newToken(['journal:write'])]
    const told = await post(ask, 'notes', { ...on, body: 'Of a program' }, writes)
    assert.equal((await ask('PUT', `/api/v1/notes/${told.id}`, { body: {}, token: other })).status, 403)
    assert.equal((await ask('PUT', `/api/v1/notes/${told.id}`, { body: {}, token: writes })).status, 200)
  })

  test('an erased party takes its notes along, and others lose the mention; old notes are forgotten', async (t) => {
    const world = { now: Date.parse('2026-05-01T12:00:00Z') }
    const dataDir = await newDirectory(t)
    const address: StoreAddress =
      engine === 'sqlite'
        ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
        : await newReadyAddress(t, engine)
    const { ask } = await newHub(t, engine, { address, dataDir, clock: { now: () => world.now } })
    const [acme, bolt] = [
      await post(ask, 'customers', { name: 'Acme', phone: '0199000001' }),
      await post(ask, 'customers', { name: 'Bolt' }),
    ]
    const gone = await post(ask, 'notes', {
      noteable_type: 'customer',
      noteable_id: acme.id,
      body: 'secret of Acme',
    })
    const kept = await post(ask, 'notes', {
      noteable_type: 'customer',
      noteable_id: bolt.id,
      title: 'Friend of 01 99 00 00 01',
    })
    const erased = await ask('POST', '/api/v1/erase', { body: { customer_id: acme.id } })
    assert.equal(erased.status, 200, erased.text)
    assert.equal(erased.json.removed.notes, 2, erased.text)
    assert.equal((await ask('GET', `/api/v1/notes/${gone.id}`)).status, 404)
    assert.equal((await ask('GET', `/api/v1/notes/${kept.id}`)).json.title, 'Friend of [erased]')
    assert.equal((await ask('GET', '/api/v1/notes?filter[term_match]=01')).json.total, 0)
    const store = await openStore<JournalTables>({ address })
    t.after(() => store.close())
    const audits = await store.read.selectFrom('audit').selectAll().where('entity', '=', 'note').execute()
    assert.equal(audits.length, 2)
    assert.ok(!JSON.stringify(audits).includes('secret of Acme'))
    world.now += 10 * DAY
    await post(ask, 'notes', { noteable_type: 'customer', noteable_id: bolt.id, body: 'new' })
    assert.equal(await pruneNotes(store)(world.now - DAY, 100), 1)
    assert.deepEqual(
      (await ask('GET', '/api/v1/notes')).json.data.map((note: Json) => note.body),
      ['new'],
    )
  })
})
