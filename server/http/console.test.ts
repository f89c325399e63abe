import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { PAGES } from '../../contract/pages.ts'
import { newHub } from '../../test/hub.ts'
import { newDirectory } from '../../test/stores.ts'

const INDEX =
  '<!doctype html><title>Cordboard</title><script type="module" src="/assets/index-abc.js"></script>'
const SCRIPT = 'console.log("console")'

async function newSite(t: TestContext): Promise<string> {
  const site = await newDirectory(t)
  await mkdir(join(site, 'assets'))
  await writeFile(join(site, 'index.html'), INDEX)
  await writeFile(join(site, 'assets', 'index-abc.js'), SCRIPT)
  await writeFile(join(site, 'assets', 'index-abc.js.br'), brotliCompressSync(SCRIPT))
  await writeFile(join(site, 'assets', 'index-abc.js.gz'), gzipSync(SCRIPT))
  await writeFile(join(site, 'sources.sha256'), 'abc')
  return site
}

const pageUrls = Object.values(PAGES).map((path) => path.replace(':id', '17'))

test('every page of the console is the same document, never kept unasked and framed by nobody', async (t) => {
  const { ask } = await newHub(t, 'sqlite', { consoleDir: await newSite(t) })
  for (const path of [...pageUrls, '/pop?number=%2B33199001234&call=1.2']) {
    const { status, text, headers } = await ask('GET', path, { token: null })
    assert.deepEqual([status, text], [200, INDEX], path)
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(headers.get('cache-control'), 'no-cache')
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /script-src 'self'/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /unsafe/)
  }
  const known = (await ask('GET', '/', { token: null })).headers.get('etag') ?? ''
  const again = await ask('GET', '/login', { token: null, headers: { 'if-none-match': known } })
  assert.deepEqual([again.status, again.text], [304, ''])
  const head = await ask('HEAD', '/pop', { token: null })
  assert.deepEqual([head.status, head.text], [200, ''])
})

test('files named by their content are kept for a year, in the smallest form the browser takes', async (t) => {
  const { hub } = await newHub(t, 'sqlite', { consoleDir: await newSite(t) })
  const get = (encoding: string) =>
    fetch(`${hub.url}/assets/index-abc.js`, { headers: { 'accept-encoding': encoding } })
  const packed = await get('gzip, deflate, br')
  assert.equal(packed.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(packed.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.equal(packed.headers.get('vary'), 'Accept-Encoding')
  assert.equal(packed.headers.get('content-encoding'), 'br')
  assert.equal(await packed.text(), SCRIPT)
  assert.equal((await get('gzip, br;q=0')).headers.get('content-encoding'), 'gzip')
  const plain = await get('identity')
  assert.equal(plain.headers.get('content-encoding'), null)
  assert.equal(await plain.text(), SCRIPT)
})

test('only what belongs to the console is served, and the API stays as it is', async (t) => {
  const { ask } = await newHub(t, 'sqlite', { consoleDir: await newSite(t) })
  for (const path of [
    '/sources.sha256',
    '/assets/index-abc.js.br',
    '/assets/../../package.json',
    '/assets/%2e%2e/sources.sha256',
    '/index.html.gz',
    '/somewhere',
    '/pop/17/more',
  ]) {
    const { status, json } = await ask('GET', path, { token: null })
    assert.deepEqual([status, json?.code], [404, 'not_found'], path)
  }
  assert.equal((await ask('POST', '/login', { token: null, body: {} })).status, 404)
  assert.equal((await ask('GET', '/api/v1/customers', { token: null })).status, 401)
  const { json } = await ask('GET', '/openapi.json', { token: null })
  assert.deepEqual(
    Object.keys(json.paths).filter((path) => pageUrls.includes(path) || path.startsWith('/assets')),
    [],
  )
})

test('without a built console its pages say what to do, and the hub answers all the same', async (t) => {
  const { ask } = await newHub(t, 'sqlite')
  for (const path of pageUrls) {
    const { status, text, headers } = await ask('GET', path, { token: null })
    assert.equal(status, 200)
    assert.match(text, /npm run build/)
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
  }
  assert.equal((await ask('GET', '/health/ready')).status, 200)
})
