import type { Identified, Lookup } from '../../../directory/directory.ts'
import { HubError } from '../../../platform/errors.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { firstOf, readParameters, type Parameters } from '../../parameters.ts'

export const PATH = '/pbx/asterisk'
export const TEXT_TYPE = 'text/plain; charset=utf-8'
const NUMBER = ['number', 'cid', 'callerid', 'telephone', 'phone', 'phonenumber', 'caller']
const LONGEST = 80

const flag = (value: boolean) => (value ? '1' : '0')
const FIELDS: Record<string, (of: Identified) => string | number | null | undefined> = {
  name: ({ contact, customer }) => contact?.name ?? customer?.name,
  customer: ({ customer }) => customer?.name,
  contact: ({ contact }) => contact?.name,
  account: ({ customer }) => customer?.account,
  id: ({ contact, customer }) => contact?.id ?? customer?.id,
  known: ({ known }) => flag(known),
  vip: ({ vip }) => flag(vip),
  on_call: ({ on_call_duty }) => flag(on_call_duty),
  direct_line: ({ hints }) => hints?.direct_line,
  queue_position: ({ hints }) => hints?.queue_position,
  route_identifier: ({ hints }) => hints?.route_identifier,
}

/** Text that a dial plan can put into a caller ID or cut apart: one line, nothing that quotes, brackets or parts. */
function plain(value: string | number | null | undefined): string {
  return String(value ?? '')
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}"<>|\\;,(){}$[\]`]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, LONGEST)
    .toWellFormed()
}

/** The answer to a question; null when no parameter names the caller. HubError 400 for a field there is not. */
export type AnswerAsterisk = (
  tenantId: number,
  parameters: Parameters,
  hostId: number | null,
) => string | null

export function openAsterisk({
  lookup,
  metrics,
  askingOf,
}: {
  lookup: Pick<Lookup, 'byNumber'>
  metrics: Pick<Metrics, 'lookup'>
  askingOf: AskingOf
}): AnswerAsterisk {
  return (tenantId, parameters, hostId) => {
    const number = firstOf(parameters, NUMBER)
    if (number === null) return null
    const names = (parameters.get('fields')?.trim() || 'name').split(',').map((name) => name.trim())
    const unknown = names.find((name) => !Object.hasOwn(FIELDS, name))
    if (unknown !== undefined)
      throw new HubError('bad_request', `fields are some of ${Object.keys(FIELDS).join(', ')}.`)
    const identified = lookup.byNumber(tenantId, number, askingOf(tenantId, parameters, hostId))
    metrics.lookup(identified.ambiguous ? 'ambiguous' : identified.known ? 'known' : 'unknown')
    return names.map((name) => plain(FIELDS[name]!(identified))).join('|')
  }
}

/** The same for the fast lane: a name, by GET. */
export function asteriskLane(answer: AnswerAsterisk): QuickRoutes {
  return new Map([
    [
      PATH,
      {
        scope: 'identify',
        answer(query, tenantId, hostId) {
          const parameters = readParameters(query, undefined)
          const body = parameters.has('fields') ? null : answer(tenantId, parameters, hostId)
          return body === null ? null : { status: 200, type: TEXT_TYPE, body }
        },
      },
    ],
  ])
}
