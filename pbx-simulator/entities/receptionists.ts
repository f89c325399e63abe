import { refuseField } from '../odata/refusal.ts'
import { completeRoutes } from '../model/destinations.ts'
import { checkGroups, completeGroups } from '../model/membership.ts'
import { checkNumber, findDn, firstFreeNumber } from '../model/numbers.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { DN } from '../model/shared-shapes.ts'
import { firstFree } from './first-free.ts'
import { inEverybodysGroup, nameRequired, NO_ROUTES } from './queues.ts'

shape('ReceptionistForward', {
  i32: 'Id',
  s: 'CustomData ForwardDN Input',
  IVRForwardType: 'ForwardType',
  PeerType: 'PeerType',
})

const RECEPTIONIST = shape(
  'Receptionist',
  {
    i32: 'Timeout',
    s: 'ForwardSmsTo InvalidKeyForwardDN Name PromptFilename PromptSet TimeoutForwardDN',
    b: 'IsRegistered TransferEnable UseMSExchange',
    Route: 'BreakRoute HolidaysRoute OutOfOfficeRoute',
    '[ReceptionistForward]': 'Forwards',
    IVRType: 'IVRType',
    PeerType: 'TimeoutForwardPeerType',
    IVRForwardType: 'TimeoutForwardType',
  },
  { extends: DN, navigation: 'Forwards' },
)

const PARKING = shape('Parking', {}, { extends: DN })

const FAX = shape(
  'Fax',
  {
    s: 'AuthID AuthPassword OutboundCallerId',
    b: 'FaxServer',
  },
  { extends: DN },
)

const DIALLED = new Set(['Extension', 'RingGroup', 'Queue', 'IVR', 'VoiceMail'])

function checkForwards(pbx: Pbx, sent: unknown): Row[] {
  return (Array.isArray(sent) ? (sent as Row[]) : []).map((forward) => {
    const type = typeof forward.ForwardType === 'string' ? forward.ForwardType : 'EndCall'
    const dn = findDn(pbx, forward.ForwardDN)
    if (DIALLED.has(type) && !dn) throw refuseField('Forwards', 'XAPI.NOT_FOUND')
    const id = forward.Id ? forward.Id : pbx.store.nextId('forward')
    return {
      CustomData: '',
      ForwardDN: '',
      ...forward,
      Id: id,
      ForwardType: type,
      PeerType: dn?.type ?? 'None',
    }
  })
}

export const RECEPTIONISTS: SetDefinition = {
  name: 'Receptionists',
  lists: ['Forwards'],
  shape: RECEPTIONIST,
  about: 'Digital receptionists: what is played to a caller, and where each key leads.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({
    Number: firstFreeNumber(pbx, 700),
    Name: '',
    Timeout: 5,
    IVRType: 'Default',
    IsRegistered: true,
    TransferEnable: false,
    TimeoutForwardType: 'EndCall',
    TimeoutForwardPeerType: 'None',
    TimeoutForwardDN: '',
    Forwards: [],
    ...NO_ROUTES,
    ...inEverybodysGroup(pbx),
  }),
  view: (pbx, row) => ({ ...row, Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    nameRequired(row)
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
    if ('Forwards' in sent) row.Forwards = checkForwards(pbx, sent.Forwards)
    completeRoutes(pbx, row, ['BreakRoute', 'HolidaysRoute', 'OutOfOfficeRoute'])
  },
  operations: [firstFree('Receptionists', 'Pbx.GetFirstAvailableReceptionistNumber', 700)],
}

export const PARKINGS: SetDefinition = {
  name: 'Parkings',
  shape: PARKING,
  about: 'Places where a call waits until somebody fetches it.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({ Groups: inEverybodysGroup(pbx).Groups }),
  view: (pbx, row) => ({ ...row, Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    if (!String(row.Number).startsWith('SP')) throw refuseField('Number', 'INVALID')
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
  },
}

const newFax = (pbx: Parameters<typeof firstFreeNumber>[0]): Row => ({
  Number: firstFreeNumber(pbx, 890),
  AuthID: pbx.random.password(10),
  AuthPassword: pbx.random.password(12),
  OutboundCallerId: '',
  FaxServer: false,
  ...inEverybodysGroup(pbx),
})

export const FAXES: SetDefinition = {
  name: 'Fax',
  shape: FAX,
  about: 'Fax extensions.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => newFax(pbx),
  view: (pbx, row) => ({ ...row, Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
  },
  operations: [
    {
      on: 'Fax',
      name: 'Pbx.InitFax',
      kind: 'function',
      answers: 'Fax',
      about: 'A fax extension to be completed and sent back.',
      run: ({ pbx }) => ({ kind: 'one', row: { Id: 0, ...newFax(pbx) }, shape: FAX, context: 'Fax/$entity' }),
    },
    {
      on: 'Fax',
      name: 'Pbx.BulkFaxDelete',
      kind: 'action',
      params: [['ids', '[i32]']],
      answers: null,
      about: 'Removes several fax extensions.',
      run: ({ pbx, body }) => {
        for (const id of Array.isArray(body.ids) ? body.ids : []) pbx.store.remove('Fax', id)
        return { kind: 'nothing' }
      },
    },
  ],
}
