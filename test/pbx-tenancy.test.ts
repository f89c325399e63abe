import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Ask, type Json } from './hub.ts'
import { post } from './pbx-fleet.ts'
import { onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'

const MARK = 'of-tenant-one'
const NUMBER = '0628773862'

/** A child tenant with an administrator's token. */
async function newTenant(ask: Ask, name: string): Promise<string> {
  const { id } = await post(ask, 'tenants', { name, country: 'FR' })
  const made = await ask('POST', '/api/v1/tokens', {
    body: { name, scopes: ['admin'] },
    headers: { 'cordboard-tenant': String(id) },
  })
  return made.json.token as string
}

/** One of everything the PBX section holds, marked so that it is known wherever it turns up. */
async function furnish(ask: Ask, token: string) {
  const customer = await post(ask, 'customers', { name: MARK }, token)
  const file = await post(ask, 'customer-files', { customer_id: customer.id, name: MARK }, token)
  const host = await post(
    ask,
    'pbx3cx-hosts',
    { host_name: `${MARK}.example`, customer_file_id: file.id, comment: MARK },
    token,
  )
  const audit = await post(ask, 'pbx3cx-audits', { pbx3cx_host_id: host.id, comment: MARK }, token)
  await ask('POST', '/api/v1/open-destinations', { token, body: { countries: ['VA'] } })
  const told = { pbx3cx_host_id: host.id, started_at: '2026-05-01T10:00:00Z', agent_name: MARK }
  const record = await post(ask, 'pbx3cx_calls', { ...told, external_id: MARK, caller_number: NUMBER }, token)
  const contact = await post(
    ask,
    'contacts',
    { customer_id: customer.id, last_name: MARK, phones: [NUMBER] },
    token,
  )
  const on = { noteable_type: 'contact', noteable_id: contact.id }
  const note = await post(ask, 'notes', { ...on, body: MARK, phone_call_id: record.call_id }, token)
  const said = { number: NUMBER, status: 'schedule_later', comment: MARK }
  const disposition = await post(ask, 'dispositions', said, token)
  const code = await post(ask, 'disposition-codes', { code: 'own', label: MARK }, token)
  await ask('PATCH', '/api/v1/pop/settings', { token, body: { links: true } })
  return { customer, file, host, audit, record, contact, note, disposition, code }
}

onEachStore('two tenants', (engine) => {
  test('nothing of the PBX section crosses: by route, filter, guessed id or reference', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const [one, two] = [await newTenant(ask, 'One'), await newTenant(ask, 'Two')]
    const theirs = await furnish(ask, one)
    const mine = await post(ask, 'pbx3cx-hosts', { host_name: 'mine.example' }, two)
    const { host, audit, customer, file, record, contact, note, disposition, code } = theirs
    const asTwo: Ask = (method, path, options = {}) =>
      ask(method, `/api/v1/${path}`, { ...options, token: two })
    const before = await ask('GET', `/api/v1/pbx3cx-hosts/${host.id}`, { token: one })

    const lists = [
      'pbx3cx-hosts',
      'pbx3cx_hosts',
      'pbx3cx-hosts?page=1',
      `pbx3cx-hosts?customer_id=${customer.id}`,
      `pbx3cx-hosts?customer_file_id=${file.id}`,
      `pbx3cx-hosts?fileable_id=${customer.id}&fileable_type=customer`,
      'pbx3cx-audits',
      `pbx3cx-audits?pbx3cx_host_id=${host.id}`,
      'open-destinations',
      'helpers/3cxOpenDestinations?open=1',
      'pbx3cx_calls',
      'pbx3cx_calls?page=1',
      `pbx3cx_calls?pbx3cx_host_id=${host.id}`,
      `pbx3cx_calls?number=${NUMBER}`,
      `pbx3cx_calls?cursor=${record.id + 1}`,
      `pbx3cx_calls?agent=${MARK}`,
      'pbx3cx-call-logs',
      `pbx3cx-call-logs?pbx3cx_host_id=${host.id}`,
      `pbx3cx-call-logs?number=${NUMBER}&per_page=10`,
      `contacts/numbers?phoneNumber=${NUMBER}`,
      'customers/search?term=tenant',
      'export',
      'notes',
      `notes?noteable_type=contact&noteable_id=${contact.id}`,
      `notes?filter[contact_id]=${contact.id}`,
      `notes?filter[phone_call_id]=${record.call_id}`,
      'phone-calls',
      `phone-calls?contact_id=${contact.id}`,
      `phone-calls?number=${NUMBER}`,
      `pop?number=${NUMBER}`,
      `pop?call=id:${record.call_id}`,
      `dispositions?filter[number]=${NUMBER}`,
      'disposition-codes',
      'callbacks',
    ]
    for (const path of lists) {
      const { status, text } = await asTwo('GET', path)
      assert.equal(status, 200, `${path}: ${text}`)
      for (const leaked of [MARK, host.code, '"VA"'])
        assert.ok(!text.includes(leaked), `${leaked} in ${path}`)
    }
    const guessed: [string, string, Json?][] = [
      ['GET', `pbx3cx-hosts/${host.id}`],
      ['PUT', `pbx3cx-hosts/${host.id}`, { comment: 'x' }],
      ['PATCH', `pbx3cx_hosts/${host.id}`, { comment: 'x' }],
      ['DELETE', `pbx3cx-hosts/${host.id}`],
      ['POST', `pbx3cx-hosts/${host.id}/reveal`, { reason: 'curious' }],
      ['GET', `pbx3cx/${host.id}/inbound-rules`],
      ['GET', `pbx3cx/${host.code}/inbound-rules/1`],
      ['GET', `pbx3cx/${host.code}/inbound-rules/caller-id-rules`],
      ['GET', `pbx3cx/${host.code}/inbound-rules/caller-id-rules?raw=1`],
      ['POST', `pbx3cx/${host.code}/inbound-rules`, { rule_name: 'x' }],
      ['PUT', `pbx3cx/${host.id}/inbound-rules/1`, { rule_name: 'x' }],
      ['PATCH', `pbx3cx/${host.code}/inbound-rules/1`, { rule_name: 'x' }],
      ['DELETE', `pbx3cx/${host.id}/inbound-rules/1`],
      ['POST', `pbx3cx/${host.id}/inbound-rules/bulk-delete`, { ids: [1] }],
      ['GET', `pbx3cx/${host.id}/inbound-rules/export`],
      ['GET', `pbx3cx/${host.code}/inbound-rules/plans`],
      ['POST', `pbx3cx/${host.id}/inbound-rules/plans`, { rules: [] }],
      ['GET', `pbx3cx/${host.id}/inbound-rules/plans/1`],
      ['POST', `pbx3cx/${host.id}/inbound-rules/plans/1/apply`],
      ['POST', `pbx3cx/${host.code}/inbound-rules/plans/1/undo`],
      ['GET', `pbx3cx/${host.id}/snapshots`],
      ['POST', `pbx3cx/${host.code}/snapshots`],
      ['GET', `pbx3cx/${host.id}/snapshots/diff`],
      ['GET', `pbx3cx/${host.id}/trace?did=1`],
      ['GET', `pbx3cx/${host.code}/trace/report`],
      ['GET', `pbx3cx/${host.id}/xapi/operations`],
      ['GET', `pbx3cx/${host.code}/xapi/operations/ListUser`],
      ['POST', `pbx3cx/${host.code}/xapi/ListUser`, {}],
      ['GET', `pbx3cx-audits/${audit.id}`],
      ['PUT', `pbx3cx-audits/${audit.id}`, { comment: 'x' }],
      ['DELETE', `pbx3cx-audits/${audit.id}`],
      ['GET', `pbx3cx_calls/${record.id}`],
      ['PUT', `pbx3cx_calls/${record.id}`, { agent_name: 'x' }],
      ['DELETE', `pbx3cx_calls/${record.id}`],
      ['GET', `pbx3cx-call-logs/${record.call_id}`],
      ['GET', `pbx3cx-call-log-details/${record.call_id}`],
      ['POST', `pbx3cx-hosts/${host.id}/test`, {}],
      ['POST', `pbx3cx-hosts/${host.id}/map`, {}],
      ['GET', `pbx3cx-hosts/${host.id}/call-log`],
      ['GET', `pbx3cx/${host.id}/origins`],
      ['GET', `pbx3cx/${host.code}/origins`],
      ['POST', 'tokens', { name: 'x', scopes: ['fleet:read'], host_id: host.id }],
      ['GET', `notes/${note.id}`],
      ['PUT', `notes/${note.id}`, { body: 'x' }],
      ['DELETE', `notes/${note.id}`],
      ['GET', `phone-calls/${record.call_id}`],
      ['PUT', `phone-calls/${record.call_id}`, { subject: 'x' }],
      ['GET', `pop?contact_id=${contact.id}`],
      ['GET', `pop?customer_id=${customer.id}`],
      ['GET', `pop?party_id=${contact.id}`],
      ['POST', 'pop/attach', { number: '0199777777', contact_id: contact.id }],
      ['PATCH', `dispositions/${disposition.id}`, { comment: 'x' }],
      ['DELETE', `disposition-codes/${code.id}`],
      ['PUT', 'disposition-labels/own', { labels: { fr: 'x' } }],
    ]
    for (const [method, path, body] of guessed) {
      const answer = await asTwo(method, path, body === undefined ? {} : { body })
      assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`)
      assert.ok(!answer.text.includes(MARK))
    }
    const referring: [string, string, Json][] = [
      ['POST', 'pbx3cx-hosts', { host_name: 'x', customer_file_id: file.id }],
      ['PUT', `pbx3cx-hosts/${mine.id}`, { customer_file_id: file.id }],
      ['POST', 'pbx3cx-audits', { pbx3cx_host_id: host.id }],
      ['POST', 'pbx3cx_calls', { pbx3cx_host_id: host.id, external_id: MARK }],
      ['POST', 'pbx3cx-call-logs', { pbx3cx_host_id: host.id, external_id: MARK }],
      ['POST', 'phone-calls', { pbx3cx_host_id: host.id, direction: 'inbound' }],
      ['POST', 'phone-calls', { contact_id: contact.id, direction: 'inbound' }],
      ['POST', 'notes', { noteable_type: 'contact', noteable_id: contact.id, body: 'x' }],
      ['POST', 'notes', { noteable_type: 'call', noteable_id: record.call_id, body: 'x' }],
      ['POST', 'pop/attach', { number: '0199777777', customer_id: customer.id }],
    ]
    for (const [method, path, body] of referring) {
      const answer = await asTwo(method, path, { body })
      assert.equal(answer.status, 422, `${method} ${path}: ${answer.text}`)
    }
    await asTwo('POST', 'erase', { body: { number: NUMBER } })
    const kept = await ask('GET', `/api/v1/pbx3cx_calls/${record.id}`, { token: one })
    assert.deepEqual(kept.json, record)
    assert.deepEqual((await ask('GET', `/api/v1/notes/${note.id}`, { token: one })).json, note)
    // What one tenant allows, another does not; a link is its maker's tenant's.
    const unallowed = await asTwo('POST', 'pop/links', { body: { number: NUMBER } })
    assert.equal(unallowed.json.code, 'links_off')
    const link = await post(ask, 'pop/links', { number: NUMBER }, one)
    const other = { 'cordboard-tenant': '1' }
    const card = await ask('GET', '/api/v1/pop/link', { token: link.token, headers: other })
    assert.equal(card.json.contact.id, contact.id)
    const after = await ask('GET', `/api/v1/pbx3cx-hosts/${host.id}`, { token: one })
    assert.deepEqual(after.json, before.json)
    assert.equal((await ask('GET', `/api/v1/pbx3cx-audits/${audit.id}`, { token: one })).json.comment, MARK)
  })
})
