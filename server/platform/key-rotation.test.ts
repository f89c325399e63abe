import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import {
  newMasterKey,
  newVaultPlace,
  openVault,
  OPERATOR,
  type Vault,
  type VaultStore,
} from '../../test/vault.ts'
import type { Rotation } from '../../contract/keys.ts'
import { onEachStore } from '../../test/stores.ts'
import { openLog } from './log.ts'

const MANY = 250

/** Many secrets at once, in the rows 1 to `MANY`. */
async function fill(vault: Vault): Promise<void> {
  await vault.store.transact(async (tx) => {
    for (let id = 1; id <= MANY; id++) {
      const secret = await vault.keyring.seal(
        tx,
        { tenantId: 1, table: 'vault', rowId: id, column: 'secret' },
        `secret ${id}`,
      )
      const other = await vault.keyring.seal(
        tx,
        { tenantId: 1, table: 'vault', rowId: id, column: 'other' },
        `other ${id}`,
      )
      await tx.db.insertInto('vault').values({ tenant_id: 1, secret, other }).execute()
    }
  })
}

const keyOf = (sealed: string) => sealed.split('.')[1]

/** What is done before (`at` counts from 1) a transaction of the keyring; null leaves it alone. */
function beforeTransaction(act: (at: number) => Promise<void> | void): (store: VaultStore) => VaultStore {
  return (store) => {
    let at = 0
    return {
      ...store,
      async transact(work) {
        await act(++at)
        return store.transact(work)
      },
    }
  }
}

