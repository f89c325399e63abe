import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { askEverywhere, askFresh } from './fresh-questions.ts'
import { ADMIN_TOKEN, newHub, type TestHub } from './hub.ts'
import { sendAll } from './many-requests.ts'
import { newDirectory, onEachStore } from './stores.ts'
import { until } from './wire.ts'

const GOLDEN = new URL('../server/http/dialects/identification/golden/', import.meta.url)
type Pair = { name: string; get?: string; post?: string; send?: string; contentType?: string }
type Engine = Parameters<typeof newHub>[1]

const newHubOf = (workers: number, t: TestContext, engine: Engine, env: Record<string, string> = {}) =>
  newHub(t, engine, { env: { CORDBOARD_WORKERS: String(workers), ...env } })

/** How many requests each worker has answered by itself. */
async function answeredBy({ hub, ask }: TestHub): Promise<number[]> {
  const { text } = await ask('GET', '/metrics')
  return Array.from({ length: hub.workers!.state().wanted }, (_, worker) => {
    const line = new RegExp(`^cordboard_worker_requests_total\\{worker="${worker}"\\} (\\d+)$`, 'm')
    return Number(line.exec(text)?.[1] ?? 0)
  })
}

/** A busy worker says a little later what it has counted. */
async function assertAllAnswered(of: TestHub, before: number[]): Promise<void> {
  await until('every worker answered', async () => {
    const after = await answeredBy(of)
    return after.every((count, i) => count > before[i]!)
  })
}

const isKnown = (number: string) => `/api/isKnownPhoneNumber?number=${encodeURIComponent(number)}&format=raw`

