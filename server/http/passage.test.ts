import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newDirectory } from '../../test/stores.ts'
import { openBackDoor, openBackDoorServer } from './back-door.ts'
import { openListener } from './listener.ts'
import { openPassage } from './passage.ts'

const SECRET = 's'.repeat(64)

type World = { hub: Server; seen: string[]; troubles: unknown[]; open(): Promise<Socket> }

/** A listener that hands everything to a hub of ours. */
async function newWorld(t: TestContext, listener: RequestListener): Promise<World> {
  const seen: string[] = []
  const troubles: unknown[] = []
  const address = { path: join(await newDirectory(t), 'hub.sock'), secret: SECRET }
  const hub = openBackDoorServer((request, response) => {
    seen.push(request.url ?? '')
    listener(request, response)
  })
  const door = await openBackDoor(hub, address)
  const onTrouble = (error: unknown) => void troubles.push(error)
  const front = openListener(null, openPassage({ door: address, isLast: () => false, onTrouble }))
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  t.after(async () => {
    front.closeAllConnections()
    front.close()
    await door.close()
  })
  return {
    hub,
    seen,
    troubles,
    async open() {
      const socket = connect((front.address() as AddressInfo).port, '127.0.0.1')
      await once(socket, 'connect')
      socket.setEncoding('latin1')
      return socket
    },
  }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`

test('a client that leaves takes its requests along, also those that wait for their turn', async (t) => {
  const { hub, seen, troubles, open } = await newWorld(t, (request, response) => {
    if (request.url === '/third') response.end('third')
  })
  const client = await open()
  const connected = once(hub, 'connection') as Promise<[Socket]>
  const asked = once(hub, 'request')
  client.write(get('/first') + get('/second'))
  const [line] = await connected
  await asked
  const gone = once(line, 'close')
  client.destroy()
  await gone
  const other = await open()
  const another = once(hub, 'connection') as Promise<[Socket]>
  other.write(get('/third'))
  assert.match(String((await once(other, 'data'))[0]), /third$/)
  assert.deepEqual(seen, ['/first', '/third'])
  // One that leaves between two requests leaves nothing behind either.
  const [otherLine] = await another
  const left = once(otherLine, 'close')
  other.destroy()
  await left
  assert.deepEqual(troubles, [])
})

test('an answer that breaks off breaks off for the client too', async (t) => {
  const { open } = await newWorld(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 10 })
    response.write('half', () => response.destroy())
  })
  const client = await open()
  let heard = ''
  client.on('data', (chunk) => (heard += String(chunk)))
  client.on('error', () => {})
  client.write(get('/'))
  await once(client, 'close')
  assert.match(heard, /content-length: 10[^]*\r\n\r\nhalf$/)
})

test('a request the hub does not take is answered all the same, and the trouble is told', async (t) => {
  const { hub, troubles, open } = await newWorld(t, () => {})
  hub.prependListener('connection', (socket: Socket) => socket.destroy())
  const client = await open()
  client.write(get('/'))
  assert.match(String((await once(client, 'data'))[0]), /^HTTP\/1.1 500 [^]*"code":"internal"/)
  assert.equal(troubles.length, 1)
})
