import type { Trace, TraceNode } from './trace.ts'
import { unattended } from './trace.ts'

const BOX = { width: 190, height: 52, across: 130, down: 22 }
const MARGIN = 24
const LINES = { name: 24, way: 20, high: 12 }
const MOST_DRAWN = 400

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

type Spot = { node: TraceNode; column: number; row: number }

/** Columns by the number of steps from the call's entry, rows in the order in which places are met. */
function layOut(trace: Trace): Map<string, Spot> {
  const nodes = new Map(trace.nodes.map((node) => [node.id, node]))
  const spots = new Map<string, Spot>()
  const filled: number[] = []
  let wave = trace.nodes.slice(0, 1).map(({ id }) => id)
  for (let column = 0; wave.length > 0; column++) {
    const next: string[] = []
    for (const id of wave) {
      const node = nodes.get(id)
      if (!node || spots.has(id) || spots.size >= MOST_DRAWN) continue
      const row = filled[column] ?? 0
      filled[column] = row + 1
      spots.set(id, { node, column, row })
      const main = unattended(node)
      const ways = main ? [main, ...node.ways.filter((way) => way !== main)] : node.ways
      next.push(...ways.map(({ to }) => to))
    }
    wave = next
  }
  return spots
}

const leftOf = ({ column }: Spot) => MARGIN + column * (BOX.width + BOX.across)
const topOf = ({ row }: Spot) => MARGIN + row * (BOX.height + BOX.down)

function drawBox(spot: Spot, isMain: boolean): string {
  const { node } = spot
  const [x, y] = [leftOf(spot), topOf(spot)]
  const kind = node.kind.replaceAll('_', ' ')
  const title = [kind, node.number ?? ''].join(' ').trim()
  const name = node.name && node.name !== node.number ? node.name : ''
  const told = xml([title, name, ...node.why].filter(Boolean).join('\n'))
  const style = `fill="${node.takes ? '#e8f5e9' : node.ways.length === 0 ? '#fdecea' : '#ffffff'}" stroke="${isMain ? '#0b5394' : '#90a4ae'}" stroke-width="${isMain ? 2 : 1}"`
  return (
    `<g><title>${told}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" ${style}/>` +
    `<text x="${x + 10}" y="${y + 21}" font-weight="bold">${xml(cut(title, LINES.name))}</text>` +
    `<text x="${x + 10}" y="${y + 40}" fill="#455a64">${xml(cut(name, LINES.name))}</text></g>`
  )
}

/** Ways from one place to another are one line with all their names. */
function drawWays(spots: ReadonlyMap<string, Spot>, mainLines: ReadonlySet<string>): string {
  let drawn = ''
  /** How many names stand in front of a box, or behind it, already. */
  const names = new Map<string, number>()
  for (const from of spots.values()) {
    const byTarget = new Map<string, string[]>()
    for (const { on, to, after_seconds } of from.node.ways) {
      const label = on.replaceAll('_', ' ') + (after_seconds === null ? '' : ` ${after_seconds} s`)
      byTarget.set(to, [...(byTarget.get(to) ?? []), label])
    }
    for (const [id, labels] of byTarget) {
      const to = spots.get(id)
      if (!to) continue
      const isMain = mainLines.has(`${from.node.id} ${id}`)
      const [x1, y1] = [leftOf(from) + BOX.width, topOf(from) + BOX.height / 2]
      const [x2, y2] = [leftOf(to), topOf(to) + BOX.height / 2]
      const isBack = to.column <= from.column
      const bend = isBack ? BOX.across : (x2 - x1) / 2
      const path = `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
      const line = `fill="none" stroke="${isMain ? '#0b5394' : '#90a4ae'}" stroke-width="${isMain ? 2 : 1}"${isBack ? ' stroke-dasharray="5 4"' : ''}`
      const text = labels.join(', ')
      // The name stands where the line ends; of a line that goes back, where it begins.
      const place = isBack ? `behind ${from.node.id}` : `before ${id}`
      const above = names.get(place) ?? 0
      names.set(place, above + 1)
      const x = isBack ? x1 + 8 : x2 - BOX.across + 8
      const y = isBack ? y1 + 14 + above * LINES.high : y2 - 6 + (above === 0 ? 0 : 8 + above * LINES.high)
      drawn +=
        `<g><title>${xml(text)}</title><path d="${path}" ${line} marker-end="url(#tip)"/>` +
        `<text x="${x}" y="${y}" font-size="11" fill="#455a64">${xml(cut(text, LINES.way))}</text></g>`
    }
  }
  return drawn
}

/** The ways of a call as an SVG picture: plain shapes and escaped text, nothing that runs or is fetched. */
export function drawTrace(trace: Trace): string {
  const spots = layOut(trace)
  const ids = trace.steps.map(({ node }) => node)
  const main = new Set(ids)
  const mainLines = new Set(ids.slice(1).map((id, index) => `${ids[index]} ${id}`))
  const all = [...spots.values()]
  const width = Math.max(...all.map((spot) => leftOf(spot) + BOX.width), 200) + MARGIN
  const height = Math.max(...all.map((spot) => topOf(spot) + BOX.height), 80) + MARGIN
  const boxes = all.map((spot) => drawBox(spot, main.has(spot.node.id))).join('')
  const hidden = trace.nodes.length - spots.size
  const more = hidden > 0 ? `<text x="${MARGIN}" y="${height + 10}">and ${hidden} more places</text>` : ''
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + 24}" width="${width}" height="${height + 24}" role="img" font-family="sans-serif" font-size="13">` +
    `<title>${xml(`Where a call to ${trace.did} goes`)}</title>` +
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#607d8b"/></marker></defs>' +
    `<rect width="100%" height="100%" fill="#fafafa"/>${drawWays(spots, mainLines)}${boxes}${more}</svg>`
  )
}
