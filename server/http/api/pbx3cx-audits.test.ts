import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIT_ITEMS } from '../../../contract/pbx3cx-audits.ts'
import { newHub, type Json } from '../../../test/hub.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../test/stores.ts'

const AUDITS = '/api/v1/pbx3cx-audits'
const none = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]))

onEachStore('pbx3cx-audits', (engine) => {
  test('a checklist scores its eighteen items 0, 0.5 or 1, a few at a time, until it is closed', async (t) => {
    const { ask } = await newHub(t, engine, { clock: { now: () => Date.parse('2026-05-01T12:00:00Z') } })
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example' })
    const made = await post(ask, 'pbx3cx-audits', {
      pbx3cxHostId: String(host.id),
      items: { server_name: 1, pbx_updates: '0.5', not_ours: 3 },
      assigneeId: 4,
      next_audit_at: '31/12/2026',
      comment: 'first look',
      status: 'not ours',
    })
    assert.equal(AUDIT_ITEMS.length, 18)
    assert.deepEqual(made, {
      id: made.id,
      pbx3cx_host_id: host.id,
      kind: 'checklist',
      items: { ...none(AUDIT_ITEMS), server_name: 1, pbx_updates: 0.5 },
      assignee_id: 4,
      next_audit_at: '2026-12-31',
      close: false,
      comment: 'first look',
      ...none(['object', 'before', 'after', 'who', 'source']),
      when: '2026-05-01T12:00:00.000Z',
      created_at: '2026-05-01T12:00:00.000Z',
      updated_at: '2026-05-01T12:00:00.000Z',
    })
    const put = await ask('PUT', `${AUDITS}/${made.id}`, {
      body: { items: { pbx_updates: 0, pbx_mails: 1, server_name: null }, close: '1', next_audit_at: null },
    })
    assert.equal(put.status, 201, put.text)
    assert.deepEqual(put.json.items, { ...none(AUDIT_ITEMS), pbx_updates: 0, pbx_mails: 1 })
    assert.deepEqual([put.json.close, put.json.next_audit_at, put.json.comment], [true, null, 'first look'])
    const read = await ask('GET', `${AUDITS}/${made.id}`)
    assert.deepEqual([read.status, read.json], [200, put.json])
    const gone = await ask('DELETE', `${AUDITS}/${made.id}`)
    assert.deepEqual([gone.status, typeof gone.json.message], [201, 'string'])
    assert.equal((await ask('GET', `${AUDITS}/${made.id}`)).status, 404)
  })

  test('a change says what became of which object, when, by whom and how it is known', async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', time_zone: 'Asia/Tokyo' })
    const made = await post(ask, 'pbx3cx-audits', {
      pbx3cx_host_id: host.id,
      kind: 'change',
      object: 'inbound rule 12',
      before: { destination: '800' },
      after: { destination: '801', note: null },
      when: '02/05/2026 10:00',
      who: 'alice',
      source: 'pbx',
    })
    assert.deepEqual(
      [made.kind, made.object, made.before, made.after, made.when, made.who, made.source, made.items],
      // The tenant's clock: France.
      [
        'change',
        'inbound rule 12',
        { destination: '800' },
        { destination: '801', note: null },
        '2026-05-02T08:00:00.000Z',
        'alice',
        'pbx',
        null,
      ],
    )
    const bare = await post(ask, 'pbx3cx-audits', {
      pbx3cx_host_id: host.id,
      object: 'queue 800',
      before: 'x',
    })
    assert.deepEqual(
      [bare.kind, bare.who, bare.source, bare.before, bare.after],
      ['change', 'bootstrap', 'manual', 'x', null],
    )
  })

  test('the list is narrowed by host, kind and period', async (t) => {
    const { ask } = await newHub(t, engine)
    const [a, b] = [
      await post(ask, 'pbx3cx-hosts', { host_name: 'a' }),
      await post(ask, 'pbx3cx-hosts', { host_name: 'b' }),
    ]
    const change = (host: Json, when: string) =>
      post(ask, 'pbx3cx-audits', { pbx3cx_host_id: host.id, object: 'x', when })
    const [one, two] = [await change(a, '2026-05-01T08:00:00Z'), await change(b, '2026-05-02T21:59:59Z')]
    const list = await post(ask, 'pbx3cx-audits', { pbx3cx_host_id: a.id })
    const ids = async (query: string) => {
      const { json } = await ask('GET', `${AUDITS}?${query}`)
      return json.data.map((row: Json) => row.id)
    }
    assert.deepEqual(await ids(''), [one.id, two.id, list.id])
    assert.deepEqual(await ids(`pbx3cx_host_id=${a.id}`), [one.id, list.id])
    assert.deepEqual(await ids(`filter[pbx3cx_host_id]=${a.id}&kind=change`), [one.id])
    assert.deepEqual(await ids('kind=checklist'), [list.id])
    // The last day counts to its end, by the tenant's clock.
    assert.deepEqual(await ids('from=2026-05-02&to=02/05/2026'), [two.id])
    assert.deepEqual(await ids('from=2026-05-01T08:00:00Z&to=2026-05-01T08:00:01Z'), [one.id])
    assert.equal((await ask('GET', `${AUDITS}?from=soon`)).status, 422)
  })

  test('what is wrong is a 422 on its field', async (t) => {
    const { ask } = await newHub(t, engine)
    const { id } = await post(ask, 'pbx3cx-hosts', { host_name: 'a' })
    const wrong: [Json, string][] = [
      [{}, 'pbx3cx_host_id'],
      [{ pbx3cx_host_id: 999 }, 'pbx3cx_host_id'],
      [{ pbx3cx_host_id: id, items: { pbx_mails: 0.7 } }, 'items.pbx_mails'],
      [{ pbx3cx_host_id: id, next_audit_at: 'soon' }, 'next_audit_at'],
      [{ pbx3cx_host_id: id, kind: 'change' }, 'object'],
      [{ pbx3cx_host_id: id, kind: 'change', object: 'x', items: { pbx_mails: 1 } }, 'items'],
      [{ pbx3cx_host_id: id, kind: 'checklist', object: 'x' }, 'object'],
      [{ pbx3cx_host_id: id, object: 'x', when: 'yesterday' }, 'when'],
    ]
    for (const [body, field] of wrong) {
      const { status, json } = await ask('POST', AUDITS, { body })
      assert.equal(status, 422, JSON.stringify(body))
      assert.ok(json.errors[field], `${JSON.stringify(body)} → ${JSON.stringify(json.errors)}`)
    }
  })

  test('who is erased is in no host and no audit any more', async (t) => {
    const { ask } = await newHub(t, engine)
    const text = 'call Ann, +33 6 28 77 38 62'
    const map = { extensions: [{ number: '100', mobile: '0628773862' }] }
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'a', comment: text, pbx_map: map })
    const change = { object: 'extension 100', before: { mobile: '0628773862' }, after: 'none' }
    const audit = await post(ask, 'pbx3cx-audits', { pbx3cx_host_id: host.id, ...change, comment: text })
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '06 28 77 38 62' } })
    assert.deepEqual(
      [erased.json.removed.pbx_hosts, erased.json.removed.pbx_audits],
      [1, 1],
      JSON.stringify(erased.json),
    )
    const answers = [
      await ask('GET', `/api/v1/pbx3cx-hosts/${host.id}`),
      await ask('GET', `${AUDITS}/${audit.id}`),
    ]
    for (const { text: held } of answers) {
      assert.ok(!/28\s?77\s?38\s?62/.test(held), held)
      assert.match(held, /\[erased\]/)
    }
  })
})
