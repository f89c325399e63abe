import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Row } from './canonical.ts'

/** The configuration of a PBX as it was read. */
export type Configuration = {
  format: 1
  /** The version the PBX told; null when it told none. */
  version: string | null
  /** By kind: rows in the order of their keys, or of the PBX where their order is configuration. */
  resources: { readonly [resource: string]: readonly Row[] }
  /** Kind, or `kind.Field`, that could not be read → why. Nothing is known of it: it is not empty. */
  unreadable: { readonly [resource: string]: string }
}

/** A configuration as it is stored. Equal content has an equal digest. */
export type Content = { sha256: string; packed: Uint8Array; size: number }

/** Compressed it is a hundredth of it. */
export const LONGEST_CONTENT = 64 << 20

const zip = promisify(gzip)
const unzip = promisify(gunzip)

/** The canonical text: sorted names, one row a line. */
export function textOf({ format, version, resources, unreadable }: Configuration): string {
  const kinds = Object.keys(resources)
    .sort()
    .map((name) => `${JSON.stringify(name)}:[\n${linesOf(resources[name] ?? [])}]`)
  const missing = Object.entries(unreadable).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{"format":${format},\n"resources":{\n${kinds.join(',\n')}},\n"unreadable":${JSON.stringify(
    Object.fromEntries(missing),
  )},\n"version":${JSON.stringify(version)}}\n`
}

const linesOf = (rows: readonly Row[]): string => rows.map((row) => JSON.stringify(row)).join(',\n')

export async function pack(configuration: Configuration): Promise<Content> {
  const text = Buffer.from(textOf(configuration))
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { sha256, packed: await zip(text), size: text.length }
}

/** What `pack` packed. */
export async function unpack(packed: Uint8Array): Promise<Configuration> {
  const text = await unzip(packed, { maxOutputLength: 2 * LONGEST_CONTENT })
  return JSON.parse(text.toString('utf8')) as Configuration
}
