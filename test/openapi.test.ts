import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ERRORS } from '../contract/errors.ts'
import { newHub } from './hub.ts'

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

test('docs/errors.md explains every error code and no other', async () => {
  const documented = [...(await read('docs/errors.md')).matchAll(/^\| `(\w+)` \| (\d+) \|/gm)]
  const listed = Object.fromEntries(documented.map(([, code, status]) => [code, Number(status)]))
  assert.deepEqual(listed, { ...ERRORS })
})
