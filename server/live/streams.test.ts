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

/** A call that goes on, and one that was over before. What it says is long enough to fill any buffer: longer than what a PBX says is let in. */
async function newCalls(
  store: Store<LiveTables>,
): Promise<{ tenantId: number; callId: number; overId: number }> {
  const db = store.write as unknown as Kysely<Record<string, Record<string, unknown>>>
  const insert = async (table: string, row: Record<string, unknown>): Promise<number> => {
    const made = await db.insertInto(table).values(row).returning('id').executeTakeFirstOrThrow()
    return Number(made['id'])
  }
  const settings = { match_tail: 0, match_switchboard: 0, active: 1 }
  const tenantId = await insert('tenants', { name: 'T', ...settings, ...STAMPS })
  const host_id = await insert('pbx_hosts', { tenant_id: tenantId, ...HOST, ...STAMPS })
  const call = {
    tenant_id: tenantId,
    host_id,
    dn: '101',
    agent: '101',
    direction: 'inbound',
    source: 'socket',
    number_raw: '1',
    caller_name: 'x'.repeat(100_000),
    started_at: Date.now(),
    told: 0,
  }
  const callId = await insert('live_calls', { ...call, call_no: 1, call_id: '1' })
  const over = { call_no: 2, call_id: '2', caller_name: 'over', ended_at: Date.now() }
  return { tenantId, callId, overId: await insert('live_calls', { ...call, ...over }) }
}

async function newEvent(store: Store<LiveTables>, tenantId: number, callId: number): Promise<number> {
  const { id } = await store.write
    .insertInto('live_events')
    .values({ ...POP, tenant_id: tenantId, live_call_id: callId, at: Date.now() })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

onEachStore('a stream', (engine) => {
  test('whose reader reads nothing is let go instead of filling the memory; the others read on', async (t) => {
    const store = await newStore<LiveTables>(t, engine)
    const { tenantId, callId } = await newCalls(store)
    const streams = openStreams(store, NOBODY as unknown as Lookup)
    t.after(() => streams.close())
    const happen = async () => {
      const id = await newEvent(store, tenantId, callId)
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

  test('says nothing of calls that came and went before, though the feed brings them late', async (t) => {
    const store = await newStore<LiveTables>(t, engine)
    const { tenantId, callId, overId } = await newCalls(store)
    const streams = openStreams(store, NOBODY as unknown as Lookup)
    t.after(() => streams.close())
    const tell = (...ids: number[]) => streams.apply([{ tenantId, entity: 'live_event', ids }])
    const known = await newEvent(store, tenantId, callId)
    const next = await newEvent(store, tenantId, callId)
    const missed = [await newEvent(store, tenantId, overId), await newEvent(store, tenantId, overId)]
    const viewer: Viewer = { tenantId, hostId: null, phones: null, stands: () => true }
    const stream = streams.open(viewer, known)
    let heard = ''
    const told = () => [...heard.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    stream.on('data', (piece) => (heard += String(piece)))
    while (told().length < 1) await once(stream, 'data')
    await tell(next, ...missed)
    const last = await newEvent(store, tenantId, callId)
    await tell(last)
    while (!told().includes(last)) await once(stream, 'data')
    assert.deepEqual(told(), [next, last])
    // What the feed brings while the stream is being opened is no different.
    const fresh = streams.open(viewer, known)
    await tell(next, ...missed, last)
    heard = ''
    fresh.on('data', (piece) => (heard += String(piece)))
    while (!told().includes(last)) await once(fresh, 'data')
    assert.deepEqual(told(), [next, last])
  })
})
