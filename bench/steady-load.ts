import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Open load from a process of its own: a question every 1/rate s whatever the answers do, its latency counted from the
 * moment it was meant for. Prints one JSON line `{ requests, wrong, unanswered, p50, p99, max }` (ms).
 *
 * Arguments: port, connections, rate, seconds, the file with the questions (a line: path, and after tabs what the
 * answer must hold), token.
 */
const [port = '0', connections = '64', rate = '1000', seconds = '10', file = '', token = ''] =
  process.argv.slice(2)
const questions = readFileSync(file, 'utf8').split('\n').filter(Boolean)
const asked = questions.map((line) => {
  const [path = '', ...expected] = line.split('\t')
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`
  return { request: Buffer.from(head), expected }
})

type Due = { at: number; number: number }
const due: Due[] = []
const latencies: number[] = []
const wrong: string[] = []
const free: ((one: Due) => void)[] = []

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.setNoDelay(true)
    let current: Due | null = null
    let received = ''
    const ask = (one: Due) => {
      current = one
      received = ''
      socket.write(asked[one.number % asked.length]!.request)
    }
    socket.once('connect', () => {
      free.push(ask)
      resolve()
    })
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(received.slice(0, end))?.[1] ?? 0)
      if (!current || end < 0 || received.length < end + 4 + length) return
      latencies.push(performance.now() - current.at)
      const { expected } = asked[current.number % asked.length]!
      if (!received.startsWith('HTTP/1.1 200') || expected.some((text) => !received.includes(text)))
        wrong.push(received)
      const next = due.shift()
      if (next) ask(next)
      else free.push(ask)
    })
  })
}

await Promise.all(Array.from({ length: Number(connections) }, open))
const started = performance.now()
const total = Number(rate) * Number(seconds)
for (let number = 0; number < total;) {
  const now = performance.now() - started
  for (; number < total && (number * 1000) / Number(rate) <= now; number++) {
    const one = { at: started + (number * 1000) / Number(rate), number }
    const ask = free.shift()
    if (ask) ask(one)
    else due.push(one)
  }
  await wait(1)
}
for (let n = 0; n < 100 && latencies.length < total; n++) await wait(100)

latencies.sort((a, b) => a - b)
const at = (part: number) => Math.round((latencies[Math.floor(latencies.length * part)] ?? 0) * 100) / 100
const result = { requests: latencies.length, wrong: wrong.length, unanswered: total - latencies.length }
process.stdout.write(
  `${JSON.stringify({ ...result, p50: at(0.5), p99: at(0.99), max: Math.round((latencies.at(-1) ?? 0) * 100) / 100 })}\n`,
)
if (wrong[0]) process.stderr.write(`${wrong[0]}\n`)
process.exit(0)
