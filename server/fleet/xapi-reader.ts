import type { Operation, OperationIndex } from '../../xapi/xapi.ts'

/** How the thing that an operation changes can be read: a GET of the same address. */
export type Reader = { id: string; parameters: Record<string, unknown> }

/**
 * Finds the GET of what a change is addressed to: of the same path, or of the entity by its key for an action on it
 * (`/Users({Id})/Pbx.Regenerate`). Null for what is made anew, and where there is no such GET or it needs more than the key.
 */
export function readerOf(
  operation: Pick<Operation, 'method' | 'path'>,
  given: Readonly<Record<string, unknown>>,
  index: OperationIndex,
): Reader | null {
  const path = operation.method === 'POST' ? entityOf(operation.path) : operation.path
  if (path === null) return null
  const wanted = withoutNames(path)
  const reader = index.operations.find((one) => one.method === 'GET' && withoutNames(one.path) === wanted)
  if (reader === undefined) return null
  const needed = reader.parameters.filter((one) => one.required && one.in !== 'path')
  if (needed.some(({ schema }) => schema.default === undefined)) return null
  // The names of the keys may differ, their order does not.
  const names = namesIn(path)
  return {
    id: reader.id,
    parameters: Object.fromEntries(namesIn(reader.path).map((name, i) => [name, given[names[i] ?? '']])),
  }
}

/** `/Users({Id})/Pbx.MakeCall` → `/Users({Id})`; null for an action on a whole set. */
function entityOf(path: string): string | null {
  return /^(.*\{[^}]*\}'?\))\/[^/]+$/.exec(path)?.[1] ?? null
}

const withoutNames = (path: string): string => path.replaceAll(/'?\{[^}]*\}'?/g, '{}')
const namesIn = (path: string): string[] => [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name)
