import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newStore, newStoreAddress, onEachStore } from '../../../test/stores.ts'
import { migrationsFor } from '../../migrations/migrations.ts'
import { feedPosition, followChanges, pruneChanges, type ChangeTables } from '../changes.ts'
import { bulkInsert, bulkUpdate, contains, isOneOf, takePartyIds, type BulkTable } from './engine.ts'
import { migrate } from './migrate.ts'
import { isUniqueViolation } from './store-errors.ts'
import { openSharedStore, openStore, type Change } from './store.ts'

type Meta = { meta: { name: string; value: string } }
type Tables = Meta & ChangeTables
const META: BulkTable = { table: 'meta', columns: { name: 'text', value: 'text' } }

onEachStore('the store', (engine) => {
  test('a value that would be stored as something else is refused before it reaches the engine', async (t) => {
    const store = await newStore<Meta>(t, engine)
    for (const value of [undefined, new Date(), true, Number.NaN, 2 ** 60, 'a\u0000b', '\ud800', { a: 1 }]) {
      await assert.rejects(
        sql`insert into meta (name, value) values ('x', ${sql.val(value)})`.execute(store.write),
        { name: 'BindingError' },
        `${JSON.stringify(value) ?? 'undefined'} went through`,
      )
    }
    assert.equal(
      (await store.read.selectFrom('meta').selectAll().where('name', '=', 'x').execute()).length,
      0,
    )
  })

  test('a failed transaction leaves nothing, and its key error is recognised', async (t) => {
    const store = await newStore<Meta>(t, engine)
    const failing = store.transact(async ({ db }) => {
      await db.insertInto('meta').values({ name: 'one', value: '1' }).execute()
      await db.insertInto('meta').values({ name: 'two', value: '2' }).execute()
      await db.insertInto('meta').values({ name: 'one', value: 'again' }).execute()
    })
    await assert.rejects(failing, (error) => isUniqueViolation(error))
    const left = await store.read
      .selectFrom('meta')
      .select('name')
      .where('name', 'in', ['one', 'two'])
      .execute()
    assert.deepEqual(left, [])
  })

  test('many rows go in, are changed and found again in one statement each', async (t) => {
    const store = await newStore<Meta>(t, engine)
    const names = Array.from({ length: 2_500 }, (_, i) => `row "${i}', é`)
    await store.transact(async ({ db }) => {
      await bulkInsert(
        engine,
        db as never,
        META,
        names.flatMap((name) => [name, 'before']),
      )
    })
    const found = await store.read
      .selectFrom('meta')
      .select('value')
      .where(isOneOf(engine, 'name', names.slice(100, 200), 'text'))
      .execute()
    assert.equal(found.length, 100)
    assert.deepEqual(
      await store.read.selectFrom('meta').select('name').where(contains('name', '%')).execute(),
      [],
    )
    assert.equal(
      (await store.read.selectFrom('meta').select('name').where(contains('name', '"24')).execute()).length,
      111,
    )
  })

  test('rows are changed by id in bulk', async (t) => {
    const store = await newStore<{ audit: { id: number; actor_name: string; at: number } }>(t, engine)
    const audit: BulkTable = {
      table: 'audit',
      columns: {
        at: 'bigint',
        tenant_id: 'bigint',
        actor_kind: 'text',
        actor_name: 'text',
        action: 'text',
        entity: 'text',
      },
    }
    await bulkInsert(
      engine,
      store.write as never,
      audit,
      [1, 2, 3].flatMap((at) => [at, 1, 'system', `n${at}`, 'create', 'x']),
    )
    const rows = await store.read.selectFrom('audit').selectAll().orderBy('id').execute()
    const change: BulkTable = { table: 'audit', columns: { id: 'bigint', actor_name: 'text', at: 'bigint' } }
    await bulkUpdate(
      engine,
      store.write as never,
      change,
      rows.slice(1).flatMap((row) => [row.id, `new${row.at}`, row.at * 10]),
    )
    const after = await store.read.selectFrom('audit').select(['actor_name', 'at']).orderBy('id').execute()
    assert.deepEqual(
      after.map((row) => `${row.actor_name} ${row.at}`),
      ['n1 1', 'new2 20', 'new3 30'],
    )
  })

  test('party ids are never handed out twice, whoever asks at once', async (t) => {
    const store = await newStore<Meta>(t, engine)
    const taken = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await store.transact(({ db }) => takePartyIds(engine, db as never, 7))).value,
      ),
    )
    assert.equal(new Set(taken.flat()).size, 140)
  })

  test('changes are numbered in the order of commits, even when transactions overlap', async (t) => {
    const store = await newStore<Tables>(t, engine)
    const other = openSharedStore<Tables>(store.share().handle)
    t.after(() => other.close())
    const seen: number[] = []
    const follower = followChanges({
      store: store,
      from: await feedPosition(store),
      apply: async (changes: Change[]) => void seen.push(...changes.flatMap((change) => change.ids)),
      rehydrate: async () => assert.fail('nothing was pruned'),
      onTrouble: (error) => assert.fail(String(error)),
      pollMs: 5,
    })
    let expected = 0
    const write = async (through: typeof store) => {
      const id = ++expected
      const committed = await through.transact(async (tx) => {
        tx.changed(1, 'thing', id)
        await tx.db.selectFrom('meta').select('name').execute()
        if (id % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
      })
      assert.ok(await follower.reached(committed.position!, 120_000))
      assert.ok(seen.includes(id), `change ${id} was passed over`)
    }
    // No more at once than have connections: who waits for one for long is told that the store is away.
    const lanes = [...Array.from({ length: 9 }, () => store), other].map(async (through) => {
      for (let i = 0; i < 6; i++) await write(through)
    })
    await Promise.all(lanes)
    await follower.close()
    assert.equal(seen.length, 60)
    assert.equal(new Set(seen).size, 60)
  })

  test('a follower that the pruning overtook fills memory anew', async (t) => {
    const store = await newStore<Tables>(t, engine)
    for (let id = 1; id <= 5; id++) await store.transact(async (tx) => tx.changed(1, 'thing', id))
    assert.equal(await pruneChanges(store as never, Date.now() + 1_000), 5)
    let filled = 0
    const follower = followChanges({
      store: store,
      from: 2,
      apply: async () => {},
      rehydrate: async () => {
        filled++
        return feedPosition(store)
      },
      onTrouble: (error) => assert.fail(String(error)),
      pollMs: 5,
    })
    assert.ok(await follower.reached(5, 120_000))
    await follower.close()
    assert.equal(filled, 1)
  })

  test('a change that cannot be applied does not stop those behind it', async (t) => {
    const store = await newStore<Tables>(t, engine)
    const seen: number[] = []
    const troubles: string[] = []
    let filled = 0
    const follower = followChanges({
      store: store,
      from: await feedPosition(store),
      async apply(changes) {
        const ids = changes.flatMap((change) => change.ids)
        if (ids.includes(2)) throw new Error('2 cannot be read')
        seen.push(...ids)
      },
      rehydrate: async () => {
        filled++
        return feedPosition(store)
      },
      onTrouble: (error) => void troubles.push((error as Error).message),
      pollMs: 1,
    })
    const write = async (id: number) =>
      (await store.transact(async (tx) => tx.changed(1, 'thing', id))).position!
    assert.ok(await follower.reached(await write(1), 120_000))
    assert.ok(await follower.reached(await write(2), 120_000))
    assert.equal(follower.awaySince(), null, 'the store is not away')
    assert.ok(await follower.reached(await write(3), 120_000))
    await follower.close()
    assert.deepEqual([seen, filled, new Set(troubles)], [[1, 3], 1, new Set(['2 cannot be read'])])
  })

  if (engine === 'postgres')
    test('a connection that breaks between two statements fails its transaction and nothing else', async (t) => {
      const store = await newStore<Meta>(t, engine)
      const broken = store.transact(async ({ db }) => {
        await db.insertInto('meta').values({ name: 'half', value: 'written' }).execute()
        const [own] = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows
        await sql`select pg_terminate_backend(${sql.val(own?.pid)}, 5000)`.execute(store.read)
        // What the end of it says is read before these have come and gone.
        for (let n = 0; n < 20; n++) await sql`select 1`.execute(store.read)
        await sql`select 1`.execute(db)
      })
      await assert.rejects(broken, { code: 'store_unavailable', message: /nothing was written/ })
      assert.notEqual(store.writesAwaySince(), null)
      await store.transact(({ db }) =>
        db.insertInto('meta').values({ name: 'whole', value: 'yes' }).execute(),
      )
      const names = (await store.read.selectFrom('meta').select('name').execute()).map((row) => row.name)
      assert.deepEqual([names.includes('whole'), names.includes('half')], [true, false])
    })

  const inThread = engine === 'sqlite'
  if (inThread)
    test('a transaction of a worker that went away is rolled back and the next one goes on', async (t) => {
      const store = await newStore<Meta>(t, engine)
      const other = openSharedStore<Meta>(store.share().handle)
      const started = Promise.withResolvers<void>()
      void other
        .transact(async ({ db }) => {
          await db.insertInto('meta').values({ name: 'half', value: 'written' }).execute()
          started.resolve()
          await new Promise(() => {})
        })
        .catch(() => {})
      await started.promise
      await other.close()
      await store.transact(({ db }) =>
        db.insertInto('meta').values({ name: 'whole', value: 'yes' }).execute(),
      )
      const names = (await store.read.selectFrom('meta').select('name').execute()).map((row) => row.name)
      assert.ok(names.includes('whole'))
      assert.ok(!names.includes('half'))
    })

  test('a store that a newer hub upgraded is refused with the way out', async (t) => {
    const address = await newStoreAddress(t, engine)
    const store = await openStore<Meta>({ address })
    t.after(() => store.close())
    const migrations = migrationsFor(engine)
    await migrate(store.write as never, {
      migrations: { ...migrations, '999-later': { up: async () => {} } },
    })
    await assert.rejects(
      migrate(store.write as never, { migrations }),
      /newer Cordboard \(it has 999-later\)/,
    )
  })

  test('data is copied before an upgrade, and not before the first one', async (t) => {
    const address = await newStoreAddress(t, engine)
    const store = await openStore<Meta>({ address })
    t.after(() => store.close())
    const upgrades: string[][] = []
    const beforeUpgrade = async (pending: string[]) => void upgrades.push(pending)
    const migrations = migrationsFor(engine)
    const first = await migrate(store.write as never, { migrations, beforeUpgrade })
    const more = { ...migrations, '999-later': { up: async () => {} } }
    const second = await migrate(store.write as never, { migrations: more, beforeUpgrade })
    assert.deepEqual(upgrades, [['999-later']])
    assert.equal(first.databaseId, second.databaseId)
  })
})
