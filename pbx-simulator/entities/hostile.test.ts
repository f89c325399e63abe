import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ENUMS } from '../model/enums.ts'
import { routesOf } from '../model/routes.ts'
import { isList, itemType, shapeNamed } from '../model/shape.ts'
import { openClient } from '../test-client.ts'
import { ROOMS } from './rooms.ts'

const junk = fc.constantFrom<unknown>(
  null,
  7,
  'junk',
  {},
  [],
  [null],
  true,
  { Value: null },
  { a: { b: 1 } },
  -1,
)

/** Values that nearly fit a type: mostly of it, sometimes anything. */
function nearly(type: string, depth = 0): fc.Arbitrary<unknown> {
  const fitting = isList(type)
    ? fc.array(nearly(itemType(type), depth + 1), { maxLength: 2 })
    : one(type, depth)
  return fc.oneof({ weight: 5, arbitrary: fitting }, { weight: 1, arbitrary: junk })
}

/** A few of the fields there are: with all of them, one is always wrong in a dull way. */
const some = (fields: readonly (readonly [string, fc.Arbitrary<unknown>])[]): fc.Arbitrary<unknown> =>
  fc
    .subarray([...fields], { maxLength: Math.min(4, fields.length) })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)))

function one(type: string, depth: number): fc.Arbitrary<unknown> {
  const words = ENUMS[type]
  if (words) return fc.constantFrom(...words)
  const shape = shapeNamed(type)
  if (shape && depth < 3)
    return some([...shape.fields].map(([field, inner]) => [field, nearly(inner, depth + 1)]))
  if (type === 's') return fc.constantFrom('', 'x', '100', '800', '10000', '+3615550110', 'SP9', '%', "'")
  if (type === 'b') return fc.boolean()
  return type === 'dt' ? fc.constant('2026-01-01T00:00:00Z') : fc.integer({ min: 0, max: 60 })
}

test('no body, however strange, is an error of the simulator', async (t) => {
  const { ask } = await openClient(t)
  const routes = routesOf(ROOMS).filter(
    ({ body, tag }) => body !== null && tag !== 'ServicePrincipals' && tag !== 'CDRSettings',
  )
  assert.ok(routes.length > 50)
  const request = fc.constantFrom(...routes).chain(({ method, template, body }) => {
    const fields =
      body === null
        ? {}
        : 'name' in body
          ? null
          : Object.fromEntries(body.map(([name, type]) => [name, nearly(type)]))
    const sent =
      fields === null && body && 'name' in body
        ? one(body.name, 0)
        : fc.record(fields ?? {}, { requiredKeys: [] })
    const path = fc.integer({ min: 24, max: 45 }).map((id) => template.replaceAll(/\{\w+\}/g, String(id)))
    return fc.record({ method: fc.constant(method), path, sent })
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ method, path, sent }) => {
      const reply = await ask(method, `/xapi/v1${path}`, sent)
      assert.ok(reply.status < 500, `${method} ${path} answered ${reply.status}: ${reply.text}`)
    }),
    { numRuns: 400 },
  )
  assert.equal((await ask('GET', '/xapi/v1/Users?$expand=*')).status, 200)
})
