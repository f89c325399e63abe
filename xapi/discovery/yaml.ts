import { parseDocument } from 'yaml'

/** Parsed at once: enough for the parser to be quick, little enough for its tree to be small. */
const PIECE = 64 * 1024
const OPTIONS = { version: '1.2', uniqueKeys: false, strict: false, logLevel: 'silent' } as const
/** Aliases of one piece stand for at most this many others. */
const MOST_ALIASES = 100

/**
 * Reads YAML 1.2. A description in block style is read in pieces of its top-level maps, each a document of its own:
 * the tree of a whole one takes 200 MB. What cannot be cut that way, or uses an anchor of another piece, is read whole.
 */
export function readYaml(source: string): unknown {
  const pieces = cut(source)
  if (pieces !== null) {
    try {
      return join(pieces)
    } catch {
      // Read whole, it is either fine or its error tells the right line.
    }
  }
  return read(source)
}

function read(source: string): unknown {
  const document = parseDocument(source, OPTIONS)
  const [error] = document.errors
  if (error) throw new Error(error.message.split('\n')[0])
  return document.toJS({ maxAliasCount: MOST_ALIASES })
}

type Piece = { parents: readonly string[]; text: string }

/** Pieces of whole entries, each with the keys it lies below; null when the text is not plain block style. */
function cut(source: string): Piece[] | null {
  const text = source.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  if (/^(?:---|\.\.\.|%)/m.test(text)) return null
  const pieces: Piece[] = []
  for (const section of blocksAt(text, '')) {
    if (section.text.length <= PIECE) {
      pieces.push({ parents: [], text: section.text })
      continue
    }
    const below = inside(section, [])
    if (below === null) return null
    for (const part of below) {
      const deeper = part.text.length > 2 * PIECE ? inside(part, part.parents) : null
      pieces.push(...(deeper ?? [part]))
    }
  }
  return merged(pieces)
}

type Block = { text: string; indent: string }

/** The entries of a block map whose keys are indented by `indent`. */
function blocksAt(text: string, indent: string): Block[] {
  const starts = [...text.matchAll(new RegExp(`^${indent}[^\\s#]`, 'gm'))].map(({ index }) => index)
  return starts.map((start, i) => ({ text: text.slice(start, starts[i + 1] ?? text.length), indent }))
}

/** The entries of the map below a plain key, each with that key among its parents. */
function inside(block: Block, parents: readonly string[]): (Piece & Block)[] | null {
  const [, key, rest = ''] = /^ *([\w$.]+):[ \t]*\n([\s\S]*)$/.exec(block.text) ?? []
  const indent = /^( *)[^\s#]/m.exec(rest)?.[1]
  if (key === undefined || indent === undefined || indent.length <= block.indent.length) return null
  return blocksAt(rest, indent).map((one) => ({ ...one, parents: [...parents, key] }))
}

/** Neighbours below the same keys, put together until they are a piece. */
function merged(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = []
  for (const piece of pieces) {
    const last = out.at(-1)
    const fits = last && last.text.length + piece.text.length <= PIECE
    if (fits && last.parents.join('\n') === piece.parents.join('\n')) last.text += piece.text
    else out.push({ ...piece })
  }
  return out
}

function join(pieces: readonly Piece[]): unknown {
  const root = new Map<string, unknown>()
  for (const { parents, text } of pieces) {
    let at = root
    for (const parent of parents) {
      const next = at.get(parent)
      const map = next instanceof Map ? (next as Map<string, unknown>) : new Map<string, unknown>()
      at.set(parent, map)
      at = map
    }
    const value = read(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a map')
    for (const [key, one] of Object.entries(value)) at.set(key, one)
  }
  return toObject(root)
}

function toObject(map: Map<string, unknown>): unknown {
  return Object.fromEntries(
    [...map].map(([key, value]) => [
      key,
      value instanceof Map ? toObject(value as Map<string, unknown>) : value,
    ]),
  )
}
