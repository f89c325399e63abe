import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import Fastify from 'fastify'
import { newDirectory, newStore } from '../../../test/stores.ts'
import type { Import } from '../../../contract/imports.ts'
import { openImports, type Imports } from '../../directory/import/imports.ts'
import type { DirectoryTables } from '../../directory/tables.ts'
import { systemClock } from '../../platform/clock.ts'
import { openLog } from '../../platform/log.ts'
import { admit, type App } from '../app.ts'
import { errorHandler } from '../errors.ts'
import { validatorCompiler } from '../validation.ts'
import { importRoutes } from './imports.ts'

async function serve(t: TestContext, country: string | null): Promise<{ app: App; imports: Imports }> {
  const store = await newStore<DirectoryTables & { tenants: Record<string, unknown> }>(t, 'sqlite')
  const flags = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 0, updated_at: 0 }
  await store.write
    .insertInto('tenants')
    .values({ id: 1, name: 'Test', country, ...flags })
    .execute()
  const log = openLog({ level: 'silent' })
  const dataDir = await newDirectory(t)
  const imports = openImports({
    store: store,
    dataDir,
    clock: systemClock,
    log,
    country: () => country,
    nameCountry: async () => {},
    maxBytes: 3_000_000,
  })
  t.after(() => imports.close())
  const app = Fastify({ bodyLimit: 1_000 }) as unknown as App
  app.setValidatorCompiler(validatorCompiler())
  app.setErrorHandler(errorHandler(log))
  app.addHook('onRequest', async (asked) => {
    const scopes = new Set(['directory:write'] as const)
    const place = { tenantId: 1, homeTenantId: 1, hostId: null, departments: null, clearSecrets: false }
    admit(asked, { tokenId: 1, tokenName: 'test', ...place, scopes, session: null })
  })
  importRoutes(app, { imports })
  await app.listen({ port: 0 })
  t.after(() => app.close())
  return { app, imports }
}

const post = (app: App, url: string, payload: string | Buffer, type = 'text/csv') =>
  app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } })

test('a book larger than the body limit is taken in as a stream, and its refused rows come back as CSV', async (t) => {
  const { app, imports } = await serve(t, 'FR')
  const book = `account,vip\n${'C1,1\n'.repeat(1_000)}C2,maybe\n`
  const answer = await post(app, '/imports?file_name=book.csv', book, 'text/csv; charset=utf-8')
  assert.equal(answer.statusCode, 202, answer.body)
  const { id, bytes_total, file_name } = answer.json<Import>()
  assert.deepEqual([bytes_total, file_name], [book.length, 'book.csv'])
  await imports.finished(1, id)
  const read = (await app.inject(`/imports/${id}`)).json<Import>()
  assert.deepEqual([read.status, read.accepted, read.rejected], ['done', 1_000, 1])
  const rejects = await app.inject(`/imports/${id}/rejects`)
  assert.match(String(rejects.headers['content-type']), /^text\/csv/)
  assert.match(rejects.body, /^account,vip,reason\r\nC2,maybe,"vip is ""maybe""/)
  const remarks = (await app.inject(`/imports/${id}/remarks`)).json<{
    data: { line: number; severity: string; code: string }[]
  }>()
  assert.deepEqual(
    remarks.data.map(({ line, severity, code }) => [line, severity, code]),
    [[1_002, 'reject', 'bad_truth']],
  )
  assert.equal((await app.inject('/imports')).json<{ total: number }>().total, 1)
})

test('an import without a country is refused with advice, one too large or empty with its reason', async (t) => {
  const { app } = await serve(t, null)
  const nowhere = await post(app, '/imports', 'account\nC1\n')
  assert.equal(nowhere.statusCode, 422)
  assert.equal(nowhere.json<{ code: string }>().code, 'country_required')
  assert.equal((await post(app, '/imports?country=FR', Buffer.alloc(3_000_001))).statusCode, 413)
  assert.equal((await post(app, '/imports?country=FR', '')).statusCode, 422)
  assert.equal((await post(app, '/imports?country=FR', '{}', 'application/json')).statusCode, 422)
  assert.equal((await post(app, '/imports?nonsense=1', 'account\n')).statusCode, 422)
  assert.equal((await app.inject('/imports/99')).statusCode, 404)
})

test('an upload that is cut off leaves no import behind', async (t) => {
  const { app } = await serve(t, 'FR')
  const { port } = app.server.address() as AddressInfo
  const received = new Promise<void>((resolve) =>
    app.server.once('request', (incoming) => incoming.once('close', () => resolve())),
  )
  const upload = request({
    port,
    method: 'POST',
    path: '/imports',
    headers: { 'content-type': 'text/csv', 'transfer-encoding': 'chunked' },
  })
  upload.on('error', () => {})
  upload.write('account\nC1\n', () => upload.destroy())
  await received
  assert.equal((await app.inject('/imports')).json<{ total: number }>().total, 0)
})
