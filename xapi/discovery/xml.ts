/** An element of XML without its text, which a description of metadata does not use. Names without their prefix. */
export type Element = { name: string; attributes: Readonly<Record<string, string>>; children: Element[] }

const DEEPEST = 64
const MOST_ELEMENTS = 200_000
const TAG =
  /<(?:!--[\s\S]*?-->|!\[CDATA\[[\s\S]*?\]\]>|\?[\s\S]*?\?>|(!)|(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|)/g
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Reads elements and attributes. Refuses document types, so there are no entities to bomb with. */
export function readXml(text: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] }
  const open = [root]
  let count = 0
  for (const [whole, declaration, end, name, attributes = '', isEmpty] of text.matchAll(TAG)) {
    if (declaration !== undefined) throw new Error('it declares a document type')
    if (whole === '<') throw new Error('a tag is broken')
    if (name === undefined) continue
    const last = open.at(-1)
    if (end === '/') {
      if (open.length === 1 || last?.name !== bare(name)) throw new Error(`</${name}> closes nothing`)
      open.pop()
      continue
    }
    if (++count > MOST_ELEMENTS) throw new Error(`more than ${MOST_ELEMENTS} elements`)
    if (open.length > DEEPEST) throw new Error(`elements nested deeper than ${DEEPEST}`)
    const element = { name: bare(name), attributes: attributesOf(attributes), children: [] }
    last?.children.push(element)
    if (isEmpty === '') open.push(element)
  }
  const [first] = root.children
  if (open.length > 1 || first === undefined) throw new Error('it ends too early')
  return first
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single]) => [
      name,
      (double ?? single ?? '').replaceAll(/&(\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole),
    ]),
  )
}

function bare(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
