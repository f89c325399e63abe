import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newDirectory } from '../../test/stores.ts'
import { connectToBackDoor, openBackDoor, openBackDoorServer, type BackDoorAddress } from './back-door.ts'

const SECRET = 's'.repeat(64)
const REQUEST = 'GET /who HTTP/1.1\r\nConnection: close\r\n\r\n'

/** A server that says who it thinks is asking. */
async function newDoor(t: TestContext): Promise<BackDoorAddress> {
  const address = { path: join(await newDirectory(t), 'hub.sock'), secret: SECRET }
  const server = openBackDoorServer((request, response) => {
    const { remoteAddress, remotePort, encrypted } = request.socket as Socket & { encrypted: boolean }
    response.end(`${remoteAddress} ${remotePort} ${encrypted}`)
  })
  const door = await openBackDoor(server, address)
  t.after(() => door.close())
  return address
}

async function heardOn(socket: Socket): Promise<string> {
  let heard = ''
  socket.on('data', (chunk) => (heard += String(chunk)))
  socket.on('error', () => {})
  await once(socket, 'close')
  return heard.split('\r\n\r\n')[1] ?? ''
}

test("a request through the back door is the client's, however its greeting arrives", async (t) => {
  const address = await newDoor(t)
  const socket = connectToBackDoor(address, { address: '192.0.2.7', port: 4711, encrypted: true })
  socket.write(REQUEST)
  assert.equal(await heardOn(socket), '192.0.2.7 4711 true')

  const slow = connect({ path: address.path })
  for (const part of [
    SECRET.slice(0, 20),
    `${SECRET.slice(20)} ::1 1 pl`,
    `ain\n${REQUEST.slice(0, 9)}`,
    REQUEST.slice(9),
  ]) {
    await new Promise<void>((resolve) => slow.write(part, () => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(await heardOn(slow), '::1 1 false')
})

test('nobody comes in without the secret', async (t) => {
  const { path } = await newDoor(t)
  for (const greeting of [
    `${'x'.repeat(64)} 192.0.2.7 1 plain\n`,
    '\n',
    'GET / HTTP/1.1\r\n',
    'x'.repeat(300),
  ]) {
    const socket = connect({ path })
    socket.write(greeting + REQUEST)
    assert.equal(await heardOn(socket), '', greeting)
  }
})
