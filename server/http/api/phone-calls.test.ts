import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { signIn } from '../../../test/people.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { newOtherTransaction } from '../../../test/other-transaction.ts'
import { newReadyAddress, onEachStore } from '../../../test/stores.ts'
import type { Engine } from '../../platform/database/engine.ts'

const AT = '2026-05-01T10:00:00.000Z'

async function newOffice(t: TestContext, engine: Engine) {
  const address = await newReadyAddress(t, engine)
  const opened = await newHub(t, engine, { address })
  const { ask } = opened
  const host = await post(ask, 'pbx3cx-hosts', { host_name: 'pbx.example' })
  const acme = await post(ask, 'customers', { name: 'Acme', customer_account: 'CL1', phone: '0199000001' })
  const ann = await post(ask, 'contacts', { customer_id: acme.id, last_name: 'Ann' })
  return { ...opened, address, host, acme, ann }
}

/** A call as the PHP SDK sends it: every field of its entity, most of them null. */
const sdkCall = (more: Json): Json => ({
  user_id: null,
  contact_id: null,
  direction: null,
  status: null,
  answered: true,
  subject: null,
  body: null,
  number_from: null,
  number_to: null,
  recording_file: null,
  started_at: null,
  ended_at: null,
  ...more,
})

onEachStore('phone calls as other clients of this API family tell them', (engine) => {
  test('a call with a subject becomes a call and a note, and is read as it was told', async (t) => {
    const { ask, host, acme, ann } = await newOffice(t, engine)
    const eve = await signIn(ask, 'eve@example.com', 'manager')
    const body = sdkCall({
      contact_id: ann.id,
      direction: 'inbound',
      status: 'completed',
      subject: 'Invoice',
      body: 'Wants a copy',
      number_from: '0700000001',
      number_to: '0199000099',
      recording_file: 'a.wav',
      started_at: '2026-05-01T10:00:00.000000Z',
      ended_at: '2026-05-01T10:05:00.000000Z',
    })
    const made = await post(ask, 'phone-calls', body, eve.token)
    const { id, note_id, created_at, updated_at, ...rest } = made
    assert.deepEqual(rest, {
      pbx3cx_host_id: host.id,
      user_id: eve.id,
      contact_id: ann.id,
      customer_id: acme.id,
      ticket_id: null,
      direction: 'inbound',
      status: 'completed',
      answered: true,
      subject: 'Invoice',
      body: 'Wants a copy',
      number_from: '0700000001',
      number_to: '0199000099',
      recording_file: 'a.wav',
      started_at: AT,
      ended_at: '2026-05-01T10:05:00.000Z',
    })
    assert.ok(Date.parse(created_at) <= Date.parse(updated_at))
    assert.deepEqual((await ask('GET', `/api/v1/phone-calls/${id}`)).json, made)
    const call = (await ask('GET', `/api/v1/pbx3cx-call-logs/${id}`)).json
    assert.deepEqual([call.status, call.talk_ms, call.customer_id], ['answered', 300_000, acme.id])
    const note = (await ask('GET', `/api/v1/notes/${note_id}`)).json
    assert.deepEqual(
      [note.noteable_type, note.noteable_id, note.title, note.type, note.phone_call_id, note.author],
      ['contact', ann.id, 'Invoice', 'phone_call', id, 'eve'],
    )
    // Told again it is the same call with the same note.
    const again = await post(ask, 'phone-calls', body, eve.token)
    assert.deepEqual(again, made)
    assert.equal((await ask('GET', '/api/v1/notes')).json.total, 1)
    // The card of the contact shows both.
    const card = (await ask('GET', `/api/v1/pop?contact_id=${ann.id}`)).json
    assert.deepEqual([card.calls[0].id, card.notes[0].id], [id, note_id])
  })

  test('whom it means follows from the number when nobody is named; status and answered are read as they are written', async (t) => {
    const { ask, acme } = await newOffice(t, engine)
    const told = (more: Json) =>
      post(ask, 'phone-calls', { direction: 'inbound', number_from: '01 99 00 00 01', ...more })
    const first = await told({ startedAt: AT, answered: 0 })
    assert.deepEqual(
      [first.customer_id, first.status, first.answered, first.note_id],
      [acme.id, 'missed', false, null],
    )
    for (const [status, expected] of [
      ['Completed', 'completed'],
      ['voicemail', 'voicemail'],
      ['no_answer', 'missed'],
      ['busy', 'busy'],
    ])
      assert.equal((await told({ status, answered: true })).status, expected)
    const outbound = await told({ direction: 'outbound', number_from: '0199000099', number_to: '0199000001' })
    assert.equal(outbound.customer_id, acme.id)
    for (const [more, field] of [
      [{ status: 'sold' }, 'status'],
      [{ direction: null }, 'direction'],
      [{ contact_id: 999 }, 'contact_id'],
      [{ customer_id: 999 }, 'customer_id'],
      [{ pbx3cx_host_id: 999 }, 'pbx3cx_host_id'],
      [{ started_at: 'soon' }, 'started_at'],
      [{ started_at: AT, ended_at: '2026-04-01' }, 'ended_at'],
    ] as [Json, string][]) {
      const refused = await ask('POST', '/api/v1/phone-calls', {
        body: { direction: 'inbound', number_from: '1', ...more },
      })
      assert.equal(refused.status, 422, refused.text)
      assert.deepEqual(Object.keys(refused.json.errors), [field])
    }
  })

  test('it is on the PBX that is named, the credential’s, or the only one', async (t) => {
    const { ask, host, newToken } = await newOffice(t, engine)
    const other = await post(ask, 'pbx3cx-hosts', { host_name: 'other.example' })
    const body = { direction: 'inbound', status: 'missed', number_from: '0700000001' }
    const unsaid = await ask('POST', '/api/v1/phone-calls', { body })
    assert.deepEqual([unsaid.status, Object.keys(unsaid.json.errors)], [422, ['pbx3cx_host_id']])
    assert.equal(
      (await post(ask, 'phone-calls', { ...body, pbx3cx_host_id: other.id })).pbx3cx_host_id,
      other.id,
    )
    const ofHost = await newToken(['journal:write', 'calls:read'], { host_id: host.id })
    assert.equal((await post(ask, 'phone-calls', body, ofHost)).pbx3cx_host_id, host.id)
    const seen = await ask('GET', '/api/v1/phone-calls', { token: ofHost })
    assert.deepEqual(
      seen.json.data.map((one: Json) => one.pbx3cx_host_id),
      [host.id],
    )
    const elsewhere = { ...body, pbx3cx_host_id: other.id }
    assert.equal((await ask('POST', '/api/v1/phone-calls', { body: elsewhere, token: ofHost })).status, 422)
  })

  test('lists are pages, newest first, by whom, when, number and status', async (t) => {
    const { ask, acme, ann } = await newOffice(t, engine)
    const told = (n: number, more: Json) =>
      post(ask, 'phone-calls', { direction: 'inbound', started_at: `2026-05-0${n}T10:00:00Z`, ...more })
    const one = await told(1, { status: 'completed', contact_id: ann.id, number_from: '0700000001' })
    const two = await told(2, { status: 'missed', customer_id: acme.id, number_from: '0700000002' })
    const three = await told(3, { status: 'completed', number_from: '0700000003', subject: 'x' })
    const ids = async (query: string) => {
      const answer = await ask('GET', `/api/v1/phone-calls?${query}`)
      assert.equal(answer.status, 200, answer.text)
      return answer.json.data.map((call: Json) => call.id)
    }
    assert.deepEqual(await ids('page=1&per_page=20'), [three.id, two.id, one.id])
    assert.deepEqual(await ids('per_page=1&page=2'), [two.id])
    assert.deepEqual(await ids(`filter[customer_id]=${acme.id}`), [two.id, one.id])
    assert.deepEqual(await ids(`contact_id=${ann.id}`), [one.id])
    assert.deepEqual(await ids('filter[status]=completed&sort=started_at'), [one.id, three.id])
    assert.deepEqual(await ids('number=0033700000002'), [two.id])
    assert.deepEqual(await ids('from=2026-05-03'), [three.id])
    assert.equal((await ask('GET', '/api/v1/phone-calls?sort=body')).status, 422)
  })

  test('what was told here is corrected here; what a PBX told stays, and takes a note and a name', async (t) => {
    const { ask, acme, ann, host } = await newOffice(t, engine)
    const made = await post(ask, 'phone-calls', {
      direction: 'inbound',
      status: 'missed',
      number_from: '0700000001',
      started_at: AT,
      customer_id: acme.id,
      subject: 'First',
    })
    const path = `/api/v1/phone-calls/${made.id}`
    const change = (body: Json, more: Json = {}) => ask('PUT', path, { body, ...more })
    const changed = await change({ status: 'completed', body: 'More', ended_at: '2026-05-01T10:01:00Z' })
    assert.equal(changed.status, 200, changed.text)
    const { id, status, subject, body, ended_at, customer_id, note_id } = changed.json
    assert.deepEqual(
      [id, status, subject, body, ended_at, customer_id, note_id],
      [made.id, 'completed', 'First', 'More', '2026-05-01T10:01:00.000Z', acme.id, made.note_id],
    )
    assert.equal((await change({ contactId: ann.id })).json.contact_id, ann.id)
    const etag = (await ask('GET', path)).headers.get('etag') ?? ''
    assert.equal((await change({ subject: 'x' }, { headers: { 'if-match': '"old"' } })).status, 412)
    assert.equal((await change({ subject: 'Second' }, { headers: { 'if-match': etag } })).status, 200)
    assert.deepEqual((await change({ subject: null, body: null })).json.note_id, null)
    assert.equal((await ask('GET', '/api/v1/notes')).json.total, 0)
    assert.equal((await change({ ended_at: '2026-04-01T00:00:00Z' })).status, 422)
    // The SDK sends the whole of what it has read.
    const whole = sdkCall({ ...changed.json, subject: 'Whole' })
    assert.equal((await change(whole)).json.subject, 'Whole')

    const record = { pbx3cx_host_id: host.id, external_id: 'x', source: 'xapi', direction: 'inbound' }
    const { call_id } = await post(ask, 'pbx3cx_calls', {
      ...record,
      started_at: AT,
      caller_number: '0700000009',
    })
    const ofPbx = `/api/v1/phone-calls/${call_id}`
    const seen = (await ask('GET', ofPbx)).json
    assert.deepEqual([seen.number_from, seen.status, seen.subject], ['0700000009', 'missed', null])
    const refused = await ask('PUT', ofPbx, { body: { ...seen, status: 'completed', number_to: '1' } })
    assert.deepEqual([refused.status, Object.keys(refused.json.errors)], [422, ['status', 'number_to']])
    const noted = await ask('PUT', ofPbx, { body: { ...seen, subject: 'Noted', contact_id: ann.id } })
    assert.deepEqual(
      [noted.json.subject, noted.json.contact_id, noted.json.status],
      ['Noted', ann.id, 'missed'],
    )
    assert.equal((await ask('PUT', '/api/v1/phone-calls/999', { body: {} })).status, 404)
  })

  if (engine === 'postgres')
    test('who corrects a call and who corrects its record wait for each other in one order', async (t) => {
      const { ask, address } = await newOffice(t, engine)
      const told = sdkCall({ direction: 'inbound', number_from: '0700000001', started_at: AT })
      const { id } = await post(ask, 'phone-calls', told)
      const [record] = (await ask('GET', '/api/v1/pbx3cx_calls?page=1')).json.data
      const other = await newOtherTransaction(t, address)
      await other.begin('select id from calls where id = $1 for update', [id])
      const body = { direction: 'outbound' }
      const call = ask('PATCH', `/api/v1/phone-calls/${id}`, { body })
      await other.waitedFor(1)
      const raw = ask('PATCH', `/api/v1/pbx3cx_calls/${record.id}`, { body: { agent_name: 'Ann' } })
      await other.waitedFor(2)
      await other.commit()
      assert.deepEqual([(await call).status, (await raw).status], [200, 200])
      const [kept] = (await ask('GET', '/api/v1/pbx3cx_calls?page=1')).json.data
      assert.deepEqual([kept.direction, kept.agent_name], ['outbound', 'Ann'])
    })

  test('an erased number takes the note of its call along', async (t) => {
    const { ask } = await newOffice(t, engine)
    const told = (number_from: string, subject: string) =>
      post(ask, 'phone-calls', { direction: 'inbound', status: 'missed', number_from, subject })
    const gone = await told('0700000001', 'About somebody')
    const kept = await told('0700000002', 'About another')
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '0700000001' } })
    assert.equal(erased.status, 200, erased.text)
    assert.equal(erased.json.removed.notes, 1)
    const left = (await ask('GET', `/api/v1/phone-calls/${gone.id}`)).json
    assert.deepEqual([left.subject, left.number_from], [null, null])
    assert.equal((await ask('GET', `/api/v1/phone-calls/${kept.id}`)).json.subject, 'About another')
  })
})