onEachStore('several threads that answer calls', (engine) => {
  test('every golden question has the same answer from one thread and from three', async (t) => {
    const book = await readFile(new URL('book.csv', GOLDEN), 'utf8')
    const pairs = JSON.parse(await readFile(new URL('pairs.json', GOLDEN), 'utf8')) as Pair[]
    const alone = await newHub(t, engine)
    const three = await newHubOf(3, t, engine)
    for (const { importBook } of [alone, three]) assert.equal((await importBook(book)).rejected, 0)
    const before = await answeredBy(three)
    for (const { name, get, post, send, contentType } of pairs) {
      const asked = [alone, three].map(async ({ ask, hub }) => {
        const { status, text } = get
          ? await askFresh(hub.url, get)
          : await ask('POST', post!, { body: send, type: contentType! })
        return { status, text: text.replace(/"request_id":"[^"]*"/, '') }
      })
      const [one, other] = await Promise.all(asked)
      assert.deepEqual(other, one, name)
    }
    await assertAllAnswered(three, before)
  })

  test('a write that was acknowledged is what every thread answers next', async (t) => {
    const three = await newHubOf(3, t, engine)
    const { hub, ask } = three
    const { json: made } = await ask('POST', '/api/v1/customers', {
      body: { name: 'One', phone: '0612000000' },
    })
    const before = await answeredBy(three)
    const answers = (path: string) => askEverywhere(hub.url, path)
    for (let i = 1; i <= 5; i++) {
      const [former, next] = [i - 1, i].map((n) => `+3361200000${n}`)
      await ask('PATCH', `/api/v1/customers/${made.id}`, { body: { name: `One ${i}`, phone: next } })
      assert.deepEqual(await answers(isKnown(former!)), ['200 0'])
      const [answer, ...others] = await answers(`/api/isKnownPhoneNumber?number=${encodeURIComponent(next!)}`)
      assert.match(answer!, new RegExp(`"name":"One ${i}"`))
      assert.deepEqual(others, [])
    }
    const vip = '/api/isVipByPhoneNumber?number=%2B33612000005&format=raw'
    assert.deepEqual(await answers(vip), ['200 0'])
    await ask('PATCH', `/api/v1/customers/${made.id}`, { body: { vip: true } })
    assert.deepEqual(await answers(vip), ['200 1'])
    const dbn = '/3cx/query?cid=%2B33612000005'
    assert.deepEqual(await answers(dbn), ['200 {"success":true}'])
    await ask('DELETE', `/api/v1/customers/${made.id}`)
    assert.deepEqual(await answers(dbn), ['200 {"success":false}'])
    assert.deepEqual(await answers(isKnown('+33612000005')), ['200 0'])
    await assertAllAnswered(three, before)
  })

  test('every thread answers caller data and the CRM of a PBX; where a profile decides, the hub does', async (t) => {
    const three = await newHubOf(3, t, engine, { CORDBOARD_PUBLIC_URL: 'https://hub.example' })
    const { hub, ask } = three
    const body = { name: 'One', phone: '0612000000', external_id: 'X1' }
    assert.equal((await ask('POST', '/api/v1/customers', { body })).status, 201)
    const answers = (path: string) => askEverywhere(hub.url, path)
    const told = (line: string | null) =>
      `200 ${JSON.stringify({
        id: 1,
        name: 'One',
        queue_position: null,
        direct_line: line,
        backend_link: 'https://hub.example/pop/1',
        route_identifier: null,
        outbound_number: null,
        language: null,
        external_id: 'X1',
      })}`
    const data = '/api/caller-data?telephone=0612000000&dnid=700&extended=1'
    const lookup = '/3cx/crm/lookup?number=0612000000'
    for (const [path, expected] of [
      [data, told(null)],
      [lookup, '"company_name":"One"'],
    ] as const) {
      const before = await answeredBy(three)
      const [answer, ...others] = await answers(path)
      assert.ok(answer!.includes(expected), answer!)
      assert.deepEqual(others, [])
      await assertAllAnswered(three, before)
    }

    const rules = [{ name: 'all', when: {}, destination: { type: 'queue', value: '801' } }]
    const profile = { name: 'Romania', dnids: ['700'], country: 'RO', rules }
    const { json: made } = await ask('POST', '/api/v1/profiles', { body: profile })
    const abroad = data.replace('0612000000', '%2B33612000000')
    assert.deepEqual(await answers(abroad), [told('801')])
    await until('the decisions are kept', async () => {
      const { json } = await ask('GET', '/api/v1/decisions?filter[dnid]=700')
      return json.total > 0
    })
    // In the profile's country this is somebody else's number.
    assert.deepEqual(await answers(`${lookup}&dnid=700`), ['200 {"contacts":[]}'])
    assert.equal((await ask('DELETE', `/api/v1/profiles/${made.id}`)).status, 204)
    assert.deepEqual(await answers(data), [told(null)])
  })

  test('while books are imported every answer is right, and afterwards every thread knows all of them', async (t) => {
    const { hub, importBook } = await newHubOf(2, t, engine)
    const rows = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => {
        const n = from + i
        return `CL${n},Customer ${n},+33613${String(n).padStart(6, '0')},P${n},+33713${String(n).padStart(6, '0')}`
      })
    const book = (from: number, to: number) =>
      ['customer_account,customer_name,customer_phone,last_name,contact_phones', ...rows(from, to)].join('\n')
    assert.equal((await importBook(book(0, 500))).accepted, 500)
    let importing = true
    const imports = (async () => {
      for (const from of [500, 1_000, 1_500]) await importBook(book(from, from + 500))
      importing = false
    })()
    function* questions() {
      for (let n = 0; importing; n = (n + 17) % 2_000) yield n
    }
    const wrong: string[] = []
    await sendAll(
      hub.url,
      questions(),
      (n) => ({
        path: `/api/isKnownPhoneNumber?number=%2B33713${String(n).padStart(6, '0')}`,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      }),
      (n, { status, body }) => {
        const { known, customer, contact } = JSON.parse(body)
        const right = known ? customer.name === `Customer ${n}` && contact.name === `P${n}` : n >= 500
        if (status !== 200 || !right) wrong.push(`${n}: ${status} ${body}`)
      },
      6,
    )
    await imports
    assert.deepEqual(wrong, [])
    for (const n of [0, 499, 1_777, 1_999]) {
      const [answer, ...others] = await askEverywhere(
        hub.url,
        `/api/isKnownPhoneNumber?number=%2B33613${String(n).padStart(6, '0')}`,
      )
      assert.match(answer!, new RegExp(`"name":"Customer ${n}"`))
      assert.deepEqual(others, [])
    }
  })

  test('a token that was revoked is refused by every thread at once', async (t) => {
    const two = await newHubOf(2, t, engine)
    const { hub, ask, newToken } = two
    const token = await newToken(['identify'])
    const before = await answeredBy(two)
    assert.deepEqual(await askEverywhere(hub.url, isKnown('1'), { token }), ['200 0'])
    await assertAllAnswered(two, before)
    const { json: tokens } = await ask('GET', '/api/v1/tokens?per_page=100')
    const { id } = tokens.data.find((one: { name: string }) => one.name === 'test')
    assert.equal((await ask('DELETE', `/api/v1/tokens/${id}`)).status, 200)
    for (const answer of await askEverywhere(hub.url, isKnown('1'), { token }))
      assert.match(answer, /^4(01|29) /)
  })
})

