import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Role } from '../../../pbx-simulator/model/pbx.ts'
import { newHub, type Ask, type Json } from '../../../test/hub.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { newSimulator } from '../../../test/simulated-pbx.ts'
import { newDirectory, onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'

const SECRET = 'planted-client-secret'

async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** The token endpoint of a PBX, and nothing else. */
const pbx: RequestListener = (request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += String(chunk)))
  request.on('end', () => {
    const form = new URLSearchParams(body)
    if (request.url !== '/connect/token') return response.writeHead(404).end()
    const isRight = form.get('client_id') === 'cordboard' && form.get('client_secret') === SECRET
    const answer = isRight ? { token_type: 'Bearer', access_token: 'x.y.z' } : { error: 'invalid_client' }
    return response.writeHead(isRight ? 200 : 401).end(JSON.stringify(answer))
  })
}

const newSsh = (t: TestContext, greeting: string) =>
  listen(
    t,
    createTcpServer((socket) => socket.on('error', () => {}).end(greeting)),
  )

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}
const skip = hasOpenssl() ? false : 'no openssl to make a certificate with'

const RESOURCES = [
  'system_status',
  'licence',
  'users',
  'groups',
  'queues',
  'ring_groups',
  'ivrs',
  'trunks',
  'dids',
  'inbound_rules',
  'holidays',
  'call_log',
  'active_calls',
  'recordings',
  'backups',
  'audit_log',
  'cdr_settings',
  'call_control',
]

const run = async (ask: Ask, body: Json, token?: string) => {
  const { id } = await post(ask, 'pbx3cx-hosts', body, token)
  const tested = await ask('POST', `/api/v1/pbx3cx-hosts/${id}/test`, {
    body: {},
    ...(token ? { token } : {}),
  })
  assert.equal(tested.status, 200, tested.text)
  const host = await ask('GET', `/api/v1/pbx3cx-hosts/${id}`, token ? { token } : {})
  return { id, tested, results: tested.json.results, host: host.json }
}

