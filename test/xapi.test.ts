import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Engine } from '../server/platform/database/engine.ts'
import type { StoreAddress } from '../server/platform/database/store.ts'
import { openLog } from '../server/platform/log.ts'
import { openPretendPbx } from '../xapi/testing/pbx.ts'
import { contentOf } from './commands.ts'
import { newHub, type Json } from './hub.ts'
import { changesOf, newPbxBehind, settingsFor, told } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'

/** Where a hub keeps everything, so that a test can look there. */
async function newPlace(t: TestContext, engine: Engine): Promise<{ address: StoreAddress; dataDir: string }> {
  const dataDir = await newDirectory(t)
  if (engine === 'postgres') return { dataDir, address: await newReadyAddress(t, engine) }
  return { dataDir, address: { kind: 'sqlite', file: join(dataDir, 'cordboard.db') } }
}

onEachStore('the API of a PBX behind the hub', (engine) => {
  test('a change is audited with what was before and after, secrets masked', async (t) => {
    const place = await newPlace(t, engine)
    const { ask, host, call, simulator } = await newPbxBehind(t, engine, { hub: place })
    const [user] = simulator.pbx.store.rows('Users') as Json[]
    const password = user.AuthPassword as string
    assert.ok(password.length > 6)
    const change = {
      parameters: { Id: user.Id },
      body: { FirstName: 'Renamed', AuthPassword: 'planted-pass' },
    }
    assert.equal(told(await call('UpdateUser', change), 200).status, 204)
    assert.equal((simulator.pbx.store.get('Users', user.Id) as Json).FirstName, 'Renamed')
    const [audit] = await changesOf({ ask })
    assert.deepEqual(
      [audit.pbx3cx_host_id, audit.object, audit.before.FirstName, audit.after.FirstName, audit.source],
      [host.id, `UpdateUser /Users(${user.Id})`, user.FirstName, 'Renamed', 'xapi'],
    )
    assert.deepEqual([audit.before.AuthPassword, audit.after.AuthPassword], ['********', '********'])
    assert.ok(audit.who && audit.when)

    const made = told(await call('CreateParking', { body: { Number: 'SP77' } }), 200).body
    told(await call('DeleteParking', { parameters: { Id: made.Id } }), 200)
    const [gone, created] = await changesOf({ ask })
    assert.deepEqual([created.before, created.after.Number], [null, 'SP77'])
    assert.deepEqual([gone.before.Number, gone.after], ['SP77', null])

    told(await call('UpdateUser', { parameters: { Id: 999_999 }, body: {} }), 422, 'pbx_refused')
    assert.equal((await changesOf({ ask })).length, 3, 'what was refused changed nothing')
    const content = await contentOf(place.address)
    const acts = (content['audit'] ?? []).filter((row) => row.includes('"call"'))
    assert.equal(acts.length, 4)
    assert.equal(acts.filter((row) => row.includes('failed')).length, 1)
    for (const secret of [password, 'planted-pass'])
      assert.ok(!JSON.stringify(content).includes(secret), 'a secret is in the store')
  })

  test('a change whose answer is lost is told and audited as such, and never sent twice', async (t) => {
    const { ask, call, simulator } = await newPbxBehind(t, engine)
    told(await call('ListParking'), 200)
    const posts = () =>
      simulator.requests.list().filter(({ method, path }) => method === 'POST' && path.includes('Parkings'))
    const input = { body: { Number: 'SP78' } }
    const headers = { 'idempotency-key': 'lost' }
    simulator.faults.set('dropped@/Parkings')
    told(await call('CreateParking', input, { headers }), 504, 'pbx_outcome_unknown')
    assert.equal(posts().length, 1)
    simulator.faults.clear()
    const again = await call('CreateParking', input, { headers })
    told(again, 504, 'pbx_outcome_unknown')
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(posts().length, 1)
    const [audit] = await changesOf({ ask })
    assert.equal(audit.after.Number, 'SP78')
    assert.match(audit.comment, /may not have been carried out/)
  })

  test('under a key a change is made once and answered alike', async (t) => {
    const { ask, call, simulator } = await newPbxBehind(t, engine)
    const headers = { 'idempotency-key': 'once' }
    const input = { body: { Number: 'SP80' } }
    const [first, second] = [
      await call('CreateParking', input, { headers }),
      await call('CreateParking', input, { headers }),
    ]
    assert.deepEqual(
      [told(first, 200), second.headers.get('idempotency-replayed')],
      [told(second, 200), 'true'],
    )
    assert.equal(simulator.pbx.store.rows('Parkings').filter((row) => row['Number'] === 'SP80').length, 1)
    assert.equal((await changesOf({ ask })).length, 1)
  })

  test('reading needs fleet:read, changing fleet:write; a token of one host only reads it', async (t) => {
    const { ask, host, call, newToken, simulator } = await newPbxBehind(t, engine)
    const other = await post(ask, 'pbx3cx-hosts', settingsFor(simulator))
    const change = { body: { Number: 'SP81' } }
    const asked = async (token: string) => [
      (await ask('GET', `/api/v1/pbx3cx/${host.id}/xapi/operations`, { token })).status,
      (await call('ListParking', {}, { token })).status,
      (await call('CreateParking', change, { token })).status,
    ]
    for (const scopes of [['directory:read', 'directory:write'], ['calls:write'], ['identify']])
      assert.deepEqual(await asked(await newToken(scopes)), [403, 403, 403], scopes.join())
    assert.deepEqual(await asked(await newToken(['fleet:read'])), [200, 200, 403])
    assert.deepEqual(await asked(await newToken(['fleet:write'], { host_id: host.id })), [200, 200, 403])
    assert.deepEqual(await asked(await newToken(['fleet:write'], { host_id: other.id })), [404, 404, 404])
    // A PBX tells of everybody's calls.
    const ofSales = await newToken(['fleet:write'], { departments: ['Sales'] })
    assert.deepEqual(await asked(ofSales), [200, 403, 403])
    assert.deepEqual(await changesOf({ ask }), [])
    assert.deepEqual(await asked(await newToken(['fleet:write'])), [200, 200, 200])
  })

  test('another tenant’s PBX is not there, and a private address is reached for the operator’s hosts alone', async (t) => {
    const { ask, host, call, simulator } = await newPbxBehind(t, engine)
    told(await call('ListParking'), 200)
    const { id } = await post(ask, 'tenants', { name: 'Two', country: 'FR' })
    const headers = { 'cordboard-tenant': String(id) }
    const made = await ask('POST', '/api/v1/tokens', { body: { name: 'two', scopes: ['admin'] }, headers })
    const token = made.json.token as string
    for (const name of [host.id, host.code, 'PBX-NOBODY', '0', '99999999999999999999']) {
      for (const [method, path, body] of [
        ['GET', 'operations', undefined],
        ['GET', 'operations/ListUser', undefined],
        ['POST', 'ListUser', {}],
        ['POST', 'DeleteUser', { parameters: { Id: 28 }, confirm: 'DeleteUser' }],
      ] as const) {
        const answer = await ask(method, `/api/v1/pbx3cx/${name}/xapi/${path}`, {
          token,
          ...(body ? { body } : {}),
        })
        told(answer, 404, 'not_found')
      }
    }
    const before = simulator.requests.list().length
    for (const xapi_url of [
      simulator.url,
      simulator.url.replace('127.0.0.1', 'localhost'),
      simulator.url.replace('127.0.0.1', '2130706433'),
    ]) {
      const theirs = await post(ask, 'pbx3cx-hosts', { ...settingsFor(simulator), xapi_url }, token)
      const refused = await ask('POST', `/api/v1/pbx3cx/${theirs.id}/xapi/ListUser`, { token, body: {} })
      told(refused, 403, 'pbx_address_refused')
    }
    assert.equal(simulator.requests.list().length, before, 'the PBX heard nothing')
  })

  test('neither the client’s secret nor its token is in an answer, the log or the store', async (t) => {
    const place = await newPlace(t, engine)
    const lines: string[] = []
    const log = openLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } })
    const env = { CORDBOARD_SECRET_KEY: newMasterKey() }
    const { ask } = await newHub(t, engine, { ...place, log, env })
    const pbx = await openPretendPbx(t)
    const secret = 'planted-client-secret'
    const host = await post(ask, 'pbx3cx-hosts', {
      host_name: 'pbx.example',
      xapi_url: pbx.url,
      xapi_client_id: 'cordboard',
      xapi_client_secret: secret,
    })
    const answers: string[] = []
    const call = async (id: string, input: Json = {}) => {
      const { text } = await ask('POST', `/api/v1/pbx3cx/${host.id}/xapi/${id}`, { body: input })
      answers.push(text)
    }
    pbx.on('/Users', { body: { value: [] } })
    await call('ListExtension')
    const token = pbx.tokens.live
    assert.ok(token !== null && pbx.heard.some(({ headers }) => headers.authorization === `Bearer ${token}`))
    const echo = { error: { code: '', message: `no: ${token} ${secret}`, details: [] } }
    pbx.on('/Users', { status: 500, body: echo })
    await call('ListExtension')
    await call('CreateExtension', { body: { Number: '1' } })
    pbx.on('/Users', { status: 403, body: echo })
    await call('ListExtension')
    assert.equal(answers.length, 4)
    await log.flush()
    const files = readdirSync(place.dataDir, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'))
    const seen = {
      answers: answers.join(),
      log: lines.join(),
      store: JSON.stringify(await contentOf(place.address)),
      files: files.join(),
    }
    for (const [place, text] of Object.entries(seen)) {
      assert.ok(text.length > 50, place)
      for (const planted of [secret, token]) assert.ok(!text.includes(planted), `${planted} in ${place}`)
    }
    const [row] = (await contentOf(place.address))['xapi_tokens'] ?? []
    assert.match(row ?? '', /"access_token","v1\./, 'the token is there, sealed')
  })
})
