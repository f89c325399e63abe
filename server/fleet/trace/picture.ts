import type { Trace, TraceNode } from './trace.ts'
import { unattended } from './trace.ts'

const BOX = { width: 214, half: 26, chip: 13, across: 190, apart: 18 }
const MARGIN = 24
const TEXT = { title: 24, name: 28, label: 28, high: 13, labels: 3 }
const MOST_DRAWN = 600
const COLOURS = { main: '#0b5394', line: '#90a4ae', takes: '#e8f5e9', end: '#fdecea', on: '#ffffff' }

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Text as an XML document may hold it: escaped, and without the signs XML knows no way to write. */
const xml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]|[\ufffe\uffff]/gu, '')
    .replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? '')

const cut = (text: string, length: number) => {
  const signs = [...text]
  return signs.length > length ? `${signs.slice(0, length - 1).join('')}…` : text
}

/** A place as it is drawn: in a box where it is met first, as a small sign wherever else something leads to it. */
type Spot = {
  node: TraceNode
  isBox: boolean
  isMain: boolean
  column: number
  /** The height at which the line comes in and goes on. */
  line: number
  from: Spot | null
  ways: string[]
  /** The same in lines. */
  labels: string[]
}

/** Each place hangs below what leads to it first: the way of an unanswered call before all others, then the shortest. */
function parentsOf(trace: Trace, nodes: ReadonlyMap<string, TraceNode>): Map<string, string> {
  const parents = new Map<string, string>()
  const [root] = trace.nodes
  const hang = (id: string, below: string) => {
    if (id !== root?.id && nodes.has(id) && !parents.has(id)) parents.set(id, below)
  }
  for (const [index, { node }] of trace.steps.entries()) {
    const before = trace.steps[index - 1]
    if (before) hang(node, before.node)
  }
  for (const node of trace.nodes) for (const { to } of node.ways) hang(to, node.id)
  return parents
}

/** The ways on from a place, those to one place together, the main one first. */
function waysFrom(node: TraceNode): Map<string, string[]> {
  const main = unattended(node)
  const ways = main ? [main, ...node.ways.filter((way) => way !== main)] : node.ways
  const byTarget = new Map<string, string[]>()
  for (const { on, to, after_seconds } of ways) {
    const label = on.replaceAll('_', ' ') + (after_seconds === null ? '' : ` ${after_seconds} s`)
    byTarget.set(to, [...(byTarget.get(to) ?? []), label])
  }
  return byTarget
}

/** Labels in few short lines; the last says how many have no place. */
function linesOf(labels: readonly string[]): string[] {
  const lines: string[][] = []
  for (const label of labels) {
    const last = lines.at(-1)
    if (last && [...last, label].join(', ').length <= TEXT.label) last.push(label)
    else lines.push([label])
  }
  const shown = lines.length <= TEXT.labels ? lines : lines.slice(0, TEXT.labels - 1)
  const hidden = labels.length - shown.flat().length
  const texts = shown.map((line) => cut(line.join(', '), TEXT.label))
  return hidden > 0 ? [...texts, `and ${hidden} more`] : texts
}

/** A tree from left to right, in which no two lines cross; and how far down it goes. */
function layOut(trace: Trace): { spots: Spot[]; bottom: number } {
  const nodes = new Map(trace.nodes.map((node) => [node.id, node]))
  const parents = parentsOf(trace, nodes)
  const mainWays = new Set(
    trace.steps.slice(1).map(({ node }, index) => `${trace.steps[index]?.node} ${node}`),
  )
  const spots: Spot[] = []
  const place = (spot: Spot): number => {
    spots.push(spot)
    const { node, column, line, isBox, labels } = spot
    const half = isBox ? BOX.half : BOX.chip
    let bottom = line + Math.max(half, (labels.length - 1) * TEXT.high + 4) + BOX.apart
    if (!isBox) return bottom
    let isFirst = true
    for (const [to, told] of waysFrom(node)) {
      const next = nodes.get(to)
      if (!next || spots.length >= MOST_DRAWN) continue
      const isHere = parents.get(to) === node.id
      const child = { node: next, isBox: isHere, isMain: mainWays.has(`${node.id} ${to}`), from: spot }
      const labels = linesOf(told)
      const at = isFirst ? line : bottom + (isHere ? BOX.half : BOX.chip)
      bottom = Math.max(bottom, place({ ...child, column: column + 1, line: at, ways: told, labels }))
      isFirst = false
    }
    return bottom
  }
  const [root] = trace.nodes
  if (!root) return { spots, bottom: 0 }
  const start = {
    isBox: true,
    isMain: true,
    column: 0,
    line: MARGIN + BOX.half,
    from: null,
    ways: [],
    labels: [],
  }
  return { bottom: place({ node: root, ...start }), spots }
}

