import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { runCommand } from '../../../test/commands.ts'
import { ADMIN_TOKEN, newHub, type Json, type TestHub } from '../../../test/hub.ts'
import { newDirectory, onEachStore } from '../../../test/stores.ts'
import type { Engine } from '../../platform/database/engine.ts'

type Book = {
  import(csv: string): Promise<Json>
  export(): Promise<string>
  feed(): Promise<number>
  ask: TestHub['ask']
}

/** A tenant of its own for each book, so that one hub serves many. */
async function newBook({ hub, ask }: TestHub): Promise<Book> {
  const made = await ask('POST', '/api/v1/tenants', { body: { name: 'Book', country: 'FR' } })
  assert.equal(made.status, 201, made.text)
  const headers = { 'cordboard-tenant': String(made.json.id) }
  const inTenant: TestHub['ask'] = (method, path, options = {}) => ask(method, path, { ...options, headers })
  return {
    ask: inTenant,
    async import(csv) {
      const sent = await inTenant('POST', '/api/v1/imports', { body: csv, type: 'text/csv' })
      assert.equal(sent.status, 202, sent.text)
      return await hub.directory.imports.finished(made.json.id, sent.json.id)
    },
    async export() {
      const answer = await inTenant('GET', '/api/v1/export')
      assert.equal(answer.status, 200, answer.text)
      assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/)
      return answer.text
    },
    feed: async () => (await ask('GET', '/health/ready')).json.feed_position,
  }
}

