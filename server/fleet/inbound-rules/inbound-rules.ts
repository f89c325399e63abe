import type { Page } from '../../../contract/common.ts'
import type {
  InboundRule,
  InboundRuleListQuery,
  RawInboundRule,
} from '../../../contract/pbx-inbound-rules.ts'
import { isXapiError, type Download } from '../../../xapi/xapi.ts'
import type { Clock } from '../../platform/clock.ts'
import { notFound } from '../../platform/errors.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import type { FleetStore, Reach } from '../write.ts'
import type { ChangeTrail } from '../xapi-changes.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { openRuleChanges, type RuleChanges } from './changing.ts'
import { rulesKept, type RulesRead } from './kept-rules.ts'
import { openAtHost, ruleAt, type At } from './reading.ts'
import { toInboundRule, toRawRule } from './shape.ts'

type Rule = InboundRule | RawInboundRule
/** What was read, how old it is, and why it is no newer; null = it is from the PBX itself. */
export type ReadRules<Value> = { value: Value; ageMs: number; stale: string | null }

/**
 * The inbound rules of PBXs: read from them at once, from the last snapshot when they are away; changed only on them. A host is
 * named by id or code. HubErrors `not_found`, `pbx_…`.
 */
export type InboundRules = RuleChanges & {
  list(reach: Reach, host: string, query: InboundRuleListQuery): Promise<ReadRules<Page<Rule>>>
  get(reach: Reach, host: string, id: number): Promise<ReadRules<{ rule: InboundRule; raw: RawInboundRule }>>
  /** The rules that look at the caller. */
  callerIdRules(reach: Reach, host: string): Promise<RulesRead>
  /** As the PBX itself exports them: rows, or a file of its own making. */
  callerIdExport(reach: Reach, host: string): Promise<RawInboundRule[] | Download>
}

export const isRaw = ({ raw }: { raw?: string | undefined }): boolean => raw === '1' || raw === 'true'

type Deps = {
  store: FleetStore
  xapi: XapiSessions
  snapshots: Snapshots
  clock: Clock
  trail: ChangeTrail
}

export function openInboundRules({ store, xapi, snapshots, clock, trail }: Deps): InboundRules {
  const atHost = openAtHost(store, xapi)
  const read = async (reach: Reach, host: string, work: (at: At) => Promise<RulesRead['rules']>) => {
    try {
      return { rules: await atHost(reach, host, work), ageMs: 0, stale: null }
    } catch (failure) {
      return await rulesKept({ snapshots, clock }, reach, host, failure)
    }
  }
  const all = ({ pbx, signal }: At) => Array.fromAsync(pbx.inboundRules.list({ signal }), both)

  return {
    ...openRuleChanges(atHost, trail),
    async list(reach, host, query) {
      const { rules, ...from } = await read(reach, host, all)
      const { condition, data, trunk, page = 1, per_page: perPage = 20 } = query
      const found = rules.filter(
        ({ rule }) =>
          (condition === undefined || rule.condition === condition) &&
          (data === undefined || rule.data === data) &&
          (trunk === undefined || rule.trunk_dn?.number === trunk),
      )
      const shown = found.slice((page - 1) * perPage, page * perPage)
      const value = {
        data: shown.map(({ rule, raw }) => (isRaw(query) ? raw : rule)),
        current_page: page,
        last_page: Math.max(1, Math.ceil(found.length / perPage)),
        per_page: perPage,
        total: found.length,
      }
      return { value, ...from }
    },
    async get(reach, host, id) {
      const { rules, ...from } = await read(reach, host, async ({ pbx, signal }) => [
        both(await ruleAt(pbx, id, signal)),
      ])
      const value = rules.find(({ rule }) => rule.id === id)
      if (!value) throw notFound('Inbound rule')
      return { value, ...from }
    },
    async callerIdRules(reach, host) {
      const { rules, ...from } = await read(reach, host, async (at) => {
        const exported = await callerIds(at)
        if (Array.isArray(exported)) return exported.map(both)
        // A file of the PBX's own columns says less than its rules.
        exported?.body.destroy()
        return all(at)
      })
      return { rules: rules.filter(({ rule }) => rule.condition === 'BasedOnCallerID'), ...from }
    },
    callerIdExport: (reach, host) =>
      atHost(reach, host, async (at) => {
        const exported =
          (await callerIds(at)) ?? (await Array.fromAsync(at.pbx.inboundRules.list({ signal: at.signal })))
        if (!Array.isArray(exported)) return exported
        return exported.filter(({ Condition }) => Condition === 'BasedOnCallerID').map(toRawRule)
      }),
  }
}

const both = (told: Parameters<typeof toInboundRule>[0]) => ({
  rule: toInboundRule(told),
  raw: toRawRule(told),
})

/** What the PBX exports; null for one that has no such export. */
async function callerIds({ pbx, signal }: At) {
  try {
    return await pbx.inboundRules.exportCallerIds({ signal })
  } catch (error) {
    if (isXapiError(error, 'unsupported') || isXapiError(error, 'not_found')) return null
    throw error
  }
}
