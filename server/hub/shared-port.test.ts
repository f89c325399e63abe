import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSharedPort, hostsOf, urlOf } from './shared-port.ts'

test('a system that shares no ports is told apart from a port that is taken', async () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
  await assert.rejects(checkSharedPort(['127.0.0.1'], 0, failing('ENOTSUP')), {
    name: 'HubError',
    message: /^CORDBOARD_WORKERS: this system does not let several threads listen on one port/,
  })
  await assert.rejects(checkSharedPort(['127.0.0.1'], 1, failing('EADDRINUSE')), { code: 'EADDRINUSE' })
})

test('a port that is named is tried on every address, alone', async () => {
  const tried: unknown[] = []
  await checkSharedPort(['127.0.0.1', '::1'], 4711, async ({ host, port, reusePort = false }) => {
    tried.push(`${host} ${port} ${reusePort}`)
  })
  assert.deepEqual(tried, ['127.0.0.1 0 true', '127.0.0.1 4711 false', '::1 4711 false'])
})

test('the URL is one that can be asked', async () => {
  assert.ok((await hostsOf('localhost')).includes('127.0.0.1'))
  assert.deepEqual(await hostsOf('192.0.2.1'), ['192.0.2.1'])
  assert.equal(urlOf(['0.0.0.0'], 8377, false), 'http://127.0.0.1:8377')
  assert.equal(urlOf(['::'], 8377, true), 'https://[::1]:8377')
  assert.equal(urlOf(['192.0.2.1'], 1, false), 'http://192.0.2.1:1')
})
