import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { newMasterKey, newVaultPlace, OPERATOR, openVault, type Vault } from '../../test/vault.ts'
import { onEachStore } from '../../test/stores.ts'
import { openLog } from './log.ts'

const PASSPHRASE = 'a long passphrase: blue elephant, nine lamps, one river'
const OTHER_PASSPHRASE = 'another passphrase: red giraffe, four doors, two seas'

function newLog() {
  const lines: string[] = []
  const log = openLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  return { log, said: () => lines.join('') }
}

const placeOf = (rowId: number) => ({ tenantId: 1, table: 'vault', rowId, column: 'secret' })
const refused = (code: string) => ({ name: 'HubError', code })

async function storedKeys({ store }: Vault): Promise<unknown> {
  return [
    await store.read.selectFrom('secret_keys').selectAll().orderBy('id').execute(),
    await store.read.selectFrom('secret_key_check').selectAll().execute(),
  ]
}

onEachStore('the keyring', (engine) => {
  test('what is sealed opens again, and is not to be seen in what is stored', async (t) => {
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey() })
    const texts = ['', 'hunter2', 'pässwört ☎', 'x'.repeat(100_000)]
    const ids: number[] = []
    for (const text of texts) ids.push(await vault.put(text))
    for (const [i, id] of ids.entries()) assert.equal(await vault.get(id), texts[i])
    assert.match(await vault.sealed(ids[1]!), /^v1\.[a-z]{16}\.[\w-]{16}\.[\w-]+$/)
    assert.notEqual(await vault.sealed(await vault.put('hunter2')), await vault.sealed(ids[1]!))
  })

  test('a secret opens in its own place only', async (t) => {
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey() })
    const id = await vault.put('hunter2')
    const [place, sealed] = [placeOf(id), await vault.sealed(id)]
    assert.equal(await vault.keyring.open(place, sealed), 'hunter2')
    for (const elsewhere of [{ tenantId: 2 }, { table: 'users' }, { rowId: id + 1 }, { column: 'other' }]) {
      const opening = vault.keyring.open({ ...place, ...elsewhere }, sealed)
      await assert.rejects(opening, refused('secret_unreadable'), JSON.stringify(elsewhere))
    }
  })

  test('a change anywhere in the sealed text is noticed', async (t) => {
    const vault = await openVault(t, await newVaultPlace(t, engine), { secretKey: newMasterKey() })
    const id = await vault.put('hunter2')
    const sealed = await vault.sealed(id)
    const [version, keyId, nonce = '', body = ''] = sealed.split('.')
    const turned = (text: string, at: number) =>
      text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
    const changed = [
      [version, keyId, turned(nonce, 0), body].join('.'),
      ...Array.from(body.slice(0, -1), (_, at) => [version, keyId, nonce, turned(body, at)].join('.')),
      [version, keyId, nonce, body.slice(0, -4)].join('.'),
      ['v2', keyId, nonce, body].join('.'),
      sealed.slice(0, 30),
      'hunter2',
      '',
    ]
    for (const text of changed)
      await assert.rejects(vault.keyring.open(placeOf(id), text), refused('secret_unreadable'), text)
    const unknown = [version, 'a'.repeat(16), nonce, body].join('.')
    await assert.rejects(vault.keyring.open(placeOf(id), unknown), refused('secret_key_unknown'))
  })

  test('a wrong master key is told apart at the start, refused on use, and changes nothing', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const right = await openVault(t, place, { secretKey })
    const id = await right.put('hunter2')
    const before = await storedKeys(right)
    const { log, said } = newLog()
    const wrong = await openVault(t, place, { secretKey: newMasterKey(), log })
    assert.equal(wrong.keyring.state(), 'key_wrong')
    assert.match(said(), /not the one under which secrets are stored here/)
    await assert.rejects(wrong.get(id), refused('secret_key_wrong'))
    await assert.rejects(wrong.put('other'), refused('secret_key_wrong'))
    await assert.rejects(wrong.change(id, 'other'), refused('secret_key_wrong'))
    await assert.rejects(wrong.keyring.rotate(OPERATOR), refused('secret_key_wrong'))
    assert.deepEqual(await storedKeys(wrong), before)
    assert.equal((await wrong.all()).length, 1)
    assert.equal(await (await openVault(t, place, { secretKey })).get(id), 'hunter2')
  })

  test('a missing key with secrets stored is told at the start, and no other one is made in its place', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const id = await (await openVault(t, place, { secretKey })).put('hunter2')
    const { log, said } = newLog()
    const without = await openVault(t, place, { log })
    assert.equal(without.keyring.state(), 'key_missing')
    assert.match(said(), /There are stored secrets but no key to open them/)
    await assert.rejects(without.get(id), refused('secret_key_missing'))
    await assert.rejects(without.put('other'), refused('secret_key_missing'))
    assert.equal(existsSync(join(place.dataDirectory, 'secret.key')), false)
    assert.equal(await (await openVault(t, place, { secretKey })).get(id), 'hunter2')
  })

  test('keys whose check was lost are not replaced by a new master key', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const vault = await openVault(t, place, { secretKey })
    const id = await vault.put('hunter2')
    await vault.store.transact(({ db }) => db.deleteFrom('secret_key_check').execute())
    await vault.store.transact(({ db }) => db.updateTable('secret_keys').set({ state: 'retired' }).execute())
    const other = await openVault(t, place, { secretKey: newMasterKey() })
    await assert.rejects(other.put('other'), refused('secret_key_missing'))
    assert.equal(await vault.get(id), 'hunter2')
  })

  test('two hubs that store their first secrets at once make one key', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const hubs = [await openVault(t, place, { secretKey }), await openVault(t, place, { secretKey })]
    const ids = await Promise.all(Array.from({ length: 12 }, (_, i) => hubs[i % 2]!.put(`secret ${i}`)))
    assert.deepEqual(await hubs[0]!.states(), ['current'])
    for (const [i, id] of ids.entries())
      for (const hub of hubs) assert.equal(await hub.get(id), `secret ${i}`)
  })

  test('two hubs with different keys: the first to store decides, the other is refused and spoils nothing', async (t) => {
    const place = await newVaultPlace(t, engine)
    const hubs = [
      await openVault(t, place, { secretKey: newMasterKey() }),
      await openVault(t, place, { secretKey: newMasterKey() }),
    ]
    const outcomes = await Promise.allSettled(hubs.map((hub) => hub.put('mine')))
    const failed = outcomes.filter((one) => one.status === 'rejected')
    assert.equal(failed.length, 1)
    assert.equal((failed[0]!.reason as { code: string }).code, 'secret_key_wrong')
    assert.deepEqual(hubs.map((hub) => hub.keyring.state()).toSorted(), ['available', 'key_wrong'])
    const [row] = await hubs[0]!.all()
    const winner = hubs[outcomes.findIndex((one) => one.status === 'fulfilled')]!
    assert.equal(await winner.get(row!.id), 'mine')
  })

  test('a transaction that made the first key and failed leaves neither a key nor a memory of one', async (t) => {
    const place = await newVaultPlace(t, engine)
    const vault = await openVault(t, place, { secretKey: newMasterKey() })
    const failing = vault.store.transact(async (tx) => {
      await vault.keyring.seal(tx, placeOf(1), 'hunter2')
      throw new Error('changed my mind')
    })
    await assert.rejects(failing, /changed my mind/)
    assert.deepEqual(await vault.states(), [])
    const id = await vault.put('hunter2')
    assert.equal(await vault.get(id), 'hunter2')
    assert.deepEqual(await vault.states(), ['current'])
  })

  test('a passphrase does as well as a key, and another one does not', async (t) => {
    const place = await newVaultPlace(t, engine)
    const id = await (await openVault(t, place, { secretKey: PASSPHRASE })).put('hunter2')
    assert.equal(await (await openVault(t, place, { secretKey: PASSPHRASE })).get(id), 'hunter2')
    const other = await openVault(t, place, { secretKey: OTHER_PASSPHRASE })
    assert.equal(other.keyring.state(), 'key_wrong')
  })

  test('hex and base64 of the same bytes are the same key', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const id = await (await openVault(t, place, { secretKey })).put('hunter2')
    for (const encoding of ['hex', 'base64'] as const) {
      const text = Buffer.from(secretKey, 'base64').toString(encoding)
      assert.equal(await (await openVault(t, place, { secretKey: text })).get(id), 'hunter2')
    }
  })

  test('a changed master key wraps the data keys anew and touches no secret', async (t) => {
    const place = await newVaultPlace(t, engine)
    const [first, second] = [PASSPHRASE, newMasterKey()]
    const before = await openVault(t, place, { secretKey: first })
    const id = await before.put('hunter2')
    const sealed = await before.sealed(id)
    const { log, said } = newLog()
    const changed = await openVault(t, place, { secretKey: second, secretKeyOld: first, log })
    assert.match(said(), /wrapped under the new master key/)
    assert.equal(await changed.get(id), 'hunter2')
    assert.equal(await changed.sealed(id), sealed)
    // Whoever runs with the key before goes on with what it has in memory and is refused what is new.
    assert.equal(await before.get(id), 'hunter2')
    const audit = await changed.store.read
      .selectFrom('audit')
      .select(['action', 'after'])
      .where('entity', '=', 'secret_key')
      .orderBy('id')
      .execute()
    assert.deepEqual(
      audit.map(({ action }) => action),
      ['create', 'update'],
    )
    assert.match(audit[1]?.after ?? '', /rewrapped/)

    const again = newLog()
    const settled = await openVault(t, place, { secretKey: second, secretKeyOld: first, log: again.log })
    assert.doesNotMatch(again.said(), /wrapped under/)
    assert.match(again.said(), /CORDBOARD_SECRET_KEY_OLD is no longer needed/)
    assert.equal(await settled.get(id), 'hunter2')
    assert.equal((await openVault(t, place, { secretKey: first })).keyring.state(), 'key_wrong')
  })

  test('a master key that is neither the new nor the old one wraps nothing', async (t) => {
    const place = await newVaultPlace(t, engine)
    const secretKey = newMasterKey()
    const right = await openVault(t, place, { secretKey })
    const id = await right.put('hunter2')
    const before = await storedKeys(right)
    const { log, said } = newLog()
    const lost = await openVault(t, place, { secretKey: newMasterKey(), secretKeyOld: newMasterKey(), log })
    assert.equal(lost.keyring.state(), 'key_wrong')
    assert.match(said(), /could not be wrapped/)
    assert.deepEqual(await storedKeys(lost), before)
    assert.equal(await (await openVault(t, place, { secretKey })).get(id), 'hunter2')
  })

  test('neither log lines nor errors nor a look at the keyring show a key or a secret', async (t) => {
    const place = await newVaultPlace(t, engine)
    const { log, said } = newLog()
    const [secretKey, next] = [newMasterKey(), PASSPHRASE]
    const vault = await openVault(t, place, { secretKey, log })
    const id = await vault.put('hunter2-the-secret')
    const errors: unknown[] = []
    const collect = (error: unknown) => void errors.push(error)
    const sealed = await vault.sealed(id)
    await vault.keyring.open(placeOf(id + 1), sealed).catch(collect)
    await vault.keyring.open(placeOf(id), `v1.${'a'.repeat(16)}${sealed.slice(19)}`).catch(collect)
    const wrong = await openVault(t, place, { secretKey: newMasterKey(), log })
    await wrong.put('hunter2-the-secret').catch(collect)
    await openVault(t, place, { secretKey: next, secretKeyOld: secretKey, log })
    await openVault(t, place, { secretKey: newMasterKey(), secretKeyOld: OTHER_PASSPHRASE, log })
    assert.equal(errors.length, 3)
    for (const error of errors) log.error('told', { error })
    const all = said() + inspect([errors, vault.keyring], { depth: 10, showHidden: true })
    assert.match(all, /no longer needed/)
    const rows = await vault.store.read.selectFrom('secret_keys').select('wrapped').execute()
    for (const text of [
      secretKey,
      next,
      OTHER_PASSPHRASE,
      'hunter2',
      sealed,
      ...rows.map((row) => row.wrapped),
    ])
      assert.ok(!all.includes(text), text)
    const bytes = Buffer.from(secretKey, 'base64')
    for (const encoding of ['hex', 'base64url'] as const) assert.ok(!all.includes(bytes.toString(encoding)))
  })
})

