import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { maskNumber, scrubText } from './log-masking.ts'
import { openLog, type Log, type LogLevel } from './log.ts'

function openWritten(level: LogLevel = 'debug'): {
  log: Log
  written(): string
  lines(): Record<string, unknown>[]
} {
  let text = ''
  const destination = { write: (line: string) => void (text += line) }
  const lines = () =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log: openLog({ level, destination }), written: () => text, lines }
}

const NUMBER = '+33612345662'
const SECRET = 'Zx9-planted-secret'

test('a line is one JSON object with its level, time, message and fields', () => {
  const { log, lines } = openWritten()
  log
    .child({ room: 'access' })
    .info('answered', { status: 200, duration_ms: 1234567.5, address: '192.168.100.200' })
  const [line] = lines()
  assert.equal(line?.['level'], 'info')
  assert.equal(line?.['msg'], 'answered')
  assert.equal(line?.['room'], 'access')
  assert.equal(line?.['duration_ms'], 1234567.5)
  assert.equal(line?.['address'], '192.168.100.200')
  assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT/)
})

test('lines below the level are not written', () => {
  const { log, written } = openWritten('warn')
  log.info('quiet')
  assert.equal(written(), '')
  log.warn('loud')
  assert.match(written(), /loud/)
})

test('a number keeps at most three characters in front and two behind, a short one nothing', () => {
  assert.equal(maskNumber(NUMBER), '+33*******62')
  assert.equal(maskNumber('12345'), '*****')
  assert.equal(maskNumber(''), '')
  fc.assert(
    fc.property(fc.stringMatching(/^\+?\d{1,15}$/), (text) => {
      const masked = maskNumber(text)
      assert.equal(masked.length, text.length)
      assert.ok([...masked].filter((character) => character === '*').length * 2 >= text.length)
    }),
  )
})

test('numbers are masked under every name they go by, at any depth and in lists', () => {
  const { log, written, lines } = openWritten()
  log.info('asked', {
    number: NUMBER,
    call: { caller: 33612345662, legs: [{ Called_Number: NUMBER }] },
    phone: [NUMBER, NUMBER],
  })
  assert.equal(written().includes('612345'), false)
  assert.equal(lines()[0]?.['number'], '+33*******62')
})

test('secrets are gone by the name of their field, at any depth, whatever its case', () => {
  const { log, written } = openWritten()
  const fields = [
    'token',
    'authorization',
    'X-Api-Key',
    'password',
    'secret',
    'Cookie',
    'set-cookie',
    'accessToken',
    'client_secret',
  ]
  for (const name of fields)
    log.warn('refused', { headers: [{ deep: { [name]: SECRET } }], [name]: [SECRET] })
  log.child({ [fields[0] ?? '']: SECRET }).info('child')
  assert.equal(written().includes(SECRET), false)
  assert.equal(written().trim().split('\n').length, fields.length + 1)
})

test('what merely speaks of a token or an id stays readable', () => {
  const { log, lines } = openWritten()
  const id = '55018400-1234-4167-8167-446655440000'
  log.info('used', {
    token_id: 7,
    token_name: 'desk',
    request_id: id,
    on: '2026-11-21',
    at: 'since 2026-11-21 06:59:19',
  })
  const [line] = lines()
  assert.equal(line?.['token_id'], 7)
  assert.equal(line?.['token_name'], 'desk')
  assert.equal(line?.['request_id'], id)
  assert.equal(line?.['on'], '2026-11-21')
  assert.equal(line?.['at'], 'since 2026-11-21 06:59:19')
})

test('tokens and numbers leave texts and addresses too', () => {
  const planted = [
    `/api/isKnownPhoneNumber?token=${SECRET}&phone=%2B33612345662`,
    `GET /lookup/06%2012%2034%2056%2062`,
    `the caller 06 12 34 56 62 and 06.12.34.56.62 and (06) 12-34-56-62`,
    `presented cb_${SECRET}`,
    `Authorization: Bearer ${SECRET}`,
    `postgres://cordboard:${SECRET}@db.example:5432/cordboard`,
    `https://pbx.example/?api_key=${SECRET}`,
  ]
  const { log, written } = openWritten()
  for (const text of planted) log.error(text, { text, list: [text], url: { href: text } })
  assert.equal(written().includes(SECRET), false)
  assert.doesNotMatch(written(), /12.{0,3}34.{0,3}56/)
  assert.match(written(), /db\.example:5432/)
})

test('a planted number never survives in a text, however it is grouped', () => {
  const separator = fc.constantFrom('', ' ', '.', '-', '/', '%20', '+')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 10, max: 99 }), separator), { minLength: 5, maxLength: 7 }),
      (groups) => {
        const number = groups
          .map(([digits, between]) => digits + between)
          .join('')
          .replace(/\D+$/, '')
        const digits = groups.map(([digits]) => digits).join('')
        const left = scrubText(`call from ${number} failed`).replace(/%20|\D/g, '')
        assert.ok(left.length <= 5, `${number} left ${left} of ${digits}`)
      },
    ),
  )
})

test('an error is told with its causes, without what its messages and other fields gave away', () => {
  const { log, written, lines } = openWritten()
  const driver = Object.assign(new Error(`Key (e164)=(${NUMBER}) already exists`), {
    code: '23505',
    detail: NUMBER,
  })
  const cause = new Error(`cannot reach postgres://hub:${SECRET}@db/cordboard`, { cause: driver })
  log.error('the import stopped', {
    error: new AggregateError([new Error(`cb_${SECRET}`)], 'all failed', { cause }),
  })
  assert.equal(written().includes('612345'), false)
  assert.equal(written().includes(SECRET), false)
  const error = lines()[0]?.['error'] as { name: string; stack: string; cause: { cause: { code: string } } }
  assert.equal(error.name, 'AggregateError')
  assert.match(error.stack, /log\.test\.ts/)
  assert.equal(error.cause.cause.code, '23505')
})

test('what cannot be written as JSON is still logged', () => {
  const { log, lines } = openWritten()
  const circle: Record<string, unknown> = { big: 5n, bytes: Buffer.from('abc'), at: new Date(0) }
  circle['self'] = circle
  const cause = new Error('round')
  cause.cause = cause
  log.info('odd', { circle, cause })
  const odd = lines()[0]?.['circle']
  assert.deepEqual(odd, { big: '5', bytes: '(3 bytes)', at: '1970-01-01T00:00:00.000Z', self: '(circular)' })
})

function startLogging(body: string) {
  const script = `import { openLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)}
    const log = openLog({ level: 'info' })
    ${body}`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'ignore'] })
}

async function linesOf(body: string): Promise<number> {
  const child = startLogging(body)
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  await once(child, 'close')
  return text.split('\n').length - 1
}

test('on standard output nothing is lost when the log is closed, or when the process ends on its own accord', async () => {
  const write = `for (let i = 0; i < 2000; i++) log.info('line', { i })\n`
  assert.equal(await linesOf(`${write} await log.close(); process.kill(process.pid, 'SIGKILL')`), 2000)
  assert.equal(await linesOf(`${write} process.exit(0)`), 2000)
  assert.equal(await linesOf(`${write} throw new Error('uncaught')`), 2000)
})

test('what is logged after the close is still written', async () => {
  assert.equal(await linesOf(`log.info('one'); await log.close(); log.info('two')`), 2)
})

test('a quiet hub writes its line without being asked', async (t) => {
  const child = startLogging(`log.info('one line'); process.stdin.resume()`)
  t.after(() => child.kill('SIGKILL'))
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  assert.match(String(chunk), /one line/)
})
