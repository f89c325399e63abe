import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BITS, TYPES } from './hostile-bits.ts'
import { ADMIN_TOKEN, newHub } from './hub.ts'
import { seeded, sendAll } from './many-requests.ts'
import { onEachStore } from './stores.ts'

const REQUESTS = 50_000
const PASSES = 3
const LEAK_ALLOWED = 8 * 1024 * 1024

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

const ROUTES = [
  'isKnownPhoneNumber',
  'isKnownCustomerAccount',
  'isVipByPhoneNumber',
  'isVipByCustomerAccount',
  'hasOnCallDutyContractByPhoneNumber',
  'hasOnCallDutyContractByCustomerAccount',
]
const NAMES = [
  'phoneNumber',
  'cid',
  'NUMBER',
  'customerAccount',
  'code',
  'account',
  'phone[]',
  '__proto__',
  'constructor',
  'toString',
  'format',
  'full',
  'miss',
  'call',
]
const BODIES = [
  '',
  '{}',
  '[]',
  'null',
  '1',
  '"x"',
  '{"phoneNumber":',
  '{"phoneNumber":{"a":1}}',
  '{"number":[["+33"]]}',
  '{"number":1e400}',
  '{"__proto__":{"number":"1"}}',
  '{"constructor":{"prototype":{"x":1}}}',
  'number=%00',
  'number=%ED%A0%80&format=raw',
  '<a/>',
  '\u0000\u0001',
  '[{"number":"0199001234"}]',
  '{"number":"\\ud800"}',
]

function hostileRequest(random: () => number) {
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)] as Item
  const value = () => Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(BITS)).join('')
  const pairs = Array.from({ length: Math.floor(random() * 4) }, () => `${pick(NAMES)}=${value()}`)
  const path = random() < 0.1 ? `/api/v1/lookup/${value()}` : `/api/${pick(ROUTES)}?${pairs.join('&')}`
  const headers: Record<string, string> = { authorization: `Bearer ${ADMIN_TOKEN}` }
  if (random() < 0.3) {
    headers['content-type'] = pick(TYPES)
    return {
      method: 'POST',
      path: path.replace('/api/v1/lookup/', '/api/isKnownPhoneNumber?number='),
      headers,
      body: pick(BODIES),
    }
  }
  return { method: 'GET', path, headers }
}

onEachStore('hostile questions', (engine) => {
  test(`${REQUESTS} of them: never a 5xx, never a crash, and the heap stays flat`, async (t) => {
    const { hub, ask, importBook } = await newHub(t, engine)
    await importBook('customer_account,customer_name,customer_phone\nCL000101,Dupont,0199001234\n')
    const random = seeded(20261121)
    const heaps: number[] = []
    const statuses = new Map<number, number>()
    for (let pass = 0; pass < PASSES; pass++) {
      const count = Math.ceil(REQUESTS / PASSES)
      await sendAll(
        hub.url,
        Array.from({ length: count }, () => hostileRequest(random)),
        (request) => request,
        (request, { status, body }) => {
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          assert.ok(
            status < 500,
            `${status} for ${request.method} ${request.path} ${'body' in request ? request.body : ''}: ${body}`,
          )
        },
      )
      collect()
      heaps.push(process.memoryUsage().heapUsed)
    }
    assert.ok((statuses.get(200) ?? 0) > REQUESTS / 4, `too few answers: ${JSON.stringify([...statuses])}`)
    const growth = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0)
    assert.ok(
      growth < LEAK_ALLOWED,
      `the heap grew by ${growth} bytes over ${PASSES} passes: ${heaps.join(', ')}`,
    )
    assert.equal((await ask('GET', '/api/isKnownPhoneNumber?number=0199001234&format=raw')).text, '1')
    assert.equal(({} as Record<string, unknown>)['number'], undefined)
  })
})
