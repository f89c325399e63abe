import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { accountKey, fold } from './fold.ts'

test('names that people hold for the same fold to the same text', () => {
  const same = [
    ['Société Générale', 'SOCIETE GENERALE', 'socie\u0301te\u0301 ge\u0301ne\u0301rale'],
    ['Straße', 'STRASSE', 'STRAẞE'],
    ['Łódź', 'LODZ', 'łódź'],
    ['Cœur', 'COEUR', 'Cœur'],
    ['Ærø', 'aero'],
    ['İstanbul', 'istanbul', 'ISTANBUL'],
    ['Ａｃｍｅ', 'acme'],
    ['  Jean \t Dupont ', 'jean dupont', 'Jean\u00a0Dupont'],
    ['ΣΊΣΥΦΟΣ', 'Σίσυφος'],
  ]
  for (const [first, ...others] of same) {
    for (const other of others) assert.equal(fold(other), fold(first!), `${other} and ${first}`)
  }
})

test('names that differ in more than accents and case stay apart', () => {
  assert.notEqual(fold('Dupont'), fold('Dupond'))
  assert.notEqual(fold('A B'), fold('AB'))
})

test('folding what is folded changes nothing', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => fold(fold(text)) === fold(text)))
})

test('accounts are the same whatever the case, the width and the blanks around them', () => {
  assert.equal(accountKey('  cl000101 '), accountKey('CL000101'))
  assert.equal(accountKey('ＣＬ１０１'), 'cl101')
  assert.notEqual(accountKey('CL 101'), accountKey('CL101'))
})