/** `byHand`: the first import may note by which name it knows people whom a person, or a row with half a name, renamed. */
async function isRoundTrip(hub: TestHub, book: Book, byHand = false): Promise<string> {
  const exported = await book.export()
  const start = await book.feed()
  const rows = await book.import(exported)
  if (!byHand) assert.equal(await book.feed(), start, `importing it changed something:\n${exported}`)
  assert.equal(rows.status, 'done', rows.error)
  assert.equal(rows.rejected, 0, exported)
  const before = await book.feed()
  const again = await book.import(exported)
  assert.equal(await book.feed(), before, `importing it again changed something:\n${exported}`)
  assert.equal(again.accepted, rows.accepted)
  assert.equal(await book.export(), exported)
  const other = await newBook(hub)
  assert.equal((await other.import(exported)).rejected, 0)
  assert.equal(await other.export(), exported)
  return exported
}

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`
const HEADER =
  'customer_account,customer_name,customer_phone,extensions,category,vip,on_call_duty,on_call_from,on_call_to,contact_id,first_name,last_name,contact_phones,email,direct_line,queue_position,route_identifier,backend_link,outbound_number,language'

const odd = fc.array(
  fc.constantFrom(
    'a',
    'B',
    'é',
    '"',
    ',',
    ';',
    '\n',
    '\r\n',
    '\t',
    '=',
    '+',
    '@',
    '-',
    ' ',
    '\u2028',
    "'",
    '|',
    '😀',
  ),
  { maxLength: 8 },
)
const text = odd.map((signs) => signs.join(''))
const maybe = <T>(value: fc.Arbitrary<T>) => fc.oneof(fc.constant(''), value)
const number = fc.oneof(
  fc
    .integer({ min: 0, max: 9999 })
    .map((n) => `01 99 00 ${String(n).padStart(4, '0').replace(/(..)/, '$1 ')}`),
  fc.integer({ min: 0, max: 99 }).map((n) => `+33 (0)6 39 98 00 ${String(n).padStart(2, '0')}`),
  fc.integer({ min: 0, max: 99 }).map((n) => `mobile: 06399801${String(n).padStart(2, '0')}`),
  fc.integer({ min: 0, max: 99 }).map((n) => `01.99.00.30.${String(n).padStart(2, '0')} ext 12`),
  fc.constantFrom('112', 'fax: +49 30 901820', 'ask the porter', '01 99 00 40 10 / 11'),
)
const numbers = fc.array(number, { maxLength: 3 }).map((some) => some.join('; '))
const day = fc.integer({ min: 0, max: 3 }).map((n) => `2026-0${n + 1}-15`)
const row = fc
  .record({
    account: fc.constantFrom('A1', 'a1', 'A2', 'A;3', '=4', ''),
    name: text,
    phone: numbers,
    extensions: fc.constantFrom('', '101', '101 102'),
    category: fc.constantFrom('', 'Gold', 'Sil;ver'),
    vip: fc.constantFrom('', '0', '1'),
    duty: fc.constantFrom('', '0', '1'),
    from: maybe(day),
    contactId: fc.constantFrom('', '', 'p1', 'p2'),
    first: text,
    last: fc.constantFrom('', 'One', 'Two'),
    phones: numbers,
    email: fc.constantFrom('', 'one@example.test'),
    hint: fc.constantFrom('', '=2+3'),
  })
  .map((one) => {
    const of = (value: string) => (one.account === '' ? '' : value)
    const customer = [one.name, one.phone, one.extensions, one.category, one.vip, one.duty, one.from, '']
    const contact = [one.contactId, one.first, one.last, one.phones, one.email, one.hint, '', '', '']
    return [one.account, ...customer.map(of), ...contact].map(quoted).join(',')
  })

onEachStore('export', (engine: Engine) => {
  test('exported, imported and exported again is the same, and changes nothing where it came from', async (t) => {
    const hub = await newHub(t, engine)
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), async (rows) => {
        const book = await newBook(hub)
        await book.import([HEADER, ...rows].join('\n'))
        await isRoundTrip(hub, book, true)
      }),
      { numRuns: Number(process.env['CORDBOARD_TEST_RUNS'] ?? 4), endOnFailure: true },
    )
  })

  test('a book longer than a page comes whole and in order', async (t) => {
    const hub = await newHub(t, engine)
    const book = await newBook(hub)
    const rows = Array.from({ length: 450 }, (_, i) => `A${i},No. ${i},Ann ${i},0639${980_000 + i}`)
    const alone = Array.from({ length: 250 }, (_, i) => `,,Alone ${i},0639${990_000 + i}`)
    await book.import(
      ['customer_account,customer_name,first_name,contact_phones', ...rows, ...alone].join('\n'),
    )
    const lines = (await isRoundTrip(hub, book)).trimEnd().split('\r\n')
    assert.equal(lines[0], HEADER)
    assert.equal(lines.length, 1 + 450 + 250)
    assert.match(lines[450] ?? '', /^A449,No\. 449,.*,Ann 449,,0639980449,/)
    assert.match(lines[700] ?? '', /^,,.*,Alone 249,,0639990249,/)
  })

  test('what was made by hand is exported, and stays as it is when it comes back', async (t) => {
    const hub = await newHub(t, engine)
    const book = await newBook(hub)
    const customer = await book.ask('POST', '/api/v1/customers', {
      body: { customer_account: 'C1', name: '=HYPERLINK("x")', phone: '01 99 00 00 01', direct_line: '7' },
    })
    const body = { customer_id: customer.json.id, kind: 'on_call_duty', start_date: '2026-01-01' }
    assert.equal((await book.ask('POST', '/api/v1/contracts', { body })).status, 201)
    const contact = await book.ask('POST', '/api/v1/contacts', {
      body: { customer_id: customer.json.id, first_name: 'Ann', phones: ['06 39 98 00 01'] },
    })
    assert.equal(contact.status, 201, contact.text)
    const alone = { first_name: 'Cem', phones: ['06 39 98 00 02'] }
    assert.equal((await book.ask('POST', '/api/v1/contacts', { body: alone })).status, 201)
    await book.ask('POST', '/api/v1/customers', {
      body: { customer_account: 'C2', name: 'Off', active: false },
    })
    const exported = await isRoundTrip(hub, book, true)
    assert.deepEqual(exported.trimEnd().split('\r\n').slice(1), [
      'C1,"=HYPERLINK(""x"")",01 99 00 00 01,,,0,1,2026-01-01,,,,,,,7,,,,,',
      'C1,"=HYPERLINK(""x"")",01 99 00 00 01,,,0,1,2026-01-01,,,Ann,,06 39 98 00 01,,,,,,,',
      ',,,,,,,,,,Cem,,06 39 98 00 02,,,,,,,',
    ])
    const { json: contracts } = await book.ask('GET', '/api/v1/contracts')
    assert.equal(
      (contracts.data ?? contracts).length,
      1,
      'the import made a second contract of the same days',
    )
    const renamed = await book.ask('PATCH', `/api/v1/contacts/${contact.json.id}`, {
      body: { first_name: 'Bea' },
    })
    assert.equal(renamed.status, 200, renamed.text)
    await isRoundTrip(hub, book, true)
    const { json: contacts } = await book.ask('GET', '/api/v1/contacts')
    assert.equal(contacts.total ?? contacts.length, 2, 'the renamed person came back as a second one')
  })

  test('cordboard export writes the file, and another tenant and a token without the scope get none of it', async (t: TestContext) => {
    const hub = await newHub(t, engine)
    await hub.importBook('customer_account,customer_name\nA1,Ours')
    const file = join(await newDirectory(t), 'book.csv')
    const env = { ...process.env, CORDBOARD_URL: hub.hub.url, CORDBOARD_TOKEN: ADMIN_TOKEN }
    const done = await runCommand(t, ['export', file], env)
    assert.equal(done.code, 0, done.said)
    assert.equal(await readFile(file, 'utf8'), `${HEADER}\r\nA1,Ours,,,,0,0${','.repeat(13)}\r\n`)
    assert.equal(await (await newBook(hub)).export(), `${HEADER}\r\n`)
    const token = await hub.newToken(['identify'])
    assert.equal((await hub.ask('GET', '/api/v1/export', { token })).status, 403)
  })
})
