import { CALL_FLOW_APPS } from '../entities/call-flow-apps.ts'
import { GROUPS } from '../entities/groups.ts'
import { QUEUES, RING_GROUPS } from '../entities/queues.ts'
import { FAXES, PARKINGS, RECEPTIONISTS } from '../entities/receptionists.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { addRow } from '../model/set-routes.ts'
import { addContacts, addDidRule, addOutboundRule, addTrunk, addUser, furnish } from './furniture.ts'
import { makePastCalls } from './past-calls.ts'

/** A firm of six: a queue, a ring group, a digital receptionist, one trunk with six numbers. */
export function buildSmall(pbx: Pbx): void {
  furnish(pbx)
  const sales = addRow(pbx, GROUPS, { Name: 'Sales', Number: 'GRP1' })
  const support = addRow(pbx, GROUPS, { Name: 'Support', Number: 'GRP2' })
  addUser(pbx, '100', 'Anna', 'Almási', sales, { RecordCalls: true })
  addUser(pbx, '101', 'Béla', 'Csonka', support)
  addUser(pbx, '102', 'Claire', 'Dubois', support)
  addUser(pbx, '103', 'Dávid', 'Erdei', sales)
  addUser(pbx, '104', 'Flóra', 'Huszár', sales)
  addUser(pbx, '110', 'Gábor', 'Mezei', null, { IsRegistered: false })
  addRow(pbx, QUEUES, {
    Number: '800',
    Name: 'Support',
    Agents: [{ Number: '101' }, { Number: '102' }],
    ForwardNoAnswer: { To: 'VoiceMail', Number: '101' },
  })
  addRow(pbx, RING_GROUPS, { Number: '600', Name: 'Sales', Members: [{ Number: '100' }, { Number: '103' }] })
  addRow(pbx, RECEPTIONISTS, {
    Number: '700',
    Name: 'Welcome',
    Forwards: [
      { Input: '1', ForwardType: 'Queue', ForwardDN: '800' },
      { Input: '2', ForwardType: 'RingGroup', ForwardDN: '600' },
      { Input: '0', ForwardType: 'Extension', ForwardDN: '100' },
    ],
  })
  addRow(pbx, PARKINGS, { Number: 'SP0' })
  addRow(pbx, FAXES, { Number: '888' })
  addRoutePoint(pbx, '900', 'Lookup')
  const dids = [10, 11, 12, 13, 14, 15].map((end) => `+36155501${end}`)
  const trunk = addTrunk(pbx, '10000', dids)
  const [main = '', queue = '', anna = '', bela = '', flow = ''] = dids
  addDidRule(pbx, trunk, main, { To: 'IVR', Number: '700' }, '100', 'Main number')
  addDidRule(pbx, trunk, queue, { To: 'Queue', Number: '800' }, '101', 'Support')
  addDidRule(pbx, trunk, anna, { To: 'Extension', Number: '100' }, null, 'Anna')
  addDidRule(pbx, trunk, bela, { To: 'Extension', Number: '101' }, null, 'Béla')
  addDidRule(pbx, trunk, flow, { To: 'RoutePoint', Number: '900' }, null, 'Call flow')
  addOutboundRule(pbx, 'All calls', '', trunk)
  addContacts(pbx, 8, '+3630')
  makePastCalls(pbx, 30, 7)
}

/** A call flow that can be dialled and steered from outside. */
export const addRoutePoint = (pbx: Pbx, Number: string, Name: string): Row =>
  addRow(pbx, CALL_FLOW_APPS, { Number, Name })
