import type { Page } from '../../contract/common.ts'
import type { InboundRule, InboundRuleListQuery, RawInboundRule } from '../../contract/pbx-inbound-rules.ts'
import * as Pbx from '../../xapi/xapi.ts'
import { notFound } from '../platform/errors.ts'
import { hostIdOf } from './hosts.ts'
import type { FleetStore, Reach } from './write.ts'
import { asPbxError } from './xapi-errors.ts'
import type { XapiSessions } from './xapi-sessions.ts'

/** The inbound rules of PBXs, read from them at once. A host is named by id or code. HubErrors `not_found`, `pbx_…`. */
export type InboundRules = {
  list(
    reach: Reach,
    host: string,
    query: InboundRuleListQuery,
  ): Promise<Page<InboundRule> | Page<RawInboundRule>>
  get(reach: Reach, host: string, id: number, raw: boolean): Promise<InboundRule | RawInboundRule>
}

const textOr = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const wholeOr = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) : null)

function toDestination(told: Pbx.Destination | null | undefined) {
  if (!told) return null
  return {
    to: textOr(told.To) ?? 'None',
    number: textOr(told.Number),
    external: textOr(told.External),
    name: textOr(told.Name),
    type: textOr(told.Type),
  }
}

function toHours(told: Pbx.Schedule | null | undefined) {
  if (!told) return null
  return {
    type: textOr(told.Type) ?? 'OfficeHours',
    ignore_holidays: told.IgnoreHolidays === true,
    periods: (told.Periods ?? []).map(({ DayOfWeek, Start, Stop }) => ({
      day_of_week: DayOfWeek ?? '',
      start: Start ?? '00:00:00',
      stop: Stop ?? '00:00:00',
    })),
  }
}

/** A rule of the PBX under our names. */
export function toInboundRule(told: Pbx.InboundRule): InboundRule {
  const { TrunkDN: trunk } = told
  return {
    id: told.Id ?? 0,
    rule_name: textOr(told.RuleName),
    condition: textOr(told.Condition),
    data: textOr(told.Data),
    custom_data: textOr(told['CustomData']),
    call_type: textOr(told.CallType),
    trunk_dn: trunk
      ? {
          id: wholeOr(trunk.Id),
          number: textOr(trunk.Number),
          name: textOr(trunk.Name),
          type: textOr(trunk.Type),
        }
      : null,
    hours: toHours(told.Hours),
    office_hours_destination: toDestination(told.OfficeHoursDestination),
    out_of_office_hours_destination: toDestination(told.OutOfOfficeHoursDestination),
    holidays_destination: toDestination(told.HolidaysDestination),
    alter_destination_during_out_of_office_hours: told.AlterDestinationDuringOutOfOfficeHours === true,
    alter_destination_during_holidays: told.AlterDestinationDuringHolidays === true,
  }
}

export const isRaw = ({ raw }: { raw?: string | undefined }): boolean => raw === '1' || raw === 'true'

/** What the protocol adds to a row is not the row's. */
const toRaw = (told: Pbx.InboundRule): RawInboundRule =>
  Object.fromEntries(Object.entries(told).filter(([name]) => !name.includes('@')))

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
          ? { data: shown.map(toRaw), ...paging }
          : { data: shown.map(toInboundRule), ...paging }
      }),
    get: (reach, host, id, raw) =>
      at(reach, host, async (pbx) => {
        const rule = await pbx.inboundRules.get(id).catch((error: unknown) => {
          throw Pbx.isXapiError(error, 'not_found') ? notFound('Inbound rule') : error
        })
        return raw ? toRaw(rule) : toInboundRule(rule)
      }),
  }
}
