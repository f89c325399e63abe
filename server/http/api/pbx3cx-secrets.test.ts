import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { HOST_SECRETS } from '../../../contract/pbx3cx-hosts.ts'
import { newHub, type Answer, type Ask, type Json } from '../../../test/hub.ts'
import { HOST_VALUES, MASKS, PLANTED, post } from '../../../test/pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'
import { openLog } from '../../platform/log.ts'

const HOSTS = '/api/v1/pbx3cx-hosts'
const SECRETS = Object.fromEntries(HOST_SECRETS.map((name) => [name, HOST_VALUES[name]])) as Record<
  string,
  string
>

/** A hub whose store, logs and answers are all kept to be looked through. */
async function newVaultHub(t: TestContext, engine: Engine) {
  const dataDir = await newDirectory(t)
  const address: StoreAddress =
    engine === 'sqlite'
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : await newReadyAddress(t, engine)
  const lines: string[] = []
  const log = openLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
  const opened = await newHub(t, engine, {
    address,
    dataDir,
    log,
    env: { CORDBOARD_SECRET_KEY: newMasterKey() },
  })
  const answers: Answer[] = []
  const ask: Ask = async (...asked) => {
    const answer = await opened.ask(...asked)
    answers.push(answer)
    return answer
  }
  return { ...opened, ask, answers, lines, dataDir, address }
}

