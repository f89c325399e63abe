import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { isIP, type AddressInfo, type LookupFunction } from 'node:net'
import { test, type TestContext } from 'node:test'
import {
  openHttpClient,
  OutboundError,
  type HttpClient,
  type HttpClientOptions,
  type OutboundReason,
} from './http-client.ts'

/** Names of a little world: each name leads to the addresses its list has, one list a question, the last one again. */
function resolver(names: Record<string, string[][]>): LookupFunction {
  return (name, _options, callback) => {
    const answers = names[name]
    const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0]
    if (!answer) return callback(Object.assign(new Error(`no such name`), { code: 'ENOTFOUND' }), [])
    callback(
      null,
      answer.map((address) => ({ address, family: isIP(address) })),
    )
  }
}

async function serve(
  t: TestContext,
  answer: (...[request, response]: Parameters<RequestListener>) => unknown,
): Promise<{ port: number; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

function openClient(t: TestContext, options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = openHttpClient({ allowPrivate: ['127.0.0.1'], userAgent: 'Cordboard/test', ...options })
  t.after(() => client.close())
  return client
}

function failsWith(reason: OutboundReason) {
  return (error: unknown) => {
    assert.ok(error instanceof OutboundError, String(error))
    assert.equal(error.reason, reason, error.message)
    assert.doesNotMatch(JSON.stringify([error.message, error.stack, String(error.cause)]), /planted/)
    return true
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

test('a request is sent as it is told, and any status is an answer', async (t) => {
  const { port, seen } = await serve(t, async (request, response) => {
    const body = await bodyOf(request)
    response.writeHead(418, { 'X-Twice': ['a', 'b'], 'content-type': 'text/plain' }).end(`got ${body}`)
  })
  const client = openClient(t)
  const answer = await client.request(`http://127.0.0.1:${port}/path?q=1`, {
    method: 'POST',
    headers: { 'X-Api-Key': 'k' },
    body: 'hello',
  })
  assert.equal(answer.status, 418)
  assert.equal(answer.body.toString(), 'got hello')
  assert.equal(answer.headers['x-twice'], 'a, b')
  assert.equal(seen[0]?.url, '/path?q=1')
  assert.equal(seen[0]?.headers['x-api-key'], 'k')
  assert.equal(seen[0]?.headers['user-agent'], 'Cordboard/test')
})

test('a private address is refused before anything is sent, however it is written', async (t) => {
  const { port, seen } = await serve(t, (_request, response) => response.end())
  const client = openClient(t, {
    allowPrivate: [],
    lookup: resolver({ 'inside.example': [['127.0.0.1']], localhost: [['::1', '127.0.0.1']] }),
  })
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'inside.example',
    'localhost',
  ]
  for (const host of hosts) {
    await assert.rejects(
      client.request(`http://${host}:${port}/?token=planted`),
      failsWith('refused_address'),
      host,
    )
  }
  assert.equal(seen.length, 0)
})

test('a name with one private address among public ones is refused', async (t) => {
  const client = openClient(t, {
    allowPrivate: [],
    lookup: resolver({ 'mixed.example': [['8.8.8.8', '10.0.0.1']] }),
  })
  await assert.rejects(client.request('http://mixed.example/'), failsWith('refused_address'))
})

test('an allowed name and port are reached, another port of it is not', async (t) => {
  const { port } = await serve(t, (_request, response) => response.end('in'))
  const client = openClient(t, {
    allowPrivate: [`crm.example:${port}`],
    lookup: resolver({ 'crm.example': [['127.0.0.1']] }),
  })
  assert.equal((await client.request(`http://crm.example:${port}/`)).body.toString(), 'in')
  await assert.rejects(client.request('http://crm.example:9/'), failsWith('refused_address'))
})

test('a name that changes its address between two requests is judged each time, and asked once for each', async (t) => {
  const { port, seen } = await serve(t, (_request, response) =>
    response.setHeader('connection', 'close').end(),
  )
  const answers = [['127.0.0.1'], ['169.254.169.254'], ['127.0.0.1']]
  const client = openClient(t, { lookup: resolver({ 'rebinding.example': answers }) })
  await client.request(`http://rebinding.example:${port}/`)
  await assert.rejects(client.request(`http://rebinding.example:${port}/`), failsWith('refused_address'))
  assert.equal(seen.length, 1)
  assert.equal(answers.length, 1)
})

test('a redirect is an answer unless it is to be followed', async (t) => {
  const { port } = await serve(t, (request, response) => {
    if (request.url === '/old') return response.writeHead(302, { location: '/new' }).end()
    response.end(`${request.method} ${request.url}`)
  })
  const client = openClient(t)
  const old = `http://127.0.0.1:${port}/old`
  assert.equal((await client.request(old)).status, 302)
  assert.equal((await client.request(old, { followRedirects: 1 })).body.toString(), 'GET /new')
})

test('a redirect to a private address is refused', async (t) => {
  const { port } = await serve(t, (request, response) => {
    response
      .writeHead(302, {
        location: request.url === '/name' ? 'http://inside.example/' : 'http://169.254.169.254/latest',
      })
      .end()
  })
  const client = openClient(t, { lookup: resolver({ 'inside.example': [['10.0.0.1']] }) })
  for (const path of ['name', 'address']) {
    await assert.rejects(
      client.request(`http://127.0.0.1:${port}/${path}`, { followRedirects: 3 }),
      failsWith('refused_address'),
    )
  }
})

test('a redirect to what is not the web, or with credentials in its address, is refused', async (t) => {
  const { port } = await serve(t, (request, response) => {
    response
      .writeHead(302, {
        location: request.url === '/file' ? 'file:///etc/planted' : 'http://user:planted@127.0.0.1/',
      })
      .end()
  })
  const client = openClient(t)
  for (const path of ['file', 'user']) {
    await assert.rejects(
      client.request(`http://127.0.0.1:${port}/${path}`, { followRedirects: 3 }),
      failsWith('bad_url'),
    )
  }
})

test('another origin never sees the credentials, under whatever name they travel', async (t) => {
  const other = await serve(t, (_request, response) => response.end())
  const { port, seen } = await serve(t, (request, response) => {
    const location = request.url === '/away' ? `http://127.0.0.1:${other.port}/` : '/away'
    response.writeHead(307, { location }).end()
  })
  const client = openClient(t)
  const headers = {
    Authorization: 'planted',
    cookie: 'planted',
    'X-API-Key': 'planted',
    'Api-Token': 'planted',
    Accept: 'text/xml',
  }
  await client.request(`http://127.0.0.1:${port}/stay`, { headers, followRedirects: 5 })
  assert.equal(seen[1]?.headers['authorization'], 'planted')
  assert.equal(other.seen[0]?.headers['accept'], 'text/xml')
  assert.doesNotMatch(JSON.stringify(other.seen[0]?.headers), /planted/)
})

test('a posted form becomes a plain question after 301, 302 and 303, and stays itself after 307 and 308', async (t) => {
  const { port } = await serve(t, async (request, response) => {
    const body = await bodyOf(request)
    const status = Number(request.url?.slice(1))
    if (status) return response.writeHead(status, { location: '/' }).end()
    response.end(`${request.method} ${request.headers['content-type'] ?? '-'} ${body}`.trim())
  })
  const client = openClient(t)
  const post = async (status: number) => {
    const options = {
      method: 'POST',
      body: 'a=1',
      headers: { 'Content-Type': 'text/x-form' },
      followRedirects: 1,
    } as const
    return (await client.request(`http://127.0.0.1:${port}/${status}`, options)).body.toString()
  }
  for (const status of [301, 302, 303]) assert.equal(await post(status), 'GET -')
  for (const status of [307, 308]) assert.equal(await post(status), 'POST text/x-form a=1')
})

test('redirects without end are cut', async (t) => {
  const { port, seen } = await serve(t, (_request, response) =>
    response.writeHead(302, { location: '/?token=planted' }).end(),
  )
  const client = openClient(t)
  await assert.rejects(
    client.request(`http://127.0.0.1:${port}/`, { followRedirects: 3 }),
    failsWith('too_many_redirects'),
  )
  assert.equal(seen.length, 4)
})

test('the deadline holds for names, for the first byte and for the last one', async (t) => {
  const { port } = await serve(t, (request, response) => {
    if (request.url !== '/silent') response.write('begun')
  })
  const client = openClient(t, { lookup: (name) => void name })
  for (const url of [
    'http://nameless.example/?token=planted',
    `http://127.0.0.1:${port}/silent`,
    `http://127.0.0.1:${port}/begun`,
  ]) {
    await assert.rejects(client.request(url, { timeoutMs: 150 }), failsWith('timeout'), url)
  }
})

test('a deadline is one for all redirects together', async (t) => {
  const { port } = await serve(t, (_request, response) =>
    response.writeHead(302, { location: '/again' }).end(),
  )
  const client = openClient(t)
  await assert.rejects(
    client.request(`http://127.0.0.1:${port}/`, { timeoutMs: 200, followRedirects: 1_000_000 }),
    failsWith('timeout'),
  )
})

test('a body is read up to its limit and not a chunk further, announced or not', async (t) => {
  let gone: Promise<unknown> = Promise.resolve()
  const { port } = await serve(t, (request, response) => {
    if (request.url === '/fits') return response.end('x'.repeat(1000))
    gone = once(response, 'close')
    if (request.url === '/announced') response.setHeader('content-length', 5_000_000)
    const write = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
    }
    response.on('drain', write)
    write()
  })
  const client = openClient(t)
  assert.equal((await client.request(`http://127.0.0.1:${port}/fits`, { maxBytes: 1000 })).body.length, 1000)
  for (const path of ['announced', 'endless']) {
    await assert.rejects(
      client.request(`http://127.0.0.1:${port}/${path}`, { maxBytes: 1000 }),
      failsWith('too_large'),
    )
    await gone
    const cut = await client.request(`http://127.0.0.1:${port}/${path}`, { maxBytes: 1000, cut: true })
    assert.deepEqual([cut.status, cut.body.length], [200, 1000])
    await gone
  }
})

test('a host that is not there, hangs up or has no name is a network error with its cause', async (t) => {
  const { port } = await serve(t, (request) => request.socket.destroy())
  const client = openClient(t, { lookup: resolver({}) })
  for (const url of [
    `http://127.0.0.1:${port}/?token=planted`,
    'http://127.0.0.1:1/?token=planted',
    'http://nobody.example/?token=planted',
  ]) {
    await assert.rejects(client.request(url, { headers: { authorization: 'planted' } }), (error) => {
      failsWith('network')(error)
      return (error as OutboundError).cause instanceof Error
    })
  }
})

test('what is no address of a web server is refused without repeating it', async (t) => {
  const client = openClient(t)
  for (const url of [
    'planted',
    'ftp://host/planted',
    'http://',
    'http://user:planted@127.0.0.1/',
    'http://host:99999/planted',
  ]) {
    await assert.rejects(client.request(url), failsWith('bad_url'), url)
  }
})

test('closing ends what is under way', async (t) => {
  const { port, seen } = await serve(t, () => {})
  const client = openClient(t)
  const failing = assert.rejects(client.request(`http://127.0.0.1:${port}/`), failsWith('network'))
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await client.close()
  await failing
})
