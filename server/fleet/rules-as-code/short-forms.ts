import type { PlannedDestination, PlannedRule } from '../../../contract/pbx-rule-plans.ts'

const NUMBER = /^[+*#\d]+$/
const isPlain = (text: string) => NUMBER.test(text)

/** `Queue 800`, `External +33…`; the whole object where that would not say everything. */
export function destinationText(destination: PlannedDestination): string | PlannedDestination {
  const { to, number, external } = destination
  if (number === null && external === null) return to
  if (to === 'External')
    return number === null && external !== null && isPlain(external) ? `${to} ${external}` : destination
  return external === null && number !== null && isPlain(number) ? `${to} ${number}` : destination
}

const shortTime = (text: string) => (text.endsWith(':00') && text.length === 8 ? text.slice(0, 5) : text)

/** `Monday 09:00-17:00`. */
export const periodText = ({ day_of_week, start, stop }: PlannedRule['hours']['periods'][number]): string =>
  `${day_of_week} ${shortTime(start)}-${shortTime(stop)}`
