import { notFound } from '../odata/refusal.ts'
import { endCall } from '../calls/calls.ts'
import { participantsOf, type Call, type Side } from '../calls/call.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

const ACTIVE_CALL = shape('ActiveCall', {
  i32: 'Id',
  s: 'Caller Callee Status',
  dt: 'EstablishedAt LastChangeStatus ServerNow',
})

const display = (side: Side): string => `${side.number} ${side.name}`.trim()

function statusOf(call: Call): string {
  if (participantsOf(call, 'Ringing').length > 0) return call.answeredAt === null ? 'Routing' : 'Transferring'
  return call.answeredAt === null ? 'Routing' : 'Talking'
}

const calleeOf = (call: Call): string => {
  const at = call.passages.findLast((passage) => passage.endedAt === null)?.at ?? call.passages.at(-1)?.at
  return at ? display(at) : call.dialled
}

export const activeCallRow = (pbx: Pbx, call: Call): Row => ({
  Id: call.activeId,
  Caller: display(call.caller),
  Callee: calleeOf(call),
  Status: statusOf(call),
  EstablishedAt: new Date(call.answeredAt ?? call.startedAt).toISOString(),
  LastChangeStatus: new Date(call.changedAt).toISOString(),
  ServerNow: pbx.clock.iso(),
})

export const ACTIVE_CALLS: SetDefinition = {
  name: 'ActiveCalls',
  shape: ACTIVE_CALL,
  about: 'Calls that ring or talk at this moment.',
  key: 'Id',
  can: ['list'],
  rows: (pbx) => [...pbx.calls.live.values()].map((call) => activeCallRow(pbx, call)),
  operations: [
    {
      on: 'ActiveCalls({Id})',
      name: 'Pbx.DropCall',
      kind: 'action',
      answers: null,
      about: 'Ends a call.',
      run: ({ pbx, values }) => {
        const id = Number(values.get('key'))
        const call = [...pbx.calls.live.values()].find((one) => one.activeId === id)
        if (!call) throw notFound(`ActiveCalls(${values.get('key')})`)
        endCall(pbx, call, 'callee')
        return { kind: 'nothing' }
      },
    },
  ],
}