test('a hub that starts again, from its snapshot or from the store, has workers that know everybody', async (t) => {
  const dataDir = await newDirectory(t)
  const env = { CORDBOARD_WORKERS: '2' }
  const first = await newHub(t, 'sqlite', { dataDir, env })
  await first.importBook('customer_account,customer_name,customer_phone\nCL1,One,+33612345678\n')
  const token = await first.newToken(['identify'])
  await first.hub.close()
  for (const from of ['snapshot', 'store']) {
    if (from === 'store') await rm(join(dataDir, 'memory.snapshot'))
    const { hub } = await newHub(t, 'sqlite', { dataDir, env })
    assert.deepEqual(await askEverywhere(hub.url, isKnown('+33612345678'), { token }), ['200 1'], from)
    await hub.close()
  }
})

test('who asks is known by the true address, whichever thread was asked', async (t) => {
  const { hub, ask, newToken } = await newHubOf(2, t, 'sqlite')
  const statuses = async (times: number, from: string, headers: Record<string, string> = {}) => {
    const found: number[] = []
    for (let i = 0; i < times; i++)
      found.push((await askFresh(hub.url, isKnown('1'), { token: 'wrong', from, headers })).status)
    return found
  }
  assert.deepEqual(await statuses(12, '127.0.0.2'), [...Array<number>(10).fill(401), 429, 429])
  // Another address has failures of its own, and nobody becomes another address by saying so.
  assert.deepEqual(await statuses(1, '127.0.0.3'), [401])
  assert.deepEqual(await statuses(1, '127.0.0.2', { 'x-forwarded-for': '127.0.0.9' }), [429])

  const bound = await newToken(['identify'], { address_list: ['127.0.0.4'] })
  assert.deepEqual(await askEverywhere(hub.url, isKnown('1'), { token: bound, from: '127.0.0.4' }), ['200 0'])
  const elsewhere = { token: bound, from: '127.0.0.5', headers: { 'x-forwarded-for': '127.0.0.4' } }
  assert.equal((await askFresh(hub.url, isKnown('1'), elsewhere)).status, 403)
  assert.equal((await ask('GET', '/api/v1/tokens')).status, 200)
})

test('a proxy that is trusted speaks for its clients, through every thread', async (t) => {
  const { hub, newToken } = await newHubOf(2, t, 'sqlite', { CORDBOARD_TRUSTED_PROXIES: '127.0.0.6' })
  const token = await newToken(['identify'], { address_list: ['192.0.2.7'] })
  const headers = { 'x-forwarded-for': '192.0.2.7' }
  assert.equal((await askFresh(hub.url, isKnown('1'), { token, from: '127.0.0.6', headers })).status, 200)
  assert.equal((await askFresh(hub.url, isKnown('1'), { token, from: '127.0.0.8', headers })).status, 403)
})

async function readiness({ ask }: TestHub) {
  return (await ask('GET', '/health/ready')).json.workers as { wanted: number; listening: number }
}

test('a worker that dies is started again, and meanwhile the others answer', async (t) => {
  const three = await newHubOf(3, t, 'sqlite')
  const { hub, ask, importBook } = three
  await importBook('customer_account,customer_name,customer_phone\nCL1,One,+33612345678\n')
  assert.deepEqual(await readiness(three), { wanted: 3, listening: 3 })
  const before = await answeredBy(three)
  await hub.workers!.thread(1)!.terminate()
  assert.equal((await readiness(three)).listening, 2)
  assert.deepEqual(await askEverywhere(hub.url, isKnown('+33612345678')), ['200 1'])
  // A write finds no reader that it would wait for.
  assert.equal(
    (await ask('POST', '/api/v1/customers', { body: { name: 'Two', phone: '+33612345679' } })).status,
    201,
  )
  await until('three workers listen', async () => (await readiness(three)).listening === 3)
  assert.deepEqual(await askEverywhere(hub.url, isKnown('+33612345679')), ['200 1'])
  await assertAllAnswered(three, before)
})

