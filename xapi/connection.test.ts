import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { makeCertificate } from './testing/certificate.ts'
import { openClient, openPretendPbx } from './testing/pbx.ts'
import { isXapiError, openXapi, XapiError, type XapiErrorKind } from './xapi.ts'

function failsWith(kind: XapiErrorKind, reason?: string) {
  return (error: unknown) => {
    assert.ok(error instanceof XapiError, String(error))
    assert.deepEqual([error.kind, reason && error.reason], [kind, reason], error.message)
    return true
  }
}

const certificate = makeCertificate()
const skip = certificate === null ? 'no openssl to make a certificate with' : false

test(
  'a certificate nobody vouches for is refused with the reason and what one would pin',
  { skip },
  async (t) => {
    const pbx = await openPretendPbx(t, certificate!)
    const error: unknown = await openClient(t, pbx)
      .callControl.state()
      .catch((thrown: unknown) => thrown)
    assert.ok(failsWith('network', 'tls_self_signed')(error))
    assert.equal((error as XapiError).fingerprint, certificate!.fingerprint)
    assert.equal(pbx.heard.length, 0)
  },
)

test(
  'a pinned certificate is let in, also by several pins and without colons; another is refused unheard',
  { skip },
  async (t) => {
    const pbx = await openPretendPbx(t, certificate!)
    pbx.on('/callcontrol', { body: [] })
    const plain = certificate!.fingerprint.replaceAll(':', '').toLowerCase()
    for (const fingerprint of [certificate!.fingerprint, plain, ['00'.repeat(32), plain]]) {
      assert.deepEqual(await openClient(t, pbx, { tls: { fingerprint } }).callControl.state(), [])
    }
    const before = pbx.heard.length
    const wrong = openClient(t, pbx, { tls: { fingerprint: '00'.repeat(32) } })
    await assert.rejects(wrong.callControl.state(), failsWith('network', 'tls_pin'))
    assert.equal(pbx.heard.length, before)
  },
)

test('a certificate is trusted by its authority, or not looked at', { skip }, async (t) => {
  const pbx = await openPretendPbx(t, certificate!)
  pbx.on('/callcontrol', { body: [] })
  for (const tls of ['skip', { ca: certificate!.cert }] as const) {
    assert.deepEqual(await openClient(t, pbx, { tls }).callControl.state(), [])
  }
  const byName = { ...pbx, url: pbx.url.replace('127.0.0.1', 'localhost') }
  const client = openClient(t, byName, { tls: { ca: certificate!.cert } })
  await assert.rejects(client.callControl.state(), failsWith('network', 'tls_name'))
})

test('plain HTTP behind https is told as such', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, { url: pbx.url.replace('http:', 'https:') })
  await assert.rejects(client.callControl.state(), failsWith('network', 'tls_protocol'))
})

test('nothing that listens, and a name nobody knows', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const nobody = openClient(t, { url: `http://127.0.0.1:${port}` })
  await assert.rejects(nobody.callControl.state(), failsWith('network', 'refused'))
  const unknown = openClient(
    t,
    { url: 'https://pbx.invalid' },
    {
      lookup: (_name, _options, done) => done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []),
    },
  )
  await assert.rejects(unknown.callControl.state(), failsWith('network', 'dns'))
})

test('each deadline ends what it is for', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/callcontrol', (heard, response) => {
    if (heard.path.endsWith('/1')) return null
    response.writeHead(200, { 'content-type': 'application/json' }).write('[')
    return null
  })
  const deadlines = { headMs: 200, connectMs: 200, bodyMs: 100 }
  const client = openClient(t, pbx, { deadlines })
  await assert.rejects(client.callControl.dn('1'), failsWith('timeout', 'head'))
  await assert.rejects(client.callControl.state(), failsWith('timeout', 'body'))
  const sockets: Socket[] = []
  const deaf = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    deaf.close()
  })
  const url = `https://127.0.0.1:${(deaf.address() as AddressInfo).port}`
  await assert.rejects(
    openClient(t, { url }, { deadlines }).callControl.state(),
    failsWith('timeout', 'connect'),
  )
})

test('an answer longer than allowed is not read', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/callcontrol', { body: ['x'.repeat(5000)] })
  await assert.rejects(
    openClient(t, pbx, { longestAnswer: 1000 }).callControl.state(),
    failsWith('server', 'too_long'),
  )
})

