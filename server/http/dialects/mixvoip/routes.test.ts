import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ADMIN_TOKEN, newHub } from '../../../../test/hub.ts'

type Pair = { name: string; get: string; status: number; type: string; raw?: string; code?: string }

const golden = (name: string) => readFile(new URL(`./golden/${name}`, import.meta.url), 'utf8')
const PAIRS = JSON.parse(await golden('pairs.json')) as Pair[]

test('every golden request of MIXvoip gets its golden answer, in the fast lane and through the router', async (t) => {
  const { ask, importBook } = await newHub(t, 'sqlite', {
    clock: { now: () => Date.parse('2026-05-01T12:00:00Z') },
  })
  assert.equal((await importBook(await golden('book.csv'))).rejected, 0)
  // Naming the tenant, even one's own, is the router's business.
  for (const headers of [{}, { 'cordboard-tenant': '1' }] as Record<string, string>[]) {
    for (const { name, get, status, type, raw, code } of PAIRS) {
      const answer = await ask('GET', get.replace('TOKEN', ADMIN_TOKEN), { token: null, headers })
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [status, type], name)
      if (raw !== undefined) assert.equal(answer.text, raw, name)
      if (code !== undefined) assert.equal(answer.json.code, code, name)
      if (status === 200) assert.equal(answer.headers.get('cache-control'), 'no-store', name)
    }
  }
})
