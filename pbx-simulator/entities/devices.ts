import { completeGroups } from '../model/membership.ts'
import { findDn, nameOfDn, NUMBERED_SETS, peerOf, type NumberedSet } from '../model/numbers.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { PEER } from '../model/shared-shapes.ts'

const SIP_DEVICE = shape('SipDevice', {
  i32: 'Id',
  s: 'PhoneWebPassword ProvLink',
  Peer: 'DN',
  SipRegistrar: 'Registrar',
})
shape('SipRegistrar', { s: 'Contact UserAgent' })
const DEVICE_INFO = shape('DeviceInfo', {
  i32: 'Id',
  s: 'MAC Model Vendor FirmwareVersion NetworkAddress AssignedUser InterfaceLink NetworkPath Parameters SbcName TemplateName UserAgent',
  b: 'Assigned ViaSBC',
  dt: 'DetectedAt',
})
const SBC = shape('Sbc', {
  i32: 'AudioPort LogSize PhoneUserId',
  s: 'DisplayName Group LocalIPv4 Name PassiveServer Password PhoneMAC ProvisionLink PublicIP Version',
  b: 'HasConnection PassiveServerIsEnabled',
  any: 'Connection LogLevel Security',
})
const FIRMWARE = shape('Firmware', { s: 'Id Filename Model Vendor Version' })
shape('PhoneModel', { s: 'Name URL UserAgent', b: 'AddAllowed CanBeSBC' })
const PHONE_TEMPLATE = shape('PhoneTemplate', {
  s: 'Id Content URL',
  i32: 'MaxQueueCustomRingtones',
  b: 'AddAllowed AllowSSLProvisioning HotdeskingAllowed IsCustom RpsEnabled XferTypeEnabled',
  '[s]':
    'AllowedNetConfigs BacklightTimeouts Codecs DateFormats Languages PowerLedSettings QueueRingTones RingTones ScreenSaverTimeouts TimeFormats TimeZones',
  any: 'DefaultQueueRingTone TemplateType',
  '[PhoneModel]': 'Models',
})

export const SIP_DEVICES: SetDefinition = {
  name: 'SipDevices',
  shape: SIP_DEVICE,
  about: 'Phones and apps that are registered.',
  key: 'Id',
  can: ['list'],
  rows: (pbx) =>
    pbx.store
      .rows('Users')
      .filter((user) => user.IsRegistered === true)
      .map((user) => ({
        Id: user.Id,
        DN: peerOf({ set: 'Users', type: 'Extension', row: user }),
        Registrar: { Contact: deviceOf(user), UserAgent: USER_AGENT },
      })),
}

export const USER_AGENT = 'simulated phone (pbx-simulator)'

/** The address of an extension's device, or the word for none. */
export const deviceOf = (user: Row): string =>
  user.IsRegistered === true ? `sip:${String(user.Number)}@127.0.0.1:5060` : 'not_registered_dev'

export const DEVICE_INFOS: SetDefinition = {
  name: 'DeviceInfos',
  shape: DEVICE_INFO,
  about: 'Phones that were seen in the network and belong to nobody yet.',
  key: 'Id',
  can: ['list', 'read', 'delete'],
}

export const SBCS: SetDefinition = {
  name: 'Sbcs',
  shape: SBC,
  about: 'Session border controllers at other places.',
  key: 'Name',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({ HasConnection: false, Version: pbx.version, Password: pbx.random.password(12) }),
}

export const FIRMWARES: SetDefinition = {
  name: 'Firmwares',
  shape: FIRMWARE,
  about: 'Firmware files for phones.',
  key: 'Id',
  can: ['list', 'delete'],
}

export const PHONE_TEMPLATES: SetDefinition = {
  name: 'PhoneTemplates',
  shape: PHONE_TEMPLATE,
  about: 'How models of phones are set up.',
  key: 'Id',
  can: ['list', 'read', 'update', 'delete'],
}

shape('PeersRequest', { '[s]': 'DnNumbers', b: 'IsReportPeers' })

function numbersIn(request: unknown): unknown[] {
  const numbers = (request as Row | null | undefined)?.DnNumbers
  return Array.isArray(numbers) ? numbers : []
}

const peers = (pbx: Pbx): Row[] =>
  (Object.entries(NUMBERED_SETS) as [NumberedSet, string][])
    .filter(([set]) => set !== 'Groups')
    .flatMap(([set]) =>
      pbx.store.rows(set).map((row) => {
        const groups = completeGroups(pbx, row)
        return {
          ...peerOf({ set, type: NUMBERED_SETS[set], row }),
          MemberOf: groups.map((group) => ({
            GroupID: group.GroupId,
            Number: group.Number,
            Name: group.Name,
            RoleName: (group.Rights as Row).RoleName,
            IsPrimary: group.GroupId === row.PrimaryGroupId,
          })),
        }
      }),
    )

export const PEERS: SetDefinition = {
  name: 'Peers',
  shape: PEER,
  about: 'Everybody and everything that has a number.',
  key: 'Id',
  alternate: 'Number',
  can: ['list'],
  rows: peers,
  operations: [
    {
      on: 'Peers',
      name: 'Pbx.GetReportPeers',
      kind: 'function',
      answers: '[Peer]',
      about: 'The peers reports can be made of.',
      run: ({ pbx }) => ({ kind: 'list', rows: peers(pbx), shape: PEER, context: 'Peers' }),
    },
    {
      on: 'Peers',
      name: 'Pbx.RetreivePeersByNumbers',
      kind: 'action',
      params: [['peersRequest', 'PeersRequest']],
      answers: '[Peer]',
      about: 'The peers with these numbers.',
      run: ({ pbx, body }) => {
        const numbers: unknown[] = numbersIn(body.peersRequest)
        const rows = numbers.flatMap((number) => {
          const dn = findDn(pbx, number)
          return dn ? [{ ...peerOf(dn), Name: nameOfDn(dn) }] : []
        })
        return { kind: 'list', rows, shape: PEER, context: 'Peers' }
      },
    },
  ],
}