onEachStore('the test of a host', (engine) => {
  test('says of each way whether it goes and why not, keeps it, and names what it does not look at', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const [web, ssh] = [await listen(t, createHttpServer(pbx)), await newSsh(t, 'SSH-2.0-Pretend\r\n')]
    const body = {
      host_name: 'localhost',
      ip_address: '127.0.0.1',
      xapi_url: `http://127.0.0.1:${web}`,
      xapi_client_id: 'cordboard',
      xapi_client_secret: SECRET,
      ssh_port: ssh,
    }
    const { tested, results, host } = await run(ask, body)
    const { dns, tls, http, token, ssh: greeting, pbx_map, ...resources } = results
    assert.deepEqual(
      { dns, tls, http, token, greeting, pbx_map },
      {
        dns: { able: true, reason: null, found: '127.0.0.1' },
        tls: { able: null, reason: 'xapi_url is http: nothing is encrypted.', found: null },
        http: { able: true, reason: null, found: 'status 404' },
        token: { able: true, reason: null, found: null },
        greeting: { able: true, reason: null, found: 'SSH-2.0-Pretend' },
        pbx_map: { able: null, reason: 'It is made of the extensions.', found: null },
      },
    )
    // A web server that gives tokens and knows nothing of a PBX.
    assert.deepEqual(Object.keys(resources), RESOURCES)
    for (const one of Object.values<Json>(resources)) {
      assert.deepEqual([one.able, one.reason], [false, 'The PBX does not know it (404).'])
      assert.match(one.advice, /update the PBX/)
    }
    assert.ok(tested.json.not_covered.length > 0)
    assert.deepEqual(host.capabilities, { tested_at: tested.json.tested_at, results })
    assert.equal(host.last_seen_at, tested.json.tested_at)
    assert.ok(!tested.text.includes(SECRET) && !tested.text.includes('x.y.z'))
    assert.equal((await ask('POST', '/api/v1/pbx3cx-hosts/999/test', { body: {} })).status, 404)
  })

  test('what does not go is told in words: no such name, nothing there, a wrong secret, another server', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const web = await listen(t, createHttpServer(pbx))
    const other = await newSsh(t, '220 mail ready\r\n')
    const client = { xapi_client_id: 'cordboard', xapi_client_secret: 'wrong' }
    const one = await run(ask, {
      host_name: 'a',
      xapi_url: `http://127.0.0.1:${web}`,
      ip_address: '127.0.0.1',
      ssh_port: other,
      ...client,
    })
    assert.deepEqual(
      [one.results.token.reason, one.results.ssh.reason],
      [
        'The PBX refuses the client id, the secret or the token (401).',
        'Something else than an SSH server answers there.',
      ],
    )
    const closed = createTcpServer()
    const port = await listen(t, closed)
    closed.close()
    const two = await run(ask, { host_name: 'nowhere.invalid', ip_address: '127.0.0.1', ssh_port: port })
    assert.deepEqual(
      ['dns', 'tls', 'http', 'ssh'].map((way) => two.results[way].able),
      [false, false, false, false],
    )
    assert.equal(two.results.ssh.reason, 'Nothing listens on that port.')
    assert.equal(two.results.token.reason, 'No xapi_client_id is given.')
    assert.equal(two.host.last_seen_at, null)
    const nameless = await run(ask, { host_name: 'not a name' })
    assert.equal(nameless.results.dns.able, false)
  })

  test("private addresses are reached for the operator's own hosts, and for other tenants only where they are allowed", async (t) => {
    const web = await listen(t, createHttpServer(pbx))
    const ssh = await newSsh(t, 'SSH-2.0-Pretend\r\n')
    const env = { CORDBOARD_ALLOW_PRIVATE: `127.0.0.1:${web}` }
    const { ask } = await newHub(t, engine, { env })
    const child = await post(ask, 'tenants', { name: 'Child', country: 'FR' })
    const made = await ask('POST', '/api/v1/tokens', {
      body: { name: 'child', scopes: ['fleet:write'] },
      headers: { 'cordboard-tenant': String(child.id) },
    })
    const body = {
      host_name: 'localhost',
      ip_address: '127.0.0.1',
      xapi_url: `http://127.0.0.1:${web}`,
      ssh_port: ssh,
    }
    const { results } = await run(ask, body, made.json.token)
    assert.equal(results.http.able, true)
    assert.equal(results.ssh.able, false)
    assert.match(results.ssh.reason, /private or reserved/)
    const inward = await run(ask, { ...body, xapi_url: `http://localhost:${ssh}` }, made.json.token)
    assert.match(inward.results.http.reason, /private or reserved/)
    assert.equal((await run(ask, body)).results.ssh.able, true)
  })

  test(
    'a certificate nobody vouches for is refused, passes when it is pinned, and not for another pin',
    { skip },
    async (t) => {
      const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
      const directory = await newDirectory(t)
      const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '1']
      const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], {
        stdio: 'ignore',
      })
      const pem = readFileSync(cert)
      const web = await listen(t, createHttpsServer({ key: readFileSync(key), cert: pem }, pbx))
      const right = new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
      const client = { xapi_client_id: 'cordboard', xapi_client_secret: SECRET }
      const body = { host_name: 'localhost', xapi_url: `https://localhost:${web}`, ...client }
      const ways = async (more: Json) => {
        const { results } = await run(ask, { ...body, ...more })
        return { able: ['tls', 'http', 'token'].map((way) => results[way].able), tls: results.tls }
      }
      const verify = await ways({})
      assert.deepEqual(verify.able, [false, false, false])
      assert.match(verify.tls.reason, /signed by itself/)
      assert.match(verify.tls.found, new RegExp(right))
      assert.deepEqual((await ways({ tls_mode: 'pinned', tls_fingerprint: right })).able, [true, true, true])
      const wrong = await ways({ tls_mode: 'pinned', tls_fingerprint: 'ab'.repeat(32) })
      assert.deepEqual(wrong.able, [false, false, false])
      assert.match(wrong.tls.reason, /not the pinned one/)
      assert.deepEqual((await ways({ tls_mode: 'skip' })).able, [true, true, true])
    },
  )

  test('every resource is asked for: what a role opens, and of the others why not and what to do', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const ofRole = async (role: Role) => {
      const { fields } = await newSimulator(t, { role })
      const { results } = await run(ask, fields)
      const refused = RESOURCES.filter((name) => results[name].able !== true)
      for (const name of refused) assert.match(results[name].reason, /\(403\)/, `${role}: ${name}`)
      return { refused, results }
    }
    const owner = await ofRole('system_owners')
    assert.deepEqual(owner.refused, [])
    assert.equal(owner.results.system_status.found, '20.0.8.1')
    assert.equal(owner.results.pbx_map.found, '6 extensions, 1 queues, 1 IVRs')
    const admin = await ofRole('system_admins')
    assert.deepEqual(admin.refused, ['call_log', 'recordings'])
    assert.match(admin.results.call_log.advice, /system owners/)
    const user = await ofRole('users')
    assert.ok(user.refused.includes('system_status') && !user.refused.includes('users'))
    assert.match(user.results.system_status.advice, /role/)
  })

  test('a PBX that fails, one that is busy and one that cuts the connection are told apart', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const { simulator, fields } = await newSimulator(t)
    simulator.faults.set('500@ReportCallLogData')
    simulator.faults.set('429=60@Recordings')
    const { results } = await run(ask, fields)
    assert.match(results.call_log.reason, /failed \(500\)/)
    assert.equal(results.users.able, true)
    assert.match(results.recordings.advice, /later/)
    simulator.faults.clear()
    simulator.faults.set('dropped')
    const cut = await run(ask, fields)
    assert.deepEqual(
      [cut.results.dns.able, cut.results.token.able, cut.results.users.able],
      [true, false, false],
    )
  })
})
