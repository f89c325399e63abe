import { refuseField } from '../odata/refusal.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { nameRequired } from './queues.ts'

const MOST_ROUTES = 5

shape('OutboundRoute', { i32: 'TrunkId', u8: 'StripDigits', s: 'Append CallerID Prepend TrunkName' })
shape('DNRange', { s: 'From To' })
shape('OutboundRulePurge', { '[i32]': 'Ids' })

const OUTBOUND_RULE = shape('OutboundRule', {
  i32: 'Id Priority',
  s: 'Name NumberLengthRanges Prefix',
  b: 'EmergencyRule',
  '[DNRange]': 'DNRanges',
  '[i32]': 'GroupIds',
  '[s]': 'GroupNames',
  '[OutboundRoute]': 'Routes',
})

const inOrder = (pbx: Pbx): Row[] =>
  pbx.store.rows('OutboundRules').toSorted((a, b) => Number(a.Priority) - Number(b.Priority))

function move(pbx: Pbx, id: unknown, up: boolean): void {
  const rows = inOrder(pbx)
  const at = rows.findIndex((row) => row.Id === id)
  if (at < 0) throw refuseField('id', 'XAPI.NOT_FOUND')
  const other = rows[up ? at - 1 : at + 1]
  const row = rows[at]
  if (!row || !other) return
  pbx.store.put('OutboundRules', row.Id, { ...row, Priority: other.Priority })
  pbx.store.put('OutboundRules', other.Id, { ...other, Priority: row.Priority })
}

function checkRoutes(pbx: Pbx, row: Row): void {
  const routes = Array.isArray(row.Routes) ? (row.Routes as Row[]) : []
  if (routes.length > MOST_ROUTES) throw refuseField('Routes', 'XAPI.TOO_MANY_ITEMS_IN_LIST')
  row.Routes = routes.map((route) => {
    if (route.TrunkId === 0 || route.TrunkId === undefined || route.TrunkId === null) return route
    const trunk = pbx.store.get('Trunks', route.TrunkId)
    if (!trunk) throw refuseField('Routes', 'XAPI.NOT_FOUND')
    return {
      StripDigits: 0,
      Prepend: '',
      Append: '',
      CallerID: '',
      ...route,
      TrunkName: (trunk.Gateway as Row).Name,
    }
  })
}

export const OUTBOUND_RULES: SetDefinition = {
  name: 'OutboundRules',
  shape: OUTBOUND_RULE,
  about: 'Which trunk a call to the outside takes.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  rows: (pbx) => inOrder(pbx),
  defaults: (pbx) => ({
    Priority: Math.max(0, ...pbx.store.rows('OutboundRules').map((row) => Number(row.Priority))) + 1,
    Prefix: '',
    NumberLengthRanges: '',
    EmergencyRule: false,
    DNRanges: [],
    GroupIds: [],
    GroupNames: [],
    Routes: [],
  }),
  check: (pbx, row) => {
    nameRequired(row)
    checkRoutes(pbx, row)
  },
  operations: [
    {
      on: 'OutboundRules',
      name: 'Pbx.MoveUpDown',
      kind: 'action',
      params: [
        ['id', 'i32'],
        ['up', 'b'],
      ],
      answers: null,
      about: 'Exchanges a rule with the one before or after it.',
      run: ({ pbx, body }) => {
        move(pbx, body.id, body.up === true)
        return { kind: 'nothing' }
      },
    },
    {
      on: 'OutboundRules',
      name: 'Pbx.Purge',
      kind: 'action',
      params: [['purgeObject', 'OutboundRulePurge']],
      answers: null,
      about: 'Removes several rules.',
      run: ({ pbx, body }) => {
        const ids = (body.purgeObject as Row | undefined)?.Ids
        for (const id of Array.isArray(ids) ? ids : []) pbx.store.remove('OutboundRules', id)
        return { kind: 'nothing' }
      },
    },
    {
      on: 'OutboundRules',
      name: 'Pbx.GetEmergencyOutboundRules',
      kind: 'function',
      answers: '[OutboundRule]',
      about: 'The rules for emergency numbers.',
      run: ({ pbx }) => ({
        kind: 'list',
        rows: inOrder(pbx).filter((row) => row.EmergencyRule === true),
        shape: OUTBOUND_RULE,
        context: 'OutboundRules',
      }),
    },
  ],
}
