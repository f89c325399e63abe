import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kill, start } from './hub-process.ts'
import { ADMIN_TOKEN } from './hub.ts'
import { seeded } from './many-requests.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'

/** 25 by hand (`CORDBOARD_TEST_ROUNDS=25`); a few on every run. */
const ROUNDS = Number(process.env['CORDBOARD_TEST_ROUNDS'] ?? 4)
const WRITERS = 4
const BOOK_ROWS = 3_000
onEachStore('kill -9', (engine) => {
  test(`${ROUNDS} times amid writes and an import: every acknowledged write is there and the store opens`, async (t) => {
    const address = await newReadyAddress(t, engine)
    const environment = {
      CORDBOARD_DATA_DIR: await newDirectory(t),
      CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
      CORDBOARD_COUNTRY: 'FR',
      DATABASE_URL: address.kind === 'postgres' ? address.url : '',
    }
    const random = seeded(7)
    const acknowledged: string[] = []
    const rows = Array.from(
      { length: BOOK_ROWS },
      (_, i) => `BOOK${i},Book ${i},0199${String(i).padStart(6, '0')},Ann,Of ${i},0639${String(980_000 + i)}`,
    )
    const book = `customer_account,customer_name,customer_phone,first_name,last_name,contact_phones\n${rows.join('\n')}\n`
    let accounts = 0

    for (let round = 0; round < ROUNDS; round++) {
      const { hub, ask } = await start(environment)
      t.after(() => hub.kill('SIGKILL'))
      const writer = async () => {
        for (;;) {
          const account = `W${++accounts}`
          const body = {
            customer_account: account,
            name: account,
            phone: `+33198${String(accounts).padStart(6, '0')}`,
          }
          const answer = await ask('POST', '/api/v1/customers', { body }).catch(() => null)
          if (answer === null) return
          if (answer.status === 201) acknowledged.push(account)
        }
      }
      const before = acknowledged.length
      const writers = Array.from({ length: WRITERS }, writer)
      void ask('POST', '/api/v1/imports', { body: book, type: 'text/csv' }).catch(() => {})
      const enough = 5 + Math.floor(random() * 60)
      while (acknowledged.length < before + enough) await new Promise((resolve) => setTimeout(resolve, 1))
      await kill(hub)
      await Promise.all(writers)
    }

    const { hub, ask } = await start(environment)
    t.after(() => hub.kill('SIGKILL'))
    for (const account of acknowledged) {
      const { text } = await ask('GET', `/api/isKnownCustomerAccount?code=${account}&format=raw`)
      assert.equal(text, '1', `${account} was acknowledged and is gone`)
    }
    // The imports that were interrupted go on by themselves and end as one uninterrupted import would have.
    for (;;) {
      const { json } = await ask('GET', '/api/v1/imports?per_page=200')
      const states = json.data.map((one: { status: string }) => one.status)
      if (!states.some((state: string) => state === 'queued' || state === 'running')) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const count = async (list: string) => (await ask('GET', `/api/v1/${list}`)).json.total as number
    assert.equal(await count('customers?filter[term_match]=Book'), BOOK_ROWS)
    assert.equal(await count('contacts'), BOOK_ROWS)
    await kill(hub)
  })
})
