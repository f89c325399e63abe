import { connect, type Socket } from 'node:net'

/**
 * Load from a process of its own: keep-alive connections on loopback, one request in flight on each. Prints one
 * JSON line `{ requests, seconds, wrong, p50, p99, p999, cpu }` (latencies in ms, processor time in s) and stops by itself.
 *
 * Arguments: port, connections, seconds, the file with the paths to ask (one a line), the text every answer must hold,
 * the token, and `sleeps` when it need not keep its core busy.
 */
const [
  port = '0',
  connections = '64',
  seconds = '5',
  pathsFile = '',
  expected = '',
  token = '',
  sleeps = '',
] = process.argv.slice(2)
const { readFileSync } = await import('node:fs')
const paths = readFileSync(pathsFile, 'utf8').split('\n').filter(Boolean)
const authorization = token === '' ? '' : `Authorization: Bearer ${token}\r\n`
const requests = paths.map((path) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${authorization}\r\n`),
)

const BUCKET_MS = 0.02
const histogram = new Uint32Array(500_000)
const endsAt = performance.now() + Number(seconds) * 1000
let done = 0
let wrong = 0
let next = 0

function length(head: string): number {
  const at = head.toLowerCase().indexOf('content-length: ')
  return at < 0 ? 0 : Number.parseInt(head.slice(at + 16), 10)
}

function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(Number(port), '127.0.0.1')
    socket.setNoDelay(true)
    let sentAt = 0
    let received = ''
    const ask = () => {
      sentAt = performance.now()
      if (sentAt >= endsAt) {
        socket.destroy()
        return resolve()
      }
      socket.write(requests[next++ % requests.length] as Buffer)
    }
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      if (end < 0 || received.length < end + 4 + length(received.slice(0, end))) return
      if (!received.startsWith('HTTP/1.1 200') || !received.includes(expected)) wrong++
      const bucket = Math.min(histogram.length - 1, Math.floor((performance.now() - sentAt) / BUCKET_MS))
      histogram[bucket] = (histogram[bucket] ?? 0) + 1
      done++
      received = ''
      ask()
    })
  })
}

function percentile(part: number): number {
  let left = done * part
  for (let i = 0; i < histogram.length; i++) {
    left -= histogram[i] ?? 0
    if (left <= 0) return (i + 1) * BUCKET_MS
  }
  return Number.POSITIVE_INFINITY
}

// The generator never sleeps: waking a sleeping process on another core is work of the one that answers, and would be
// charged to whichever server is slow enough to let it sleep.
const spin = () => {
  if (performance.now() < endsAt) setImmediate(spin)
}
if (sleeps === '') spin()
const started = performance.now()
await Promise.all(Array.from({ length: Number(connections) }, run))
const took = (performance.now() - started) / 1000
const { user, system } = process.cpuUsage()
const cpu = (user + system) / 1e6
const round = (value: number) => Math.round(value * 1000) / 1000
process.stdout.write(
  `${JSON.stringify({ requests: done, seconds: took, wrong, p50: round(percentile(0.5)), p99: round(percentile(0.99)), p999: round(percentile(0.999)), cpu })}\n`,
)
