import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains, parseAddressList } from './address.ts'

test('an address belongs to itself and to its networks, of either family', () => {
  const list = parseAddressList('192.0.2.7, 10.0.0.0/8\n2001:db8::/32')
  assert.equal(contains(list, '192.0.2.7'), true)
  assert.equal(contains(list, '10.200.3.4'), true)
  assert.equal(contains(list, '2001:db8:1::9'), true)
  assert.equal(contains(list, '192.0.2.8'), false)
  assert.equal(contains(list, '11.0.0.1'), false)
  assert.equal(contains(list, '2001:db9::1'), false)
})

test('an IPv4-mapped address is the IPv4 address, in the list and in the question', () => {
  assert.equal(contains(parseAddressList(['10.0.0.0/8']), '::ffff:10.1.2.3'), true)
  assert.equal(contains(parseAddressList(['::ffff:10.1.2.3']), '10.1.2.3'), true)
  assert.equal(contains(parseAddressList(['::ffff:10.0.0.0/104']), '10.9.9.9'), true)
  assert.equal(contains(parseAddressList(['::ffff:10.0.0.0/104']), '11.9.9.9'), false)
})

test('a network of one family never holds an address of the other', () => {
  assert.equal(contains(parseAddressList(['0.0.0.0/0']), '2001:db8::1'), false)
  assert.equal(contains(parseAddressList(['::/0']), '192.0.2.1'), false)
})

test('a link-local address is compared without its interface', () => {
  assert.equal(contains(parseAddressList(['fe80::/10']), 'fe80::1%eth0'), true)
})

test('an empty list holds nobody, and text that is no address is in no list', () => {
  assert.equal(contains(parseAddressList(''), '192.0.2.1'), false)
  assert.equal(contains(parseAddressList(['0.0.0.0/0', '::/0']), 'localhost'), false)
  assert.equal(contains(parseAddressList(['0.0.0.0/0']), '127.1'), false)
})

test('an entry that cannot be read is refused by name', () => {
  for (const entry of [
    '10.0.0.0/33',
    '10.0.0',
    '010.0.0.1',
    'pbx.example',
    '::1/129',
    '10.0.0.0/8/8',
    '1.2.3.4/',
    '::ffff:10.0.0.0/90',
  ]) {
    assert.throws(
      () => parseAddressList(['192.0.2.1', entry]),
      (error: Error) => error.message.includes(`"${entry}"`),
      entry,
    )
  }
})
