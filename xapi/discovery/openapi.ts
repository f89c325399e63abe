import { INDEX_FORM, type Operation, type OperationIndex, type Parameter } from '../operations/operation.ts'
import { isObject, openTrimmer, text, unescapePointer, type Trimmer } from './trim-schema.ts'

type Raw = Readonly<Record<string, unknown>>

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
const PLACES = ['path', 'query', 'header'] as const

/** Makes the index of a parsed OpenAPI 3 description. Throws an Error that says what is wrong with the whole. */
export function indexOpenapi(document: unknown, source: string, hash: string): OperationIndex {
  if (!isObject(document)) throw new Error('it is no object')
  if (!text(document.openapi)?.startsWith('3.')) throw new Error('it is no OpenAPI 3 description')
  if (!isObject(document.paths)) throw new Error('it has no paths')
  const trimmer = openTrimmer()
  const reader = openReader(document, trimmer)
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    isObject(item) ? METHODS.flatMap((method) => reader.operation(method, path, item)) : [],
  )
  const components = isObject(document.components) ? document.components : {}
  const schemas = isObject(components.schemas) ? components.schemas : {}
  return {
    form: INDEX_FORM,
    source,
    hash,
    operations: withOwnIds(operations, trimmer.remarks),
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, raw]) => [name, trimmer.trim(raw)])),
    remarks: trimmer.remarks.slice(0, 100),
  }
}

function openReader(document: Raw, trimmer: Trimmer) {
  /** What a `$ref` to a parameter, a body or an answer leads to. */
  function follow(raw: unknown): Raw {
    let current = raw
    for (let steps = 0; isObject(current) && typeof current.$ref === 'string'; steps++) {
      if (steps > 32) throw new Error(`a reference leads in a circle: ${current.$ref.slice(0, 200)}`)
      const path = current.$ref.startsWith('#/')
        ? current.$ref.slice(2).split('/').map(unescapePointer)
        : ['?']
      current = path.reduce<unknown>(
        (at, step) => (isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined),
        document,
      )
    }
    return isObject(current) ? current : {}
  }

  function contentOf(raw: Raw) {
    const content = isObject(raw.content) ? raw.content : {}
    return Object.fromEntries(
      Object.entries(content).map(([type, media]) => [
        type.toLowerCase(),
        trimmer.trim(isObject(media) ? media.schema : undefined),
      ]),
    )
  }

  function parameterOf(raw: unknown): Parameter[] {
    const parameter = follow(raw)
    const place = PLACES.find((one) => one === parameter.in)
    if (typeof parameter.name !== 'string' || place === undefined) return []
    const inContent = isObject(parameter.content) ? Object.values(parameter.content)[0] : undefined
    const schema = parameter.schema ?? (isObject(inContent) ? inContent.schema : undefined)
    const required = place === 'path' || parameter.required === true
    return [{ name: parameter.name, in: place, required, schema: trimmer.trim(schema) }]
  }

  function answerOf(raw: unknown): Operation['answer'] {
    const answers = isObject(raw) ? raw : {}
    const status = Object.keys(answers).find((code) => /^2\d\d$/.test(code)) ?? '2XX'
    const answer = follow(answers[status])
    return { status: Number(status) || 200, content: contentOf(answer) }
  }

  function operation(method: string, path: string, item: Raw): Operation[] {
    const raw = item[method]
    if (!isObject(raw)) return []
    const own = listOf(raw.parameters).flatMap(parameterOf)
    const shared = listOf(item.parameters)
      .flatMap(parameterOf)
      .filter((one) => !own.some((other) => other.name === one.name && other.in === one.in))
    const body = raw.requestBody === undefined ? null : follow(raw.requestBody)
    return [
      {
        id: text(raw.operationId) ?? '',
        method: method.toUpperCase(),
        path,
        tag: text(listOf(raw.tags)[0]) ?? null,
        summary: text(raw.summary) ?? null,
        parameters: complete([...shared, ...own], path, trimmer),
        body: body === null ? null : { required: body.required === true, content: contentOf(body) },
        answer: answerOf(raw.responses),
      },
    ]
  }

  return { operation }
}

/** A `{name}` of the path that nobody describes is a string. */
function complete(parameters: Parameter[], path: string, { remarks }: Trimmer): Parameter[] {
  const missing = [...path.matchAll(/\{([^}]*)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !parameters.some((one) => one.in === 'path' && one.name === name))
  if (missing.length > 0) remarks.push(`${path}: ${missing.join(', ')} is not described`)
  return [
    ...parameters,
    ...missing.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
  ]
}

/** Operations without an id get one from method and path; of two with the same, the later one too. */
function withOwnIds(operations: Operation[], remarks: string[]): Operation[] {
  const seen = new Set<string>()
  return operations.map((operation) => {
    let { id } = operation
    if (id === '' || seen.has(id)) {
      if (id !== '') remarks.push(`two operations are called ${id}`)
      id = `${operation.method} ${operation.path}`
    }
    seen.add(id)
    return { ...operation, id }
  })
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