test('one request is under way at a time, whoever asks; more when allowed', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/callcontrol', { body: [] })
  const clients = [openClient(t, pbx), openClient(t, pbx)]
  await Promise.all(clients.flatMap((client) => Array.from({ length: 10 }, () => client.callControl.state())))
  assert.equal(pbx.mostAtOnce(), 1)
  let under = 0
  const all = Promise.withResolvers<null>()
  pbx.on('/callcontrol', async () => {
    if (++under === 3) all.resolve(null)
    await all.promise
    return { body: [] }
  })
  const wide = openClient(t, pbx, { concurrency: 3 })
  await Promise.all(Array.from({ length: 9 }, () => wide.callControl.state()))
  assert.equal(pbx.mostAtOnce(), 3)
})

test('a long download holds nobody up', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/callcontrol', { body: [] })
  const finish = Promise.withResolvers<null>()
  pbx.on('/Recordings/Pbx.DownloadRecording', async (_heard, response) => {
    response.writeHead(200, {
      'content-type': 'audio/x-wav',
      'content-disposition': 'attachment; filename="../a b.wav"',
    })
    response.write('RIFF')
    await finish.promise
    response.end('tail')
    return null
  })
  const client = openClient(t, pbx)
  const { body, fileName, contentType } = await client.recordings.download(7)
  assert.deepEqual([fileName, contentType], ['a b.wav', 'audio/x-wav'])
  assert.deepEqual(await client.callControl.state(), [])
  finish.resolve(null)
  assert.equal((await buffer(body)).toString(), 'RIFFtail')
})

test('a download that stalls or breaks off ends with the reason, one that is given up with its own', async (t) => {
  const pbx = await openPretendPbx(t)
  const ends: (() => void)[] = []
  pbx.on('/Recordings/Pbx.DownloadRecording', (_heard, response) => {
    response.writeHead(200, { 'content-type': 'audio/x-wav', 'content-length': '100' }).write('RIFF')
    ends.push(() => response.destroy())
    return null
  })
  const stalled = openClient(t, pbx, { deadlines: { bodyMs: 100 } })
  await assert.rejects(buffer((await stalled.recordings.download(1)).body), failsWith('timeout', 'body'))
  const client = openClient(t, pbx)
  const broken = (await client.recordings.download(1)).body
  ends.at(-1)?.()
  await assert.rejects(buffer(broken), failsWith('network', 'reset'))
  const leave = new AbortController()
  const { body } = await client.recordings.download(1, { signal: leave.signal })
  leave.abort(new Error('enough'))
  await assert.rejects(buffer(body), /^Error: enough$/)
})

test('429 and 503 are waited out as the PBX asks, and not for ever', async (t) => {
  const pbx = await openPretendPbx(t)
  let asked = 0
  pbx.on('/callcontrol', () => {
    asked++
    return asked < 3 ? { status: asked === 1 ? 429 : 503, headers: { 'retry-after': '0' } } : { body: [] }
  })
  assert.deepEqual(await openClient(t, pbx).callControl.state(), [])
  assert.equal(asked, 3)
  let firstAt = 0
  pbx.on('/callcontrol', () => {
    if (firstAt !== 0) return { body: [{ dn: String(performance.now() - firstAt >= 990) }] }
    firstAt = performance.now()
    return { status: 503, headers: { 'retry-after': '1' } }
  })
  assert.equal((await openClient(t, pbx).callControl.state())[0]?.dn, 'true')
  asked = 0
  pbx.on('/callcontrol', () => ({ status: 429, headers: { 'retry-after': asked++ < 99 ? '0' : '' } }))
  await assert.rejects(
    openClient(t, pbx, { retries: { attempts: 3 } }).callControl.state(),
    failsWith('rate'),
  )
  assert.equal(asked, 3)
  pbx.on('/callcontrol', { status: 429, headers: { 'retry-after': '3600' } })
  const error: unknown = await openClient(t, pbx)
    .callControl.state()
    .catch((thrown: unknown) => thrown)
  assert.ok(isXapiError(error, 'rate'))
  assert.equal(error.retryAfterMs, 3_600_000)
})

test('a signal ends a call with its own reason, under way or waiting its turn', async (t) => {
  const pbx = await openPretendPbx(t)
  const arrived = Promise.withResolvers<null>()
  pbx.on('/callcontrol', () => {
    arrived.resolve(null)
    return null
  })
  const client = openClient(t, pbx)
  const [first, second] = [new AbortController(), new AbortController()]
  const calls = [first, second].map(({ signal }) => client.callControl.state({ signal }))
  const outcomes = Promise.allSettled(calls)
  await arrived.promise
  second.abort(new Error('enough of the second'))
  first.abort(new Error('enough of the first'))
  const reasons = (await outcomes).map((one) => (one.status === 'rejected' ? String(one.reason) : one.status))
  assert.deepEqual(reasons, ['Error: enough of the first', 'Error: enough of the second'])
})

