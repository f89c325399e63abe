import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Discovery of a PBX's description, and what the client adds to memory. `npm run bench -- xapi [FILE]`: FILE is a
 * description as a PBX serves it; without one, a made-up one of its size is used.
 */
const text = process.argv[2] === undefined ? makeUp() : readFileSync(process.argv[2], 'utf8')
const VERSION = { 'x-3cx-version': '20.0.0.1' }

const server = createServer((request, response) => {
  if (request.url === '/connect/token') {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 'bench', expires_in: 3600 }))
  } else {
    response.writeHead(200, VERSION)
    response.end(request.url?.endsWith('/swagger.yaml') ? text : '{}')
  }
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const before = megabytes()
const { memoryCacheStore, openXapi } = await import('../xapi/xapi.ts')

async function discover(cache = memoryCacheStore()) {
  const client = openXapi({ url, clientId: 'bench', clientSecret: 'bench', cache })
  const from = performance.now()
  const { length } = await client.operations()
  return { client, length, ms: performance.now() - from }
}

function megabytes(): { heap: number; resident: number } {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: (heapUsed + external) / 1e6, resident: rss / 1e6 }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

const { client, length } = await discover()
const after = megabytes()
await client.close()

const cold: number[] = []
const cached: number[] = []
const cache = memoryCacheStore()
await (await discover(cache)).client.close()
for (let round = 0; round < 5; round++) {
  for (const [list, store] of [
    [cold, memoryCacheStore()],
    [cached, cache],
  ] as const) {
    const { client: one, ms } = await discover(store)
    list.push(ms)
    await one.close()
  }
}
server.close()
server.closeAllConnections()

const rows = [
  ['description', `${(text.length / 1e6).toFixed(2)} MB, ${length} operations`, ''],
  ['discovery, cold', `${median(cold).toFixed(0)} ms`, 'under 2,000 ms'],
  ['discovery, cached', `${median(cached).toFixed(1)} ms`, 'under 50 ms'],
  ['memory, heap and buffers', `+${(after.heap - before.heap).toFixed(1)} MB`, ''],
  ['memory, resident', `+${(after.resident - before.resident).toFixed(1)} MB`, 'under 60 MB'],
]
console.log('| measure | figure | wanted |\n|---|---|---|')
for (const row of rows) console.log(`| ${row.join(' | ')} |`)

/** Sets with keys, functions and shapes that name each other, until it is as long as a real one. */
function makeUp(): string {
  const paths: string[] = []
  const schemas: string[] = []
  for (let i = 0; i < 120; i++) {
    const answers = `      responses:\n        '200':\n          description: Fine\n          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/Made.Thing${i}'\n`
    const number = `          schema:\n            maximum: 2147483647\n            minimum: -2147483648\n            type: integer\n            format: int32\n`
    const key = `        - name: Id\n          in: path\n          description: Which one of them\n          required: true\n${number}`
    const body = `      requestBody:\n        description: What it is to be\n        content:\n          application/json:\n            schema:\n              $ref: '#/components/schemas/Made.Thing${i}'\n        required: true\n`
    const options = ['$top', '$skip', '$filter', '$orderby', '$select']
      .map(
        (name) =>
          `        - name: ${name}\n          in: query\n          description: An option of every list\n          explode: false\n          schema:\n            uniqueItems: true\n            type: array\n            items:\n              type: string\n`,
      )
      .join('')
    const operation = (method: string, id: string, inside: string) =>
      `    ${method}:\n      tags:\n        - Things${i}\n      summary: One of many operations\n      operationId: ${id}Thing${i}\n${inside}${answers}`
    paths.push(
      `  /Things${i}:\n${operation('get', 'List', `      parameters:\n${options}`)}${operation('post', 'Create', body)}`,
      `  '/Things${i}({Id})':\n${operation('get', 'Get', `      parameters:\n${key}${options}`)}${operation('patch', 'Update', `      parameters:\n${key}${body}`)}${operation('delete', 'Delete', `      parameters:\n${key}`)}`,
    )
    const fields = Array.from(
      { length: 40 },
      (_, n) =>
        `        Field${n}:\n          maximum: 2147483647\n          type: ${n % 2 ? 'string' : 'integer'}\n          nullable: true\n`,
    )
    schemas.push(
      `    Made.Thing${i}:\n      title: A thing\n      type: object\n      properties:\n${fields.join('')}`,
    )
  }
  return `openapi: 3.0.4\ninfo:\n  title: Made up\n  version: 1.0.0\npaths:\n${paths.join('')}components:\n  schemas:\n${schemas.join('')}`
}
