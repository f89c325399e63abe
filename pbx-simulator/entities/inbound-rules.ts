import { refuseField } from '../odata/refusal.ts'
import { completeDestination } from '../model/destinations.ts'
import { findDn, findDnById, peerOf } from '../model/numbers.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { removeRow } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'

const DESTINATIONS = ['OfficeHoursDestination', 'OutOfOfficeHoursDestination', 'HolidaysDestination'] as const
const CONDITIONS = new Set(['BasedOnDID', 'BasedOnCallerID'])
const MASK = /^\*?[+\d][\d*]*$|^\*$/

export const INBOUND_RULE = shape(
  'InboundRule',
  {
    i32: 'Id',
    s: 'RuleName Data CustomData',
    RuleConditionType: 'Condition',
    RuleCallTypeType: 'CallType',
    Peer: 'TrunkDN',
    Schedule: 'Hours',
    Destination: DESTINATIONS.join(' '),
    b: 'AlterDestinationDuringOutOfOfficeHours AlterDestinationDuringHolidays',
  },
  { navigation: 'TrunkDN' },
)

const REPORT_ROW = shape('InboundRuleReport', {
  i32: 'Id',
  s: 'RuleName DID Trunk',
  Destination: 'InOfficeRouting OutOfficeRouting',
})

function checkTrunk(pbx: Pbx, row: Row): Row {
  const sent = row.TrunkDN as Row | null | undefined
  if (!sent || (!sent.Id && !sent.Number)) throw refuseField('TrunkDN', 'XAPI.REQUIRED')
  const dn = sent.Id ? findDnById(pbx, sent.Id) : findDn(pbx, sent.Number)
  if (dn?.set !== 'Trunks') throw refuseField('TrunkDN', 'XAPI.NOT_FOUND')
  if (sent.Number && sent.Number !== dn.row.Number) throw refuseField('TrunkDN', 'XAPI.NOT_FOUND')
  row.TrunkDN = peerOf(dn)
  return dn.row
}

function checkData(pbx: Pbx, row: Row, trunk: Row): void {
  const data = typeof row.Data === 'string' ? row.Data.trim() : ''
  if (data === '') throw refuseField('Data', 'XAPI.REQUIRED')
  if (row.Condition === 'BasedOnDID') {
    if (!(trunk.DidNumbers as string[]).includes(data)) throw refuseField('Data', 'XAPI.NOT_FOUND')
  } else if (!MASK.test(data)) throw refuseField('Data', 'INVALID')
  const twin = pbx.store
    .rows('InboundRules')
    .find(
      (rule) =>
        rule.Id !== row.Id &&
        rule.Condition === row.Condition &&
        rule.Data === data &&
        (rule.TrunkDN as Row).Id === trunk.Id,
    )
  if (twin) throw refuseField('Data', 'XAPI.ALREADY_IN_USE')
  row.Data = data
}

export const INBOUND_RULES: SetDefinition = {
  name: 'InboundRules',
  shape: INBOUND_RULE,
  about: 'Where calls from outside go, by the number dialled or by the caller.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: () => ({
    RuleName: '',
    CustomData: '',
    CallType: 'ExternalCallsOnly',
    Hours: { Type: 'OfficeHours', IgnoreHolidays: false, Periods: [] },
    AlterDestinationDuringOutOfOfficeHours: false,
    AlterDestinationDuringHolidays: false,
  }),
  check: (pbx, row) => {
    if (!CONDITIONS.has(String(row.Condition)))
      throw refuseField('Condition', row.Condition ? 'INVALID' : 'XAPI.REQUIRED')
    checkData(pbx, row, checkTrunk(pbx, row))
    for (const field of DESTINATIONS) row[field] = completeDestination(pbx, row[field], field)
  },
  operations: [
    {
      on: 'InboundRules',
      name: 'Pbx.BulkInboundRulesDelete',
      kind: 'action',
      params: [['ids', '[i32]']],
      answers: null,
      about: 'Removes several rules; nothing is removed when one of them is unknown.',
      run: (request) => {
        const ids: unknown[] = Array.isArray(request.body.ids) ? request.body.ids : []
        const rows = ids.map((id) => request.pbx.store.get('InboundRules', id))
        if (rows.includes(null)) throw refuseField('ids', 'XAPI.NOT_FOUND')
        for (const row of rows) if (row) removeRow(request, INBOUND_RULES, row)
        return { kind: 'nothing' }
      },
    },
    {
      on: 'InboundRules',
      name: 'Pbx.ExportCallerIdRules',
      kind: 'function',
      answers: '[InboundRule]',
      about: 'The rules that look at the caller.',
      run: ({ pbx }) => ({
        kind: 'list',
        rows: pbx.store.rows('InboundRules').filter((rule) => rule.Condition === 'BasedOnCallerID'),
        shape: INBOUND_RULE,
        context: 'InboundRules',
      }),
    },
    {
      on: 'ReportInboundRules',
      name: 'Pbx.GetInboundRulesData',
      kind: 'function',
      answers: '[InboundRuleReport]',
      about: 'All rules at a glance.',
      run: ({ pbx }) => ({
        kind: 'list',
        rows: pbx.store.rows('InboundRules').map((rule) => ({
          Id: rule.Id,
          RuleName: rule.RuleName,
          DID: rule.Data,
          Trunk: (rule.TrunkDN as Row).Number,
          InOfficeRouting: rule.OfficeHoursDestination,
          OutOfficeRouting: rule.AlterDestinationDuringOutOfOfficeHours
            ? rule.OutOfOfficeHoursDestination
            : rule.OfficeHoursDestination,
        })),
        shape: REPORT_ROW,
        context: 'Collection(Pbx.InboundRuleReport)',
        maxTop: 100_000,
      }),
    },
  ],
}
