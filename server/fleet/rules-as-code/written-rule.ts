import type { InboundRuleInput } from '../../../contract/pbx-inbound-rules.ts'
import { HubError } from '../../platform/errors.ts'
import { readRule } from '../inbound-rules/read-rule.ts'
import { bareName } from '../inbound-rules/spelling.ts'
import type { Json, Row } from '../snapshots/canonical.ts'
import { isRow, textOf } from '../trace/world.ts'
import { peerNamed, trunkNamed, trunkOfNumber, type Known } from './names.ts'
import type { Problems } from './problems.ts'
import type { WrittenRule } from './rule-file.ts'

/** A rule of a file: what it says, and the number of its trunk on this PBX. */
export type GivenRule = { written: WrittenRule; input: InboundRuleInput; trunk: string }

type Refuse = (field: string, message: string) => void
const isJson = (text: string) => /^\s*[{[]/.test(text)
const NUMBER = /^[+*#\d]+$/
const PERIOD = /^\s*(\p{L}+)\s+([\d:.]+)\s*(?:-|–|to)\s*([\d:.]+)\s*$/u

/**
 * Reads a rule of a file for a PBX: names become numbers, the short forms of destinations, trunks and periods what they stand
 * for. Null when something is wrong with it, which `problems` has.
 */
export function readWrittenRule(written: WrittenRule, known: Known, problems: Problems): GivenRule | null {
  let isWrong = false
  const refuse: Refuse = (field, message) => {
    isWrong = true
    problems.add(`${written.place}.${field}`, written.line, message)
  }
  const fields: Row = {}
  let trunkText: string | null = null
  for (const [name, value] of Object.entries(written.fields)) {
    const bare = bareName(name)
    if (bare === 'trunk' || bare === 'trunkdn') trunkText = trunkTextOf(value)
    else if (bare === 'hours') fields[name] = hoursOf(value, refuse)
    else if (bare.endsWith('destination')) fields[name] = destinationOf(value, name, known, refuse)
    else fields[name] = value
  }
  let input: InboundRuleInput = {}
  try {
    input = readRule(fields)
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    for (const [field, messages] of Object.entries(error.fields ?? {}))
      for (const message of messages) refuse(field, message)
  }
  for (const field of ['condition', 'data'] as const)
    if (!isWrong && (input[field] ?? null) === null) refuse(field, 'Is needed: it is what the rule looks at.')
  const did = input.condition === 'BasedOnDID' ? (input.data ?? null) : null
  // Of a rule that cannot be read nobody knows which trunk it means unless it says so.
  if (trunkText === null && isWrong) return null
  const trunk = trunkText === null ? trunkOfNumber(known, did) : trunkNamed(known, trunkText)
  if (trunk.number === null) refuse('trunk', trunk.problem)
  if (isWrong || trunk.number === null) return null
  return { written, input, trunk: trunk.number }
}

function trunkTextOf(value: Json): string | null {
  if (!isRow(value)) return textOf(value) || null
  // An id is another one on every PBX.
  const named = Object.entries(value).find(
    ([name, inner]) => ['number', 'name'].includes(name.toLowerCase()) && inner !== null && inner !== '',
  )
  return named ? textOf(named[1]) || null : null
}

/** `Queue 800`, `Queue Support`, `External +33…`, `None`; a map with `name` in the place of `number`. */
function destinationOf(value: Json, field: string, known: Known, refuse: Refuse): Json {
  if (typeof value === 'string' && !isJson(value)) return shortDestination(value, field, known, refuse)
  if (!isRow(value)) return value
  const given = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toLowerCase(), inner]))
  const { name, to } = given
  const number = given['number'] ?? null
  if (typeof name !== 'string' || number !== null || typeof to !== 'string') return value
  const { number: found, problem } = peerNamed(known, to, name)
  if (problem !== null) refuse(field, problem)
  return { ...value, number: found }
}

function shortDestination(text: string, field: string, known: Known, refuse: Refuse): Json {
  const [, to = '', who = ''] = /^\s*(\S+)(?:\s+(.*?))?\s*$/.exec(text) ?? []
  if (who === '') return { to }
  if (/^(external|outside)/i.test(to)) return { to, external: who }
  if (NUMBER.test(who)) return { to, number: who }
  const { number, problem } = peerNamed(known, to, who)
  if (problem !== null) refuse(field, problem)
  return { to, number }
}

/** `OfficeHours` alone, or a map whose periods may be written `Monday 09:00-17:00`. */
function hoursOf(value: Json, refuse: Refuse): Json {
  if (typeof value === 'string' && !isJson(value)) return { type: value }
  if (!isRow(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name.toLowerCase() === 'periods' ? periodsOf(inner, refuse) : inner,
    ]),
  )
}

function periodsOf(value: Json, refuse: Refuse): Json {
  const list = typeof value === 'string' && !isJson(value) ? value.split(/[;\n]/) : value
  if (!Array.isArray(list)) return value
  return list
    .filter((one) => typeof one !== 'string' || one.trim() !== '')
    .map((one) => {
      if (typeof one !== 'string' || isJson(one)) return one
      const [, day_of_week, start, stop] = PERIOD.exec(one) ?? []
      if (day_of_week === undefined) refuse('hours.periods', `"${one}": write Monday 09:00-17:00.`)
      return { day_of_week: day_of_week ?? '', start: start ?? '', stop: stop ?? '' }
    })
}
