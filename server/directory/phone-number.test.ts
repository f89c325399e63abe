import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { COUNTRIES } from './number-plan.ts'
import { aliasKeys, isCountry, maskNumber, nationalDigits, readNumber, splitNumbers } from './phone-number.ts'

/** What a spelling was read as, on one line: `+33628773862`, `+33628773862 x45`, `short 101`, `national 628773862`. */
function reading(raw: string, country: string | null): string {
  const read = readNumber(raw, country)
  if (read.kind === 'withheld') return read.kind
  if (read.kind === 'short' || read.kind === 'unreadable') return `${read.kind} ${read.text}`
  const extension = read.extension === null ? '' : ` x${read.extension}`
  if (read.kind === 'national') return `national ${read.digits}${extension}`
  assert.equal(`+${read.digits}`, read.e164)
  return read.e164 + extension
}

const FRENCH = '+33628773862'

const spellings: [country: string | null, expected: string, raws: string[]][] = [
  [
    'FR',
    FRENCH,
    [
      '0628773862',
      '06 28 77 38 62',
      '06.28.77.38.62',
      '06-28-77-38-62',
      '06/28/77/38/62',
      '(06) 28 77 38 62',
    ],
  ],
  [
    'FR',
    FRENCH,
    ['628773862', '33628773862', '0033628773862', '00 33 6 28 77 38 62', '+33628773862', '+33 6 28 77 38 62'],
  ],
  [
    'FR',
    FRENCH,
    ['+330628773862', '+33 (0)6 28 77 38 62', '(+33) 6 28 77 38 62', '++33628773862', '+0033628773862'],
  ],
  [
    'FR',
    FRENCH,
    ['+0628773862', ' 33628773862', ' 0628773862', '\t0628773862 ', '%2B33628773862', '0628773862#'],
  ],
  [
    'FR',
    FRENCH,
    [
      '06\u00a028\u202f77\u200938\u200b62',
      '06\u201128\u201377\u201438\u221262',
      '\u202a+33628773862\u202c',
      '06_28_77·38•62',
    ],
  ],
  [
    'FR',
    FRENCH,
    ['０６２８７７３８６２', '＋３３６２８７７３８６２', '٠٦٢٨٧٧٣٨٦٢', '۰۶۲۸۷۷۳۸۶۲', '०६२८७७३८६२'],
  ],
  ['FR', FRENCH, ['06287\x0073862', '\ud800 0628773862\udc00', `0628773862${' '.repeat(5000)}`]],
  [
    'FR',
    FRENCH,
    [
      'tel:+33-6-28-77-38-62',
      'TEL:0628773862',
      'callto://+33628773862',
      'sip:+33628773862@pbx.example;user=phone',
    ],
  ],
  [
    'FR',
    FRENCH,
    [
      '<sip:+33628773862@10.0.0.1:5060>;tag=1',
      'sips:0628773862;phone-context=+33@pbx',
      '+33628773862@pbx.example',
    ],
  ],
  ['FR', FRENCH, ['sip:%2B33628773862@pbx?Subject=x', 'sip:0628773862:secret@pbx']],
  [
    'FR',
    FRENCH,
    [
      '"Jean Dupont" <+33628773862>',
      '"3 Suisses" <sip:+33628773862@h>',
      'Jean Dupont (0628773862)',
      'Room 5 (0628773862)',
    ],
  ],
  [
    'FR',
    FRENCH,
    ['Tel. 06 28 77 38 62', '0628773862 (mobile)', 'Mobile: +33 6 28 77 38 62', 'Tél (06) 28 77 38 62'],
  ],
  [
    'FR',
    `${FRENCH} x45`,
    ['0628773862 x45', '0628773862x45', '0628773862 ext. 45', '0628773862 ext 45', '0628773862;ext=45'],
  ],
  [
    'FR',
    `${FRENCH} x45`,
    [
      '0628773862 poste 45',
      '+33 6 28 77 38 62 (poste 45)',
      '0628773862#45',
      '0628773862 # 45',
      '0628773862,,45#',
    ],
  ],
  [
    'FR',
    `${FRENCH} x45`,
    [
      'tel:+33628773862;ext=45',
      'sip:+33628773862;ext=45@pbx',
      'Jean (0628773862) x45',
      '0628773862 Extension: 45',
    ],
  ],
  ['FR', '+442079460958', ['+442079460958', '00442079460958', '442079460958', ' 442079460958']],
  ['FR', '+40700000000', ['40700000000', '0040700000000', '0040 (0)700 000 000']],
  ['FR', '+420222000320', ['DID-420222000320']],
  ['FR', 'short 101', ['101', '+101', '1-0-1', 'sip:101@pbx', 'Jean (101)', '"Jean" <101>']],
  ['FR', 'short 118218', ['118218', '118 218']],
  ['FR', 'short 45', ['ext. 45', 'poste 45']],
  ['FR', 'short *97', ['*97']],
  ['FR', 'short 28773862', ['28 77 38 62']],
  ['FR', 'unreadable 06-28-77-38-62/63', ['06-28-77-38-62/63']],
  ['FR', 'unreadable CL000101', ['CL000101', ' CL000101']],
  ['FR', 'unreadable info@example.com', ['info@example.com']],
  ['FR', 'unreadable Room 12', ['Room 12', 'Room  12', 'Room\n12']],
  ['FR', 'unreadable +999123456789', ['+999123456789']],
  ['FR', 'unreadable 101 x45', ['101 x45']],
  [
    'RO',
    '+40700000000',
    ['0700000000', '40700000000', '0040700000000', '+40700000000', '+40 (0) 700 000 000', '0700.000.000'],
  ],
  ['RO', FRENCH, ['33628773862', '0033628773862', '+33 6 28 77 38 62']],
  [
    'IT',
    '+39066981234',
    ['06 698 1234', '+39 06 698 1234', '+39 (0)6 698 1234', '0039066981234', '39066981234', '06/6981234'],
  ],
  ['IT', '+393331234567', ['333 1234567', '+39 333 123 4567', '393331234567']],
  [
    'AR',
    '+5491123456789',
    ['011 15-2345-6789', '+54 9 11 2345-6789', '+54 11 15 2345-6789', '5491123456789', '0054 9 11 2345 6789'],
  ],
  ['AR', '+541123456789', ['11 2345-6789', '011 2345-6789', '+54 11 2345-6789', '+54 (0)11 2345-6789']],
  [
    'MX',
    '+525512345678',
    ['55 1234 5678', '+52 55 1234 5678', '+52 1 55 1234 5678', '5215512345678', '525512345678'],
  ],
  [
    'MX',
    '+525512345678',
    ['044 55 1234 5678', '045 55 1234 5678', '01 55 1234 5678', '+52 044 55 1234 5678'],
  ],
  ['MX', '+15512345678', ['15512345678', '001 551 234 5678']],
  [
    'BR',
    '+5511912345678',
    ['11 91234-5678', '011 91234-5678', '0 15 11 91234-5678', '0 41 11 91234-5678', '+55 11 91234-5678'],
  ],
  [
    'RU',
    '+74951234567',
    ['8 (495) 123-45-67', '495 123-45-67', '74951234567', '+7 495 123-45-67', '+7 (495) 123-45-67'],
  ],
  ['RU', FRENCH, ['8 10 33 6 28 77 38 62', '+33628773862']],
  [
    'US',
    '+15161234567',
    [
      '(516) 123-4567',
      '516.123.4567',
      '1 516 123 4567',
      '+1 (516) 123-4567',
      '5161234567',
      '001 516 123 4567',
    ],
  ],
  ['US', '+442079460958', ['011 44 20 7946 0958', '011442079460958', '0044 20 7946 0958', ' 442079460958']],
  ['US', '+18003569377', ['1-800-FLOWERS', '1 800 FLOWERS', '(800) FLOWERS', '+1-800-FLOWERS']],
  ['US', '+15161234567 x910', ['(516) 123-4567 x910', '516 123 4567 ext 910', '516-123-4567 #910']],
  ['US', 'short 5551234', ['555-1234']],
  ['CA', 'short 5551234', ['555-1234']],
  [
    'GB',
    '+442079460958',
    ['020 7946 0958', '(020) 7946 0958', '+44 (0)20 7946 0958', '442079460958', '2079460958'],
  ],
  [
    'DE',
    '+49301234567',
    ['030/1234567', '030 1234567', '+49 30 1234567', '+49 (0)30 1234567', '0049 30 1234567'],
  ],
  ['DE', '+493012345670', ['030 1234567-0', '+49 30 1234567-0']],
  ['DE', '+49123456789', ['0123/456789']],
  ['DE', '+491234567890123', ['01234567890123', '+49 1234567890123']],
  ['DE', 'unreadable +4912345678901234', ['+4912345678901234']],
  ['DE', 'unreadable 0123456789012345', ['0123456789012345']],
  ['HU', '+36198765432', ['06-1 / 987-65432', '+36 1 98765432']],
  ['HU', '+36201234567', ['06 20 123 4567', '+36 20 123 4567', '36201234567', '+36 (06) 20 123 4567']],
  [
    'ES',
    '+34612345678',
    ['612 34 56 78', '+34 612345678', '34612345678', '0034612345678', ' 612345678', '+34 (0)612345678'],
  ],
  ['CI', '+2250708123456', ['0708123456', '+225 07 08 12 34 56', '002250708123456', '2250708123456']],
  ['AD', '+376312345', ['312345', '+376 312 345', '376312345']],
  [null, FRENCH, ['+33 6 28 77 38 62', '0033628773862', '01133628773862', ' 33628773862']],
  [null, '+442079460958', ['011 44 20 7946 0958', '+44 (0)20 7946 0958']],
  [null, 'national 628773862', ['0628773862', '06 28 77 38 62', '628773862', ' 0628773862', '+0628773862']],
  [null, 'national 112345678', ['0112345678']],
  [null, 'national 33628773862', ['33628773862']],
  [null, 'national 628773862 x45', ['0628773862 x45']],
  [null, 'short 101', ['101']],
  [null, 'short 062877', ['062877', '06 28 77']],
  [null, 'unreadable 1234567890123456', ['1234567890123456']],
  [null, 'unreadable 00999123456', ['00999123456']],
  ['XX', 'national 628773862', ['0628773862']],
]

