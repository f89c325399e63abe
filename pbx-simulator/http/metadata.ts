import { allShapes, isList, itemType, type Shape } from '../model/shape.ts'
import { ENUMS } from '../model/enums.ts'

const EDM: Readonly<Record<string, string>> = {
  s: 'Edm.String',
  i32: 'Edm.Int32',
  i64: 'Edm.Int64',
  u8: 'Edm.Byte',
  num: 'Edm.Double',
  b: 'Edm.Boolean',
  dt: 'Edm.DateTimeOffset',
  dur: 'Edm.Duration',
  time: 'Edm.TimeOfDay',
  any: 'Edm.Untyped',
}

function typeName(type: string): string {
  const name = EDM[itemType(type)] ?? `Pbx.${itemType(type)}`
  return isList(type) ? `Collection(${name})` : name
}

const typeXml = (shape: Shape): string =>
  `<ComplexType Name="${shape.name}" OpenType="true">${[...shape.fields]
    .map(([field, type]) => `<Property Name="${field}" Type="${typeName(type)}"/>`)
    .join('')}</ComplexType>`

/** A short description of the data in the XML of OData: types, and the names of all sets. */
export function metadataOf(names: readonly string[]): string {
  const enums = Object.entries(ENUMS).map(
    ([name, words]) =>
      `<EnumType Name="${name}">${words.map((word) => `<Member Name="${word}"/>`).join('')}</EnumType>`,
  )
  const sets = names.map((name) => `<EntitySet Name="${name}" EntityType="Edm.EntityType"/>`)
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="Pbx" xmlns="http://docs.oasis-open.org/odata/ns/edm">${enums.join('')}${allShapes().map(typeXml).join('')}<EntityContainer Name="Container">${sets.join('')}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`
}
