import type { Page } from '../../../contract/common.ts'
import type {
  InboundRule,
  InboundRuleListQuery,
  RawInboundRule,
} from '../../../contract/pbx-inbound-rules.ts'
import * as Pbx from '../../../xapi/xapi.ts'
import { notFound } from '../../platform/errors.ts'
import { hostIdOf } from '../hosts.ts'
import type { FleetStore, Reach } from '../write.ts'
import { asPbxError } from '../xapi-errors.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { toInboundRule, toRawRule } from './shape.ts'

/** The inbound rules of PBXs, read from them at once. A host is named by id or code. HubErrors `not_found`, `pbx_…`. */
export type InboundRules = {
  list(
    reach: Reach,
    host: string,
    query: InboundRuleListQuery,
  ): Promise<Page<InboundRule> | Page<RawInboundRule>>
  get(reach: Reach, host: string, id: number, raw: boolean): Promise<InboundRule | RawInboundRule>
}

export const isRaw = ({ raw }: { raw?: string | undefined }): boolean => raw === '1' || raw === 'true'

export function openInboundRules(store: FleetStore, xapi: XapiSessions): InboundRules {
  const at = async <T>(reach: Reach, host: string, work: (pbx: Pbx.XapiClient) => Promise<T>): Promise<T> => {
    const pbx = await xapi.open(reach, await hostIdOf(store, reach, host))
    try {
      return await work(pbx)
    } catch (error) {
      throw asPbxError(error)
    }
  }
  return {
    list: (reach, host, query) =>
      at(reach, host, async (pbx) => {
        const { condition, data, trunk, page = 1, per_page: perPage = 20 } = query
        const found: Pbx.InboundRule[] = []
        for await (const rule of pbx.inboundRules.list())
          if (
            (condition === undefined || rule.Condition === condition) &&
            (data === undefined || rule.Data === data) &&
            (trunk === undefined || rule.TrunkDN?.Number === trunk)
          )
            found.push(rule)
        const shown = found.slice((page - 1) * perPage, page * perPage)
        const paging = {
          current_page: page,
          last_page: Math.max(1, Math.ceil(found.length / perPage)),
          per_page: perPage,
          total: found.length,
        }
        return isRaw(query)
          ? { data: shown.map(toRawRule), ...paging }
          : { data: shown.map(toInboundRule), ...paging }
      }),
    get: (reach, host, id, raw) =>
      at(reach, host, async (pbx) => {
        const rule = await pbx.inboundRules.get(id).catch((error: unknown) => {
          throw Pbx.isXapiError(error, 'not_found') ? notFound('Inbound rule') : error
        })
        return raw ? toRawRule(rule) : toInboundRule(rule)
      }),
  }
}