describe('one number in its many spellings', () => {
  for (const [country, expected, raws] of spellings) {
    for (const raw of raws) {
      const shown = JSON.stringify(raw.length > 60 ? `${raw.slice(0, 60)}…` : raw)
      test(`${shown} in ${country ?? 'no country'} is ${expected}`, () =>
        assert.equal(reading(raw, country), expected))
    }
  }
})

const anyCountry = fc.constantFrom(...COUNTRIES, null)
const numberish = fc.string({
  unit: fc.constantFrom(...Array.from('0123456789+ ()-./;,#*x=@<>[]%"&?{}é\u0663\u0000\ud800\u202e')),
  maxLength: 60,
})
const digitString = fc.string({
  unit: fc.constantFrom(...Array.from('0123456789')),
  minLength: 1,
  maxLength: 17,
})

describe('whatever the text', () => {
  const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), numberish)

  test('reading, splitting and masking never throw, and the text kept can be stored', () => {
    fc.assert(
      fc.property(texts, anyCountry, (raw, country) => {
        const read = readNumber(raw, country)
        if ('text' in read) {
          assert.ok(read.text.isWellFormed() && !read.text.includes('\0') && read.text.length > 0)
        }
        splitNumbers(raw, country)
        maskNumber(raw)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a megabyte is answered like anything else', () => {
    for (const unit of ['0', '1 ', '(', '#1', 'x', ' x 1', '[', '+33 ', '\ud83d', ';a=b', '1/', ',']) {
      const raw = unit.repeat(1_000_000 / unit.length)
      assert.equal(readNumber(raw, 'FR').kind, 'unreadable', unit)
      assert.deepEqual(splitNumbers(raw, 'FR').length > 0, true)
    }
  })

  test('a number read from digits is at most fifteen digits and reads the same again in every country', () => {
    const prefixed = fc.tuple(
      fc.constantFrom('', '+', '00', '0', ' ', '+52 1', '+54 9', '+49 00', '+39 (0)', 'Tel. '),
      digitString,
    )
    fc.assert(
      fc.property(prefixed, anyCountry, anyCountry, ([prefix, digits], first, second) => {
        const read = readNumber(prefix + digits, first)
        if (read.kind !== 'external') return
        assert.match(read.e164, /^\+[1-9]\d{3,14}$/)
        assert.equal(reading(read.e164, second), read.e164)
      }),
      { numRuns: 10_000 },
    )
  })

  test('separators never change the answer', () => {
    const separator = fc.constantFrom('', '', '', ' ', '.', '-', '/', '\u00a0', '\u2013', ' - ', '  ')
    fc.assert(
      fc.property(
        fc.constantFrom('', '+', '00'),
        digitString,
        fc.array(separator),
        anyCountry,
        (prefix, digits, between, country) => {
          const spread = Array.from(digits)
            .map((digit, index) => digit + (between[index] ?? ''))
            .join('')
          const plain = readNumber(prefix + digits, country)
          const spaced = readNumber(prefix + spread, country)
          if (plain.kind === 'unreadable') assert.equal(spaced.kind, 'unreadable')
          else assert.deepEqual(spaced, plain)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

describe('several numbers in one cell', () => {
  const cells: [country: string | null, cell: string, numbers: string[]][] = [
    ['FR', '', []],
    ['FR', ' \n ', []],
    ['FR', ' 0628773862 ', ['0628773862']],
    ['FR', '06-28-77-38-62/63', ['06-28-77-38-62', '0628773863']],
    ['FR', '+33 6 28 77 38 62 / 63 / 7', ['+33 6 28 77 38 62', '+33628773863', '+33628773867']],
    ['FR', '0628773862/101', ['0628773862', '101']],
    ['FR', '0628773862 / 0123456789', ['0628773862', '0123456789']],
    ['FR', '0628773862,0123456789', ['0628773862', '0123456789']],
    ['FR', '0628773862; 0123456789', ['0628773862', '0123456789']],
    ['FR', '0628773862 or 0123456789', ['0628773862', '0123456789']],
    ['FR', '0628773862 ou 0123456789', ['0628773862', '0123456789']],
    ['FR', '0628773862\r\n0123456789\n', ['0628773862', '0123456789']],
    ['FR', 'Tél: 0628773862, Fax: 0123456789', ['Tél: 0628773862', 'Fax: 0123456789']],
    ['FR', '0628773862;ext=45', ['0628773862;ext=45']],
    ['FR', '0628773862;ext=45;0123456789', ['0628773862;ext=45', '0123456789']],
    ['FR', '0628773862 poste 12 / 0123456789', ['0628773862 poste 12', '0123456789']],
    ['FR', 'Route de Paris, 12', ['Route de Paris, 12']],
    ['FR', 'anonymous', ['anonymous']],
    ['DE', '0123/456789', ['0123/456789']],
    ['BE', '02/123.45.67', ['02/123.45.67']],
    ['DE', '0123/456789 or 0301234567', ['0123/456789', '0301234567']],
    ['DE', '030 1234 / 030 5678', ['030 1234', '030 5678']],
    ['DE', '0301234\n0305678', ['0301234', '0305678']],
    ['HU', '06-1 / 987-65432', ['06-1 / 987-65432']],
    ['US', '516-123-4567/516-123-4568', ['516-123-4567', '516-123-4568']],
    [null, '+33628773862/+33123456789', ['+33628773862', '+33123456789']],
  ]
  for (const [country, cell, numbers] of cells) {
    test(`${JSON.stringify(cell)} in ${country ?? 'no country'} holds ${JSON.stringify(numbers)}`, () => {
      assert.deepEqual(splitNumbers(cell, country), numbers)
    })
  }
})

test('Argentine and Mexican mobiles are also known by their other spelling, both ways', () => {
  assert.deepEqual(aliasKeys(5491123456789), [541123456789])
  assert.deepEqual(aliasKeys(541123456789), [5491123456789])
  assert.deepEqual(aliasKeys(5215512345678), [525512345678])
  assert.deepEqual(aliasKeys(525512345678), [5215512345678])
})

test('other numbers have no second spelling', () => {
  for (const digits of [33628773862, 15161234567, 5411234567, 525512345, 548001234567, 0, 521]) {
    assert.deepEqual(aliasKeys(digits), [], String(digits))
  }
})

test('the national part is what stands behind the calling code, leading zeros included', () => {
  assert.equal(nationalDigits(33628773862), '628773862')
  assert.equal(nationalDigits(39066981234), '066981234')
  assert.equal(nationalDigits(15161234567), '5161234567')
  assert.equal(nationalDigits(2250708123456), '0708123456')
  assert.equal(nationalDigits(9991234567), '')
  assert.equal(nationalDigits(0), '')
})

test('a country is known by its upper-case code only', () => {
  assert.equal(isCountry('FR'), true)
  assert.equal(isCountry('fr'), false)
  assert.equal(isCountry('ZZ'), false)
})

test('a number in a log shows its first three and last two characters at most', () => {
  assert.equal(maskNumber('+33628773862'), '+33*******62')
  assert.equal(maskNumber('0628773862'), '062*****62')
  assert.equal(maskNumber('06 28 77 38 62'), '062*****62')
})

test('a log shows nothing of short numbers, names and words around a number', () => {
  assert.equal(maskNumber('101'), '***')
  assert.equal(maskNumber('1234567'), '*******')
  assert.equal(maskNumber('Jean Dupont'), '***********')
  assert.equal(maskNumber('Jean (0628773862)'), '062*****62')
  assert.equal(maskNumber(''), '')
  fc.assert(
    fc.property(numberish, (text) => {
      const shown = maskNumber(text)
      assert.match(shown, /^[\d+*]*$/)
      assert.ok(shown.replace(/\D/g, '').length <= 5)
    }),
  )
})
