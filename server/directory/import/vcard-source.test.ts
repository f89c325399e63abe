import assert from 'node:assert/strict'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newDirectory } from '../../../test/stores.ts'
import type { CsvRecord } from './csv-source.ts'
import { CARD_COLUMNS } from './vcard-cells.ts'
import { readCards } from './vcard-source.ts'

async function read(t: TestContext, content: string | Buffer): Promise<CsvRecord[]> {
  const path = join(await newDirectory(t), 'book.vcf')
  await writeFile(path, content)
  const file = await open(path, 'r')
  try {
    return (await Array.fromAsync(readCards(file))).flat()
  } finally {
    await file.close()
  }
}

/** The filled cells of each card of a file. */
async function rowsOf(t: TestContext, content: string | Buffer) {
  const [header, ...records] = await read(t, content)
  assert.deepEqual(header?.cells, [...CARD_COLUMNS])
  return records.map(({ cells }) =>
    Object.fromEntries(CARD_COLUMNS.map((name, i) => [name, cells[i]]).filter(([, cell]) => cell !== '')),
  )
}

const card = (...lines: string[]) => ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n')

test('a card of version 4, folded, with quoted types, URIs and escapes', async (t) => {
  const rows = await rowsOf(
    t,
    '\ufeff' +
      card(
        'VERSION:4.0',
        'UID:urn:uuid:7b1f',
        'N:Müller\\, Dr.;Änne;;;',
        'FN:Dr. Änne Müller',
        'ORG:Acme\\; Sons;Sales',
        'item1.TEL;VALUE=uri;TYPE="cell,voice":tel:+33-6-39-98-00-01',
        'TEL;TYPE=work:01 99 00 ',
        ' 12 34,,45',
        'TEL;TYPE=work,fax;VALUE=uri:tel:+33199001235;ext=7',
        'EMAIL:old@acme.example',
        'EMAIL;PREF=1:anne@acme.example',
        'CATEGORIES:* myContacts,Gold',
        'PHOTO;ENCODING=b;TYPE=JPEG:AAAA',
        ' BBBB',
      ),
  )
  assert.deepEqual(rows, [
    {
      contact_id: '7b1f',
      customer_account: 'Acme; Sons',
      category: 'Gold',
      first_name: 'Änne',
      last_name: 'Müller, Dr.',
      contact_phones: 'mobile: +33-6-39-98-00-01; work: 01 99 00 12 34 x45; fax: +33199001235 x7',
      email: 'anne@acme.example',
    },
  ])
})

test('version 2.1: bare types, quoted-printable over several lines, charsets named and not', async (t) => {
  const named = card(
    'VERSION:2.1',
    'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:D=C3=A9sir=',
    '=C3=A9e;Zo=C3=AB',
    'TEL;CELL;VOICE:0639980001',
    'TEL;HOME:0199001234',
  )
  const windows = Buffer.from(
    card('VERSION:3.0', 'FN:Société Générale', 'N;CHARSET=ISO-8859-1:Noël;Eve'),
    'latin1',
  )
  const rows = await rowsOf(t, Buffer.concat([Buffer.from(named), windows]))
  assert.deepEqual(rows, [
    { first_name: 'Zoë', last_name: 'Désirée', contact_phones: 'mobile: 0639980001; home: 0199001234' },
    { first_name: 'Eve', last_name: 'Noël' },
  ])
})

test('a company’s card is a customer, a card with nothing but a full name a person of no customer', async (t) => {
  const rows = await rowsOf(
    t,
    card('FN:Acme', 'ORG:ACME;', 'UID:9', 'TEL;TYPE=MAIN:0199001234', 'EMAIL:info@acme.example') +
      card('KIND:org', 'FN:Head office', 'ORG:Base', 'X-CUSTOMER-ACCOUNT:CL000101', 'TEL:0199001235') +
      card('FN:Only Name', 'CATEGORIES:Gold', 'TEL:3900'),
  )
  assert.deepEqual(rows, [
    { customer_account: 'ACME', customer_phone: 'main: 0199001234' },
    { customer_account: 'CL000101', customer_name: 'Base', customer_phone: '0199001235' },
    { last_name: 'Only Name', contact_phones: '3900' },
  ])
})

test('cards know their line and bytes; one without an end, a nested one and a picture of one line harm no other', async (t) => {
  const first = card('FN:One')
  const text =
    first +
    'BEGIN:VCARD\nFN:Lost\n' +
    card('FN:Two', 'AGENT:', 'BEGIN:VCARD', 'FN:Agent', 'END:VCARD', 'TEL:3900') +
    card('FN:Three', `PHOTO:${'A'.repeat(1_500_000)}`, 'TEL:3901') +
    'BEGIN:VCARD\nFN:Four'
  const [, ...records] = await read(t, text)
  assert.deepEqual(
    records.map(({ cells, line, problem }) => [cells[6], cells[7], line, problem === null]),
    [
      ['One', '', 1, true],
      ['Lost', '', 4, false],
      ['Two', '3900', 6, true],
      ['Three', '3901', 14, true],
      ['Four', '', 19, false],
    ],
  )
  assert.deepEqual([records[0]?.start, records[0]?.end], [0, first.length])
  assert.equal(records.at(-1)?.end, text.length)
  assert.deepEqual(await read(t, 'name,phone\r\nA,1\r\n'), [])
})
