import { readLiteral } from '../odata/literal.ts'
import { notFound, Refusal, refuseField } from '../odata/refusal.ts'
import { concealed } from '../model/concealed.ts'
import { NOWHERE } from '../model/destinations.ts'
import { checkNumber, firstFreeNumber, peerOf } from '../model/numbers.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { byKey, updateRow } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'
import { DN } from '../model/shared-shapes.ts'
import { textOf } from '../model/text.ts'
import { firstFree } from './first-free.ts'

export const FIRST_TRUNK = 10_000
/** More telephone numbers than this a trunk does not take. */
export const MOST_DIDS = 10_000

shape('Gateway', {
  i32: 'Id Lines Port ProxyPort TimeBetweenReg',
  s: 'Host Name OutboundCallerID ProxyHost SpecifiedIPForRegistrationContact TemplateFilename',
  b: 'DeliverAudio Internal IsCustom SupportReinvite SupportReplaces UseIPInContact',
  '[s]': 'Codecs',
  SRTPModeType: 'SRTPMode',
  GatewayType: 'Type',
  any: 'InboundParams OutboundParams SourceIdentification IPInRegistrationContact MatchingStrategy RequireRegistrationFor VariableChoices DestNumberInRemotePartyIDCalled DestNumberInRequestLineURI DestNumberInTo',
})

shape('CIDFormatting', { s: 'ReplacePattern SourcePattern' })
shape('TrunkRoute', { s: 'DID DisplayName', i32: 'TrunkId' })
shape('TrunkRoutes', { i32: 'Id', '[TrunkRoute]': 'Routes' })
const TEST_RESULT = shape('TrunkTestResult', { '[s]': 'Log', any: 'Reports' })

const TRUNK = shape(
  'Trunk',
  {
    i32: 'SimultaneousCalls TunnelRemotePort',
    s: 'AuthID Certificate CertificateExpirationDate CertificateName ConfigurationIssue E164CountryCode ExternalNumber OutboundCallerID PublicIPinSIP RemoteMyPhoneUriHost RemotePBXPreffix ScriptName SecondaryRegistrar SeparateAuthId TunnelRemoteAddr',
    b: 'DisableCallTransfer DisableVideo DiversionHeader E164ProcessIncomingNumber EnableInboundCalls EnableOutboundCalls IsOnline PublishInfo ReceiveInfo TunnelEnabled UseSeparateAuthId',
    ConcealedPassword: 'AuthPassword',
    '[s]': 'DidNumbers PublicInfoGroups',
    DirectionType: 'Direction',
    Gateway: 'Gateway',
    '[CIDFormatting]': 'InCIDFormatting OutCIDFormatting',
    '[Peer]': 'ReceiveExtensions',
    '[InboundRule]': 'RoutingRules',
    '[UserTag]': 'Tags',
    any: 'EmergencyGeoLocations IPRestriction Messaging TransportRestriction TrunkRegTimes',
  },
  { extends: DN, navigation: 'RoutingRules ReceiveExtensions' },
)

const TEMPLATE = shape('TrunkTemplate', {
  s: 'Content Description Id Name Url',
  i32: 'DefaultProxyPort DefaultRegistrarPort',
  b: 'IsCustom',
  '[s]': 'Countries Tags',
  any: 'Editors TemplateType AddAllowed MessagingTemplate',
})

const DID = shape(
  'DidNumber',
  { i32: 'TrunkId', s: 'Number TemplateFileName', InboundRule: 'RoutingRule' },
  { navigation: 'RoutingRule' },
)

/** Templates a trunk can be made from. */
export const TRUNK_TEMPLATES = ['generic-provider.pv.xml', '1cx.pv.xml', 'simulated-carrier.pv.xml'] as const

