import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from './hub.ts'
import { newPbxBehind, told } from './pbx-behind.ts'

/** Every property of an inbound rule that the specification lists, and what we call it. */
const PROPERTIES: Record<string, string> = {
  Id: 'id',
  RuleName: 'rule_name',
  Condition: 'condition',
  Data: 'data',
  CustomData: 'custom_data',
  CallType: 'call_type',
  TrunkDN: 'trunk_dn',
  Hours: 'hours',
  OfficeHoursDestination: 'office_hours_destination',
  OutOfOfficeHoursDestination: 'out_of_office_hours_destination',
  HolidaysDestination: 'holidays_destination',
  AlterDestinationDuringOutOfOfficeHours: 'alter_destination_during_out_of_office_hours',
  AlterDestinationDuringHolidays: 'alter_destination_during_holidays',
}

test('inbound rules are listed and read with every property, under our names and under the PBX’s', async (t) => {
  const { ask, host, simulator, newToken } = await newPbxBehind(t, 'sqlite')
  const rows = simulator.pbx.store.rows('InboundRules')
  Object.assign(rows[0]!, {
    CustomData: 'x',
    Hours: {
      Type: 'SpecificHours',
      IgnoreHolidays: true,
      Periods: [{ DayOfWeek: 'Monday', Start: '09:00:00', Stop: '12:30:00' }],
    },
  })
  const path = `/api/v1/pbx3cx/${host.code}/inbound-rules`
  const list = told(await ask('GET', `${path}?per_page=2`), 200)
  assert.deepEqual([list.total, list.last_page, list.data.length], [rows.length, 3, 2])
  const [rule] = list.data
  assert.deepEqual(Object.keys(rule).sort(), Object.values(PROPERTIES).sort())
  assert.deepEqual(told(await ask('GET', `${path}/${rule.id}`), 200), rule)
  assert.deepEqual(
    [rule.rule_name, rule.condition, rule.data, rule.custom_data, rule.call_type, rule.trunk_dn.number],
    ['Main number', 'BasedOnDID', '+3615550110', 'x', 'ExternalCallsOnly', '10000'],
  )
  assert.deepEqual(rule.hours, {
    type: 'SpecificHours',
    ignore_holidays: true,
    periods: [{ day_of_week: 'Monday', start: '09:00:00', stop: '12:30:00' }],
  })
  assert.deepEqual(rule.office_hours_destination, {
    to: 'IVR',
    number: '700',
    external: null,
    name: 'Welcome',
    type: 'IVR',
  })
  assert.deepEqual(
    [rule.out_of_office_hours_destination.to, rule.holidays_destination.number],
    ['VoiceMail', '100'],
  )
  assert.equal(rule.alter_destination_during_holidays, true)

  const raw = told(await ask('GET', `${path}/${rule.id}?raw=1`), 200)
  assert.deepEqual(Object.keys(raw).sort(), Object.keys(PROPERTIES).sort())
  assert.deepEqual(raw.Hours, rows[0]!['Hours'])
  assert.deepEqual(told(await ask('GET', `${path}?raw=1&per_page=1`), 200).data, [raw])

  const names = (found: Json) => found.data.map((one: Json) => one.rule_name)
  assert.deepEqual(names(told(await ask('GET', `${path}?data=%2B3615550111`), 200)), ['Support'])
  assert.deepEqual(names(told(await ask('GET', `${path}?condition=BasedOnCallerID`), 200)), [])
  assert.deepEqual(names(told(await ask('GET', `${path}?trunk=10009`), 200)), [])

  told(await ask('GET', `${path}/999999`), 404, 'not_found')
  told(await ask('GET', `${path}?condition=Anything`), 422, 'validation_failed')
  told(await ask('GET', '/api/v1/pbx3cx/999/inbound-rules'), 404, 'not_found')
  told(await ask('GET', path, { token: await newToken(['calls:read']) }), 403, 'scope_missing')
  simulator.faults.set('500')
  told(await ask('GET', path), 502, 'pbx_failed')
})
