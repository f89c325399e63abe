import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayReach, parseAllowPrivate } from './outbound-rules.ts'

function reaches(address: string, allowed: string[] = [], name = 'crm.example', port = 443): boolean {
  return mayReach(parseAllowPrivate(allowed), { name, port, address })
}

test('public addresses of both families are reached', () => {
  for (const address of ['8.8.8.8', '172.15.255.255', '172.32.0.1', '2a00:1450:4007:80c::200e'])
    assert.equal(reaches(address), true, address)
})

for (const [kind, addresses] of Object.entries({
  loopback: ['127.0.0.1', '127.255.0.9', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
  'link-local': ['169.254.1.1', 'fe80::1', 'fe80::1%eth0'],
  'cloud metadata': ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  'unique-local': ['fc00::1', 'fdff::1'],
  multicast: ['224.0.0.1', '239.255.255.250', 'ff02::1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  'broadcast and reserved': [
    '255.255.255.255',
    '240.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '2001:db8::1',
    '4000::1',
  ],
  'IPv4 in IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8.8',
    '::127.0.0.1',
    '::7f00:2',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '::ffff:0:127.0.0.1',
  ],
  'no address': ['', 'localhost', '127.1', '0x7f.0.0.1'],
})) {
  test(`${kind} is refused: ${addresses.join(', ')}`, () => {
    for (const address of addresses) assert.equal(reaches(address), false, address)
  })
}

test('a mapped public IPv4 address is the public address it means', () => {
  assert.equal(reaches('::ffff:8.8.8.8'), true)
})

test('an address or a network is allowed for every name, on its port if it names one', () => {
  assert.equal(reaches('10.1.2.3', ['10.0.0.0/8']), true)
  assert.equal(reaches('::ffff:10.1.2.3', ['10.0.0.0/8']), true)
  assert.equal(reaches('10.1.2.3', ['10.0.0.0/8:443']), true)
  assert.equal(reaches('10.1.2.3', ['10.0.0.0/8:8443']), false)
  assert.equal(reaches('10.1.2.3', ['10.1.2.3:443']), true)
  assert.equal(reaches('10.1.2.4', ['10.1.2.3:443']), false)
  for (const entry of [
    'fd00::1',
    '[fd00::1]',
    '[fd00::1]:443',
    'fd00::/8',
    '[fd00::/8]:443',
    'fd00::/8:443',
  ]) {
    assert.equal(reaches('fd00::1', [entry]), true, entry)
  }
  assert.equal(reaches('fd00::1', ['[fd00::1]:80']), false)
})

test('a name is allowed on its port, whatever its case, and does not allow its neighbours', () => {
  assert.equal(reaches('10.1.2.3', ['CRM.example']), true)
  assert.equal(reaches('10.1.2.3', ['crm.example:443'], 'crm.EXAMPLE.'), true)
  assert.equal(reaches('10.1.2.3', ['crm.example:8443']), false)
  assert.equal(reaches('10.1.2.3', ['example']), false)
  assert.equal(reaches('10.1.2.3', ['crm.example'], 'crm.example.evil.test'), false)
})

test('a name that is allowed does not lead to metadata, multicast or nowhere; their own entry does', () => {
  for (const address of ['169.254.169.254', '224.0.0.1', '0.0.0.0']) {
    assert.equal(reaches(address, ['crm.example']), false, address)
    assert.equal(reaches(address, [address]), true, address)
  }
})

test('an entry that cannot be read is refused by name', () => {
  for (const entry of [
    '10.0.0.0/33',
    '10.0.0',
    'a b',
    'http://crm.example',
    'crm.example:0',
    'crm.example:70000',
    '',
    '[fd00::1',
    '*.example',
  ]) {
    assert.throws(
      () => parseAllowPrivate([entry]),
      (error: Error) => error.message.includes(`"${entry}"`),
      entry,
    )
  }
})
