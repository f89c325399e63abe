import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newStoreAddress, onEachStore } from '../../test/stores.ts'
import { migrate } from '../platform/database/migrate.ts'
import { openStore } from '../platform/database/store.ts'
import { migrationsFor } from './migrations.ts'

onEachStore('calls from before departments were known', (engine) => {
  test('are in the audiences of the numbers that took part in them', async (t) => {
    const store = await openStore<never>({ address: await newStoreAddress(t, engine) })
    t.after(() => store.close())
    const db = store.write as never
    const all = migrationsFor(engine)
    const former = Object.fromEntries(Object.entries(all).filter(([name]) => name < '015'))
    await migrate(db, { migrations: former })
    const run = (text: string) => sql.raw(text).execute(db)
    await run(`insert into tenants (id, name, match_tail, match_switchboard, active, created_at, updated_at)
      values (1, 'One', 0, 0, 1, 0, 0)`)
    await run(`insert into pbx_hosts (id, tenant_id, code, host_name, active, fetch_backups, backups_frequency, fetch_cdr,
      cdr_frequency, push_cdr, fetch_recordings, recordings_frequency, push_recordings, make_csv_data, cl_calls_is_sync,
      cl_participants_is_sync, tls_mode, ssh_port, tags, cdr_source, created_at, updated_at)
      values (1, 1, 'A', 'a', 1, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 'verify', 22, '[]', 'auto', 0, 0)`)
    for (const call of [1, 2, 3]) {
      await run(`insert into calls (id, tenant_id, host_id, call_key, started_at, status, source, records, provisional,
        created_at, updated_at) values (${call}, 1, 1, 'k${call}', 0, 'missed', 'manual', 1, 0, 0, 0)`)
      const legs =
        call === 3
          ? [['null', 'null']]
          : [
              ["'800'", "'101'"],
              ["'800'", "'100'"],
            ]
      for (const [n, [queue, agent]] of legs.entries())
        await run(`insert into legs (tenant_id, call_id, position, record_id, queue, agent_extension, status, started_at, steps)
          values (1, ${call}, ${n + 1}, 1, ${queue}, ${agent}, 'missed', 0, '[]')`)
    }
    await migrate(db, { migrations: all })
    const read = async (text: string) => (await sql.raw(text).execute(db)).rows
    const [audience] = (await read('select * from call_audiences')) as { id: number; numbers: string }[]
    assert.equal(audience?.numbers, '100\n101\n800')
    assert.deepEqual(
      (await read('select audience_id from calls order by id')).map((row) => ({ ...(row as object) })),
      [{ audience_id: audience?.id }, { audience_id: audience?.id }, { audience_id: null }],
    )
    assert.deepEqual(
      (await read('select host_id, number from audience_numbers order by number')).map((row) => ({
        ...(row as object),
      })),
      ['100', '101', '800'].map((number) => ({ host_id: 1, number })),
    )
  })
})
