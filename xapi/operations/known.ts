import type { Operation, Parameter } from './operation.ts'
import type { Schema } from './schema.ts'

const TYPES: Readonly<Record<string, Schema>> = {
  int: { type: 'integer' },
  text: { type: 'string', nullable: true },
  instant: { type: 'string', format: 'date-time' },
  flag: { type: 'boolean' },
}

const OPTIONS: readonly Parameter[] = (
  [
    ['$top', { type: 'integer', minimum: 0 }],
    ['$skip', { type: 'integer', minimum: 0 }],
    ['$count', { type: 'boolean' }],
    ['$filter', { type: 'string' }],
    ['$search', { type: 'string' }],
    ['$orderby', { type: 'array', items: { type: 'string' } }],
    ['$select', { type: 'array', items: { type: 'string' } }],
    ['$expand', { type: 'array', items: { type: 'string' } }],
  ] as const
).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))

/**
 * An operation as this client knows it by heart, for a PBX without a description, and to find the PBX's own one:
 * `GET /Users({Id:int})`. Where the PBX describes the same path, its description is what counts.
 */
export function known(line: string): Operation {
  const [method = '', ...rest] = line.split(' ')
  const template = rest.join(' ')
  const parameters = [...template.matchAll(/\{([^:}]+):([^}]+)\}/g)].map(
    ([, name = '', type = '']): Parameter => ({
      name,
      in: 'path',
      required: true,
      schema: TYPES[type] ?? {},
    }),
  )
  const isWrite = method === 'POST' || method === 'PATCH'
  return {
    id: line.replaceAll(/:[a-z]+\}/g, '}').replaceAll(/\((?:\w+=\{\w+\},?)+\)/g, '(…)'),
    method,
    path: template.replaceAll(/\{([^:}]+):[^}]+\}/g, '{$1}'),
    tag: null,
    summary: null,
    parameters: method === 'GET' ? [...parameters, ...OPTIONS] : parameters,
    body: isWrite ? { required: false, content: {} } : null,
    answer: { status: 200, content: {} },
  }
}
