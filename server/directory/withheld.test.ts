import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNumber } from './phone-number.ts'
import { isWithheld } from './withheld.ts'

const hidden = [
  [
    '',
    ' ',
    '-',
    '0',
    '000',
    '?',
    '+',
    '()',
    '\0',
    '\u200e',
    'anonymous',
    'ANONYMOUS',
    'Private',
    'private number',
  ],
  [
    'unknown',
    'Unknown Caller',
    'unavailable',
    'not available',
    'N/A',
    'withheld',
    'Caller ID withheld',
    'restricted',
  ],
  [
    'asterisk',
    'Anonymous <anonymous>',
    'anonymous@anonymous.invalid',
    'sip:anonymous@anonymous.invalid',
    'sip:c8oqz84zk7z@anonymous.invalid',
  ],
  [
    '"Anonymous" <sip:anonymous@anonymous.invalid;user=phone>',
    '<sip:anonymous@10.0.0.1>',
    'sip:unknown@pbx.example',
  ],
  [
    'masqué',
    'MASQUÉ',
    'appel masqué',
    'inconnu',
    'numéro inconnu',
    'Nume\u0301ro masque\u0301',
    'Correspondant inconnu',
  ],
  [
    'prohib',
    'prohib_not_screened',
    'prohib_passed_screen',
    'prohibited',
    'Número oculto',
    'număr necunoscut',
  ],
  [
    '[Number]',
    '[EntityId]',
    '%Variable%',
    '%CallerID%',
    '{{x}}',
    '{{ caller.number }}',
    '{number}',
    '${CALLERID(num)}',
  ],
].flat()

for (const raw of hidden) {
  test(`${JSON.stringify(raw)} is a withheld number, at home or nowhere`, () => {
    assert.deepEqual(readNumber(raw, 'FR'), { kind: 'withheld' })
    assert.deepEqual(readNumber(raw, null), { kind: 'withheld' })
  })
}

const open = [
  [
    '101',
    '0628773862',
    '+33628773862',
    'Private Bank AG',
    'Unknown Pleasures Ltd',
    'reception',
    'sip:john@pbx.example',
  ],
  ['[0628773862]', '%2B33628773862', '*97', 'Anonymous 0628773862', 'Restricted Area 51'],
].flat()

for (const raw of open) {
  test(`${JSON.stringify(raw)} says something about the caller`, () => {
    assert.equal(isWithheld(raw), false)
    assert.notEqual(readNumber(raw, 'FR').kind, 'withheld')
  })
}
