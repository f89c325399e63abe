import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setImmediate as others } from 'node:timers/promises'
import { createGunzip, createGzip } from 'node:zlib'
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

/** Bytes of the canonical text. Compressed it is a small part of it. */
export const LONGEST_CONTENT = 64 << 20

/** Rows written or read before others get their turn: a lookup does not wait for a large PBX. */
const ROWS_AT_ONCE = 100

/** The canonical text, a valid JSON document: names in their order, one row a line. */
function* piecesOf({ format, version, resources, unreadable }: Configuration): Generator<string> {
  const inOrder = <Value>(values: Readonly<Record<string, Value>>) =>
    Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  yield `{"format":${format},"resources":{\n`
  for (const [index, [name, rows]] of inOrder(resources).entries()) {
    yield `${index === 0 ? '' : ','}${JSON.stringify(name)}:[\n`
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const lines = rows.slice(at, at + ROWS_AT_ONCE).map((row) => JSON.stringify(row))
      yield `${lines.join(',\n')}${at + ROWS_AT_ONCE < rows.length ? ',' : ''}\n`
    }
    yield ']\n'
  }
  const missing = JSON.stringify(Object.fromEntries(inOrder(unreadable)))
  yield `},"unreadable":${missing},"version":${JSON.stringify(version)}}\n`
}

export const textOf = (configuration: Configuration): string => [...piecesOf(configuration)].join('')

/** Compresses a configuration and tells its digest. */
export async function pack(configuration: Configuration): Promise<Content> {
  const hash = createHash('sha256')
  let size = 0
  async function* hashed() {
    for (const piece of piecesOf(configuration)) {
      const bytes = Buffer.from(piece)
      hash.update(bytes)
      size += bytes.length
      yield bytes
      await others()
    }
  }
  const chunks: Buffer[] = []
  for await (const chunk of Readable.from(hashed()).compose(createGzip())) chunks.push(chunk as Buffer)
  return { sha256: hash.digest('hex'), packed: Buffer.concat(chunks), size }
}

/** Lines end where `pack` ends them, and nowhere else: names may hold signs that others take for the end of a line. */
async function* linesOf(packed: Uint8Array): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of Readable.from([packed]).pipe(createGunzip())) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

/** What `pack` packed, line by line. */
export async function unpack(packed: Uint8Array): Promise<Configuration> {
  const resources: Record<string, Row[]> = {}
  let rows: Row[] = []
  let seen = 0
  let end = ''
  for await (const line of linesOf(packed)) {
    if (seen++ % ROWS_AT_ONCE === 0) await others()
    if (line.endsWith(':[')) {
      rows = []
      resources[JSON.parse(line.slice(line.startsWith(',') ? 1 : 0, -2)) as string] = rows
    } else if (line.startsWith('{"format":') || line === ']') continue
    else if (line.startsWith('},"unreadable":')) end = line
    else rows.push(JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line) as Row)
  }
  const rest = JSON.parse(`{${end.slice(2)}`) as Pick<Configuration, 'unreadable' | 'version'>
  return { format: 1, resources, ...rest }
}
