import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { CallEventData } from '../../contract/events.ts'
import { newStore, newStoreAddress, onEachStore } from '../../test/stores.ts'
import { migrationsFor } from '../migrations/migrations.ts'
import { migrate } from '../platform/database/migrate.ts'
import type { Engine } from '../platform/database/engine.ts'
import { openStore, pickTables } from '../platform/database/store.ts'
import { openLog } from '../platform/log.ts'
import { openWork, type WorkTables } from '../platform/work/work.ts'
import { openEventList } from './event-list.ts'
import { openAppend } from './events.ts'
import { openOutbox } from './outbox.ts'
import type { JournalTables } from './tables.ts'

type Tables = JournalTables & WorkTables & { tenants: Record<string, unknown> }
const QUIET = { log: openLog({ level: 'silent' }), onTrouble() {} }
const byText = (one = '', other = '') => one.localeCompare(other)
const NOBODY: CallEventData = {
  host_id: 1,
  call: 'history:7',
  direction: 'inbound',
  status: null,
  caller_number: null,
  caller_e164: null,
  caller_name: null,
  called_number: null,
  called_e164: null,
  queue: null,
  agent_extension: null,
  agent_name: null,
  started_at: null,
  answered_at: null,
  ended_at: null,
  ring_ms: null,
  wait_ms: null,
  talk_ms: null,
  customer_id: null,
  contact_id: null,
  call_log_id: null,
}

/** A store with two tenants, its events' writing door and their list. */
async function newEvents(t: TestContext, engine: Engine) {
  const store = await newStore<Tables>(t, engine)
  for (const id of [1, 2]) {
    const tenant = { id, name: `tenant ${id}`, parent_id: null, country: 'FR', time_zone: 'UTC' }
    const stamps = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 1, updated_at: 1 }
    await store.write
      .insertInto('tenants')
      .values({ ...tenant, ...stamps })
      .execute()
  }
  const work = openWork({ store: pickTables<Tables, WorkTables>(store), ...QUIET })
  const append = openAppend(Date.now, openOutbox(work))
  const list = openEventList(pickTables<Tables, JournalTables>(store), () => 'UTC')
  const tell = (tenantId: number, key: string) =>
    store.transact((tx) =>
      append(tx as never, { tenantId, kind: 'call.ended', key, happenedAt: 1_000, data: NOBODY }),
    )
  const keysFrom = async (tenantId: number, after?: string) => {
    const page = await list(
      { tenantId, hostId: null, departments: null },
      after === undefined ? {} : { after },
    )
    const rows = await store.read.selectFrom('events').select(['id', 'event_key']).execute()
    const keys = new Map(rows.map((row) => [row.id, row.event_key]))
    return { keys: page.data.map(({ id }) => keys.get(id)), next: page.next_cursor }
  }
  return { store, append, tell, keysFrom }
}

onEachStore('events', (engine) => {
  test('a key that was told of before writes nothing and says so', async (t) => {
    const { tell, keysFrom } = await newEvents(t, engine)
    const { value: first } = await tell(1, 'call:1:a:ended')
    assert.ok(first)
    const { value: again } = await tell(1, 'call:1:a:ended')
    assert.equal(again, null)
    const { value: other } = await tell(2, 'call:1:a:ended')
    assert.notEqual(other, null, 'another tenant has keys of its own')
    assert.deepEqual((await keysFrom(1)).keys, ['call:1:a:ended'])
  })

  test('nothing is left of an event whose transaction is rolled back', async (t) => {
    const { store, append, tell, keysFrom } = await newEvents(t, engine)
    const event = { tenantId: 1, kind: 'call.ended', happenedAt: 1_000, data: NOBODY } as const
    const failing = store.transact(async (tx) => {
      await append(tx as never, { ...event, key: 'lost' })
      throw new Error('not that')
    })
    await assert.rejects(failing, { message: 'not that' })
    await tell(1, 'kept')
    const { keys, next } = await keysFrom(1)
    assert.deepEqual([keys, next], [['kept'], '1'])
  })

  const onPostgres = engine === 'postgres' ? test : null
  // SQLite's writers take turns.
  void onPostgres?.(
    'what is committed after an answer comes behind its cursor, though it was begun before',
    async (t) => {
      const { store, append, tell, keysFrom } = await newEvents(t, engine)
      const event = { tenantId: 1, kind: 'call.ended', happenedAt: 1_000, data: NOBODY } as const
      const slowHasWritten = Promise.withResolvers<void>()
      const mayCommit = Promise.withResolvers<void>()
      const slow = store.transact(async (tx) => {
        await append(tx as never, { ...event, key: 'begun first' })
        slowHasWritten.resolve()
        await mayCommit.promise
      })
      await slowHasWritten.promise
      await tell(1, 'committed first')
      const before = await keysFrom(1)
      assert.deepEqual(before.keys, ['committed first'])
      mayCommit.resolve()
      await slow
      assert.deepEqual((await keysFrom(1, before.next)).keys, ['begun first'])
    },
  )

  test('callbacks that were agreed on before there were events are told of when their time comes', async (t) => {
    const store = await openStore<Tables>({ address: await newStoreAddress(t, engine) })
    t.after(() => store.close())
    const all = Object.entries(migrationsFor(engine))
    const before = Object.fromEntries(all.filter(([name]) => name < '016'))
    await migrate(store.write as never, { migrations: before })
    const flags = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 1, updated_at: 1 }
    await store.write
      .insertInto('tenants')
      .values({ id: 1, name: 'One', ...flags })
      .execute()
    const said = {
      recorded_at: 1,
      number_raw: '',
      number_kind: 'withheld',
      status: 'schedule_later',
      comment: '',
    }
    const due = Date.now() + 3_600_000
    for (const [id, status, due_at] of [
      [1, 'open', due],
      [2, 'open', 1],
      [3, 'done', due],
      [4, 'open', null],
    ] as const) {
      const row = { id, tenant_id: 1, content: '', updated_at: 1, ...said }
      await store.write.insertInto('dispositions').values(row).execute()
      const callback = { id, tenant_id: 1, disposition_id: id, status, due_at, created_at: 1, updated_at: 1 }
      await store.write.insertInto('callbacks').values(callback).execute()
    }
    await migrate(store.write as never, { migrations: migrationsFor(engine) })
    const tasks = await store.read.selectFrom('work').selectAll().execute()
    assert.deepEqual(
      tasks.map(({ kind, unique_key, payload, ready_at }) => [
        kind,
        unique_key,
        JSON.parse(payload),
        ready_at,
      ]),
      [['callback_due', 'callback 1', { callback: 1, due_at: due }, due]],
    )
  })

  test('whoever polls while many transactions overlap reads every event once', async (t) => {
    const { store, append, keysFrom } = await newEvents(t, engine)
    const event = { tenantId: 1, kind: 'call.ended', happenedAt: 1_000, data: NOBODY } as const
    const told: string[] = []
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let i = 0; i < 12; i++) {
        await store.transact(async (tx) => {
          for (const half of ['a', 'b']) {
            const key = `${writer} ${i} ${half}`
            await append(tx as never, { ...event, key })
            told.push(key)
          }
        })
      }
    })
    let writing = true
    const written = Promise.all(writers).then(() => (writing = false))
    const read: (string | undefined)[] = []
    let cursor: string | undefined
    for (let done = false; !done;) {
      const wasWriting = writing
      const { keys, next } = await keysFrom(1, cursor)
      read.push(...keys)
      cursor = next
      done = !wasWriting && keys.length === 0
    }
    await written
    assert.deepEqual(read.toSorted(byText), told.toSorted(byText))
  })
})
