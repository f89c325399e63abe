import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BITS, TYPES } from './hostile-bits.ts'
import { ADMIN_TOKEN, newHub, type TestHub } from './hub.ts'
import { seeded, sendAll, type RawAnswer } from './many-requests.ts'
import { onEachStore } from './stores.ts'

const REQUESTS = 20_000
const BOOK = 'customer_account,customer_name,customer_phone\nCL000101,Dupont,0199001234\n'

type Sent = { method: string; path: string; headers: Record<string, string>; body?: string; id?: string }
type Random = ReturnType<typeof openRandom>

function openRandom(seed: number) {
  const random = seeded(seed)
  const pick = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)] as Item
  const some = (most: number) => Math.floor(random() * (most + 1))
  const text = () => Array.from({ length: 1 + some(3) }, () => pick(BITS)).join('')
  return { random, pick, some, text }
}

type Dialect = {
  name: string
  request(random: Random, i: number): Sent
  onAnswer(sent: Sent, answer: RawAnswer): void
  /** After all of them: nothing is lost. */
  check(hub: TestHub): Promise<void>
}

const headers = () => ({ authorization: `Bearer ${ADMIN_TOKEN}` })
const plain = (encoded: string) => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}

/** One in twenty is a record, which says by its call whether it is there in the end. */
function dbnQuery(): Dialect {
  const acknowledged = new Set<string>()
  const names = ['cid', 'CID', 'Comments', 'comments', 'agent', 'due', '__proto__', 'cid[]', 'x', '%20cid']
  const bodies = [
    '',
    '{}',
    '[]',
    'null',
    '[1]',
    '[[]]',
    '[null,{"cid":1}]',
    '{"cid":',
    '{"cid":{"a":[]}}',
    '<a/>',
  ]
  return {
    name: 'DBN query',
    request({ random, pick, some, text }, i) {
      const pairs = Array.from({ length: some(3) }, () => `${pick(names)}=${text()}`)
      const path = `/3cx/query?${pairs.join('&')}`
      if (random() < 0.05) {
        const record = { cid: plain(text()), comments: plain(text()), status: 'No Answer', call: `h${i}` }
        const asQuery = `/3cx/query?cid=${text()}&status=completed&comments=${text()}&call=h${i}`
        if (random() < 0.5) return { method: 'GET', path: asQuery, headers: headers(), id: `h${i}` }
        const body = JSON.stringify(random() < 0.5 ? record : [record, { cid: '1' }])
        return { method: 'POST', path: '/3cx/query', headers: headers(), body, id: `h${i}` }
      }
      if (random() < 0.02)
        return { method: 'GET', path: `${path}&status=${text()}&cid=1`, headers: headers() }
      if (random() < 0.3)
        return {
          method: 'POST',
          path,
          headers: { ...headers(), 'content-type': pick(TYPES) },
          body: random() < 0.5 ? pick(bodies) : `{"cid":${JSON.stringify(plain(text()))}}`,
        }
      return { method: 'GET', path, headers: headers() }
    },
    onAnswer({ id, method, path }, { status, body }) {
      const answers = [JSON.parse(body) as unknown].flat() as { success: unknown }[]
      for (const { success } of answers)
        assert.ok([true, false, 0, 1].includes(success as never), `${method} ${path}: ${body}`)
      if (id !== undefined && status === 200 && answers[0]?.success === 1) acknowledged.add(id)
    },
    async check({ ask }) {
      const there = new Set<string>()
      for (let page = 1, last = 1; page <= last; page++) {
        const { json } = await ask('GET', `/api/v1/dispositions?per_page=200&page=${page}`)
        last = json.last_page
        for (const one of json.data) there.add(one.call)
      }
      there.delete(null as never)
      assert.ok(acknowledged.size > REQUESTS / 50, `too few records: ${acknowledged.size}`)
      assert.deepEqual([...there].toSorted(), [...acknowledged].toSorted())
    },
  }
}

const DIALECTS = [dbnQuery]

onEachStore('hostile requests', (engine) => {
  for (const open of DIALECTS) {
    const dialect = open()
    test(`${REQUESTS} in ${dialect.name}: never a 5xx, and nothing acknowledged is lost`, async (t) => {
      const world = await newHub(t, engine)
      await world.importBook(BOOK)
      const random = openRandom(20261121)
      const statuses = new Map<number, number>()
      await sendAll(
        world.hub.url,
        Array.from({ length: REQUESTS }, (_, i) => dialect.request(random, i)),
        (sent) => sent,
        (sent, answer) => {
          const { status, body } = answer
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
          assert.ok(status < 500, `${status} for ${sent.method} ${sent.path} ${sent.body ?? ''}: ${body}`)
          dialect.onAnswer(sent, answer)
        },
      )
      assert.ok((statuses.get(200) ?? 0) > REQUESTS / 4, `too few answers: ${JSON.stringify([...statuses])}`)
      await dialect.check(world)
    })
  }
})
