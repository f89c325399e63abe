import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { ADMIN_TOKEN, newHub, type TestHub } from './hub.ts'

/** Sends bytes as they are and answers all that comes back until the hub closes the connection. */
function speak(url: string, parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let heard = ''
    socket.on('data', (chunk) => (heard += chunk.toString('latin1')))
    // What was answered before a connection was cut counts too.
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
    for (const part of parts) socket.write(Buffer.from(part, 'latin1'))
  })
}

/** Without what differs from one answer to the next. */
const comparable = (heard: string) =>
  heard
    .replace(/^Date: .*$/gim, 'Date')
    .replace(/content-length: \d+(?=[^{]*\{"message":"[^"]*","code":"[^"]*","request_id":)/gi, 'length')
    .replace(/"request_id":"[^"]*"/g, '"request_id"')
    .replace(/"(?:created|updated)_at":"[^"]*"/g, '"at"')
    .replace(/^etag: .*$/gim, 'etag')

const AUTH = `Host: h\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n`
const CLOSE = 'Connection: close\r\n'
const JSON_BODY = 'Content-Type: application/json\r\n'
const known = '/api/isKnownPhoneNumber?number=%2B33199001001'
const body = JSON.stringify({ name: 'Wire' })

/** What clients send, rightly or not. */
const SPOKEN: Record<string, string[]> = {
  'a question': [`GET ${known} HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'a question of HTTP/1.0': [`GET ${known} HTTP/1.0\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`],
  'a route of HTTP/1.0 without a host': [`GET /health/live HTTP/1.0\r\n\r\n`],
  'questions and other requests in one go, on one connection': [
    `GET ${known} HTTP/1.1\r\n${AUTH}\r\nGET /health/live HTTP/1.1\r\nHost: h\r\n\r\nGET ${known}&format=raw HTTP/1.1\r\n${AUTH}\r\n` +
      `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${JSON_BODY}Content-Length: ${body.length}\r\n\r\n${body}` +
      `GET ${known}&format=bool HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`,
  ],
  'a question by POST': [
    `POST /api/isKnownPhoneNumber HTTP/1.1\r\n${AUTH}${CLOSE}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\n\r\nphone=0199001001`,
  ],
  'a question without a parameter': [`GET /api/isKnownPhoneNumber HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'no token': [`GET ${known} HTTP/1.1\r\nHost: h\r\n${CLOSE}\r\n`],
  'trailers that are announced and come, or do not': [
    `GET /health/live HTTP/1.1\r\n${AUTH}Trailer: X\r\n\r\nPOST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}${JSON_BODY}Trailer: X\r\n` +
      `Transfer-Encoding: chunked\r\n\r\nf\r\n{"name":"Late"}\r\n0\r\nX: 1\r\n\r\n`,
  ],
  'two hosts and a header twice': [
    `GET /api/v1/customers HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n${AUTH}${CLOSE}\r\n`,
  ],
  'no host': [`GET /health/live HTTP/1.1\r\n${CLOSE}\r\n`],
  'a path that cannot be decoded': [`GET /api/%zz?x=%ff HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'a path of other bytes': [`GET /api/\xe9\xff?q=\xe4 HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'a whole URL': [`GET http://elsewhere.example/health/live HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  HEAD: [`HEAD /health/live HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'OPTIONS of everything': [`OPTIONS * HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'a method nobody has': [`BREW / HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  CONNECT: [`CONNECT h:1 HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'an upgrade': [
    `GET /health/live HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: close, upgrade\r\n\r\n`,
  ],
  'DELETE without a body': [`DELETE /api/v1/customers/999 HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'POST without a body': [`POST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'POST of an announced nothing': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}${JSON_BODY}Content-Length: 0\r\n\r\n`,
  ],
  'POST that says JSON and brings none': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}${JSON_BODY}\r\n`,
  ],
  'POST in chunks': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}${JSON_BODY}Transfer-Encoding: chunked\r\n\r\n`,
    `8\r\n{"name":\r\n`,
    `7\r\n"Parts"\r\n1\r\n}\r\n0\r\n\r\n`,
  ],
  'POST that waits for leave': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}${JSON_BODY}Expect: 100-continue\r\nContent-Length: 15\r\n\r\n`,
    `{"name":"Wait"}`,
  ],
  'an expectation nobody meets': [`GET /health/live HTTP/1.1\r\n${AUTH}${CLOSE}Expect: tea\r\n\r\n`],
  'a body of another kind': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${CLOSE}Content-Type: text/odd\r\nContent-Length: 2\r\n\r\nhi`,
  ],
  'a body that is announced too large': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}${JSON_BODY}Content-Length: 2000000\r\n\r\n{"name":"`,
  ],
  'a list of customers': [`GET /api/v1/customers?per_page=2 HTTP/1.1\r\n${AUTH}${CLOSE}\r\n`],
  'no HTTP': ['hello\r\n\r\n'],
  'a header that is too long': [`GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  'two lengths': [
    `POST /api/v1/categories HTTP/1.1\r\n${AUTH}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
  ],
}

async function twoHubs(t: TestContext): Promise<TestHub[]> {
  const hubs = [await newHub(t, 'sqlite'), await newHub(t, 'sqlite', { env: { CORDBOARD_WORKERS: '2' } })]
  for (const { importBook } of hubs) {
    await importBook(
      'customer_account,customer_name,customer_phone\nCL1,One,0199001001\nCL2,Two,0199001002\n',
    )
  }
  return hubs
}

test('whatever is said to a worker is answered as by a hub that listens itself, byte for byte', async (t) => {
  const hubs = await twoHubs(t)
  for (const [what, parts] of Object.entries(SPOKEN)) {
    const [alone, worker] = await Promise.all(hubs.map(({ hub }) => speak(hub.url, parts)))
    assert.equal(comparable(worker!), comparable(alone!), what)
  }
})