async function somebodyWaits({ store }: Vault): Promise<boolean> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from pg_locks
    where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`.execute(
    store.read,
  )
  return Number(rows[0]?.n) > 0
}

onEachStore('rotation of the data key', (engine) => {
  test('seals every value of every column anew, keeps its text, and retires the key before', async (t) => {
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey() })
    await fill(vault)
    const before = keyOf(await vault.sealed(1))
    const done = await vault.keyring.rotate(OPERATOR)
    assert.deepEqual(
      { ...done, key: null },
      { key: null, retired: [before], rewritten: 2 * MANY, unreadable: 0, finished: true },
    )
    for (const { id, sealed } of await vault.all()) {
      assert.equal(keyOf(sealed), done.key)
      assert.equal(await vault.get(id), `secret ${id}`)
    }
    const others = await vault.store.read.selectFrom('vault').select(['id', 'other']).execute()
    for (const { id, other } of others) {
      const place = { tenantId: 1, table: 'vault', rowId: id, column: 'other' }
      assert.equal(await vault.keyring.open(place, other ?? ''), `other ${id}`)
    }
    const { data } = await vault.keyring.list({ sort: 'created_at' })
    const states = new Map(data.map((key) => [key.id, [key.state, key.values]]))
    assert.deepEqual(states.get(before ?? ''), ['retired', 0])
    assert.deepEqual(states.get(done.key), ['current', 2 * MANY])
    const acts = await vault.store.read
      .selectFrom('audit')
      .select(['action', 'actor_id'])
      .where('entity', '=', 'secret_key')
      .orderBy('id')
      .execute()
    assert.deepEqual(
      acts.map((act) => [act.action, act.actor_id]),
      [
        ['create', null],
        ['create', 7],
        ['update', 7],
      ],
    )
  })

  test('while another hub writes all the time: nothing is lost, and all of it ends under the new key', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const [rotating, writing] = [
      await openVault(t, place, { secretKey }),
      await openVault(t, place, { secretKey }),
    ]
    await fill(rotating)
    const expected = new Map(Array.from({ length: MANY }, (_, i) => [i + 1, `secret ${i + 1}`]))
    let rotated = false
    let written = 0
    const write = async (lane: number) => {
      for (let round = 0; !rotated || round < 3; round++) {
        const id = 1 + ((lane * 83 + round * 7) % MANY)
        // Each row has one writer, so that the last text is known.
        if (id % 3 === lane) {
          const text = `lane ${lane} round ${round}`
          await writing.change(id, text)
          expected.set(id, text)
          written++
        } else if (round % 5 === 0) {
          const text = `new of lane ${lane} round ${round}`
          expected.set(await writing.put(text), text)
          written++
        }
        const [known, text] = [...expected][round % expected.size]!
        const read = await writing.get(known)
        if (known % 3 === lane) assert.equal(read, text)
      }
    }
    const lanes = [0, 1, 2].map(write)
    const first = await rotating.keyring.rotate(OPERATOR)
    const second = await rotating.keyring.rotate(OPERATOR)
    rotated = true
    await Promise.all(lanes)
    assert.ok(first.finished && second.finished && written > 0)
    const all = await rotating.all()
    assert.equal(all.length, expected.size)
    for (const { id, sealed } of all) {
      assert.equal(keyOf(sealed), second.key, `row ${id}`)
      for (const hub of [rotating, writing]) assert.equal(await hub.get(id), expected.get(id))
    }
  })

  test('a value written between its reading and its sealing anew stays as it was written', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const writing = await openVault(t, place, { secretKey })
    await fill(writing)
    const between = beforeTransaction(async (at) => {
      if (at === 2) await writing.change(5, 'written meanwhile')
    })
    const rotating = await openVault(t, place, { secretKey, between })
    const done = await rotating.keyring.rotate(OPERATOR)
    assert.equal(done.rewritten, 2 * MANY - 1)
    assert.equal(await rotating.get(5), 'written meanwhile')
    assert.equal(keyOf(await rotating.sealed(5)), done.key)
  })

  test('a transaction that has sealed and not ended is waited for, so that its value is found', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const writing = await openVault(t, place, { secretKey })
    const id = await writing.put('before')
    const begun = Promise.withResolvers<void>()
    const rotating = await openVault(t, place, {
      secretKey,
      between: beforeTransaction(() => begun.resolve()),
    })
    const { value } = await writing.store.transact(async (tx) => {
      const of = { tenantId: 1, table: 'vault', rowId: id, column: 'secret' }
      const secret = await writing.keyring.seal(tx, of, 'under way')
      let over = false
      const rotation = rotating.keyring.rotate(OPERATOR).finally(() => (over = true))
      await begun.promise
      // SQLite has one writer at a time. PostgreSQL shows who waits; one that does not wait comes to its end.
      while (engine === 'postgres' && !over && !(await somebodyWaits(writing)))
        await new Promise((resolve) => setTimeout(resolve, 5))
      await tx.db.updateTable('vault').set({ secret }).where('id', '=', id).execute()
      return { rotation }
    })
    const done = await value.rotation
    assert.equal(keyOf(await writing.sealed(id)), done.key)
    assert.equal(await writing.get(id), 'under way')
  })

  test('stopped between two batches it loses nothing, and the next start goes on to the end', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const before = await openVault(t, place, { secretKey })
    await fill(before)
    let stop = () => {}
    const stopped = await openVault(t, place, {
      secretKey,
      between: beforeTransaction((at) => {
        if (at === 3) stop()
      }),
    })
    stop = () => void stopped.keyring.close()
    const half = await stopped.keyring.rotate(OPERATOR)
    assert.deepEqual([half.finished, half.retired, half.rewritten], [false, [], 200])
    assert.deepEqual((await before.states()).toSorted(), ['current', 'retiring'])
    for (const { id } of await before.all()) assert.equal(await before.get(id), `secret ${id}`)
    // What is written in between is sealed under the new key, by a hub that knows of no rotation.
    assert.equal(keyOf(await before.sealed(await before.put('new'))), half.key)

    const said = Promise.withResolvers<string>()
    const write = (line: string) => void (line.includes('the data key was replaced') && said.resolve(line))
    const log = openLog({ level: 'info', destination: { write } })
    const next = await openVault(t, place, { secretKey, log })
    const rest = JSON.parse(await said.promise) as Rotation
    assert.deepEqual([rest.key, rest.finished, rest.rewritten], [half.key, true, 2 * MANY - 200])
    assert.deepEqual((await next.states()).toSorted(), ['current', 'retired'])
    for (const { id, sealed } of await next.all()) {
      assert.equal(keyOf(sealed), half.key)
      if (id <= MANY) assert.equal(await next.get(id), `secret ${id}`)
    }
  })

  test('one that was stopped is gone on with when it is asked for again', async (t) => {
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey() })
    await fill(vault)
    const before = keyOf(await vault.sealed(1))
    const left = await vault.put('sealed before')
    await vault.store.transact(({ db }) => db.updateTable('secret_keys').set({ state: 'retiring' }).execute())
    // Whoever writes now makes the key that is current.
    const id = await vault.put('after')
    const done = await vault.keyring.rotate(OPERATOR)
    assert.deepEqual([done.key, done.retired], [keyOf(await vault.sealed(id)), [before]])
    assert.equal(keyOf(await vault.sealed(left)), done.key)
  })

  test('a value that no key opens is left as it is, told of, and does not stop the rest', async (t) => {
    const lines: string[] = []
    const log = openLog({ level: 'info', destination: { write: (line: string) => void lines.push(line) } })
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey(), log })
    await fill(vault)
    const moved = await vault.sealed(3)
    for (const [id, secret] of [
      [4, moved],
      [5, 'never sealed'],
      [6, `v1.${'q'.repeat(16)}${moved.slice(19)}`],
    ] as const)
      await vault.store.transact(({ db }) =>
        db.updateTable('vault').set({ secret }).where('id', '=', id).execute(),
      )
    const done = await vault.keyring.rotate(OPERATOR)
    assert.deepEqual([done.finished, done.unreadable, done.rewritten], [true, 3, 2 * MANY - 3])
    assert.equal(await vault.sealed(4), moved)
    const told = lines.filter((line) => line.includes('cannot be opened by any key'))
    assert.deepEqual(
      told.map((line) => (JSON.parse(line) as { rowId: number }).rowId),
      [4, 5, 6],
    )
    assert.ok(!lines.join('').includes('never sealed'))
  })

  test('two hubs that rotate at once end with one key for everything', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const hubs = [await openVault(t, place, { secretKey }), await openVault(t, place, { secretKey })]
    await fill(hubs[0]!)
    const [one, two] = await Promise.all(hubs.map((hub) => hub.keyring.rotate(OPERATOR)))
    const finals = await hubs[0]!.all()
    const { data } = await hubs[0]!.keyring.list({})
    assert.equal(data.filter((key) => key.state === 'current').length, 1)
    assert.equal(data.filter((key) => key.state === 'retiring').length, 0)
    const current = data.find((key) => key.state === 'current')
    assert.equal(current?.values, 2 * MANY)
    assert.ok([one?.key, two?.key].includes(current?.id))
    for (const { id } of finals) for (const hub of hubs) assert.equal(await hub.get(id), `secret ${id}`)
  })

  test('before any secret is stored there is nothing to seal anew, and a key is there afterwards', async (t) => {
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey() })
    const done = await vault.keyring.rotate(OPERATOR)
    assert.deepEqual([done.retired, done.rewritten, done.finished], [[], 0, true])
    assert.deepEqual(await vault.states(), ['current'])
  })

  test('a hub reads the keys again when it meets one that another hub made', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const early = await openVault(t, place, { secretKey })
    const other = await openVault(t, place, { secretKey })
    const id = await other.put('hunter2')
    assert.equal(await early.get(id), 'hunter2')
    await other.keyring.rotate(OPERATOR)
    assert.equal(await early.get(id), 'hunter2')
  })
})