test('an import of 20 MB passes through a worker as a stream, in both ways', async (t) => {
  const { hub, ask } = await newHubOf(2, t, 'sqlite')
  const comment = 'x'.repeat(8_000)
  const lines = ['customer_account,customer_name,customer_phone,comment']
  for (let n = 0; n < 2_500; n++)
    lines.push(`CL${n},Customer ${n},+33613${String(n).padStart(6, '0')},${comment}`)
  const csv = lines.join('\n')
  assert.ok(csv.length > 20_000_000)
  const sent = await ask('POST', '/api/v1/imports', { body: csv, type: 'text/csv' })
  assert.equal(sent.status, 202)
  const ended = await hub.directory.imports.finished(hub.operatorTenantId, sent.json.id)
  assert.deepEqual([ended.accepted, ended.rejected], [2_500, 0])
  const exported = await ask('GET', '/api/v1/export')
  assert.equal(exported.status, 200)
  assert.equal(exported.text.match(/Customer \d+/g)?.length, 2_500)
  assert.deepEqual(await askEverywhere(hub.url, isKnown('+33613002499')), ['200 1'])
})

test('ETags, conditions and a client that leaves work through a worker as without one', async (t) => {
  const { hub, ask } = await newHubOf(2, t, 'sqlite')
  const made = await ask('POST', '/api/v1/customers', { body: { name: 'One' } })
  const path = `/api/v1/customers/${made.json.id}`
  const etag = (await ask('GET', path)).headers.get('etag')!
  assert.equal((await ask('GET', path, { headers: { 'if-none-match': etag } })).status, 304)
  assert.equal(
    (await ask('PATCH', path, { body: { name: 'Two' }, headers: { 'if-match': etag } })).status,
    200,
  )
  assert.equal(
    (await ask('PATCH', path, { body: { name: 'Three' }, headers: { 'if-match': etag } })).status,
    412,
  )
  assert.equal((await ask('GET', '/nothing')).status, 404)

  // Half of a book, and its client is gone: nothing of it stays, and the hub goes on.
  const { hostname, port } = new URL(hub.url)
  const socket = connect(Number(port), hostname)
  const head = `POST /api/v1/imports HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\nContent-Type: text/csv\r\n`
  socket.write(`${head}Content-Length: 100000\r\n\r\ncustomer_account,customer_name\nCL1,One\n`)
  await once(socket, 'connect')
  socket.destroy()
  assert.equal((await ask('GET', '/api/v1/imports')).json.total, 0)
})

test('a stop finishes what was begun and refuses nobody who was let in', async (t) => {
  const { hub, importBook } = await newHubOf(2, t, 'sqlite')
  await importBook('customer_account,customer_name,customer_phone\nCL1,One,+33612345678\n')
  const { hostname, port } = new URL(hub.url)
  const open = async (text: string) => {
    const socket = connect(Number(port), hostname)
    socket.setEncoding('latin1')
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }
  // An upload under way, which a worker passes on.
  const csv = 'customer_account,customer_name\nCL2,Two\n'
  const head = `POST /api/v1/imports HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\nContent-Type: text/csv\r\n`
  const upload = await open(`${head}Expect: 100-continue\r\nContent-Length: ${csv.length}\r\n\r\n`)
  assert.match(String((await once(upload, 'data'))[0]), /^HTTP\/1.1 100/)
  upload.write(csv.slice(0, 10))

  // Clients that ask one question after the other, until they are told that it was the last.
  const question = `GET ${isKnown('+33612345678')} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`
  let answers = 0
  const clients = await Promise.all(Array.from({ length: 24 }, () => open(question)))
  const ends = clients.map(
    (socket) =>
      new Promise<string>((resolve) => {
        let heard = ''
        let last = false
        socket.on('error', (error) => resolve(String(error)))
        socket.on('close', () => resolve(last ? 'told' : `cut off after "${heard}"`))
        socket.on('data', (chunk) => {
          heard += String(chunk)
          if (!heard.endsWith('\r\n\r\n1')) return
          answers++
          last = /^connection: close/im.test(heard)
          heard = ''
          if (!last) socket.write(question)
        })
      }),
  )
  await until('all of them are answered', async () => answers > 500)
  const closing = hub.close()
  assert.deepEqual([...new Set(await Promise.all(ends))], ['told'])
  const answered = once(upload, 'data')
  upload.write(csv.slice(10))
  assert.match(String((await answered)[0]), /^HTTP\/1.1 202[^]*connection: close/i)
  await closing
  const late = connect(Number(port), hostname)
  assert.equal(((await once(late, 'error')) as [NodeJS.ErrnoException])[0].code, 'ECONNREFUSED')
})

test('a port that somebody listens on is refused, also where it could be shared', async (t) => {
  const other = createServer().listen({ host: '127.0.0.1', port: 0, reusePort: true })
  await once(other, 'listening')
  t.after(() => other.close())
  const { port } = other.address() as AddressInfo
  await assert.rejects(newHubOf(2, t, 'sqlite', { CORDBOARD_PORT: String(port) }), {
    code: 'EADDRINUSE',
  })
})
