import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCallerIndex, type CallerIndexImage } from '../caller-index.ts'
import type { PartyRecord } from '../party-record.ts'
import { openIndexLayouts } from './shared-layout.ts'

const hints = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}

function person(id: number): PartyRecord {
  const digits = 33_600_000_000 + id
  const read = { kind: 'external' as const, e164: `+${digits}`, digits, extension: null }
  const numbers = [{ kind: 'mobile', read }]
  return {
    party: 'contact',
    external_id: null,
    id,
    customer_id: null,
    name: `P${id}`,
    active: true,
    hints,
    numbers,
  }
}

test('what another thread is told of an index is all it needs to read it, put in one by one or filled at once', () => {
  const single = openCallerIndex()
  for (let id = 1; id <= 2_000; id++) single.put(person(id))
  const filled = openCallerIndex()
  const filling = filled.fill()
  for (let id = 1; id <= 20_000; id++) filling.put(person(id))
  filling.end()
  for (const [index, last] of [
    [single, 2_000],
    [filled, 20_000],
  ] as const) {
    const layout = openIndexLayouts().changed(1, index)
    assert.ok(layout?.facts)
    const facts = JSON.parse(layout.facts) as CallerIndexImage['facts']
    const reader = openCallerIndex({ facts, memory: layout.fresh.map(([, memory]) => memory) })
    for (let id = 1; id <= last; id++)
      assert.equal(reader.exactOwner(33_600_000_000 + id)?.party.name, `P${id}`)
    assert.equal(reader.get(last + 1), null)
    assert.equal(reader.exactOwner(33_600_000_000), null)
  }
})
