import { GROUPS } from '../entities/groups.ts'
import { QUEUES, RING_GROUPS } from '../entities/queues.ts'
import { RECEPTIONISTS } from '../entities/receptionists.ts'
import type { Pbx } from '../model/pbx.ts'
import { addRow } from '../model/set-routes.ts'
import { addContacts, addDidRule, addOutboundRule, addTrunk, addUser, furnish } from './furniture.ts'
import { LAST_NAMES } from './names.ts'
import { makePastCalls } from './past-calls.ts'
import { addRoutePoint } from './small.ts'

/** A medical practice: reception, doctors, an on-call phone, a line for emergencies on a trunk of its own. */
export function buildClinic(pbx: Pbx): void {
  furnish(pbx)
  const reception = addRow(pbx, GROUPS, { Name: 'Reception', Number: 'GRP1', Language: 'FR' })
  const doctors = addRow(pbx, GROUPS, { Name: 'Doctors', Number: 'GRP2', Language: 'FR' })
  const agents = ['200', '201', '202']
  for (const [index, number] of agents.entries())
    addUser(pbx, number, 'Accueil', String(index + 1), reception)
  for (let index = 0; index < 10; index += 1)
    addUser(pbx, String(210 + index), 'Dr', LAST_NAMES[index] ?? '', doctors, { RecordCalls: false })
  addUser(pbx, '299', 'On', 'Call', doctors, { Mobile: '+33612345678' })
  addRow(pbx, QUEUES, {
    Number: '800',
    Name: 'Appointments',
    PollingStrategy: 'LongestWaiting',
    Agents: agents.map((number) => ({ Number: number })),
    ForwardNoAnswer: { To: 'Extension', Number: '299' },
  })
  addRow(pbx, QUEUES, { Number: '801', Name: 'Emergencies', Agents: [{ Number: '200' }, { Number: '299' }] })
  addRow(pbx, RING_GROUPS, {
    Number: '600',
    Name: 'Doctors',
    Members: [{ Number: '210' }, { Number: '211' }],
  })
  addRow(pbx, RECEPTIONISTS, {
    Number: '700',
    Name: 'Accueil',
    Forwards: [
      { Input: '1', ForwardType: 'Queue', ForwardDN: '800' },
      { Input: '2', ForwardType: 'Queue', ForwardDN: '801' },
    ],
  })
  addRoutePoint(pbx, '900', 'Triage')
  const dids = Array.from({ length: 12 }, (_, index) => `+3319900${String(1000 + index)}`)
  const trunk = addTrunk(pbx, '10000', dids)
  const emergency = addTrunk(pbx, '10001', ['+33199009999'])
  addDidRule(pbx, trunk, dids[0] ?? '', { To: 'IVR', Number: '700' }, '299', 'Switchboard')
  for (let index = 0; index < 10; index += 1)
    addDidRule(
      pbx,
      trunk,
      dids[index + 1] ?? '',
      { To: 'Extension', Number: String(210 + index) },
      '299',
      `Doctor ${index + 1}`,
    )
  addDidRule(pbx, emergency, '+33199009999', { To: 'Queue', Number: '801' }, null, 'Emergencies')
  addOutboundRule(pbx, 'France', '0,+33', trunk)
  addOutboundRule(pbx, 'Everything else', '', emergency)
  addContacts(pbx, 40, '+336')
  makePastCalls(pbx, 150, 14)
}
