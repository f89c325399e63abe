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
  /** What it needs beside the book. */
  open?(hub: TestHub): Promise<void>
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

const CALLER_KEYS = 'id,name,queue_position,direct_line,backend_link,route_identifier'

/** Half of one in twenty is an event, which says by its call whether it is there in the end. */
function callerData(): Dialect {
  const acknowledged = new Set<string>()
  const names = [
    'telephone',
    'TELEPHONE',
    'dnid',
    'extended',
    'type',
    'root_tag',
    'contact_id',
    '__proto__',
    'x',
  ]
  const bodies = [
    '',
    '{}',
    '[]',
    'null',
    '[1]',
    '{"telephone":',
    '{"telephone":{"a":[]}}',
    '<a/>',
    'telephone=%00',
  ]
  return {
    name: 'caller data',
    request({ random, pick, some, text }, i) {
      const pairs = Array.from({ length: 1 + some(3) }, () => `${pick(names)}=${text()}`)
      if (random() < 0.03) {
        const event = `event=${text()}&telephone=${text()}&${pairs.join('&')}&uniqueid=h${i}`
        return { method: 'GET', path: `/api/while1voice/events?${event}`, headers: headers(), id: `h${i}` }
      }
      const path = `${pick(['/api/caller-data', '/api/while1voice'])}?telephone=${text()}&${pairs.join('&')}`
      if (random() < 0.7) return { method: 'GET', path, headers: headers() }
      const type = { 'content-type': pick(TYPES) }
      return { method: 'POST', path, headers: { ...headers(), ...type }, body: pick(bodies) }
    },
    onAnswer({ id, method, path }, { status, body }) {
      if (status !== 200) return
      if (id !== undefined) {
        acknowledged.add(id)
        assert.equal(body, '', `${method} ${path}`)
      } else if (body.startsWith('{')) {
        const told = JSON.parse(body) as object
        const record = 'id' in told ? told : (Object.values(told)[0] as object)
        const keys = Object.keys(record).join()
        assert.ok(keys.startsWith(CALLER_KEYS), `${method} ${path}: ${body}`)
      }
    },
    async check({ ask }) {
      const there = new Set<string>()
      for (let page = 1, last = 1; page <= last; page++) {
        const { json } = await ask('GET', `/api/v1/pbx-events?per_page=200&page=${page}`)
        last = json.last_page
        for (const one of json.data) there.add(one.call)
      }
      assert.ok(acknowledged.size > REQUESTS / 100, `too few events: ${acknowledged.size}`)
      assert.deepEqual([...there].toSorted(), [...acknowledged].toSorted())
    },
  }
}

/** One in thirty is a report of a call or a chat, which says by its agent whether it is there in the end. */
function crm(): Dialect {
  const acknowledged = { calls: new Set<string>(), chats: new Set<string>() }
  let host = 0
  const paths = ['lookup', 'cfd/number', 'cfd/id', 'cfd/query', 'email', 'search', 'nothing']
  const names = ['number', 'Number', 'text', 'Email', 'EntityId', 'placeholder', 'host', '__proto__', 'x']
  const kinds = ['Inbound', 'Outbound', 'Missed', 'Notanswered', 'Unanswered']
  return {
    name: '3CX CRM',
    async open({ ask }) {
      const made = await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name: 'a.example' } })
      host = made.json.id
    },
    request({ random, pick, some, text }, i) {
      const type = { 'content-type': pick(TYPES) }
      const told = { Number: plain(text()), Name: plain(text()), EntityId: plain(text()), x: plain(text()) }
      if (random() < 0.03) {
        const isCall = random() < 0.7
        const CallStartTimeUTC = random() < 0.9 ? '2026-05-01T10:00:00' : plain(text())
        const Duration = pick(['00:01:00', '1.00:00:00', plain(text())])
        const call = { ...told, CallType: pick(kinds), CallStartTimeUTC, Duration, host }
        const body = JSON.stringify(
          isCall ? { ...call, Agent: `h${i}` } : { ...told, ChatMessages: plain(text()), Agent: `h${i}` },
        )
        const path = `/3cx/crm/report-${isCall ? 'call' : 'chat'}`
        return { method: 'POST', path, headers: { ...headers(), ...type }, body, id: `h${i}` }
      }
      const pairs = Array.from({ length: some(3) }, () => `${pick(names)}=${text()}`).join('&')
      if (random() < 0.02) {
        const path = `/3cx/crm/${pick(['report-call', 'report-chat', 'contacts'])}?${pairs}`
        return { method: 'POST', path, headers: { ...headers(), ...type }, body: pick(['', '[]', '{"a":']) }
      }
      const path = `/3cx/crm/${pick(paths)}?number=${text()}&text=${text()}&${pairs}`
      if (random() < 0.8) return { method: 'GET', path, headers: headers() }
      return { method: 'POST', path, headers: { ...headers(), ...type }, body: JSON.stringify(told) }
    },
    onAnswer({ id, method, path }, { status, body }) {
      if (status !== 200) return
      const answer = JSON.parse(body)
      if (id === undefined) assert.ok(Array.isArray(answer.contacts), `${method} ${path}: ${body}`)
      else if (answer.success === true) acknowledged[path.endsWith('call') ? 'calls' : 'chats'].add(id)
    },
    async check({ ask }) {
      for (const [kind, path, agentOf] of [
        ['calls', 'pbx3cx_calls', 'agent_extension'],
        ['chats', 'pbx-events', 'agent'],
      ] as const) {
        const there = new Set<string>()
        for (let page = 1, last = 1; page <= last; page++) {
          const { json } = await ask('GET', `/api/v1/${path}?per_page=200&page=${page}`)
          last = json.last_page
          for (const one of json.data) there.add(one[agentOf])
        }
        assert.ok(acknowledged[kind].size > 100, `too few ${kind}: ${acknowledged[kind].size}`)
        assert.deepEqual([...there].toSorted(), [...acknowledged[kind]].toSorted())
      }
    },
  }
}

const DIALECTS = [dbnQuery, callerData, crm]

onEachStore('hostile requests', (engine) => {
  for (const open of DIALECTS) {
    const dialect = open()
    test(`${REQUESTS} in ${dialect.name}: never a 5xx, and nothing acknowledged is lost`, async (t) => {
      const world = await newHub(t, engine)
      await world.importBook(BOOK)
      await dialect.open?.(world)
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