/** A trunk to be completed and sent back. */
export function newTrunk(pbx: Pbx, template: string): Row {
  return {
    Id: 0,
    Number: firstFreeNumber(pbx, FIRST_TRUNK),
    AuthID: '',
    AuthPassword: concealed(''),
    ExternalNumber: '',
    OutboundCallerID: '',
    SimultaneousCalls: 10,
    Direction: 'Both',
    EnableInboundCalls: true,
    EnableOutboundCalls: true,
    IsOnline: true,
    ConfigurationIssue: '',
    DidNumbers: [],
    Tags: [],
    TranscriptionMode: 'Inherit',
    Groups: [],
    Gateway: {
      Id: 0,
      Name: template.replace(/\.pv\.xml$/, ''),
      TemplateFilename: template,
      Host: 'sip.carrier.example',
      Port: 5060,
      Type: 'Provider',
      Lines: 10,
      Codecs: ['PCMA', 'PCMU'],
      IsCustom: false,
      Internal: false,
    },
  }
}

export const rulesOfTrunk = (pbx: Pbx, trunkId: unknown): Row[] =>
  pbx.store.rows('InboundRules').filter((rule) => (rule.TrunkDN as Row | null)?.Id === trunkId)

/** A trunk's list of DIDs: texts, none empty, none twice. */
function checkDids(row: Row): void {
  const dids = Array.isArray(row.DidNumbers) ? (row.DidNumbers as string[]).map((did) => did.trim()) : []
  if (dids.includes('')) throw refuseField('DidNumbers', 'CAN_NOT_BE_EMPTY_STRING')
  if (new Set(dids).size < dids.length) throw refuseField('DidNumbers', 'XAPI.DUPLICATE')
  if (dids.length > MOST_DIDS) throw refuseField('DidNumbers', 'XAPI.TOO_MANY_ITEMS_IN_LIST')
  row.DidNumbers = dids
}

/** A rule of a number that is no longer on the trunk goes with it. */
function removeLostRules(pbx: Pbx, row: Row): void {
  const dids = new Set(row.DidNumbers as string[])
  for (const rule of rulesOfTrunk(pbx, row.Id))
    if (rule.Condition === 'BasedOnDID' && !dids.has(String(rule.Data)))
      pbx.store.remove('InboundRules', rule.Id)
}

