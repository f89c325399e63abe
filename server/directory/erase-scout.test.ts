import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newHub } from '../../test/hub.ts'
import { newDirectory } from '../../test/stores.ts'
import { openStore } from '../platform/database/store.ts'
import { mayHold } from '../platform/erasure.ts'
import { scout } from './erase-scout.ts'
import { numbersHeld } from './erase-subject.ts'
import { textColumns, TEXT_TABLES } from './erase-texts.ts'
import type { DirectoryTables } from './tables.ts'
import type { DirectoryTx } from './write.ts'

const NUMBER = '01 99 00 12 34'

test('what is written after the look at the book is looked at by the erasure all the same', async (t) => {
  const dataDir = await newDirectory(t)
  const { ask, hub } = await newHub(t, 'sqlite', {
    dataDir,
    address: { kind: 'sqlite', file: `${dataDir}/cordboard.db` },
  })
  const store = await openStore<DirectoryTables>({
    address: { kind: 'sqlite', file: `${dataDir}/cordboard.db` },
  })
  t.after(() => store.close())
  const tenantId = hub.operatorTenantId
  const make = async (path: string, body: object) => {
    const made = await ask('POST', `/api/v1/${path}`, { body })
    assert.equal(made.status, 201, made.text)
    return made.json.id as number
  }
  const early = await make('customers', { name: 'Early', phone: NUMBER, comment: `call ${NUMBER}` })
  const other = await make('customers', { name: 'Other' })
  const person = await make('contacts', { last_name: 'Ada', customer_id: other })
  const contract = await make('contracts', { customer_id: other, kind: 'hosting' })
  const third = await make('customers', { name: 'Third' })
  const file = await make('customer-files', { customer_id: third, name: 'Depot' })
  const owner = await make('customers', { name: 'Owner', phone: '0199005555' })

  const input = { number: NUMBER }
  const scouted = await scout(store, tenantId, input, 'FR')
  const ofParty = await scout(store, tenantId, { customer_id: owner }, 'FR')
  const change = async (path: string, body: object) =>
    assert.equal((await ask('PATCH', `/api/v1/${path}`, { body })).status, 200)
  await make('customers', { name: 'Late', phone: NUMBER, direct_line: NUMBER })
  await make('contacts', { last_name: 'Late', phones: [{ raw: '0199007777', label: NUMBER }] })
  await change(`customers/${other}`, { other_phones: [NUMBER], comment: NUMBER })
  await change(`contacts/${person}`, { role: NUMBER })
  await change(`contracts/${contract}`, { reference: NUMBER })
  await change(`customer-files/${file}`, { site: NUMBER })
  await make('contracts', { customer_id: early, kind: 'hosting', comment: NUMBER })

  await store.transact(async (tx) => {
    const book: DirectoryTx = tx
    const { erasure } = await scouted.subjectNow(book)
    const { needles, lookAt } = erasure
    assert.ok(lookAt)
    const places: [string, ReturnType<typeof mayHold>][] = [
      ...TEXT_TABLES.map(
        (table) => [table, mayHold(textColumns(table), needles)] as [string, ReturnType<typeof mayHold>],
      ),
      ['phones', numbersHeld('sqlite', needles)],
      ['audit', mayHold(['before', 'after'], needles)],
    ]
    for (const [table, where] of places) {
      const ids = async (among: ReturnType<typeof mayHold>) =>
        (
          await sql<{
            id: number
          }>`select id from ${sql.table(table)} where ${where} and ${among} order by id`.execute(tx.db)
        ).rows
      const all = await ids(sql<boolean>`1 = 1`)
      assert.ok(all.length > 0, table)
      assert.deepEqual(await ids(lookAt(table)!), all, table)
    }
    assert.ok((await ofParty.subjectNow(book)).erasure.lookAt, 'nothing of it has changed')
  })

  await change(`customers/${owner}`, { phone: '0199006666' })
  await store.transact(async (tx) => {
    const { erasure } = await ofParty.subjectNow(tx)
    assert.equal(erasure.lookAt, undefined, 'nobody has looked for the new number')
    assert.ok(erasure.needles.includes('199006666'))
  })
})
