import type { OperationIndex } from '../operations/operation.ts'
import { indexEdmx } from './edmx.ts'
import { hashOf } from './hash.ts'
import { indexOpenapi } from './openapi.ts'
import type { Source } from './sources.ts'
import { readYaml } from './yaml.ts'

/** Reads a description into an index. Throws an Error that says in few words what is wrong. */
export function readDescription(bytes: Uint8Array, source: Source): OperationIndex {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const hash = hashOf(bytes)
  if (source === '$metadata') return indexEdmx(text, hash)
  const document: unknown = source === 'swagger.json' ? JSON.parse(text) : readYaml(text)
  return indexOpenapi(document, source, hash)
}
