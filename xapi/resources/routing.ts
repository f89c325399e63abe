import { Readable } from 'node:stream'
import { isXapiError, XapiError } from '../errors.ts'
import type { Download } from '../operations/read-answer.ts'
import { pages } from '../paging.ts'
import type { Holiday, InboundRule, InboundRuleReport, OfficeHours } from './entities.ts'
import type { PageCall } from '../operations/caller.ts'
import { known } from '../operations/known.ts'
import {
  entitySet,
  listOf,
  onePage,
  settings,
  type Caller,
  type CallOptions,
  type EntitySet,
  type ListOptions,
  type Settings,
} from './collection.ts'

export type InboundRules = EntitySet<InboundRule> & {
  /** Removes several at once: all or none, where the PBX has a way to. */
  removeAll(ids: readonly number[], options?: CallOptions): Promise<void>
  /** Every rule with its DID and where it leads in and out of office hours, as the PBX tells it in one report. */
  overview(options?: ListOptions<InboundRuleReport>): AsyncGenerator<InboundRuleReport, void, undefined>
  /** The rules that look at the caller, as the PBX exports them: rows, or a file where its build sends one. */
  exportCallerIds(options?: CallOptions): Promise<InboundRule[] | Download>
}

const BULK_DELETE = known('POST /InboundRules/Pbx.BulkInboundRulesDelete')
const EXPORT = known('GET /InboundRules/Pbx.ExportCallerIdRules()')
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
      await removeInTurn(rules, ids, options)
    },
    overview: (options) => listOf(caller, [[OVERVIEW]], options),
    async exportCallerIds(options) {
      const files: Download[] = []
      const call = async (more: PageCall) => {
        const optional = { ...more.optional, $expand: ['TrunkDN'] }
        const answer = await caller.by([[EXPORT]], { ...options, ...more, optional })
        if (!isDownload(answer)) return answer
        files.push(answer)
        return { value: [] }
      }
      const rows = await Array.fromAsync(pages<InboundRule>((window) => onePage(call, window)))
      return files[0] ?? rows
    },
  }
}

const isDownload = (answer: unknown): answer is Download =>
  typeof answer === 'object' && answer !== null && 'body' in answer && answer.body instanceof Readable

/** One after another: that some are gone when one is refused is said with the refusal. */
async function removeInTurn(
  rules: EntitySet<InboundRule>,
  ids: readonly number[],
  options?: CallOptions,
): Promise<void> {
  const gone: number[] = []
  for (const id of ids)
    try {
      await rules.remove(id, options)
      gone.push(id)
    } catch (error) {
      if (!isXapiError(error) || gone.length === 0) throw error
      const { kind, status, operation, reason, problems } = error
      throw new XapiError(kind, `${gone.join(', ')} are removed; then ${id}: ${error.message}`, {
        status,
        operation,
        reason,
        problems,
        isUncertain: true,
      })
    }
}

/** Holidays of the PBX: a set of their own since 20.0.6. */
export function openHolidays(caller: Caller): EntitySet<Holiday> {
  return entitySet<Holiday>(caller, 'Holidays')
}

export function openOfficeHours(caller: Caller): Settings<OfficeHours> {
  return settings<OfficeHours>(caller, 'OfficeHours')
}
