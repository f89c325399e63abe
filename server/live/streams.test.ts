import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Lookup } from '../directory/directory.ts'
import { newStore, onEachStore } from '../../test/stores.ts'
import { openStreams, type Viewer } from './streams.ts'
import type { LiveTables } from './tables.ts'

const NOBODY = { byNumber: () => ({ known: false, vip: false, customer: null, contact: null }) }

onEachStore('a stream', (engine) => {
  test('whose reader reads nothing is let go instead of filling the memory; the others read on', async (t) => {
    const store = await newStore<LiveTables>(t, engine)
    const db = store.write as never as import('kysely').Kysely<Record<string, Record<string, unknown>>>
    const stamps = { created_at: 1, updated_at: 1 }
    const tenant = { name: 'T', match_tail: 0, match_switchboard: 0, active: 1, ...stamps }
    const made = await db.insertInto('tenants').values(tenant).returning('id').executeTakeFirstOrThrow()
    const tenant_id = Number(made['id'])
    const flags = [
      'fetch_backups',
      'fetch_cdr',
      'push_cdr',
      'fetch_recordings',
      'push_recordings',
      'make_csv_data',
    ]
    const host = await db
      .insertInto('pbx_hosts')
      .values({
        ...Object.fromEntries(flags.map((name) => [name, 0])),
        ...{
          tenant_id,
          code: 'PBX-1',
          host_name: 'x',
          active: 1,
          tls_mode: 'verify',
          ssh_port: 22,
          tags: '[]',
        },
        ...{ backups_frequency: 1, cdr_frequency: 1, recordings_frequency: 1, cdr_source: 'auto' },
        ...{ cl_calls_is_sync: 1, cl_participants_is_sync: 1, ...stamps },
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const call = await store.write
      .insertInto('live_calls')
      .values({
        ...{ tenant_id, host_id: Number(host['id']), call_no: 1, call_id: '1', dn: '101', agent: '101' },
        ...{ direction: 'inbound', source: 'socket', number_raw: '1', e164: null, number_key: null },
        // As long as nothing a PBX sends is let in: it fills the buffer quickly.
        ...{ caller_name: 'x'.repeat(100_000), called_raw: null, queue: null, customer_id: null },
        ...{ contact_id: null, started_at: Date.now(), answered_at: null, ended_at: null, told: 0 },
      })
      .returning('id')
      .executeTakeFirstOrThrow()

    const streams = openStreams(store, NOBODY as unknown as Lookup)
    t.after(() => streams.close())
    const viewer: Viewer = { tenantId: tenant_id, hostId: null, phones: null, stands: () => true }
    const [deaf, reading] = [streams.open(viewer, null), streams.open(viewer, null)]
    let heard = ''
    reading.on('data', (piece) => (heard += String(piece)))
    const count = () => heard.split('\nevent: ').length - 1
    const closed = once(deaf, 'close')
    for (let n = 1; n <= 5; n++) {
      const { id } = await store.write
        .insertInto('live_events')
        .values({
          ...{ tenant_id, live_call_id: call.id, kind: 'pop', at: Date.now(), goes_on_at: '[]', missed: 0 },
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await streams.apply([{ tenantId: tenant_id, entity: 'live_event', ids: [id] }])
    }
    await closed
    while (count() < 5) await once(reading, 'data')
    assert.equal(reading.destroyed, false)
    streams.restart()
    await once(reading, 'close')
    assert.match(heard, /event: bye\ndata: {"reason":"closing"}\n\n$/)
  })
})
