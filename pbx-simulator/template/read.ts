import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** An element of a template: its name, attributes and children, and the text directly in it. */
export type Element = {
  name: string
  attributes: Readonly<Record<string, string>>
  children: Element[]
  text: string
}

export type Parameter = { name: string; type: string; title: string; default: string }
export type Scenario = {
  id: string
  type: string
  request: Element | null
  rules: Element[]
  variables: Element[]
  outputs: Element | null
}

/** A CRM template: how the PBX asks a CRM for callers and tells it about calls. */
export type Template = {
  name: string
  prefix: string
  maxLength: string
  parameters: Parameter[]
  authentication: { type: string; value: string }
  scenarios: Scenario[]
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
})

type Ordered = Record<string, unknown> & { ':@'?: Record<string, string>; '#text'?: string }

function toElement(raw: Ordered): Element | null {
  const name = Object.keys(raw).find((key) => key !== ':@')
  if (name === undefined || name === '#text' || name.startsWith('?')) return null
  const inside = (raw[name] ?? []) as Ordered[]
  return {
    name,
    attributes: raw[':@'] ?? {},
    children: inside.flatMap((child) => toElement(child) ?? []),
    text: inside.map((child) => String(child['#text'] ?? '')).join(''),
  }
}

export const childNamed = (element: Element | null, name: string): Element | null =>
  element?.children.find((child) => child.name === name) ?? null

export const childrenOf = (element: Element | null, name: string): Element[] =>
  childNamed(element, name)?.children ?? []

/** Reads a template, or throws saying what is wrong with it. */
export function readTemplate(xml: string): Template {
  const check = XMLValidator.validate(xml)
  if (check !== true) throw new Error(`The template is no XML: ${check.err.msg} (line ${check.err.line})`)
  const roots = (parser.parse(xml) as Ordered[]).flatMap((raw) => toElement(raw) ?? [])
  const root = roots.find((element) => element.name === 'Crm')
  if (!root) throw new Error('The template has no Crm element.')
  const name = root.attributes.Name ?? ''
  if (name === '') throw new Error('The template has no Name.')
  const number = childNamed(root, 'Number')
  const authentication = childNamed(root, 'Authentication')
  return {
    name,
    prefix: number?.attributes.Prefix ?? 'AsIs',
    maxLength: number?.attributes.MaxLength ?? '',
    parameters: childrenOf(root, 'Parameters').map(({ attributes }) => ({
      name: attributes.Name ?? '',
      type: attributes.Type ?? 'String',
      title: attributes.Title ?? '',
      default: attributes.Default ?? '',
    })),
    authentication: {
      type: authentication?.attributes.Type ?? 'No',
      value: childNamed(authentication, 'Value')?.text.trim() ?? '',
    },
    scenarios: childrenOf(root, 'Scenarios').map((element) => ({
      id: element.attributes.Id ?? '',
      type: element.attributes.Type ?? 'REST',
      request: childNamed(element, 'Request'),
      rules: childrenOf(element, 'Rules'),
      variables: childrenOf(element, 'Variables'),
      outputs: childNamed(element, 'Outputs'),
    })),
  }
}
