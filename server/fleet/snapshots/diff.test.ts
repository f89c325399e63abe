import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MASK } from '../host-secrets.ts'
import { canonicalRow, type Row } from './canonical.ts'
import { pack, unpack, type Configuration } from './content.ts'
import { diff } from './diff.ts'

const config = (resources: Record<string, Row[]>, unreadable = {}): Configuration => ({
  format: 1,
  version: null,
  resources,
  unreadable,
})

test('a row is the same in whatever order its fields and its unordered lists come', () => {
  const one = canonicalRow({
    Number: '800',
    Name: 'Sales',
    IsRegistered: true,
    Note: null,
    Empty: '',
    Groups: [{ Number: 'GRP2', Name: 'Two' }, { Number: 'GRP1' }],
    ForwardNoAnswer: { To: 'Extension', Number: '100', Name: 'Anna', External: '', Tags: ['MS'] },
  })
  const other = canonicalRow({
    ForwardNoAnswer: { Number: '100', To: 'Extension', External: '' },
    Groups: [{ Number: 'GRP1' }, { Number: 'GRP2' }],
    Name: 'Sales',
    '@odata.etag': 'x',
    Number: '800',
    IsRegistered: false,
  })
  assert.equal(JSON.stringify(one), JSON.stringify(other))
  assert.deepEqual(one['ForwardNoAnswer'], { Number: '100', To: 'Extension' })
})

test('no secret is kept, at whatever depth and under whatever of its names', () => {
  const text = JSON.stringify(
    canonicalRow({
      AuthPassword: 'hunter2',
      VMPIN: 4711,
      AccessPassword: 'hunter2',
      AuthID: 'hunter2',
      Gateway: { Deep: [{ ClientSecret: 'hunter2', AuthPassword: { Concealed: false, Value: 'hunter2' } }] },
      PinProtected: true,
    }),
  )
  assert.ok(!/hunter2|4711/.test(text), text)
  assert.equal(text.split(MASK).length - 1, 6)
  assert.ok(text.includes('"PinProtected":true'))
})

test('the order of members counts, the order of memberships does not', () => {
  const queue = (agents: string[], groups: string[]) =>
    config({
      queues: [
        canonicalRow({
          Number: '800',
          Agents: agents.map((Number) => ({ Number })),
          Groups: groups.map((Number) => ({ Number })),
        }),
      ],
    })
  const before = queue(['100', '101'], ['GRP1', 'GRP2'])
  assert.deepEqual(diff(before, queue(['100', '101'], ['GRP2', 'GRP1'])).changes, [])
  const [change] = diff(before, queue(['101', '100'], ['GRP1', 'GRP2'])).changes
  assert.deepEqual(
    change?.fields.map(({ path }) => path),
    ['Agents (order)'],
  )
})

const anyRows = fc
  .uniqueArray(fc.record({ Name: fc.constantFrom(...'abcdefgh'), Prefix: fc.constantFrom('0', '1', '2') }), {
    selector: ({ Name }) => Name,
  })
  .map((rows): Row[] => rows.map((row) => ({ ...row })))

test('a difference says exactly what leads from one configuration to the other', () => {
  fc.assert(
    fc.property(anyRows, anyRows, (before, after) => {
      const { changes } = diff(config({ outbound_rules: before }), config({ outbound_rules: after }))
      const of = (kind: string) => changes.filter((change) => change.kind === kind)
      const rows = new Map(before.map((row) => [row['Name'], { ...row }]))
      for (const { key } of of('removed')) assert.ok(rows.delete(key))
      for (const { key, fields } of of('changed'))
        for (const { path, after: value } of fields) rows.get(key)![path] = value
      for (const { key, after: row } of of('added')) rows.set(key, { ...row })
      // Those that moved are put where they are now; the others are already in order.
      const moved = new Set([...of('moved'), ...of('added')].map(({ key }) => key))
      const order = [...rows.keys()].filter((name) => !moved.has(name as string))
      const wanted = after.map((row) => row['Name'])
      assert.deepEqual(
        order,
        wanted.filter((name) => !moved.has(name as string)),
      )
      assert.deepEqual(
        wanted.map((name) => rows.get(name)),
        after,
      )
    }),
  )
})

test('what one side could not read is neither removed nor added, be it a kind or a field', () => {
  const users = [{ Number: '100', Greetings: [{ Type: 'Away' }] }]
  const whole = config({ users, queues: [{ Number: '800' }] })
  const partly = config({ users: [{ Number: '100' }] }, { queues: 'no', 'users.Greetings': 'no' })
  for (const [before, after] of [
    [whole, partly],
    [partly, whole],
  ] as const) {
    const found = diff(before, after)
    assert.deepEqual(found.changes, [])
    assert.deepEqual(found.not_compared, ['queues', 'users.Greetings'])
  }
})

test('a zone is there when somebody is in it: only what it says is a change', () => {
  const zone = (Id: string, IanaName: string): Row => ({ Id, IanaName })
  const before = config({ time_zones: [zone('1', 'Europe/Paris'), zone('2', 'UTC')] }, { groups: 'no' })
  const after = config({ time_zones: [zone('1', 'Europe/London'), zone('3', 'Asia/Tokyo')] })
  const { changes } = diff(before, after)
  assert.deepEqual(
    changes.map(({ kind, key }) => [kind, key]),
    [['changed', '1']],
  )
})

test('what was packed comes out again, whatever signs its names hold', async () => {
  const name = 'a\u2028b\u2029c\rd\u0085e:[\n]},"unreadable":{"x"🦜'
  const odd = config({ users: [{ Number: '100', FirstName: name }, { Number: '101' }] }, { queues: name })
  assert.deepEqual(await unpack((await pack(odd)).packed), odd)
  const long = config({ call_flows: [{ Number: '900', ScriptCode: 'é'.repeat(200_000) }] })
  assert.deepEqual(await unpack((await pack(long)).packed), long)
})

test('equal configurations have an equal digest, and what was packed comes out again', async () => {
  const one = config({ users: [{ Number: '100' }], queues: [] }, { groups: 'no', trunks: 'no' })
  const other = config({ queues: [], users: [{ Number: '100' }] }, { trunks: 'no', groups: 'no' })
  const [a, b] = [await pack(one), await pack(other)]
  assert.equal(a.sha256, b.sha256)
  assert.deepEqual(await unpack(a.packed), one)
  assert.notEqual((await pack(config({ users: [{ Number: '101' }] }))).sha256, a.sha256)
})