const leftOf = ({ column }: Spot) => MARGIN + column * (BOX.width + BOX.across)
const titleOf = ({ kind, number }: TraceNode) => `${kind.replaceAll('_', ' ')} ${number ?? ''}`.trim()
const colourOf = ({ takes, ways }: TraceNode) =>
  takes ? COLOURS.takes : ways.length === 0 ? COLOURS.end : COLOURS.on

function drawSpot(spot: Spot, isOnMain: boolean): string {
  const { node, line, isBox } = spot
  const x = leftOf(spot)
  const name = node.name && node.name !== node.number ? node.name : ''
  const rings = node.rings.length > 0 ? `rings ${node.rings.map(({ number }) => number).join(', ')}` : ''
  const told = xml([titleOf(node), name, rings, ...node.why].filter(Boolean).join('\n'))
  const stroke = isOnMain ? COLOURS.main : COLOURS.line
  const half = isBox ? BOX.half : BOX.chip
  const dashes = isBox || node.ways.length === 0 ? '' : ' stroke-dasharray="4 3"'
  const shape = `<rect class="${isBox ? 'place' : 'again'}" x="${x}" y="${line - half}" width="${BOX.width}" height="${2 * half}" rx="6" fill="${colourOf(node)}" stroke="${stroke}" stroke-width="${isOnMain ? 2 : 1}"${dashes}/>`
  if (!isBox) {
    const text = (node.ways.length === 0 ? '' : 'see ') + titleOf(node)
    return `<g><title>${told}</title>${shape}<text x="${x + 10}" y="${line + 4}" fill="#455a64">${xml(cut(text, TEXT.name))}</text></g>`
  }
  return (
    `<g><title>${told}</title>${shape}` +
    `<text x="${x + 10}" y="${line - 5}" font-weight="bold">${xml(cut(titleOf(node), TEXT.title))}</text>` +
    `<text x="${x + 10}" y="${line + 14}" fill="#455a64">${xml(cut(name, TEXT.name))}</text></g>`
  )
}

/** The line to a place, with what leads there: it leaves the one before, goes down, and comes in. */
function drawWay(spot: Spot): string {
  const { from, line, ways, labels, isMain } = spot
  if (!from) return ''
  const [begin, end] = [leftOf(from) + BOX.width, leftOf(spot)]
  const path = `M${begin} ${from.line} H${begin + 12} V${line} H${end}`
  const style = `stroke="${isMain ? COLOURS.main : COLOURS.line}" stroke-width="${isMain ? 2 : 1}"`
  const texts = labels.map((label, index) => {
    const y = index === 0 ? line - 5 : line + index * TEXT.high
    return `<text x="${begin + 18}" y="${y}" font-size="11" fill="#455a64">${xml(label)}</text>`
  })
  return `<g><title>${xml(ways.join(', '))}</title><path d="${path}" fill="none" ${style} marker-end="url(#tip)"/>${texts.join('')}</g>`
}

/** The ways of a call as an SVG picture: plain shapes and escaped text, nothing that runs or is fetched. */
export function drawTrace(trace: Trace): string {
  const { spots, bottom } = layOut(trace)
  const main = new Set(trace.steps.map(({ node }) => node))
  const width = Math.max(0, ...spots.map((spot) => leftOf(spot) + BOX.width)) + MARGIN
  const drawn = new Set(spots.filter(({ isBox }) => isBox).map(({ node }) => node.id))
  const hidden = trace.nodes.length - drawn.size
  const more = hidden > 0 ? `<text x="${MARGIN}" y="${bottom + 14}">and ${hidden} more places</text>` : ''
  const height = bottom + MARGIN
  // What is drawn later lies above: the way of an unanswered call, then the places.
  const lines = [...spots].sort((a, b) => Number(a.isMain) - Number(b.isMain)).map(drawWay)
  const places = spots.map((spot) => drawSpot(spot, spot.isBox ? main.has(spot.node.id) : spot.isMain))
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="13">` +
    `<title>${xml(`Where a call to ${trace.did} goes`)}</title>` +
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#607d8b"/></marker></defs>' +
    `<rect width="100%" height="100%" fill="#fafafa"/>${lines.join('')}${places.join('')}${more}</svg>`
  )
}
