import { checkGroups, completeGroups } from '../model/membership.ts'
import { checkNumber, firstFreeNumber } from '../model/numbers.ts'
import type { SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { DN } from '../model/shared-shapes.ts'
import { inEverybodysGroup, nameRequired } from './queues.ts'

const CALL_FLOW_APP = shape(
  'CallFlowApp',
  {
    s: 'CompilationResult Name RejectedCode ScriptCode',
    b: 'CompilationSucceeded InvalidScript IsRegistered',
    dt: 'CompilationLastSuccess',
    CfaRoutingType: 'RoutingType',
  },
  { extends: DN },
)

export const CALL_FLOW_APPS: SetDefinition = {
  name: 'CallFlowApps',
  shape: CALL_FLOW_APP,
  about: 'Call flows: numbers at which a program takes the call. What it does with it is not simulated.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({
    Number: firstFreeNumber(pbx, 900),
    Name: '',
    RoutingType: 'DialCode',
    IsRegistered: true,
    ...inEverybodysGroup(pbx),
  }),
  view: (pbx, row) => ({ ...row, Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    nameRequired(row)
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
  },
}
