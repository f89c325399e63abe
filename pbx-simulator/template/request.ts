import { XMLParser } from 'fast-xml-parser'
import { evaluate, holds, type Scope } from './expression.ts'
import { childrenOf, type Element } from './read.ts'

/** One request a template led to, and what came back. `status` is null when nothing did. */
export type Exchange = {
  scenario: string
  method: string
  url: string
  headers: Record<string, string>
  body: string | null
  status: number | null
  answer: string | null
}

const passesOf = (element: Element): number => Number(element.attributes.Passes ?? 0) || 0

const isWanted = ({ attributes }: Element, scope: Scope): boolean => {
  if (attributes.SkipIf !== undefined && holds(attributes.SkipIf, scope)) return false
  return attributes.If === undefined || holds(attributes.If, scope)
}

const valueOf = (element: Element, scope: Scope): string => evaluate(element.text, scope, passesOf(element))

function pairs(request: Element, list: string, scope: Scope): [string, string][] {
  return childrenOf(request, list)
    .filter((element) => isWanted(element, scope))
    .map((element) => [element.attributes.Key ?? '', valueOf(element, scope)])
}

/** A value of a JSON body in the type the template asks for. */
function typed(element: Element, scope: Scope): unknown {
  if (element.name === 'Object') return objectOf(element.children, scope)
  if (element.name === 'Array')
    return element.children.filter((child) => isWanted(child, scope)).map((child) => typed(child, scope))
  const value = valueOf(element, scope)
  switch (element.attributes.Type) {
    case 'Integer':
    case 'Double':
    case 'Number':
      return value === '' || Number.isNaN(Number(value)) ? null : Number(value)
    case 'Boolean':
      return value.toLowerCase() === 'true'
    case undefined:
    default:
      return value
  }
}

function objectOf(elements: readonly Element[], scope: Scope): object {
  const entries = elements
    .filter((element) => isWanted(element, scope))
    .map((element) => [element.attributes.Key ?? '', typed(element, scope)] as const)
  return Object.fromEntries(entries)
}

type Body = { text: string; type: string } | null

function bodyOf(request: Element, scope: Scope): Body {
  const { Message, MessagePasses, RequestEncoding, RequestContentType } = request.attributes
  if (Message)
    return {
      text: evaluate(Message, scope, Number(MessagePasses ?? 0) || 0),
      type: RequestContentType || 'text/plain',
    }
  if (request.attributes.RequestType !== 'Post') return null
  if (RequestEncoding === 'Json')
    return {
      text: JSON.stringify(objectOf(childrenOf(request, 'PostValues'), scope)),
      type: RequestContentType || 'application/json',
    }
  const form = new URLSearchParams(pairs(request, 'PostValues', scope))
  return { text: form.toString(), type: RequestContentType || 'application/x-www-form-urlencoded' }
}

/** The request of a scenario with all variables filled in; null when the template says to skip it. */
export function prepare(
  scenario: string,
  request: Element,
  scope: Scope,
  signIn: ReadonlyMap<string, string>,
): Exchange | null {
  if (request.attributes.SkipIf !== undefined && holds(request.attributes.SkipIf, scope)) return null
  const url = evaluate(request.attributes.Url ?? '', scope, 1)
  const query = pairs(request, 'QueryParams', scope)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&')
  const body = bodyOf(request, scope)
  return {
    scenario,
    method: (request.attributes.RequestType ?? 'Get').toUpperCase(),
    url: query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`,
    headers: {
      ...(body ? { 'content-type': body.type } : {}),
      ...Object.fromEntries(signIn),
      ...Object.fromEntries(pairs(request, 'Headers', scope)),
    },
    body: body?.text ?? null,
    status: null,
    answer: null,
  }
}

/** Sends a request and notes what came back. Throws when nothing came. */
export async function send(exchange: Exchange, timeoutMs: number): Promise<void> {
  const { method, url, headers, body } = exchange
  const response = await fetch(url, {
    method,
    headers,
    body,
    redirect: 'follow',
    signal: AbortSignal.timeout(timeoutMs),
  })
  exchange.status = response.status
  exchange.answer = await response.text()
}

const xml = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false })

/** An answer as an object, out of JSON or XML; null when it is neither. */
export function readAnswer(text: string): unknown {
  const start = text.trimStart()
  try {
    return start.startsWith('<') ? (xml.parse(text) as unknown) : (JSON.parse(text) as unknown)
  } catch {
    return null
  }
}
