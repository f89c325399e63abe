import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Kysely } from 'kysely'
import type { Lookup } from '../directory/directory.ts'
import { newStore, onEachStore } from '../../test/stores.ts'
import type { Store } from '../platform/database/store.ts'
import { openStreams, type Viewer } from './streams.ts'
import type { LiveTables } from './tables.ts'

const NOBODY = { byNumber: () => ({ known: false, vip: false, customer: null, contact: null }) }

const POP = { kind: 'pop', goes_on_at: '[]', missed: 0 } as const
const HOST = {
  code: 'PBX-1',
  host_name: 'pbx.example',
  active: 1,
  tls_mode: 'verify',
  ssh_port: 22,
  tags: '[]',
  cdr_source: 'auto',
  fetch_backups: 0,
  fetch_cdr: 0,
  push_cdr: 0,
  fetch_recordings: 0,
  push_recordings: 0,
  make_csv_data: 0,
  cl_calls_is_sync: 1,
  cl_participants_is_sync: 1,
  backups_frequency: 1,
  cdr_frequency: 1,
  recordings_frequency: 1,
}
const STAMPS = { created_at: 1, updated_at: 1 }

/** A call whose events are long enough to fill any buffer: longer than what a PBX says is let in. */
async function newCall(store: Store<LiveTables>): Promise<{ tenantId: number; callId: number }> {
  const db = store.write as unknown as Kysely<Record<string, Record<string, unknown>>>
  const insert = async (table: string, row: Record<string, unknown>): Promise<number> => {
    const made = await db.insertInto(table).values(row).returning('id').executeTakeFirstOrThrow()
    return Number(made['id'])
  }
  const settings = { match_tail: 0, match_switchboard: 0, active: 1 }
  const tenantId = await insert('tenants', { name: 'T', ...settings, ...STAMPS })
  const host_id = await insert('pbx_hosts', { tenant_id: tenantId, ...HOST, ...STAMPS })
  const callId = await insert('live_calls', {
    tenant_id: tenantId,
    host_id,
    call_no: 1,
    call_id: '1',
    dn: '101',
    agent: '101',
    direction: 'inbound',
    source: 'socket',
    number_raw: '1',
    caller_name: 'x'.repeat(100_000),
    started_at: Date.now(),
    told: 0,
  })
  return { tenantId, callId }
}

onEachStore('a stream', (engine) => {
  test('whose reader reads nothing is let go instead of filling the memory; the others read on', async (t) => {
    const store = await newStore<LiveTables>(t, engine)
    const { tenantId, callId } = await newCall(store)
    const streams = openStreams(store, NOBODY as unknown as Lookup)
    t.after(() => streams.close())
    const happen = async () => {
      const { id } = await store.write
        .insertInto('live_events')
        .values({ ...POP, tenant_id: tenantId, live_call_id: callId, at: Date.now() })
        .returning('id')
        .executeTakeFirstOrThrow()
      await streams.apply([{ tenantId, entity: 'live_event', ids: [id] }])
    }
    await happen()
    const viewer: Viewer = { tenantId, hostId: null, phones: null, stands: () => true }
    const [deaf, reading] = [streams.open(viewer, null), streams.open(viewer, null)]
    let heard = ''
    reading.on('data', (piece) => (heard += String(piece)))
    const count = () => heard.split('\nevent: ').length - 1
    const hear = async (n: number) => {
      while (count() < n) await once(reading, 'data')
    }
    // What goes on already: from now on each event comes by itself.
    await hear(1)
    const most = 50
    let happened = 1
    for (; happened < most && !deaf.destroyed; happened++) await happen()
    assert.ok(happened < most)
    await hear(happened)
    assert.equal(reading.destroyed, false)
    streams.restart()
    await once(reading, 'close')
    assert.match(heard, /event: bye\ndata: {"reason":"closing"}\n\n$/)
  })
})
