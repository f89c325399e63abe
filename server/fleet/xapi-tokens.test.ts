import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newDirectory, newReadyAddress, onEachStore } from '../../test/stores.ts'
import { newMasterKey } from '../../test/vault.ts'
import type { TokenRecord } from '../../xapi/xapi.ts'
import { migrationsFor } from '../migrations/migrations.ts'
import { systemClock } from '../platform/clock.ts'
import type { Engine } from '../platform/database/engine.ts'
import { migrate } from '../platform/database/migrate.ts'
import { openStore, pickTables, type Store, type StoreAddress } from '../platform/database/store.ts'
import { openKeyring, type KeyringTables } from '../platform/keyring.ts'
import { openLog } from '../platform/log.ts'
import type { FleetTables } from './tables.ts'
import { openTokenStore, registerTokens } from './xapi-tokens.ts'

type Tables = FleetTables & KeyringTables
const KEY = 'https://pbx.example cordboard'
const TENANT = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 0, updated_at: 0 }
const live = (accessToken: string, lifeMs = 60_000): TokenRecord => {
  const now = Date.now()
  const token = { accessToken, issuedAt: now, refreshAt: now + lifeMs / 2, expiresAt: now + lifeMs }
  return { credential: 'c', token, refused: null }
}

/** What one hub process has: a store and a keyring of its own on the same database. */
async function newProcess(t: TestContext, address: StoreAddress, secretKey: string) {
  const store: Store<Tables> = await openStore({ address })
  t.after(() => store.close())
  const log = openLog({ level: 'silent' })
  const keyring = openKeyring({
    store: pickTables<Tables, KeyringTables>(store),
    clock: systemClock,
    log,
    secretKey,
    secretKeyOld: null,
    dataDirectory: await newDirectory(t),
  })
  registerTokens(keyring)
  return { store, tokens: openTokenStore(pickTables<Tables, FleetTables>(store), keyring) }
}

async function newProcesses(t: TestContext, engine: Engine, count: number) {
  const address = await newReadyAddress(t, engine)
  const secretKey = newMasterKey()
  const first = await newProcess(t, address, secretKey)
  await migrate(first.store.write as never, { migrations: migrationsFor(engine) })
  await first.store.write
    .insertInto('tenants' as never)
    .values([1, 2].map((id) => ({ id, name: `T${id}`, ...TENANT })))
    .execute()
  const others = []
  for (let i = 1; i < count; i++) others.push(await newProcess(t, address, secretKey))
  return [first, ...others]
}

onEachStore('tokens of PBXs in the store', (engine) => {
  test('of all processes one at a time fetches a token', async (t) => {
    const processes = await newProcesses(t, engine, 3)
    let [inside, done] = [0, 0]
    const work = async ({ read }: Store<Tables>) => {
      assert.equal(++inside, 1, 'somebody else is at it')
      const owners = new Set<unknown>()
      // Long enough for everybody else to have tried.
      for (let i = 0; i < 20; i++) {
        const row = await read.selectFrom('xapi_tokens').select('lease_owner').executeTakeFirstOrThrow()
        owners.add(row.lease_owner)
      }
      assert.equal(owners.size, 1, 'somebody else took the lease')
      inside--
      done++
    }
    await Promise.all(
      [...processes, ...processes].map(({ store, tokens }) =>
        tokens({ tenantId: 1, secret: 's' }).withLease(KEY, () => work(store)),
      ),
    )
    assert.equal(done, 6)
  })

  test('what one writes every other reads, with the same secret alone, and nobody in the store', async (t) => {
    const [one, other] = await newProcesses(t, engine, 2)
    const mine = one!.tokens({ tenantId: 1, secret: 's' })
    const theirs = other!.tokens({ tenantId: 2, secret: 's' })
    assert.equal(await theirs.read(KEY), null)
    const written = live('planted-access-token')
    await mine.withLease(KEY, () => mine.write(KEY, written))
    const read = await theirs.read(KEY)
    assert.equal(read?.token?.accessToken, 'planted-access-token')
    // Instants travel by the clock of the database: to within what the two statements take.
    assert.ok(Math.abs(read.token.refreshAt - written.token!.refreshAt) < 10_000)
    assert.equal(await other!.tokens({ tenantId: 2, secret: 'guessed' }).read(KEY), null)
    assert.equal(await theirs.read(`${KEY}2`), null)
    const stored = await one!.store.read.selectFrom('xapi_tokens').selectAll().execute()
    assert.match(stored[0]?.access_token ?? '', /^v1\./)
    assert.ok(!/planted|pbx\.example/.test(JSON.stringify(stored)))

    const refused = { until: Date.now() + 60_000, status: 401, message: 'no' }
    await theirs.withLease(KEY, () => theirs.write(KEY, { credential: 'c', token: null, refused }))
    const after = await mine.read(KEY)
    assert.deepEqual([after?.token, after?.refused?.status, after?.refused?.message], [null, 401, 'no'])
  })

  test('a process that died is waited for no longer than its lease, and one that slept overwrites nothing', async (t) => {
    const [dead, other] = await newProcesses(t, engine, 2)
    const [slow, quick] = [dead, other].map((one) => one!.tokens({ tenantId: 1, secret: 's' }))
    const asleep = Promise.withResolvers<void>()
    const taken = Promise.withResolvers<void>()
    const sleeping = slow!.withLease(KEY, async () => {
      taken.resolve()
      await asleep.promise
      await slow!.write(KEY, live('killed meanwhile'))
    })
    await taken.promise
    await other!.store.write.updateTable('xapi_tokens').set({ lease_until: 0 }).execute()
    await quick!.withLease(KEY, () => quick!.write(KEY, live('alive')))
    asleep.resolve()
    await sleeping
    assert.equal((await slow!.read(KEY))?.token?.accessToken, 'alive')
  })

  test('work that fails gives its turn to the next, and clients out of use are forgotten', async (t) => {
    const [one] = await newProcesses(t, engine, 1)
    const tokens = one!.tokens({ tenantId: 1, secret: 's' })
    await assert.rejects(
      tokens.withLease(KEY, () => Promise.reject(new Error('no PBX'))),
      /no PBX/,
    )
    assert.equal(await tokens.withLease(KEY, () => Promise.resolve('next')), 'next')
    await one!.store.write.updateTable('xapi_tokens').set({ lease_until: 0 }).execute()
    await tokens.withLease('https://other.example cordboard', () => Promise.resolve())
    assert.equal((await one!.store.read.selectFrom('xapi_tokens').select('id').execute()).length, 1)
  })
})
