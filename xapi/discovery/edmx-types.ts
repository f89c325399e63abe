import type { Schema } from '../operations/schema.ts'
import type { Element } from './xml.ts'

const INTEGER = { type: 'integer', format: 'int32' } as const
const PRIMITIVES: Readonly<Record<string, Schema>> = {
  'Edm.String': { type: 'string' },
  'Edm.Boolean': { type: 'boolean' },
  'Edm.Byte': { type: 'integer', minimum: 0, maximum: 255 },
  'Edm.SByte': { type: 'integer', minimum: -128, maximum: 127 },
  'Edm.Int16': { type: 'integer', minimum: -32_768, maximum: 32_767 },
  'Edm.Int32': { ...INTEGER, minimum: -2_147_483_648, maximum: 2_147_483_647 },
  'Edm.Int64': { type: 'integer', format: 'int64' },
  'Edm.Decimal': { type: 'number', format: 'decimal' },
  'Edm.Double': { type: 'number', format: 'double' },
  'Edm.Single': { type: 'number', format: 'float' },
  'Edm.Guid': { type: 'string', format: 'uuid' },
  'Edm.Date': { type: 'string', format: 'date' },
  'Edm.DateTimeOffset': { type: 'string', format: 'date-time' },
  'Edm.TimeOfDay': { type: 'string', format: 'time' },
  'Edm.Duration': { type: 'string', format: 'duration' },
  'Edm.Binary': { type: 'string', format: 'base64url' },
}

/** The shape of a type as metadata names it. */
export function schemaOfType(type: string, isNullable: boolean): Schema {
  const inner = /^Collection\((.+)\)$/.exec(type)?.[1]
  if (inner !== undefined) return { type: 'array', items: schemaOfType(inner, false) }
  const primitive = PRIMITIVES[type]
  if (primitive !== undefined) return isNullable ? { ...primitive, nullable: true } : primitive
  if (type.startsWith('Edm.')) return {}
  return isNullable ? { all: [{ ref: type }], nullable: true } : { ref: type }
}

/** Every named type of a metadata document, by its full name. */
export function schemasOf(namespaces: readonly Element[]): Record<string, Schema> {
  return Object.fromEntries(
    namespaces.flatMap((namespace) =>
      namespace.children.flatMap((element) => {
        const name = `${namespace.attributes.Namespace}.${element.attributes.Name}`
        if (element.name === 'EnumType') return [[name, enumOf(element)] as const]
        if (element.name === 'EntityType' || element.name === 'ComplexType') {
          return [[name, structureOf(element)] as const]
        }
        return []
      }),
    ),
  )
}

function enumOf(element: Element): Schema {
  const values = childrenOf(element, 'Member').map((member) => member.attributes.Name ?? '')
  return { type: 'string', enum: values, ...(element.attributes.IsFlags === 'true' ? { flags: true } : {}) }
}

function structureOf(element: Element): Schema {
  const fields = element.children.filter(({ name }) => name === 'Property' || name === 'NavigationProperty')
  const own: Schema = {
    type: 'object',
    properties: Object.fromEntries(
      fields.map(({ attributes }) => [
        attributes.Name ?? '',
        schemaOfType(attributes.Type ?? '', attributes.Nullable !== 'false'),
      ]),
    ),
  }
  const parent = element.attributes.BaseType
  return parent === undefined ? own : { all: [{ ref: parent }, own] }
}

export function childrenOf(element: Element, name: string): Element[] {
  return element.children.filter((child) => child.name === name)
}
