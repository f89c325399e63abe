import { compare, truth, type Value } from './compare.ts'
import { FUNCTIONS } from './functions.ts'
import { readLiteral, type Literal } from './literal.ts'
import { badRequest } from './refusal.ts'

export type Row = Record<string, unknown>
/** Which fields a filter may name; null when that is not known. */
export type Fields = ReadonlySet<string> | null
type Scope = { row: Row; names: Readonly<Record<string, unknown>> }
type Expression = (scope: Scope) => Value

const TOKEN =
  /\s*((?:[A-Za-z_][\w.]*)?'(?:[^']|'')*'|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?|\d{4}-\d\d-\d\d|[+-]?\d[\w.]*|[A-Za-z_@$][\w.]*|[(),:/])/y

function tokens(text: string): string[] {
  const found: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) throw badRequest(`$filter cannot be read at "${text.slice(at, at + 20)}".`)
    found.push(match[1] ?? '')
  }
  return found
}

const COMPARISONS = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le'])
const DEEPEST = 100

/** A test made of a `$filter`. Throws a 400 for what cannot be read or names a field that is not there. */
export function readFilter(text: string, fields: Fields): (row: Row) => boolean {
  const parser = { list: tokens(text), at: 0, fields, variables: new Set<string>(), depth: 0 }
  const expression = or(parser)
  if (parser.at < parser.list.length) throw badRequest(`$filter does not end at "${parser.list[parser.at]}".`)
  return (row) => truth(expression({ row, names: {} })) === true
}

type Parser = { list: string[]; at: number; fields: Fields; variables: Set<string>; depth: number }

const peek = (parser: Parser, ahead = 0): string | undefined => parser.list[parser.at + ahead]

function take(parser: Parser, wanted?: string): string {
  const token = parser.list[parser.at]
  if (token === undefined || (wanted !== undefined && token !== wanted))
    throw badRequest(`$filter: ${wanted ?? 'a value'} is missing at "${token ?? 'the end'}".`)
  parser.at += 1
  return token
}

function or(parser: Parser): Expression {
  let left = and(parser)
  while (peek(parser) === 'or') {
    take(parser)
    const [a, b] = [left, and(parser)]
    left = (scope) => {
      const first = truth(a(scope))
      if (first === true) return true
      const second = truth(b(scope))
      return second === true ? true : first === null || second === null ? null : false
    }
  }
  return left
}

function and(parser: Parser): Expression {
  let left = not(parser)
  while (peek(parser) === 'and') {
    take(parser)
    const [a, b] = [left, not(parser)]
    left = (scope) => {
      const first = truth(a(scope))
      if (first === false) return false
      const second = truth(b(scope))
      return second === false ? false : first === null || second === null ? null : true
    }
  }
  return left
}

function not(parser: Parser): Expression {
  if (peek(parser) !== 'not') return comparison(parser)
  take(parser)
  deeper(parser)
  const inner = not(parser)
  parser.depth -= 1
  return (scope) => {
    const value = truth(inner(scope))
    return value === null ? null : !value
  }
}

function deeper(parser: Parser): void {
  parser.depth += 1
  if (parser.depth > DEEPEST) throw badRequest('$filter is nested too deeply.')
}

function comparison(parser: Parser): Expression {
  const left = operand(parser)
  const operator = peek(parser)
  if (operator === 'in') return oneOf(parser, left)
  if (operator === undefined || !COMPARISONS.has(operator)) return left
  take(parser)
  const right = operand(parser)
  return (scope) => compare(operator, left(scope), right(scope))
}

function oneOf(parser: Parser, left: Expression): Expression {
  take(parser, 'in')
  take(parser, '(')
  const choices = [operand(parser)]
  while (peek(parser) === ',') {
    take(parser)
    choices.push(operand(parser))
  }
  take(parser, ')')
  return (scope) => choices.some((choice) => compare('eq', left(scope), choice(scope)) === true)
}

function operand(parser: Parser): Expression {
  if (peek(parser) === '(') {
    take(parser)
    deeper(parser)
    const inner = or(parser)
    parser.depth -= 1
    take(parser, ')')
    return inner
  }
  const token = take(parser)
  const literal: Literal | undefined = readLiteral(token)
  if (literal !== undefined) return () => literal
  if (peek(parser) === '(') return call(parser, token)
  if (!/^[A-Za-z_@$]/.test(token)) throw badRequest(`$filter: "${token}" is no value.`)
  return path(parser, token)
}

function call(parser: Parser, name: string): Expression {
  const known = FUNCTIONS[name.toLowerCase()]
  if (!known) throw badRequest(`$filter: the function ${name} is not known.`)
  take(parser, '(')
  deeper(parser)
  const args: Expression[] = []
  while (peek(parser) !== ')') {
    if (args.length > 0) take(parser, ',')
    args.push(or(parser))
  }
  parser.depth -= 1
  take(parser, ')')
  if (!known.takes.includes(args.length))
    throw badRequest(`$filter: ${name} takes ${known.takes.join(' or ')} values.`)
  return (scope) => known.run(args.map((arg) => arg(scope)))
}

function path(parser: Parser, first: string): Expression {
  const isVariable = parser.variables.has(first)
  if (!isVariable && parser.fields && !parser.fields.has(first))
    throw badRequest(`$filter: there is no property "${first}".`)
  const steps: string[] = []
  while (peek(parser) === '/') {
    take(parser)
    const step = take(parser)
    if ((step === 'any' || step === 'all') && peek(parser) === '(')
      return lambda(parser, walker(first, steps, isVariable), step)
    steps.push(step)
  }
  const walk = walker(first, steps, isVariable)
  return (scope) => walk(scope) as Value
}

function walker(first: string, steps: readonly string[], isVariable: boolean): (scope: Scope) => unknown {
  return ({ row, names }) => {
    let value: unknown = isVariable ? names[first] : row[first]
    for (const step of steps) {
      if (step === '$count' && Array.isArray(value)) return value.length
      value = typeof value === 'object' && value !== null ? (value as Row)[step] : null
    }
    return value ?? null
  }
}

function lambda(parser: Parser, list: (scope: Scope) => unknown, kind: 'any' | 'all'): Expression {
  take(parser, '(')
  if (peek(parser) === ')') {
    take(parser)
    return (scope) => Array.isArray(list(scope)) && (list(scope) as unknown[]).length > 0
  }
  const variable = take(parser)
  take(parser, ':')
  parser.variables.add(variable)
  deeper(parser)
  const inner = or(parser)
  parser.depth -= 1
  parser.variables.delete(variable)
  take(parser, ')')
  return (scope) => {
    const values = list(scope)
    const items: unknown[] = Array.isArray(values) ? values : []
    const holds = (item: unknown) =>
      truth(inner({ row: scope.row, names: { ...scope.names, [variable]: item } })) === true
    return kind === 'any' ? items.some(holds) : items.every(holds)
  }
}
