import { splitOutside } from './literal.ts'
import { notFound } from './refusal.ts'

/** One step of an address: `Users`, `Users(5)`, `Users(Number='100')`, `Pbx.GetLogs(startDate=…,endDate=…)`. */
export type Segment = { name: string; args: readonly Argument[] | null }
/** A key or a parameter as it stood in the address; `name` is null for a key without one. */
export type Argument = { name: string | null; text: string }

/** Address of an operation: what stands in parentheses becomes parameters, the rest is its signature. */
export type Address = { signature: string; values: ReadonlyMap<string, string> }

const SEGMENT = /^([A-Za-z_$][\w.$]*)(?:\((.*)\))?$/s
const NAMED = /^([A-Za-z_]\w*)=(.*)$/s

/** Reads a decoded path below `/xapi/v1`, without the leading slash. */
export function readPath(path: string): Segment[] {
  return splitOutside(path, '/')
    .filter((part) => part !== '')
    .map((part) => {
      const match = SEGMENT.exec(part)
      if (!match) throw notFound(`/${path}`)
      const [, name = '', inside] = match
      if (inside === undefined) return { name, args: null }
      if (inside.trim() === '') return { name, args: [] }
      return { name, args: splitOutside(inside, ',').map(readArgument) }
    })
}

function readArgument(text: string): Argument {
  const named = NAMED.exec(text.trim())
  return named ? { name: named[1] ?? '', text: named[2] ?? '' } : { name: null, text: text.trim() }
}

const isOperation = (name: string): boolean => name.includes('.')

/**
 * The signature under which an operation is filed, and the values of this call. A key is `({})`, a named key or a
 * parameter keeps its name and its place: `Users(Number={})`, `Pbx.GetLogs(startDate={},endDate={})`.
 */
export function toAddress(segments: readonly Segment[]): Address {
  const values = new Map<string, string>()
  const signature = segments
    .map(({ name, args }) => {
      if (args === null) return name
      if (args.length === 0) return `${name}()`
      const parts = args.map((argument) => {
        const isParameter = isOperation(name) || argument.name !== null
        values.set(isParameter ? (argument.name ?? '') : 'key', argument.text)
        return isParameter ? `${argument.name ?? ''}={}` : '{}'
      })
      return `${name}(${parts.join(',')})`
    })
    .join('/')
  return { signature, values }
}

/** Signature of a path template of a description, such as `/Users({Id})/Pbx.Regenerate`. */
export const templateSignature = (template: string): string =>
  template.replace(/^\//, '').replaceAll(/'?\{[^}]*\}'?/g, '{}')
