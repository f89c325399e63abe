import { textOf as plainText } from '../model/text.ts'
import type { Element } from './read.ts'

/** Steps of a dotted path into an answer. */
const stepsOf = (path: string): string[] =>
  path
    .trim()
    .split('.')
    .filter((step) => step !== '')

/** Every value a path leads to; lists on the way are walked through, member by member. */
export function valuesAt(root: unknown, path: string): unknown[] {
  let current: unknown[] = Array.isArray(root) ? root : [root]
  for (const step of stepsOf(path))
    current = current.flatMap((value) => {
      if (typeof value !== 'object' || value === null) return []
      const next = (value as Record<string, unknown>)[step]
      return next === undefined ? [] : Array.isArray(next) ? next : [next]
    })
  return current
}

/**
 * The records an answer holds: members of the list nearest to the root on the path, each with the rest of the path
 * as it is seen from inside.
 */
export function recordsOf(root: unknown, paths: readonly string[]): unknown[] {
  if (Array.isArray(root)) return root
  const lists = paths.map((path) => listOn(root, path)).filter((list) => list !== null)
  const list = lists[0]
  if (!list) return [root]
  return list.members.map((member) => list.wrap(member))
}

type List = { members: unknown[]; wrap: (member: unknown) => unknown }

function listOn(root: unknown, path: string): List | null {
  const steps = stepsOf(path)
  let value: unknown = root
  for (const [index, step] of steps.entries()) {
    if (typeof value !== 'object' || value === null) return null
    const next: unknown = (value as Record<string, unknown>)[step]
    if (Array.isArray(next)) {
      const taken = steps.slice(0, index + 1)
      return { members: next, wrap: (member) => putAt(root, taken, member) }
    }
    value = next
  }
  return null
}

/** The answer with one member in the place of a list, so that paths from the root keep leading to it. */
function putAt(root: unknown, steps: readonly string[], member: unknown): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return member
  const object = typeof root === 'object' && root !== null ? (root as Record<string, unknown>) : {}
  return { ...object, [step]: putAt(object[step], rest, member) }
}

/** Text of a value, as it stands in an output: booleans as .NET writes them, nothing for nothing. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'object' ? JSON.stringify(value) : plainText(value)
}

const digits = (text: string): string => text.replaceAll(/\D/g, '')

/** Whether two spellings are one number: the last nine digits agree, or all of a shorter one. */
export function isSameNumber(a: string, b: string): boolean {
  const [x, y] = [digits(a), digits(b)]
  const length = Math.min(9, x.length, y.length)
  return length > 3 && x.slice(-length) === y.slice(-length)
}

/** Whether a rule or a filter accepts an answer. `wanted` is the number that is asked for. */
export function ruleHolds(rule: Element, answer: unknown, wanted: string): boolean {
  const values = valuesAt(answer, rule.text)
  switch (rule.attributes.Type) {
    case 'Equals':
      return values.some(
        (value) => textOf(value).toLowerCase() === (rule.attributes.Ethalon ?? '').toLowerCase(),
      )
    case 'Number':
      return values.some((value) => isSameNumber(textOf(value), wanted))
    case 'Regex':
      return values.some((value) => new RegExp(rule.attributes.Ethalon ?? '').test(textOf(value)))
    case 'Any':
    case undefined:
    default:
      return values.length > 0
  }
}