export const TRUNKS: SetDefinition = {
  name: 'Trunks',
  shape: TRUNK,
  about: 'Lines to carriers and the telephone numbers that come with them.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => newTrunk(pbx, TRUNK_TEMPLATES[0]),
  view: (pbx, row) => ({ ...row, RoutingRules: rulesOfTrunk(pbx, row.Id) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    if (!row.Gateway) throw refuseField('Gateway', 'XAPI.REQUIRED')
    if (before && 'Gateway' in sent) row.Gateway = { ...(before.Gateway as Row), ...(sent.Gateway as Row) }
    checkDids(row)
    delete row.RoutingRules
  },
  written: (pbx, row, before) => {
    const gateway = row.Gateway as Row
    if (!before) row.Gateway = { ...gateway, Id: pbx.store.nextId('gateway') }
    else removeLostRules(pbx, row)
  },
  deleting: (pbx, row) => {
    for (const rule of rulesOfTrunk(pbx, row.Id)) pbx.store.remove('InboundRules', rule.Id)
  },
  operations: [
    {
      on: 'Trunks',
      name: 'Pbx.InitTrunk',
      kind: 'function',
      params: [['template', 's']],
      answers: 'Trunk',
      about: 'A trunk made from a template, to be completed and sent back.',
      run: ({ pbx, values }) => {
        const template = readLiteral(values.get('template') ?? '')
        if (typeof template !== 'string' || !pbx.store.get('TrunkTemplates', template))
          throw notFound(`the template ${textOf(template)}`)
        return { kind: 'one', row: newTrunk(pbx, template), shape: TRUNK, context: 'Trunks/$entity' }
      },
    },
    firstFree('Trunks', 'Pbx.GetFirstAvailableTrunkNumber', FIRST_TRUNK),
    {
      on: 'Trunks',
      name: 'Pbx.RefreshRegistration',
      kind: 'action',
      params: [['id', 'i32']],
      answers: null,
      about: 'Registers the trunk again.',
      run: (request) => {
        const row = byKey(request.pbx, TRUNKS, new Map([['key', String(request.body.id)]]))
        updateRow(request, TRUNKS, row, { IsOnline: row.EnableInboundCalls === true })
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Trunks',
      name: 'Pbx.SetRoutes',
      kind: 'action',
      params: [['routes', 'TrunkRoutes']],
      answers: null,
      about: 'Leads telephone numbers to one destination.',
      run: ({ pbx, body }) => {
        const routes = body.routes as Row | undefined
        setRoutes(pbx, routes?.Id, (routes?.Routes ?? []) as Row[])
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Trunks({Id})',
      name: 'Pbx.TestInboundCall',
      kind: 'action',
      answers: 'TrunkTestResult',
      about: 'Says whether a call would come in.',
      run: ({ pbx, values }) => {
        const row = byKey(pbx, TRUNKS, values)
        const log = [
          `${String(row.Number)} is ${row.IsOnline === true ? 'registered' : 'not registered'} (simulated)`,
        ]
        return {
          kind: 'one',
          row: { Log: log, Reports: [] },
          shape: TEST_RESULT,
          context: 'Pbx.TrunkTestResult',
        }
      },
    },
  ],
}

function setRoutes(pbx: Pbx, dnId: unknown, routes: readonly Row[]): void {
  const target = (['Users', 'Queues', 'RingGroups', 'Receptionists', 'Fax'] as const)
    .map((set) => ({ set, row: pbx.store.get(set, dnId) }))
    .find(({ row }) => row !== null)
  if (!target?.row) throw refuseField('Id', 'XAPI.NOT_FOUND')
  const types = {
    Users: 'Extension',
    Queues: 'Queue',
    RingGroups: 'RingGroup',
    Receptionists: 'IVR',
    Fax: 'Fax',
  } as const
  const type = types[target.set]
  const destination = { ...NOWHERE, To: type, Type: type, Number: target.row.Number }
  for (const { DID: did, TrunkId, DisplayName } of routes) {
    const trunk = pbx.store.get('Trunks', TrunkId)
    if (!trunk || !(trunk.DidNumbers as string[]).includes(String(did)))
      throw new Refusal(400, 'WARNINGS.XAPI.NOT_FOUND')
    const known = rulesOfTrunk(pbx, TrunkId).find((rule) => rule.Data === did)
    const id = known?.Id ?? pbx.store.nextId('InboundRules')
    const peer = peerOf({ set: 'Trunks', type: 'ExternalLine', row: trunk })
    pbx.store.put('InboundRules', id, {
      ...known,
      Id: id,
      RuleName: DisplayName ?? '',
      Condition: 'BasedOnDID',
      CallType: 'ExternalCallsOnly',
      Data: did,
      CustomData: '',
      TrunkDN: peer,
      Hours: { Type: 'OfficeHours', IgnoreHolidays: false, Periods: [] },
      OfficeHoursDestination: destination,
      OutOfOfficeHoursDestination: destination,
      HolidaysDestination: destination,
      AlterDestinationDuringOutOfOfficeHours: false,
      AlterDestinationDuringHolidays: false,
    })
  }
}

export const TEMPLATES: SetDefinition = {
  name: 'TrunkTemplates',
  shape: TEMPLATE,
  about: 'What trunks can be made from.',
  key: 'Id',
  can: ['list', 'read'],
}

export const DID_NUMBERS: SetDefinition = {
  name: 'DidNumbers',
  shape: DID,
  about: 'Every telephone number of every trunk, and where it leads.',
  key: 'Number',
  can: ['list'],
  rows: (pbx) => {
    const rules = new Map(
      pbx.store
        .rows('InboundRules')
        .map((rule) => [`${String((rule.TrunkDN as Row | null)?.Id)}/${String(rule.Data)}`, rule]),
    )
    return pbx.store.rows('Trunks').flatMap((trunk) =>
      (trunk.DidNumbers as string[]).map((did) => ({
        Number: did,
        TrunkId: trunk.Id,
        TemplateFileName: (trunk.Gateway as Row).TemplateFilename,
        RoutingRule: rules.get(`${String(trunk.Id)}/${did}`) ?? null,
      })),
    )
  },
}
