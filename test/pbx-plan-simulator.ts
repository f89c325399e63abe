import assert from 'node:assert/strict'
import { CALL_FLOW_APPS } from '../pbx-simulator/entities/call-flow-apps.ts'
import { GROUPS } from '../pbx-simulator/entities/groups.ts'
import { HOLIDAYS } from '../pbx-simulator/entities/hours.ts'
import { OUTBOUND_RULES } from '../pbx-simulator/entities/outbound-rules.ts'
import { QUEUES, RING_GROUPS } from '../pbx-simulator/entities/queues.ts'
import { FAXES, PARKINGS, RECEPTIONISTS } from '../pbx-simulator/entities/receptionists.ts'
import { TRUNKS } from '../pbx-simulator/entities/trunks.ts'
import { USERS } from '../pbx-simulator/entities/users.ts'
import { addRow } from '../pbx-simulator/model/set-routes.ts'
import { ZONES } from '../pbx-simulator/model/time-zones.ts'
import type { Simulator } from '../pbx-simulator/simulator.ts'
import { rowsOf, type PbxRow } from './pbx-plan-rows.ts'
import type { Asked, Event, Plan, Rest } from './pbx-plans.ts'

const SETS = {
  Groups: GROUPS,
  Trunks: TRUNKS,
  Users: USERS,
  Queues: QUEUES,
  RingGroups: RING_GROUPS,
  Receptionists: RECEPTIONISTS,
  Fax: FAXES,
  CallFlowApps: CALL_FLOW_APPS,
  OutboundRules: OUTBOUND_RULES,
}
/** What a row needs to be made at all; the rest leads to other rows, which come later. */
const FIRST = ['Number', 'Name', 'FirstName', 'DidNumbers', 'Gateway']

/** Sets a simulated PBX up as planned. */
export function setUp({ pbx }: Simulator, plan: Plan): void {
  const { store } = pbx
  const emptied = [...Object.keys(SETS), 'InboundRules', 'Holidays', 'Parkings']
  for (const set of emptied)
    for (const row of store.rows(set)) if (row['IsDefault'] !== true) store.remove(set, row['Id'])
  addRow(pbx, PARKINGS, { Number: 'SP0' })
  const zone = (name: string) => String(ZONES.find((row) => row['IanaName'] === name)?.['Id'])
  const made = new Map<string, PbxRow>()
  const bare = rowsOf(plan, { zone, department: () => 0 })
  for (const [set, definition] of Object.entries(SETS))
    for (const row of bare[set] ?? []) {
      const first = Object.fromEntries(FIRST.filter((name) => name in row).map((name) => [name, row[name]]))
      const secret = set === 'Trunks' ? { AuthPassword: { Value: 'x' } } : {}
      made.set(
        `${set} ${String(row['Number'] ?? row['Name'])}`,
        addRow(pbx, definition, { ...first, ...secret }),
      )
    }
  const department = (number: string) => Number(made.get(`Groups ${number}`)?.['Id'])
  const rows = rowsOf(plan, { zone, department })
  for (const set of Object.keys(SETS))
    for (const { Id: _, ...row } of rows[set] ?? []) {
      const target = made.get(`${set} ${String(row['Number'] ?? row['Name'])}`)
      assert.ok(target)
      Object.assign(target, row)
    }
  for (const row of rows['Holidays'] ?? []) addRow(pbx, HOLIDAYS, row)
  // Through its door a PBX makes no rule for a mask of numbers; it has those of older days.
  for (const row of rows['InboundRules'] ?? [])
    store.put('InboundRules', row['Id'], { ...row, CustomData: '' })
  store.setSingle('OfficeHours', rows['OfficeHours']?.[0] ?? {})
}

const KINDS: Record<string, string> = {
  Queue: 'queue',
  RingGroup: 'ring_group',
  Extension: 'extension',
  IVR: 'ivr',
  VoiceMail: 'voicemail',
  ExternalLine: 'external',
  Fax: 'fax',
  RoutePoint: 'call_flow',
}
type Told = {
  name: string
  where: { kind: string; number: string; rings: string[] } | null
  callback: { number: string } | null
}

function restOf({ where, callback }: Told): Rest {
  if (callback) return { at: callback.number === '' ? 'callback' : `callback:${callback.number}`, rings: [] }
  if (!where) return { at: 'end', rings: [] }
  const isPeople = ['Queue', 'RingGroup', 'Extension'].includes(where.kind)
  return { at: `${KINDS[where.kind]}:${where.number}`, rings: isPeople ? where.rings.toSorted() : [] }
}

/** Lets a call come in on the simulator through its control, and these things happen to it; who is busy talks meanwhile. */
export async function letCall(
  simulator: Simulator,
  plan: Plan,
  { did, trunk, caller, at }: Asked,
  events: readonly Event[],
): Promise<Rest> {
  const busy = plan.people.filter(({ now }) => now.isBusy)
  const steps = [
    ...busy.map(({ number }) => ({ do: 'internal', call: `talk of ${number}`, from: number, to: 'SP0' })),
    {
      do: 'inbound',
      call: 'a',
      from: caller,
      to: did,
      hours: new Date(at).toISOString(),
      ...(trunk === null ? {} : { trunk }),
    },
    ...events.map((event) =>
      event.does === 'press' ? { do: 'press', call: 'a', digits: event.key } : { do: event.does, call: 'a' },
    ),
  ]
  const answer = await fetch(`${simulator.url}/simulator/calls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${simulator.controlToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ steps, instant: true }),
  })
  const told = (await answer.json()) as { calls?: Told[] }
  const call = told.calls?.find(({ name }) => name === 'a')
  assert.ok(answer.ok && call, JSON.stringify(told))
  simulator.pbx.calls.live.clear()
  return restOf(call)
}