/** Every byte of the data directory, and every row of every table. */
async function stored(address: StoreAddress, dataDir: string): Promise<string> {
  const texts: string[] = []
  for (const entry of await readdir(dataDir, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) texts.push(await readFile(join(entry.parentPath, entry.name), 'latin1'))
  if (address.kind === 'sqlite') return texts.join('\n')
  const store = await openStore<Record<string, never>>({ address })
  try {
    const tables = await sql<{ name: string }>`select tablename as name from pg_tables
      where schemaname = 'public'`.execute(store.read)
    for (const { name } of tables.rows)
      texts.push(JSON.stringify((await sql`select * from ${sql.table(name)}`.execute(store.read)).rows))
  } finally {
    await store.close()
  }
  return texts.join('\n')
}

const reveal = (ask: Ask, id: number, body: Json, token?: string) =>
  ask('POST', `${HOSTS}/${id}/reveal`, { body, ...(token ? { token } : {}) })

onEachStore('secrets of PBX hosts', (engine) => {
  test('answers hold masks; absent or the mask leaves a secret, null clears it, another one replaces it', async (t) => {
    const { ask } = await newVaultHub(t, engine)
    const made = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', ...SECRETS })
    for (const [name, mask] of Object.entries(MASKS)) assert.equal(made[name], mask, name)
    const revealed = async () => (await reveal(ask, made.id, { reason: 'test' })).json
    assert.deepEqual(await revealed(), SECRETS)
    // What was read is written back as it is, by somebody who knows nothing of masks.
    const whole = (await ask('GET', `${HOSTS}/${made.id}`)).json
    assert.equal((await ask('PUT', `${HOSTS}/${made.id}`, { body: whole })).status, 201)
    assert.equal((await ask('PUT', `${HOSTS}/${made.id}`, { body: { comment: 'x' } })).status, 201)
    assert.deepEqual(await revealed(), SECRETS)
    const body = {
      web_password: null,
      ssh_password: '',
      licence_key: 'NEWK-EYNE-WKEY-0001',
      ssh_key: ' kept as it is ',
    }
    const changed = (await ask('PUT', `${HOSTS}/${made.id}`, { body })).json
    assert.deepEqual(
      [changed.web_password, changed.ssh_password, changed.licence_key, changed.ssh_key],
      [null, null, '********-0001', '********'],
    )
    assert.deepEqual(await revealed(), { ...SECRETS, ...body, ssh_password: null })
    const older = await ask('PUT', `${HOSTS}/${made.id}`, { body: { licence_key: MASKS['licence_key'] } })
    assert.equal(older.status, 422, 'the mask of another key is no key')
  })

  test('a key too short to show a part of shows none', async (t) => {
    const { ask } = await newVaultHub(t, engine)
    for (const key of ['short-key', 'NOGROUPSATALLHERE', 'A-BCDEFGHIJKLMNOPQ']) {
      const { licence_key } = await post(ask, 'pbx3cx-hosts', { host_name: 'a', licence_key: key })
      assert.equal(licence_key, '********', key)
    }
  })

  test('a reveal has a scope of its own and a reason, and the audit trail keeps who, which and why', async (t) => {
    const { ask, newToken, address } = await newVaultHub(t, engine)
    const { id } = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', ...SECRETS })
    const writer = await newToken(['fleet:write'])
    const refused = await reveal(ask, id, { reason: 'curious' }, writer)
    assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'])
    const revealer = await newToken(['secrets:reveal'], { name: 'on duty' })
    for (const body of [{}, { reason: ' ' }, { reason: 'because', fields: ['comment'] }])
      assert.equal((await reveal(ask, id, body, revealer)).status, 422, JSON.stringify(body))
    const given = { reason: 'the PBX is down', fields: ['web_password'] }
    const shown = await reveal(ask, id, given, revealer)
    assert.deepEqual([shown.status, shown.json], [200, { web_password: SECRETS['web_password'] }])
    assert.equal(shown.headers.get('cache-control'), 'no-store')
    assert.equal((await reveal(ask, id + 99, given, revealer)).status, 404)
    const store = await openStore<Record<'audit', Json>>({ address })
    t.after(() => store.close())
    const rows = await store.read.selectFrom('audit').selectAll().where('action', '=', 'reveal').execute()
    assert.deepEqual(
      rows.map((row) => [row.actor_name, row.entity_id, JSON.parse(row.after)]),
      [['on duty', id, { fields: given.fields, reason: given.reason }]],
    )
  })

  test('only a token with the legacy switch reads them in clear, and may still write what it read', async (t) => {
    const { ask, newToken } = await newVaultHub(t, engine)
    const { id } = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', ...SECRETS })
    const token = await newToken(['fleet:write'], { clear_secrets: true })
    const plain = await newToken(['fleet:write'])
    const one = await ask('GET', `${HOSTS}/${id}`, { token })
    const list = await ask('GET', HOSTS, { token })
    const made = await ask('POST', HOSTS, { token, body: { host_name: 'b', ...SECRETS } })
    for (const host of [one.json, list.json[0], made.json])
      for (const [name, secret] of Object.entries(SECRETS)) assert.equal(host[name], secret, name)
    const headers = { 'if-match': one.headers.get('etag') ?? '' }
    const written = await ask('PUT', `${HOSTS}/${id}`, {
      token,
      body: { ...one.json, comment: 'x' },
      headers,
    })
    assert.equal(written.status, 201, written.text)
    assert.equal(written.json.web_password, SECRETS['web_password'])
    const seen = await ask('GET', `${HOSTS}/${id}`, { token: plain })
    assert.equal(seen.json.web_password, '********')
    assert.equal(seen.headers.get('etag'), written.headers.get('etag'))
    const tokens = (await ask('GET', '/api/v1/tokens?per_page=200')).json.data
    assert.deepEqual(
      tokens.map((one: Json) => one.clear_secrets),
      [false, true, false],
    )
  })

  test('planted secrets are in clear in no file, no table, no log and no answer', async (t) => {
    const { ask, answers, lines, dataDir, address, hub } = await newVaultHub(t, engine)
    const headers = () => ({ 'idempotency-key': randomUUID() })
    const body = { ...HOST_VALUES, profile_id: null, customer_file_id: null }
    const made = await ask('POST', HOSTS, { body, headers: headers() })
    const { id } = made.json
    await ask('PUT', `${HOSTS}/${id}`, { body: { ...body, comment: 'again' } })
    await ask('PUT', `${HOSTS}/${id}`, { body: { ...SECRETS, ip_address: 'planted-wrong' } })
    await ask('POST', HOSTS, { body: { ...body, ssh_key: `${SECRETS['ssh_key']}\u0000`, host_name: 'nul' } })
    await ask('PUT', `${HOSTS}/${id}`, {
      body: { ...SECRETS, tls_mode: 'wrong' },
      headers: { 'if-match': '"x"' },
    })
    await ask('GET', HOSTS)
    await ask('GET', `${HOSTS}?per_page=1`)
    await ask('GET', `${HOSTS}/${id}`)
    await ask('POST', '/api/v1/erase', { body: { number: '0199001234' } })
    await hub.renewSnapshot()
    const clear = await hub.fleet.reveal.inClear(hub.operatorTenantId, [
      (await ask('GET', `${HOSTS}/${id}`)).json,
    ])
    assert.equal(clear[0]?.web_password, SECRETS['web_password'], 'they are stored')
    await ask('DELETE', `${HOSTS}/${id}`)
    assert.equal(made.status, 201)
    const places = {
      store: await stored(address, dataDir),
      log: lines.join('\n'),
      answers: answers.map(({ text, headers: sent }) => text + JSON.stringify([...sent])).join('\n'),
    }
    assert.match(places.store, /In the cellar/)
    for (const [place, text] of Object.entries(places))
      for (const planted of PLANTED) assert.ok(!text.includes(planted), `${planted} is in the ${place}`)
  })

  test('while the data key is replaced again and again, no secret that was acknowledged is lost', async (t) => {
    const { ask, newToken, hub } = await newVaultHub(t, engine)
    const ids = await Promise.all(
      Array.from(
        { length: 6 },
        async (_, i) =>
          (await post(ask, 'pbx3cx-hosts', { host_name: `h${i}`, ssh_key: `first ${i}` })).id as number,
      ),
    )
    const expected = new Map(ids.map((id, i) => [id, `first ${i}`]))
    const token = await newToken(['fleet:write'], { clear_secrets: true })
    let rotations = 0
    const write = async (id: number) => {
      for (let n = 0; n < 4 || rotations < 3; n++) {
        const body = { ssh_key: `secret ${id} ${n}`, ...(n % 2 ? { comment: `${n}` } : {}) }
        const { status, text } = await ask('PUT', `${HOSTS}/${id}`, { body })
        assert.equal(status, 201, text)
        expected.set(id, body.ssh_key)
        assert.equal((await ask('GET', `${HOSTS}/${id}`, { token })).json.ssh_key, body.ssh_key)
      }
    }
    const rotate = async () => {
      for (; rotations < 3; rotations++)
        assert.equal((await ask('POST', '/api/v1/keys/rotate', { body: {} })).json.unreadable, 0)
    }
    await Promise.all([...ids.map(write), rotate()])
    await hub.keyring.rotate({
      kind: 'system',
      id: null,
      name: 'test',
      tenantId: 1,
      requestId: null,
      address: null,
    })
    for (const [id, secret] of expected)
      assert.equal((await reveal(ask, id, { reason: 'test', fields: ['ssh_key'] })).json.ssh_key, secret)
    const keys = (await ask('GET', '/api/v1/keys?per_page=200')).json.data as {
      state: string
      values: number
    }[]
    for (const { state, values } of keys) assert.equal(values, state === 'current' ? ids.length : 0)
  })
})

onEachStore('secrets without a key', (engine) => {
  test('PostgreSQL refuses them clearly and writes nothing; SQLite makes a key of its own', async (t) => {
    const { ask } = await newHub(t, engine)
    const { id } = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example' })
    const made = await ask('POST', HOSTS, { body: { host_name: 'b.example', ...SECRETS } })
    const put = await ask('PUT', `${HOSTS}/${id}`, { body: { comment: 'x', web_password: 'y' } })
    if (engine === 'sqlite') return assert.deepEqual([made.status, put.status], [201, 201])
    for (const refused of [made, put]) {
      assert.deepEqual([refused.status, refused.json.code], [503, 'secret_key_required'])
      assert.match(refused.json.message, /CORDBOARD_SECRET_KEY/)
    }
    const list = (await ask('GET', HOSTS)).json
    assert.deepEqual(
      list.map((host: Json) => [host.host_name, host.comment]),
      [['a.example', null]],
    )
    assert.equal(
      (await ask('PUT', `${HOSTS}/${id}`, { body: { comment: 'x', web_password: null } })).status,
      201,
    )
  })
})
