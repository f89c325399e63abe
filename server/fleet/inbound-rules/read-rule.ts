import { isTrue } from '../../../contract/common.ts'
import type { InboundRuleInput } from '../../../contract/pbx-inbound-rules.ts'
import { closest } from '../../../xapi/xapi.ts'
import { invalid } from '../../platform/errors.ts'
import { isStorable, UNSTORABLE } from '../../platform/field-check.ts'
import { bareName, fieldNamed, RULE_FIELDS, wordNamed, type FieldKind, type Fields } from './spelling.ts'

const LONGEST_TEXT = 255
const MOST_PERIODS = 200
const TIME = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(\.\d{1,12})?)?$/
const TRUTHS: ReadonlySet<unknown> = new Set([true, false, 0, 1, '0', '1', 'true', 'false'])

type Refuse = (field: string, message: string) => void
const NOTHING = Symbol('nothing that can be read')
const at = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

/**
 * Reads a rule that somebody gives: in our names, in the PBX's own, or mixed; words in any spelling; JSON texts where
 * objects belong. HubError `validation_failed` with every field that is unknown or wrong, by path in our names.
 */
export function readRule(body: unknown): InboundRuleInput {
  const errors = new Map<string, string[]>()
  const refuse: Refuse = (field, message) => void errors.set(field, [...(errors.get(field) ?? []), message])
  const read = objectOf(body, RULE_FIELDS, '', refuse)
  if (errors.size > 0) throw invalid(Object.fromEntries(errors))
  return read as InboundRuleInput
}

/** `isWhole`: every field is needed. */
function objectOf(given: unknown, fields: Fields, path: string, refuse: Refuse, isWhole = false): unknown {
  const value = parsed(given)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(path || 'body', 'Must be an object, or the JSON text of one.')
    return NOTHING
  }
  const read: Record<string, unknown> = {}
  const spelt = new Map<string, string>()
  for (const [key, inner] of Object.entries(value)) {
    // `@odata.type` and the like are about the answer of the PBX, not of the rule.
    if (key.includes('@') || inner === undefined) continue
    const name = fieldNamed(fields, key)
    if (name === null) {
      refuse(at(path, key), unknownName(key, fields))
      continue
    }
    const field = at(path, name)
    const kind = fields[name]
    if (kind === undefined || kind === 'unread') continue
    const twin = spelt.get(name)
    spelt.set(name, key)
    const taken = valueOf(inner, kind, field, refuse)
    if (taken === NOTHING) continue
    if (taken === null && isWhole) refuse(field, 'Is needed.')
    if (twin !== undefined && JSON.stringify(read[name]) !== JSON.stringify(taken))
      refuse(field, `Is given twice, as ${twin} and as ${key}, and they differ: leave one out.`)
    read[name] = taken
  }
  for (const name of isWhole ? Object.keys(fields) : [])
    if (!spelt.has(name)) refuse(at(path, name), 'Is needed.')
  return read
}

function unknownName(key: string, fields: Fields): string {
  const written = Object.keys(fields).filter((name) => fields[name] !== 'unread')
  const meant = closest(bareName(key), written.map(bareName))
  const name = meant === null ? null : fieldNamed(fields, meant)
  return name === null
    ? `Unknown field. There are ${written.join(', ')}.`
    : `Unknown field; did you mean ${name}?`
}

function valueOf(given: unknown, kind: FieldKind, field: string, refuse: Refuse): unknown {
  const wrong: Wrong = (message) => {
    refuse(field, message)
    return NOTHING
  }
  if (given === null || (typeof kind === 'object' && !('oneOf' in kind) && parsed(given) === null))
    return null
  if (kind === 'text') return textOf(given, wrong)
  if (kind === 'flag') return TRUTHS.has(given) ? isTrue(given as boolean) : wrong('Must be true or false.')
  if (kind === 'id') return idOf(given, wrong)
  if (kind === 'time') return timeOf(given, wrong)
  if (kind === 'unread') return NOTHING
  if ('oneOf' in kind) {
    const word = typeof given === 'string' ? wordNamed(kind.oneOf, given) : null
    return word ?? wrong(unknownWord(given, kind.oneOf.words))
  }
  if ('object' in kind) {
    const { object, scalar } = kind
    const isScalar = (typeof given === 'string' && !/^\s*[{[]/.test(given)) || typeof given === 'number'
    return objectOf(scalar && isScalar ? scalar(given) : given, object, field, refuse)
  }
  return listOf(given, kind.list, field, refuse)
}

function listOf(given: unknown, fields: Fields, field: string, refuse: Refuse): unknown {
  const value = parsed(given)
  if (!Array.isArray(value)) {
    refuse(field, 'Must be a list, or the JSON text of one.')
    return NOTHING
  }
  if (value.length > MOST_PERIODS) {
    refuse(field, `Has more than ${MOST_PERIODS} entries.`)
    return NOTHING
  }
  return value.map((one, i) => objectOf(one, fields, `${field}.${i}`, refuse, true))
}

type Wrong = (message: string) => typeof NOTHING

function textOf(given: unknown, wrong: Wrong): unknown {
  const text = typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given
  if (typeof text !== 'string') return wrong('Must be a text.')
  if (!isStorable(text)) return wrong(UNSTORABLE)
  const kept = text.trim()
  if (kept.length > LONGEST_TEXT) return wrong(`Is longer than ${LONGEST_TEXT} characters.`)
  return kept === '' ? null : kept
}

function idOf(given: unknown, wrong: Wrong): unknown {
  const id = typeof given === 'string' && /^\d{1,10}$/.test(given.trim()) ? Number(given) : given
  const isId = Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) <= 2_147_483_647
  if (!isId) return wrong('Must be a whole number, 1 or more.')
  return id === 0 ? null : id
}

function timeOf(given: unknown, wrong: Wrong): unknown {
  const match = typeof given === 'string' ? TIME.exec(given.trim()) : null
  if (!match) {
    const isMidnight = typeof given === 'string' && /^24:00(:00)?$/.test(given.trim())
    return wrong(
      isMidnight
        ? 'Write 23:59 for the end of the day.'
        : 'Is no time of day: write it as 08:30 or 08:30:00.',
    )
  }
  const [, hours = '', minutes = '', seconds = '00', fraction = ''] = match
  return `${hours.padStart(2, '0')}:${minutes}:${seconds}${/[1-9]/.test(fraction) ? fraction : ''}`
}

function unknownWord(given: unknown, words: readonly string[]): string {
  const list = `Must be one of ${words.join(', ')}.`
  if (typeof given !== 'string') return list
  const meant = closest(bareName(given), words.map(bareName))
  const word = words.find((one) => bareName(one) === meant)
  return word === undefined ? list : `${list} Did you mean ${word}?`
}

/** What a JSON text says; anything else as it is. */
function parsed(given: unknown): unknown {
  if (typeof given !== 'string') return given
  try {
    return JSON.parse(given) as unknown
  } catch {
    return given
  }
}