onEachStore('a hub without CORDBOARD_SECRET_KEY', (engine) => {
  test('on PostgreSQL refuses to store a secret and says what to do; on SQLite makes a key when it needs one', async (t) => {
    const place = await newVaultPlace(t, engine)
    const file = join(place.dataDirectory, 'secret.key')
    const vault = await openVault(t, place)
    assert.equal(existsSync(file), false)
    if (engine === 'postgres') {
      assert.equal(vault.keyring.state(), 'key_required')
      await assert.rejects(vault.put('hunter2'), (error: Error & { code: string }) => {
        assert.match(error.message, /set CORDBOARD_SECRET_KEY/)
        return error.code === 'secret_key_required'
      })
      assert.deepEqual([await vault.all(), await vault.states()], [[], []])
      assert.equal(existsSync(file), false)
      return
    }
    assert.equal(vault.keyring.state(), 'available')
    const id = await vault.put('hunter2')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal(Buffer.from(await readFile(file, 'utf8'), 'base64').length, 32)
    await chmod(file, 0o644)
    const again = await openVault(t, place)
    assert.equal(await again.get(id), 'hunter2')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    // The key of the file may be given as a variable as well, for instance before it is changed.
    const secretKey = (await readFile(file, 'utf8')).trim()
    await rm(file)
    assert.equal(await (await openVault(t, place, { secretKey })).get(id), 'hunter2')
    await writeFile(file, 'spoilt')
    const { log, said } = newLog()
    const spoilt = await openVault(t, place, { log })
    assert.equal(spoilt.keyring.state(), 'key_wrong')
    assert.match(said(), /"level":"error"/)
    await assert.rejects(spoilt.put('hunter3'), refused('secret_key_wrong'))
    assert.equal(await readFile(file, 'utf8'), 'spoilt')
  })
})
