import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { AUDIT_ITEMS } from '../contract/pbx3cx-audits.ts'
import { ADMIN_TOKEN, newHub, type Json } from './hub.ts'
import { HOST_PROPERTIES, HOST_VALUES, post } from './pbx-fleet.ts'
import { newSimulator } from './simulated-pbx.ts'
import { onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'

const run = promisify(execFile)
const GUIDE = new URL('../docs/pbx-hosts.md', import.meta.url)

type Asked = {
  route: string
  body?: Json
  status: number
  answer: 'array' | 'object' | 'message'
  /** Without a token, too. */
  isPublic?: true
}

const HOST = { host_name: 'a.example' }
const RECORD = { pbx3cx_host_id: 1, external_id: 'r', started_at: '2026-05-01T10:00:00Z' }
const AUDIT = { pbx3cx_host_id: 1 }

/** The specification, route by route, in an order in which each finds what it needs. */
const SPECIFICATION: Record<string, Asked[]> = {
  'PBX hosts': [
    { route: 'POST pbx3cx-hosts', body: HOST, status: 201, answer: 'object' },
    { route: 'GET pbx3cx-hosts', status: 200, answer: 'array' },
    { route: 'GET pbx3cx-hosts?customer_id=1', status: 200, answer: 'array' },
    { route: 'GET pbx3cx-hosts?customer_file_id=1', status: 200, answer: 'array' },
    { route: 'GET pbx3cx-hosts?fileable_id=1&fileable_type=App%5CCustomer', status: 200, answer: 'array' },
    { route: 'GET pbx3cx-hosts?page=1', status: 200, answer: 'object' },
    { route: 'GET pbx3cx-hosts/1', status: 200, answer: 'object' },
    { route: 'GET pbx3cx-hosts/999', status: 404, answer: 'message' },
    { route: 'PUT pbx3cx-hosts/1', body: { comment: 'x' }, status: 201, answer: 'object' },
    { route: 'PUT pbx3cx-hosts/999', body: {}, status: 404, answer: 'message' },
    { route: 'POST pbx3cx-hosts', body: {}, status: 422, answer: 'message' },
    { route: 'POST pbx3cx_hosts', body: HOST, status: 201, answer: 'object' },
    { route: 'GET pbx3cx_hosts', status: 200, answer: 'array' },
    { route: 'DELETE pbx3cx_hosts/2', status: 201, answer: 'message' },
    { route: 'DELETE pbx3cx-hosts/2', status: 404, answer: 'message' },
  ],
  'PBX calls': [
    { route: 'POST pbx3cx_calls', body: RECORD, status: 201, answer: 'object' },
    { route: 'POST pbx3cx_calls', body: RECORD, status: 201, answer: 'object' },
    { route: 'POST pbx3cx_calls', body: { external_id: 'r' }, status: 422, answer: 'message' },
    { route: 'GET pbx3cx_calls', status: 200, answer: 'object' },
    { route: 'GET pbx3cx_calls?pbx3cx_host_id=1&status=missed', status: 200, answer: 'object' },
    { route: 'GET pbx3cx_calls/1', status: 200, answer: 'object' },
    { route: 'GET pbx3cx_calls/999', status: 404, answer: 'message' },
    { route: 'PUT pbx3cx_calls/1', body: { queue: '800' }, status: 201, answer: 'object' },
    { route: 'PUT pbx3cx_calls/999', body: {}, status: 404, answer: 'message' },
  ],
  'call logs': [
    { route: 'GET pbx3cx-call-logs', status: 200, answer: 'array' },
    { route: 'GET pbx3cx-call-logs/1', status: 200, answer: 'object' },
    { route: 'GET pbx3cx-call-logs/999', status: 404, answer: 'message' },
    { route: 'GET pbx3cx-call-log-details/1', status: 200, answer: 'object' },
    { route: 'GET pbx3cx-call-log-details/999', status: 404, answer: 'message' },
    { route: 'POST pbx3cx-call-logs', body: { ...RECORD, external_id: 'l' }, status: 201, answer: 'object' },
    { route: 'DELETE pbx3cx_calls/1', status: 201, answer: 'message' },
  ],
  'PBX audits': [
    { route: 'POST pbx3cx-audits', body: AUDIT, status: 201, answer: 'object' },
    { route: 'POST pbx3cx-audits', body: {}, status: 422, answer: 'message' },
    { route: 'GET pbx3cx-audits', status: 200, answer: 'object' },
    { route: 'GET pbx3cx-audits/1', status: 200, answer: 'object' },
    { route: 'GET pbx3cx-audits/999', status: 404, answer: 'message' },
    { route: 'PUT pbx3cx-audits/1', body: { close: 1 }, status: 201, answer: 'object' },
    { route: 'DELETE pbx3cx-audits/1', status: 201, answer: 'message' },
  ],
  helpers: [
    { route: 'GET helpers/3cxCountries', status: 200, answer: 'array', isPublic: true },
    { route: 'GET helpers/3cxOpenDestinations', status: 200, answer: 'array', isPublic: true },
  ],
}

/** What is read from a PBX; the host made here is the third. */
const readFrom = (fields: Json): Asked[] => [
  { route: 'POST pbx3cx-hosts', body: fields, status: 201, answer: 'object' },
  { route: 'GET pbx3cx/3/origins', status: 200, answer: 'array' },
  { route: 'GET pbx3cx/999/origins', status: 404, answer: 'message' },
  { route: 'GET pbx3cx/1/origins', status: 409, answer: 'message' },
  { route: 'POST pbx3cx-hosts/3/test', body: {}, status: 200, answer: 'object' },
  { route: 'POST pbx3cx-hosts/3/map', body: {}, status: 200, answer: 'object' },
  { route: 'POST pbx3cx-hosts/999/map', body: {}, status: 404, answer: 'message' },
  { route: 'GET pbx3cx-hosts/3/call-log', status: 200, answer: 'object' },
  { route: 'GET pbx3cx-hosts/999/call-log', status: 404, answer: 'message' },
]

const shapeOf = (json: Json): Asked['answer'] =>
  Array.isArray(json) ? 'array' : typeof json?.message === 'string' ? 'message' : 'object'

onEachStore('the PBX section as it is specified', (engine) => {
  test('every route: its status, the shape of its answer, and who may ask', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const { fields } = await newSimulator(t)
    const sections = { ...SPECIFICATION, 'read from the PBX': readFrom(fields) }
    for (const [section, routes] of Object.entries(sections))
      for (const { route, body, status, answer, isPublic } of routes) {
        const [method = '', path = ''] = route.split(' ')
        const sent = body === undefined ? {} : { body }
        const nobody = await ask(method, `/api/v1/${path}`, {
          ...sent,
          token: null,
          headers: { 'x-forwarded-for': '192.0.2.1' },
        })
        // After ten of them the address is throttled.
        if (!isPublic) assert.ok([401, 429].includes(nobody.status), `${section}: ${route} without a token`)
        const given = await ask(method, `/api/v1/${path}`, isPublic ? { ...sent, token: null } : sent)
        assert.equal(given.status, status, `${section}: ${route}: ${given.text}`)
        assert.equal(shapeOf(given.json), answer, `${section}: ${route}: ${given.text}`)
        if (status === 422) assert.deepEqual(Object.keys(given.json).sort(), ['code', 'errors', 'message'])
      }
  })

  test('every property of a host: its default, and what is written to it', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const { id } = await post(ask, 'pbx3cx-hosts', HOST)
    for (const [name, [, initial]] of Object.entries(HOST_PROPERTIES)) {
      const before = (await ask('GET', `/api/v1/pbx3cx-hosts/${id}`)).json
      if (initial !== undefined) assert.deepEqual(before[name], initial, `${name} at first`)
      const value = HOST_VALUES[name]
      if (value === undefined || name === 'tls_mode') continue
      const put = await ask('PUT', `/api/v1/pbx3cx-hosts/${id}`, { body: { [name]: value } })
      assert.equal(put.status, 201, `${name}: ${put.text}`)
      // Only what was written has changed, masks and the stamp aside.
      const changed = Object.keys(put.json).filter(
        (key) => JSON.stringify(put.json[key]) !== JSON.stringify(before[key]),
      )
      assert.deepEqual(changed.sort(), [name, 'updated_at'].sort(), name)
    }
    const audit = await post(ask, 'pbx3cx-audits', { pbx3cx_host_id: id })
    assert.deepEqual(Object.keys(audit.items), [...AUDIT_ITEMS])
  })
})

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const skip = isThere('curl') ? false : 'no curl to run the examples with'

test('every example of the guide runs as it is written', { skip }, async (t) => {
  const { hub } = await newHub(t, 'sqlite')
  const env = { ...process.env, CORDBOARD_URL: hub.url, CORDBOARD_TOKEN: ADMIN_TOKEN }
  const examples = [...readFileSync(GUIDE, 'utf8').matchAll(/```(sh|js)\n([^]*?)```/g)]
  assert.ok(examples.length >= 5)
  for (const [, language = '', code = ''] of examples) {
    const program = language === 'sh' ? 'sh' : process.execPath
    const args = language === 'sh' ? ['-ec', code] : ['--input-type=module', '-e', code]
    const { stdout } = await run(program, args, { env, timeout: 60_000 })
    if (language === 'js') assert.match(stdout, /^201 \{[^]*^201 \{/m, stdout)
  }
})
