import { INDEX_FORM, type Operation, type OperationIndex, type Parameter } from '../operations/operation.ts'
import type { Schema } from '../operations/schema.ts'
import { childrenOf, schemaOfType, schemasOf } from './edmx-types.ts'
import { readXml, type Element } from './xml.ts'

type Place = { name: string; type: string; isSingle: boolean }
type Key = { suffix: string; path: string; parameters: Parameter[] }

const JSON_TYPE = 'application/json'

/**
 * Makes the index of an OData metadata document. It says less than an OpenAPI description (which sets may be written,
 * which bodies are required), so every set gets every operation and the PBX has the last word.
 */
export function indexEdmx(text: string, hash: string): OperationIndex {
  const root = readXml(text)
  const services = childrenOf(root, 'DataServices')[0]
  if (root.name !== 'Edmx' || services === undefined) throw new Error('it is no OData metadata')
  const namespaces = childrenOf(services, 'Schema')
  const entities = new Map(
    namespaces.flatMap((namespace) =>
      childrenOf(namespace, 'EntityType').map((one) => [
        `${namespace.attributes.Namespace}.${one.attributes.Name}`,
        one,
      ]),
    ),
  )
  const container = namespaces.flatMap((one) => childrenOf(one, 'EntityContainer'))[0]
  if (container === undefined) throw new Error('it has no entity container')
  const places = container.children.flatMap(placeOf)
  const operations = [
    ...places.flatMap((place) => ownOperations(place, keysOf(place.type, entities))),
    ...namespaces.flatMap((namespace) => boundOperations(namespace, places, entities)),
    ...importedOperations(container, namespaces),
  ]
  return {
    form: INDEX_FORM,
    source: '$metadata',
    hash,
    operations: withOwnIds(operations),
    schemas: schemasOf(namespaces),
    remarks: [],
  }
}

function placeOf({ name, attributes }: Element): Place[] {
  if (name === 'EntitySet')
    return [{ name: attributes.Name ?? '', type: attributes.EntityType ?? '', isSingle: false }]
  if (name === 'Singleton')
    return [{ name: attributes.Name ?? '', type: attributes.Type ?? '', isSingle: true }]
  return []
}

function keysOf(type: string, entities: ReadonlyMap<string, Element>): Key[] {
  const chain: Element[] = []
  for (let at = entities.get(type); at !== undefined && chain.length < 16;) {
    chain.push(at)
    at = entities.get(at.attributes.BaseType ?? '')
  }
  const typeOf = (name: string) =>
    chain.flatMap((one) => childrenOf(one, 'Property')).find((one) => one.attributes.Name === name)
      ?.attributes.Type
  const key = (names: string[], isAlternate: boolean): Key => ({
    suffix: isAlternate ? `By${names.join('')}` : '',
    path:
      !isAlternate && names.length === 1
        ? `({${names[0]}})`
        : `(${names.map((name) => `${name}={${name}}`).join(',')})`,
    parameters: names.map((name) => pathParameter(name, schemaOfType(typeOf(name) ?? 'Edm.String', false))),
  })
  const refs = chain.flatMap((one) => childrenOf(one, 'Key')).flatMap((one) => childrenOf(one, 'PropertyRef'))
  const own = refs.map((ref) => ref.attributes.Name ?? '')
  return own.length === 0 ? [] : [key(own, false)]
}

function ownOperations(place: Place, keys: Key[]): Operation[] {
  const noun = nounOf(place.type)
  const entity: Schema = { ref: place.type }
  if (place.isSingle) {
    return [
      operation(`Get${place.name}`, 'GET', `/${place.name}`, { answer: entity, query: SINGLE }),
      operation(`Update${place.name}`, 'PATCH', `/${place.name}`, { body: entity }),
    ]
  }
  const list: Schema = { type: 'object', properties: { value: { type: 'array', items: entity } } }
  return [
    operation(`List${noun}`, 'GET', `/${place.name}`, { answer: list, query: MANY }),
    operation(`Create${noun}`, 'POST', `/${place.name}`, { body: entity, answer: entity }),
    ...keys.flatMap(({ suffix, path, parameters }) => [
      operation(`Get${noun}${suffix}`, 'GET', `/${place.name}${path}`, {
        parameters,
        answer: entity,
        query: SINGLE,
      }),
      operation(`Update${noun}${suffix}`, 'PATCH', `/${place.name}${path}`, { parameters, body: entity }),
      operation(`Delete${noun}${suffix}`, 'DELETE', `/${place.name}${path}`, { parameters }),
    ]),
  ]
}

