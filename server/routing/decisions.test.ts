import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessTables } from '../access/tables.ts'
import type { Store } from '../platform/database/store.ts'
import { openLog } from '../platform/log.ts'
import { newStore, onEachStore } from '../../test/stores.ts'
import { openDecisions, type NewDecision } from './decisions.ts'
import type { RoutingTables } from './tables.ts'

const NONE = {
  token_id: null,
  number_raw: null,
  e164: null,
  number_key: null,
  account: null,
  dnid: null,
  customer_id: null,
  contact_id: null,
  profile_id: null,
  destination: null,
  rule: null,
} as const

onEachStore('decisions on their way to the store', (engine) => {
  test('closing writes all that wait, in the order they were made, each once', async (t) => {
    const whole = await newStore<RoutingTables & AccessTables>(t, engine)
    const tenant = await whole.write
      .insertInto('tenants')
      .values({ name: 'A', match_tail: 0, match_switchboard: 0, active: 1, created_at: 1, updated_at: 1 })
      .returning('id')
      .executeTakeFirstOrThrow()
    const store = whole as unknown as Store<RoutingTables>
    const decisions = openDecisions(store, { log: openLog({ level: 'silent' }), keyOf: () => null })
    const flags = { known: 0, vip: 0, on_call: 0, open: 1 } as const
    const decision = (i: number): NewDecision => ({
      ...NONE,
      ...flags,
      tenant_id: tenant.id,
      decided_at: i,
      at: i,
      source: 'test',
      call: String(i),
      reasons: '[]',
    })
    for (let i = 0; i < 1_200; i++) decisions.note(decision(i))
    const flushed = decisions.flush()
    for (let i = 1_200; i < 1_300; i++) decisions.note(decision(i))
    await flushed
    for (let i = 1_300; i < 1_400; i++) decisions.note(decision(i))
    await decisions.close()
    const rows = await store.read.selectFrom('decisions').select('decided_at').orderBy('id').execute()
    assert.deepEqual(
      rows.map((row) => row.decided_at),
      Array.from({ length: 1_400 }, (_, i) => i),
    )
  })
})