test('closing ends what is under way and what comes after', async (t) => {
  const pbx = await openPretendPbx(t)
  const arrived = Promise.withResolvers<null>()
  pbx.on('/callcontrol', () => {
    arrived.resolve(null)
    return null
  })
  const client = openClient(t, pbx)
  const call = assert.rejects(client.callControl.state(), failsWith('closed'))
  await arrived.promise
  await client.close()
  await call
  await assert.rejects(client.callControl.state(), failsWith('closed'))
})

test('an address that is none is refused, and one with a password in it is not repeated', () => {
  for (const url of [
    'pbx.example',
    'ftp://pbx.example',
    'https://pbx.example/?a=1',
    'https://u:planted@pbx.example',
  ]) {
    assert.throws(
      () => openXapi({ url, clientId: 'a', clientSecret: 'b' }),
      (error) => isXapiError(error, 'validation') && !error.message.includes('planted'),
    )
  }
})

test('a question is asked again when the kept connection was cut, an order is not', async (t) => {
  const pbx = await openPretendPbx(t)
  let asked = 0
  pbx.on('/callcontrol', (heard, response) => {
    asked++
    if (heard.method === 'POST' || asked === 1) {
      response.destroy()
      return null
    }
    return { body: [] }
  })
  const client = openClient(t, pbx)
  assert.deepEqual(await client.callControl.state(), [])
  asked = 0
  await assert.rejects(
    client.callControl.makeCall('100', { destination: '101' }),
    failsWith('network', 'reset'),
  )
  assert.equal(asked, 1)
})

test('an order whose answer is lost is told from one that never went out, and from a question', async (t) => {
  const pbx = await openPretendPbx(t)
  const cut = (method: string) =>
    pbx.on('/callcontrol', (heard, response) => {
      if (heard.method !== method) return { body: [] }
      response.destroy()
      return null
    })
  const client = openClient(t, pbx)
  const isUncertain = async (call: Promise<unknown>) => {
    const error: unknown = await call.catch((thrown: unknown) => thrown)
    assert.ok(isXapiError(error), String(error))
    return error.isUncertain
  }
  const order = { destination: '101' }
  cut('POST')
  assert.equal(await isUncertain(client.callControl.makeCall('100', order)), true)
  cut('GET')
  assert.equal(await isUncertain(client.callControl.state()), false)
  pbx.on('/callcontrol', { status: 400 })
  assert.equal(await isUncertain(client.callControl.makeCall('100', order)), false)
  pbx.on('/callcontrol', () => null)
  const hasty = openClient(t, pbx, { deadlines: { connectMs: 50, headMs: 50 } })
  assert.equal(await isUncertain(hasty.callControl.makeCall('100', order)), true)
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as AddressInfo
  nobody.close()
  await once(nobody, 'close')
  const gone = openClient(t, { url: `http://127.0.0.1:${port}` })
  assert.equal(await isUncertain(gone.callControl.makeCall('100', order)), false)
})

test('a client is idle once nothing is under way, downloads and watched calls included', async (t) => {
  const pbx = await openPretendPbx(t)
  const [arrived, finish] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()]
  pbx.on('/callcontrol', async () => {
    arrived.resolve(null)
    await finish.promise
    return { body: [] }
  })
  pbx.on('/Recordings/Pbx.DownloadRecording', (_heard, response) => {
    response.writeHead(200, { 'content-type': 'audio/x-wav', 'content-length': '8' }).write('RIFF')
    setImmediate(() => response.end('tail'))
    return null
  })
  const client = openClient(t, pbx)
  const made = client.idleSince()
  assert.ok(made !== null)
  const asked = client.callControl.state()
  await arrived.promise
  assert.equal(client.idleSince(), null)
  finish.resolve(null)
  await asked
  assert.ok((client.idleSince() ?? 0) >= made)
  const { body } = await client.recordings.download(1)
  assert.equal(client.idleSince(), null)
  await buffer(body)
  if (!body.closed) await once(body, 'close')
  assert.ok(client.idleSince() !== null)

  const leave = new AbortController()
  pbx.on('/ActiveCalls', { body: { value: [] } })
  const ready = Promise.withResolvers<unknown>()
  const calls = client.callControl.watch({ signal: leave.signal, via: 'polling', onReady: ready.resolve })
  const ended = calls.next()
  await ready.promise
  assert.equal(client.idleSince(), null)
  leave.abort()
  await ended
  assert.ok(client.idleSince() !== null)
})
