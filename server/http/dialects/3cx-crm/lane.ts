import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import type { QuickRoutes } from '../../fast-lane.ts'
import { isOn, readParameters, type Parameters } from '../../parameters.ts'
import { contactOf, placeholder, type ContactDeps, type CrmContact } from './contact.ts'
import { asked } from './words.ts'

export const NUMBER_PATHS = ['/3cx/crm/lookup', '/3cx/crm/cfd/number']
export const JSON_TYPE = 'application/json; charset=utf-8'

export type NumberDeps = ContactDeps & { metrics: Pick<Metrics, 'lookup'>; askingOf: AskingOf }

/** Who calls from a number, from memory; null when no parameter names one. */
export type AnswerCrmNumber = (
  tenantId: number,
  parameters: Parameters,
  hostId: number | null,
) => string | null

/** As it was sent; an unencoded plus arrives as a blank. */
const spelling = (parameters: Parameters, number: string) =>
  (parameters.get('number') ?? '').startsWith(' ') && /^\d/.test(number) ? `+${number}` : number

export const answerWith = (contacts: CrmContact[]): string => JSON.stringify({ contacts })

export function openCrmNumber({ lookup, metrics, publicUrl, askingOf }: NumberDeps): AnswerCrmNumber {
  return (tenantId, parameters, hostId) => {
    const text = asked(parameters, 'number')
    if (text === null) return null
    const number = spelling(parameters, text)
    const identified = lookup.byNumber(tenantId, number, askingOf(tenantId, parameters, hostId))
    const { known, ambiguous } = identified
    metrics.lookup(ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
    const found = contactOf(identified, number, publicUrl)
    if (found) return answerWith([found])
    const stands = isOn(parameters, 'placeholder') && lookup.read(tenantId, number).kind !== 'withheld'
    return answerWith(stands ? [placeholder(number)] : [])
  }
}

/** The same for the fast lane. */
export function crmNumberLane(answer: AnswerCrmNumber): QuickRoutes {
  return new Map(
    NUMBER_PATHS.map((path) => [
      path,
      {
        scope: 'identify',
        answer(query, tenantId, hostId) {
          const body = answer(tenantId, readParameters(query, undefined), hostId)
          return body === null ? null : { status: 200, type: JSON_TYPE, body }
        },
      },
    ]),
  )
}
