import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readLines, type LineLimits, type TextLine } from './ndjson.ts'

const LIMITS: LineLimits = { maxBytes: 20, maxLines: 100, batch: 3 }

/** What is read of these pieces, group by group: texts, or codes in angle brackets, each with its number. */
async function read(pieces: (string | Uint8Array)[], limits: Partial<LineLimits> = {}): Promise<string[][]> {
  async function* source() {
    for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece
  }
  const shown = (one: TextLine) => `${one.line} ${'text' in one ? one.text : `<${one.problem.code}>`}`
  return (await Array.fromAsync(readLines(source(), { ...LIMITS, ...limits }))).map((group) =>
    group.map(shown),
  )
}

test('lines are handed over as they have come in, a batch together at most', async () => {
  assert.deepEqual(await read(['a\nb\nc\nd\ne', 'e\nf']), [['1 a', '2 b', '3 c'], ['4 d'], ['5 ee'], ['6 f']])
  assert.deepEqual(await read([]), [])
})

test('a line cut anywhere, even within a character, is one line', async () => {
  const bytes = Buffer.from('é\nüx\n')
  assert.deepEqual((await read([...bytes].map((byte) => Buffer.of(byte)))).flat(), ['1 é', '2 üx'])
})

test('blank lines count and are left out; a byte order mark and carriage returns do no harm', async () => {
  assert.deepEqual((await read(['\uFEFF{}\r\n\r\n\n{}\n'])).flat(), ['1 {}\r', '4 {}'])
})

test('what cannot be read is a line as well', async () => {
  const long = 'x'.repeat(21)
  assert.deepEqual((await read([`a\n${long}`, `${long}\n`, Buffer.of(0xff, 10), 'x'.repeat(20)])).flat(), [
    '1 a',
    '2 <payload_too_large>',
    '3 <bad_request>',
    `4 ${'x'.repeat(20)}`,
  ])
})

test('the first line beyond the limit is told, and nothing after it is read', async () => {
  assert.deepEqual(await read(['a\nb\nc\nd\n', 'e\n'], { maxLines: 2 }), [
    ['1 a', '2 b', '3 <payload_too_large>'],
  ])
  assert.deepEqual((await read(['a\nb\nc'], { maxLines: 2 })).flat(), ['1 a', '2 b', '3 <payload_too_large>'])
})

test('a line that the end of the connection cut off is not handed over', async () => {
  async function* source() {
    yield Buffer.from('a\nb')
    throw new Error('aborted')
  }
  const groups: TextLine[][] = []
  await assert.rejects(async () => {
    for await (const group of readLines(source(), LIMITS)) groups.push(group)
  }, /aborted/)
  assert.deepEqual(groups, [[{ line: 1, text: 'a' }]])
})
