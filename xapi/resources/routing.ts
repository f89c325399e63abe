import type { Holiday, InboundRule, InboundRuleReport, OfficeHours } from './entities.ts'
import { known } from '../operations/known.ts'
import {
  entitySet,
  listOf,
  settings,
  type Caller,
  type CallOptions,
  type EntitySet,
  type ListOptions,
  type Settings,
} from './collection.ts'

export type InboundRules = EntitySet<InboundRule> & {
  /** Removes several at once. */
  removeAll(ids: readonly number[], options?: CallOptions): Promise<void>
  /** Every rule with its DID and where it leads in and out of office hours, as the PBX tells it in one report. */
  overview(options?: ListOptions<InboundRuleReport>): AsyncGenerator<InboundRuleReport, void, undefined>
}

const BULK_DELETE = known('POST /InboundRules/Pbx.BulkInboundRulesDelete')
const OVERVIEW = known('GET /ReportInboundRules/Pbx.GetInboundRulesData()')

export function openInboundRules(caller: Caller): InboundRules {
  const rules = entitySet<InboundRule>(caller, 'InboundRules')
  return {
    ...rules,
    /** The trunk is told only when it is asked for. */
    list: (options) => rules.list({ $expand: ['TrunkDN'], ...options }),
    get: (id, options) => rules.get(id, { $expand: ['TrunkDN'], ...options }),
    async removeAll(ids, options) {
      if ((await caller.has(BULK_DELETE)) !== false) {
        await caller.by([[BULK_DELETE, { body: { ids } }]], options)
        return
      }
      for (const id of ids) await rules.remove(id, options)
    },
    overview: (options) => listOf(caller, [[OVERVIEW]], options),
  }
}

/** Holidays of the PBX: a set of their own since 20.0.6. */
export function openHolidays(caller: Caller): EntitySet<Holiday> {
  return entitySet<Holiday>(caller, 'Holidays')
}

export function openOfficeHours(caller: Caller): Settings<OfficeHours> {
  return settings<OfficeHours>(caller, 'OfficeHours')
}
