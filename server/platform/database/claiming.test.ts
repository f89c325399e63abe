import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newStore, onEachStore } from '../../../test/stores.ts'
import { databaseNow, onlyFree, readDatabaseNow, tryLocksForTransaction } from './claiming.ts'
import { openSharedStore } from './store.ts'

type Meta = { meta: { name: string; value: string } }

onEachStore('claiming', (engine) => {
  test('now is the clock of the database, to the millisecond, in whole numbers', async (t) => {
    const store = await newStore<Meta>(t, engine)
    const before = Date.now()
    const now = await readDatabaseNow(engine, store.read as never)
    assert.ok(Number.isInteger(now) && Math.abs(now - before) < 60_000)
    const row = await store.read
      .selectFrom('meta')
      .select(databaseNow(engine).as('now'))
      .limit(1)
      .executeTakeFirstOrThrow()
    assert.ok(row.now >= now)
  })

  test('two transactions never hold the same row or name, and neither waits for the other', async (t) => {
    const store = await newStore<Meta>(t, engine)
    const other = openSharedStore<Meta>(store.share().handle)
    t.after(() => other.close())
    const names = Array.from({ length: 20 }, (_, i) => `row ${i}`)
    await store.write
      .insertInto('meta')
      .values(names.map((name) => ({ name, value: 'free' })))
      .execute()
    const take = (by: typeof store, met: Promise<void>, meet: () => void) =>
      by.transact(async ({ db }) => {
        const free = db
          .selectFrom('meta')
          .select('name')
          .where('value', '=', 'free')
          .orderBy('name')
          .limit(10)
        const rows = await onlyFree(engine, free).execute()
        const locks = await tryLocksForTransaction(engine, db as never, ['one', rows[0]!.name])
        meet()
        // SQLite lets one write at a time: nobody is met there.
        if (engine === 'postgres') await met
        const taken = rows.map(({ name }) => name)
        await db.updateTable('meta').set({ value: 'taken' }).where('name', 'in', taken).execute()
        return { taken, locks: [...locks] }
      })
    const [a, b] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const both = await Promise.all([take(store, b.promise, a.resolve), take(other, a.promise, b.resolve)])
    const [one, two] = both.map(({ value }) => value)
    assert.deepEqual([...one!.taken, ...two!.taken].toSorted(), names.toSorted())
    const holders = [one, two].filter((who) => who?.locks.includes('one')).length
    assert.equal(
      holders,
      engine === 'postgres' ? 1 : 2,
      'a name is held by one, and free again after the commit',
    )
    assert.ok([one, two].every((who) => who?.locks.includes(who.taken[0]!)))
  })
})
