import { XMLBuilder } from 'fast-xml-parser'
import { HubError } from '../../../platform/errors.ts'
import type { Parameters } from '../../parameters.ts'
import type { CallerRecord } from './record.ts'

/** How an answer is written. `root` wraps it; null leaves JSON bare. */
export type Form = { type: 'json' | 'xml'; root: string | null }

/** Where an XML answer needs a root and none was named. */
const DEFAULT_ROOT = 'contact'
/** What is both a name in XML and harmless as a key in JSON. */
const ROOT = /^(?!xml)[a-z_][a-z0-9_.-]{0,99}$/i
const RESERVED = new Set(['__proto__', 'constructor', 'prototype'])

/** Throws 400 for a type or root that nothing can be written with: a fault of the PBX's set-up, not of a call. */
export function formOf(parameters: Parameters): Form {
  const type = (parameters.get('type')?.trim() || 'json').toLowerCase()
  if (type !== 'json' && type !== 'xml') throw new HubError('bad_request', 'type is either json or xml.')
  const root = parameters.get('root_tag')?.trim() || null
  if (root !== null && (!ROOT.test(root) || RESERVED.has(root)))
    throw new HubError(
      'bad_request',
      'root_tag is a name: a letter or _, then letters, digits, _ . or -, at most 100 in all, not beginning with xml.',
    )
  return { type, root }
}

const builder = new XMLBuilder({ suppressEmptyNode: true })
/** XML 1.0 has no way to write these. */
// eslint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

function toXml(record: CallerRecord, root: string): string {
  const texts = Object.entries(record).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.toWellFormed().replace(UNWRITABLE, '') : (value ?? ''),
  ])
  const body = builder.build({ [root]: Object.fromEntries(texts) as object })
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}`
}

/** A record as the body of an answer, with its content type. */
export function write(record: CallerRecord, { type, root }: Form): { type: string; body: string } {
  return type === 'xml'
    ? { type: 'application/xml; charset=utf-8', body: toXml(record, root ?? DEFAULT_ROOT) }
    : {
        type: 'application/json; charset=utf-8',
        body: JSON.stringify(root === null ? record : { [root]: record }),
      }
}
