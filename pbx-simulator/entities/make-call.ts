import { refuseField } from '../odata/refusal.ts'
import { callOut } from '../calls/acts.ts'
import { participantView } from '../calls/control-view.ts'
import { participantsOf } from '../calls/call.ts'
import type { Operation, Row } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

const PARTICIPANT = shape('CallControlResult', {
  i32: 'Id CallId LegId',
  s: 'Status DN PartyDn PartyCallerId PartyCallerName PartyDnType DeviceId',
  b: 'DirectControl',
})
const RESULT = shape('CallControlResultResponse', {
  s: 'FinalStatus Reason ReasonText',
  CallControlResult: 'Result',
})

/** Click to call through the configuration interface. */
export const makeCall = (): Operation => ({
  on: 'Users',
  name: 'Pbx.MakeCall',
  kind: 'action',
  params: [
    ['dn', 's'],
    ['destination', 's'],
    ['contact', 's'],
    ['testCall', 'b'],
  ],
  answers: 'CallControlResultResponse',
  about: 'Lets an extension call a number.',
  run: ({ pbx, body }) => {
    const { dn, destination } = body
    if (typeof destination !== 'string' || destination === '')
      throw refuseField('destination', 'XAPI.REQUIRED')
    if (typeof dn !== 'string' || !pbx.store.numbered('Users', dn))
      throw refuseField('dn', 'XAPI.NON_EXISTENT_EXT_NUMBER')
    const call = callOut(pbx, { name: null, from: dn, to: destination, isRecorded: false })
    const own = participantsOf(call).find((one) => one.dn === dn)
    const view = own ? participantView(pbx, call, own) : {}
    const row: Row = {
      FinalStatus: 'Success',
      Reason: 'NotSpecified',
      ReasonText: '',
      Result: {
        Id: view.id,
        Status: view.status,
        DN: view.dn,
        PartyDn: view.party_dn,
        PartyCallerId: view.party_caller_id,
        PartyCallerName: view.party_caller_name,
        PartyDnType: view.party_dn_type,
        DeviceId: view.device_id,
        CallId: view.callid,
        LegId: view.legid,
        DirectControl: view.direct_control,
      },
    }
    return { kind: 'one', row, shape: RESULT, context: `Pbx.${PARTICIPANT.name}Response` }
  },
})
