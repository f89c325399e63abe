import { refuseField } from '../odata/refusal.ts'
import { checkGroups, completeGroups } from '../model/membership.ts'
import { checkNumber, findDn, findDnById, peerOf } from '../model/numbers.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { byKey } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'
import { DN } from '../model/shared-shapes.ts'
import { inEverybodysGroup } from './queues.ts'

const PRINCIPAL = shape(
  'ServicePrincipal',
  {
    b: 'XAPIEnabled CallControlEnabled MyPhoneEnabled IsSystem',
    dt: 'LastUsed',
    '[Peer]': 'Peers',
  },
  { extends: DN, navigation: 'Peers' },
)

/** Where the secrets of API clients are kept: outside the rows, so that no answer carries them. */
const SECRETS = 'secrets of principals'

export const setSecret = (pbx: Pbx, clientId: string, secret: string): void =>
  pbx.store.put(SECRETS, clientId, { Secret: secret })

export const secretOf = (pbx: Pbx, clientId: string): string | null => {
  const secret = pbx.store.get(SECRETS, clientId)?.Secret
  return typeof secret === 'string' ? secret : null
}

/** The DNs a client may watch and steer through call control. */
function checkPeers(pbx: Pbx, sent: unknown): Row[] {
  return (Array.isArray(sent) ? (sent as Row[]) : []).map((peer) => {
    const dn = peer.Id ? findDnById(pbx, peer.Id) : findDn(pbx, peer.Number)
    if (!dn) throw refuseField('Peers', 'XAPI.NOT_FOUND')
    return peerOf(dn)
  })
}

export const SERVICE_PRINCIPALS: SetDefinition = {
  name: 'ServicePrincipals',
  shape: PRINCIPAL,
  about: 'API clients: what they may use and which DNs they watch.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({
    XAPIEnabled: true,
    CallControlEnabled: false,
    MyPhoneEnabled: false,
    IsSystem: false,
    LastUsed: null,
    Peers: [],
    ...inEverybodysGroup(pbx),
  }),
  view: (pbx, row) => ({ ...row, Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    if ('Peers' in sent) row.Peers = checkPeers(pbx, sent.Peers)
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
  },
  operations: [
    {
      on: 'ServicePrincipals({Id})',
      name: 'Pbx.GenerateAppToken',
      kind: 'action',
      answers: 's',
      about: 'A new secret for a client; it is shown this once.',
      run: ({ pbx, values }) => {
        const row = byKey(pbx, SERVICE_PRINCIPALS, values)
        const secret = pbx.random.password(32)
        setSecret(pbx, String(row.Number), secret)
        return { kind: 'value', value: secret, context: 'Edm.String' }
      },
    },
  ],
}
