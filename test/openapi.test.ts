import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ERRORS } from '../contract/errors.ts'
import { serializerCompiler, validatorCompiler } from '../server/http/validation.ts'
import { newHub, type Json } from './hub.ts'

const read = (name: string) => readFile(new URL(`../${name}`, import.meta.url), 'utf8')

test('the committed API description is the one the hub gives (npm run openapi writes it)', async (t) => {
  const { ask } = await newHub(t, 'sqlite')
  const { json } = await ask('GET', '/openapi.json', { token: null })
  assert.deepEqual(json, JSON.parse(await read('openapi.json')))
})

test('every operation says what it does and what it answers', async () => {
  const { paths } = JSON.parse(await read('openapi.json')) as {
    paths: Record<string, Record<string, { summary?: string; tags?: string[] }>>
  }
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      assert.ok(operation.summary, `${method} ${path} has no summary`)
      assert.ok(operation.tags?.length, `${method} ${path} has no tag`)
    }
  }
})

test('every shape can be read and written, although most are compiled when they are first asked for', async () => {
  const { paths }: Json = JSON.parse(await read('openapi.json'))
  const [reading, writing] = [validatorCompiler(), serializerCompiler()]
  let count = 0
  // The paths named here are those of no resource, so that everything is compiled at once.
  for (const [url, methods] of Object.entries<Json>(paths))
    for (const [method, { requestBody, parameters = [], responses }] of Object.entries<Json>(methods)) {
      const at = { method, url: `of ${url}` }
      for (const { schema } of Object.values<Json>(requestBody?.content ?? {}))
        assert.ok(reading({ ...at, schema, httpPart: 'body' }))
      for (const { schema } of parameters) assert.ok(reading({ ...at, schema, httpPart: 'querystring' }))
      for (const [httpStatus, answer] of Object.entries<Json>(responses))
        for (const { schema } of Object.values<Json>(answer.content ?? {}))
          if (schema) assert.ok(writing({ ...at, schema, httpStatus }))
      count++
    }
  assert.ok(count > 200)
})

test('docs/errors.md explains every error code and no other', async () => {
  const documented = [...(await read('docs/errors.md')).matchAll(/^\| `(\w+)` \| (\d+) \|/gm)]
  const listed = Object.fromEntries(documented.map(([, code, status]) => [code, Number(status)]))
  assert.deepEqual(listed, { ...ERRORS })
})
