import assert from 'node:assert/strict'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { newDirectory } from '../../../test/stores.ts'
import { detectDelimiter, LONGEST_ROW, readBytes, readCsv, type CsvRecord } from './csv-source.ts'

async function rowsOf(
  t: TestContext,
  content: string | Uint8Array,
  delimiter = ',',
): Promise<(CsvRecord & { bytes: string })[]> {
  const path = join(await newDirectory(t), 'book.csv')
  await writeFile(path, content)
  const file = await open(path, 'r')
  t.after(() => file.close())
  const rows = []
  for await (const slice of readCsv(file, delimiter)) {
    for (const row of slice)
      rows.push({ ...row, bytes: (await readBytes(file, row.start, row.end)).toString('latin1') })
  }
  return rows
}

describe('a CSV file', () => {
  test('may end its lines in any way, even in several', async (t) => {
    const rows = await rowsOf(t, 'a,b\r\n1,2\n3,4\r5,6')
    assert.deepEqual(
      rows.map(({ cells, line }) => [line, ...cells]),
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
        [3, '3', '4'],
        [4, '5', '6'],
      ],
    )
  })

  test('tells on which line a row starts, with line ends inside quotes and blank lines before', async (t) => {
    const rows = await rowsOf(t, 'a,b\r\n"x\r\ny",2\r\n\r\n\r\n3,4\r\n5,"6\n7\n8"\r\n9,9')
    assert.deepEqual(
      rows.map(({ line }) => line),
      [1, 2, 6, 7, 10],
    )
  })

  test('knows the bytes of every row, behind a byte order mark too', async (t) => {
    const rows = await rowsOf(t, '\uFEFFa,b\né,2\n3,4\n')
    assert.deepEqual(
      rows.map(({ bytes }) => Buffer.from(bytes, 'latin1').toString()),
      ['a,b\n', 'é,2\n', '3,4\n'],
    )
    assert.equal(rows[0]?.cells[0], 'a')
  })

  test('loses only the line whose quote is never closed', async (t) => {
    const rows = await rowsOf(t, 'a,b\n1,"open\n2,two\n3,three\n')
    assert.deepEqual(
      rows.map(({ line, cells, problem }) => [line, cells.join('|'), problem !== null]),
      [
        [1, 'a|b', false],
        [2, '1|"open', true],
        [3, '2|two', false],
        [4, '3|three', false],
      ],
    )
  })

  test('loses only the line that never ends, as far as anybody reads', async (t) => {
    const rows = await rowsOf(t, `a,b\n1,"${`${'x'.repeat(99)}\n`.repeat(LONGEST_ROW / 50)}\n`)
    assert.deepEqual(
      rows.slice(0, 3).map(({ line, problem }) => [line, problem !== null]),
      [
        [1, false],
        [2, true],
        [3, false],
      ],
    )
  })

  test('takes a quote within a cell for what it is', async (t) => {
    const rows = await rowsOf(t, 'a,b\n5" pipe,"say ""hi"""\n')
    assert.deepEqual(rows[1]?.cells, ['5" pipe', 'say "hi"'])
  })
})

test('the delimiter is the one that parts the header most often, quoted text aside', () => {
  assert.equal(detectDelimiter('a;b;c,d'), ';')
  assert.equal(detectDelimiter('a\tb'), '\t')
  assert.equal(detectDelimiter('"a;b;c",d'), ',')
  assert.equal(detectDelimiter('account'), ',')
})