function boundOperations(
  namespace: Element,
  places: Place[],
  entities: ReadonlyMap<string, Element>,
): Operation[] {
  return namespace.children.flatMap((element) => {
    if (!['Action', 'Function'].includes(element.name) || element.attributes.IsBound !== 'true') return []
    const [binding, ...rest] = childrenOf(element, 'Parameter')
    const bound = binding?.attributes.Type ?? ''
    const collected = /^Collection\((.+)\)$/.exec(bound)?.[1]
    const full = `${namespace.attributes.Namespace}.${element.attributes.Name}`
    return places
      .filter((place) => place.type === (collected ?? bound))
      .flatMap((place) => {
        const key = place.isSingle || collected !== undefined ? null : keysOf(place.type, entities)[0]
        if (key === undefined) return []
        return [called(element, `/${place.name}${key?.path ?? ''}/${full}`, rest, key?.parameters ?? [])]
      })
  })
}

function importedOperations(container: Element, namespaces: readonly Element[]): Operation[] {
  return container.children.flatMap((one) => {
    const full = one.attributes.Function ?? one.attributes.Action
    if (!['FunctionImport', 'ActionImport'].includes(one.name) || full === undefined) return []
    const element = namespaces
      .flatMap((namespace) => namespace.children.map((child) => ({ namespace, child })))
      .find(
        ({ namespace, child }) => `${namespace.attributes.Namespace}.${child.attributes.Name}` === full,
      )?.child
    return element ? [called(element, `/${one.attributes.Name}`, childrenOf(element, 'Parameter'), [])] : []
  })
}

function called(element: Element, path: string, rest: Element[], keys: Parameter[]): Operation {
  const id = element.attributes.Name ?? ''
  const returned = childrenOf(element, 'ReturnType')[0]?.attributes.Type
  const answer = returned === undefined ? undefined : schemaOfType(returned, true)
  const named = rest.map(({ attributes }) => ({
    name: attributes.Name ?? '',
    schema: schemaOfType(attributes.Type ?? '', attributes.Nullable !== 'false'),
  }))
  if (element.name === 'Action') {
    const properties = Object.fromEntries(named.map(({ name, schema }) => [name, schema]))
    return operation(id, 'POST', path, { parameters: keys, body: { type: 'object', properties }, answer })
  }
  const inside = named.map(({ name }) => `${name}={${name}}`).join(',')
  const parameters = [...keys, ...named.map(({ name, schema }) => pathParameter(name, schema))]
  return operation(id, 'GET', `${path}(${inside})`, { parameters, answer, query: MANY })
}

const SINGLE = ['$select', '$expand']
const MANY = ['$top', '$skip', '$search', '$filter', '$count', '$orderby', ...SINGLE]

type Parts = { parameters?: Parameter[]; query?: readonly string[]; body?: Schema; answer?: Schema }

function operation(id: string, method: string, path: string, parts: Parts): Operation {
  const { parameters = [], query = [], body, answer } = parts
  return {
    id,
    method,
    path,
    tag: path.split(/[/(]/)[1] ?? null,
    summary: null,
    parameters: [...parameters, ...query.map(queryParameter)],
    body: body === undefined ? null : { required: false, content: { [JSON_TYPE]: body } },
    answer: {
      status: answer === undefined ? 204 : 200,
      content: answer === undefined ? {} : { [JSON_TYPE]: answer },
    },
  }
}

function pathParameter(name: string, schema: Schema): Parameter {
  return { name, in: 'path', required: true, schema }
}

/** A query option of OData. */
export function queryParameter(name: string): Parameter {
  const schema: Schema =
    name === '$top' || name === '$skip'
      ? { type: 'integer', minimum: 0 }
      : name === '$count'
        ? { type: 'boolean' }
        : name === '$filter' || name === '$search'
          ? { type: 'string' }
          : { type: 'array', items: { type: 'string' } }
  return { name, in: 'query', required: false, schema }
}

function nounOf(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1)
}

/** The same name on two sets: the later one gets its set before it. */
function withOwnIds(operations: Operation[]): Operation[] {
  const seen = new Set<string>()
  return operations.map((one) => {
    const id =
      [one.id, `${one.tag}${one.id}`, `${one.method} ${one.path}`].find((name) => !seen.has(name)) ?? one.id
    seen.add(id)
    return { ...one, id }
  })
}
