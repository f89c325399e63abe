import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { openClient } from '../test-client.ts'
import type { Row } from '../model/pbx.ts'
import { readDescription } from './read.ts'
import { bodyMisfit } from './sample.ts'

const described = `
openapi: 3.0.4
paths:
  /Lamps:
    get: { operationId: ListLamps, responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Lamps' } } } } } }
    post: { operationId: AddLamp, requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Lamp' } } } }, responses: { '201': { content: { application/json: { schema: { $ref: '#/components/schemas/Lamp' } } } } } }
  /Lamps({Id}):
    get: { responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Lamp' } } } } } }
    patch: { requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Lamp' } } } }, responses: { '204': {} } }
    delete: { responses: { '204': {} } }
  /Lamps({Id})/Pbx.Switch:
    post: { requestBody: { content: { application/json: { schema: { type: object, properties: { on: { type: boolean } } } } } }, responses: { '204': {} } }
  /Lamps/Pbx.Count(room={room},lit={lit}):
    get: { responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Count' } } } } } }
  /Rooms:
    get: { responses: { '200': { content: { application/json: { schema: { type: object, properties: { value: { type: array, items: { $ref: '#/components/schemas/Room' } } } } } } } } }
  /Rooms('{Name}'):
    get: { responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Room' } } } } } }
  /LightSettings:
    get: { responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Settings' } } } } } }
    patch: { requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Settings' } } } }, responses: { '204': {} } }
  /LightSettings/Pbx.Export():
    get: { operationId: ExportLights, responses: { '200': { content: { text/csv: { schema: { type: string } } } } } }
  /Users:
    get: { responses: { '200': { content: { application/json: { schema: { $ref: '#/components/schemas/Lamps' } } } } } }
  /SwitchOffEverything:
    post: { responses: { '204': {} } }
components:
  schemas:
    Lamp: { type: object, allOf: [{ $ref: '#/components/schemas/Thing' }], properties: { Colour: { type: string, enum: [White, Warm] }, Watts: { type: integer, minimum: 1, maximum: 60 } } }
    Thing: { type: object, properties: { Id: { type: integer }, Name: { type: string, nullable: true }, Since: { type: string, format: date-time } } }
    Lamps: { allOf: [{ type: object, properties: { '@odata.count': { type: integer } } }, { type: object, properties: { value: { type: array, items: { $ref: '#/components/schemas/Lamp' } } } }] }
    Room: { type: object, properties: { Name: { type: string }, Lamps: { type: array, items: { $ref: '#/components/schemas/Lamp' } } } }
    Count: { type: object, properties: { Rooms: { type: integer }, Of: { $ref: '#/components/schemas/Lamp' } } }
    Settings: { type: object, properties: { Dim: { type: boolean }, Level: { type: number } } }
`

test('a set known only from a description keeps what it is sent', async (t) => {
  const { ask, list } = await openClient(t, { descriptionText: described })
  assert.deepEqual(await list('/Lamps'), [])
  const made = await ask('POST', '/xapi/v1/Lamps', { Name: 'Desk', Watts: 7 })
  assert.equal(made.status, 201)
  assert.equal(made.json.Colour, 'White')
  await ask('POST', '/xapi/v1/Lamps', { Name: 'Hall', Watts: 40 })
  assert.equal((await ask('PATCH', `/xapi/v1/Lamps(${String(made.json.Id)})`, { Watts: 9 })).status, 204)
  assert.deepEqual(await list('/Lamps?$filter=Watts%20lt%2010&$select=Name,Watts'), [
    { Name: 'Desk', Watts: 9 },
  ])
  assert.equal((await ask('DELETE', `/xapi/v1/Lamps(${String(made.json.Id)})`)).status, 204)
  assert.equal((await ask('GET', `/xapi/v1/Lamps(${String(made.json.Id)})`)).status, 404)
  for (const body of [{ Watts: 'seven' }, { Colour: 'Mauve' }, { Name: 7 }])
    assert.equal((await ask('POST', '/xapi/v1/Lamps', body)).status, 400, JSON.stringify(body))
})

test('a set nothing can be added to has a row to look at', async (t) => {
  const { ask, list } = await openClient(t, { descriptionText: described })
  assert.deepEqual(await list('/Rooms'), [{ Name: 'sample', Lamps: [] }])
  assert.equal((await ask('GET', "/xapi/v1/Rooms('sample')")).status, 200)
  assert.equal((await ask('GET', "/xapi/v1/Rooms('cellar')")).status, 404)
})

test('functions, actions, settings and files answer as they are described', async (t) => {
  const { ask } = await openClient(t, { descriptionText: described })
  const counted = await ask('GET', "/xapi/v1/Lamps/Pbx.Count(room='hall',lit=true)")
  assert.equal(counted.json.Rooms, 0)
  const description = readDescription(described)
  const { '@odata.context': _context, ...answer } = counted.json
  const schema = description.operations.find(({ template }) => template.includes('Count'))?.answer
  assert.ok(schema)
  assert.equal(bodyMisfit(description, schema, answer), null)
  assert.equal((answer.Of as Row).Watts, 1)
  assert.equal((await ask('GET', "/xapi/v1/Lamps/Pbx.Count(lit=true,room='hall')")).status, 404)
  assert.equal((await ask('POST', '/xapi/v1/Lamps(1)/Pbx.Switch', { on: true })).status, 204)
  assert.equal((await ask('POST', '/xapi/v1/Lamps(1)/Pbx.Switch', { on: 'yes' })).status, 400)
  assert.equal((await ask('PATCH', '/xapi/v1/LightSettings', { Level: 0.5 })).status, 204)
  const { Dim, Level } = (await ask('GET', '/xapi/v1/LightSettings')).json
  assert.deepEqual([Dim, Level], [false, 0.5])
  assert.match(
    (await ask('GET', '/xapi/v1/LightSettings/Pbx.Export()')).headers.get('content-disposition') ?? '',
    /ExportLights/,
  )
  assert.equal((await ask('POST', '/xapi/v1/SwitchOffEverything')).status, 204)
})

test('what the simulator has of its own stays its own, and the given description is the one served', async (t) => {
  const { ask, list } = await openClient(t, { descriptionText: described })
  assert.equal((await list('/Users')).length, 6)
  assert.equal((await ask('GET', '/xapi/v1/swagger.yaml')).text, described)
})

test('the own description tells of every own operation, and every reference in it leads somewhere', async (t) => {
  const { ask } = await openClient(t)
  const { text } = await ask('GET', '/xapi/v1/swagger.yaml')
  const { operations } = readDescription(text)
  assert.ok(operations.length > 190, String(operations.length))
  assert.equal(
    new Set(operations.map(({ method, signature }) => `${method} ${signature}`)).size,
    operations.length,
  )
  assert.equal(new Set(operations.map(({ id }) => id)).size, operations.length)
  const root = parse(text) as { components: Record<string, Row> }
  for (const [, kind = '', name = ''] of text.matchAll(/#\/components\/(\w+)\/([\w.]+)/g))
    assert.ok(root.components[kind]?.[name], `${kind} ${name}`)
  assert.match(text, /not a 3CX/)
})

test('what is no description is refused when the simulator opens', async (t) => {
  await assert.rejects(openClient(t, { descriptionText: 'hello: world' }), /no OpenAPI document/)
})
