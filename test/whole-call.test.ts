import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Json } from './hub.ts'
import { addHost, newAgent, newHome, newPbx, untilWatched, watchLive } from './live.ts'
import { post } from './pbx-fleet.ts'
import { makeDue, until } from './simulated-pbx.ts'
import { onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'
import { newReceiver } from './webhook-receiver.ts'

const KINDS = ['call.ringing', 'call.answered', 'call.ended', 'call.missed', 'disposition.saved']

const kindsOf = (events: Json[]): string[] => events.map(({ kind }) => String(kind)).sort()

onEachStore('a whole call', (engine) => {
  test('rings, pops, is answered, ends, is reported by the PBX and written up by its agent: one of each', async (t) => {
    const receiver = await newReceiver(t)
    const home = await newHome(t, engine)
    const pbx = await newPbx(t)
    const { ask, hub, importBook, newToken } = await newHub(t, engine, {
      ...home,
      env: {
        CORDBOARD_COUNTRY: 'HU',
        CORDBOARD_SECRET_KEY: newMasterKey(),
        CORDBOARD_ALLOW_PRIVATE: receiver.place,
        CORDBOARD_PUBLIC_URL: 'https://hub.example',
      },
    })
    await importBook('account;customer;phone\nCL7;Kiss Kft.;+36301234567\n')
    const host = await addHost(ask, pbx)
    const ann = await newAgent(ask, 'ann@example.com', [{ host_id: host, extension: '101' }])
    await post(ask, 'webhooks', { name: 'all', url: receiver.url, kinds: KINDS })

    // The administrator uploads the template and chooses it.
    const { text: xml } = await ask('GET', `/3cx/crm-template.xml?host=${host}`)
    const uploaded = await fetch(`${pbx.simulator.url}/simulator/crm-templates`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${pbx.simulator.controlToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ xml }),
    })
    assert.equal(uploaded.status, 201)
    const typed = {
      HubUrl: hub.url,
      ApiKey: await newToken(['identify', 'journal:write'], { host_id: host }),
    }
    const chosen = await ask('POST', `/api/v1/pbx3cx/${host}/xapi/UpdateCrmIntegration`, {
      body: {
        body: {
          Name: 'Cordboard pbx.example',
          VariableChoices: Object.entries(typed).map(([Key, Value]) => ({ Key, Value })),
        },
      },
    })
    assert.equal(chosen.status, 200, chosen.text)

    await untilWatched(ask, host)
    const screen = await watchLive(t, hub.url, ann.token)
    pbx.step('inbound a from +36301234567 to +3615550113')
    await screen.count(1)
    const [pop] = screen.events
    assert.deepEqual([pop?.event, pop?.customer?.name], ['pop', 'Kiss Kft.'])
    pbx.step('answer a by 101')
    await screen.count(2)
    pbx.step('hangup a')
    await screen.count(3)
    const disposition = { number: pop?.number, status: 'completed', call: String(pop?.call) }
    for (let i = 0; i < 2; i++) await post(ask, 'dispositions', disposition, ann.token)

    const logged = async (): Promise<Json[]> =>
      (await ask('GET', '/api/v1/pbx3cx-call-logs?page=1')).json.data
    await until(async () => (await logged()).length > 0)
    // What calls known by their records alone tell, is told now or never.
    await makeDue(t, home.address, 'call_over')
    await until(async () => (await ask('GET', '/api/v1/work?filter[kind]=call_over')).json.total === 0)
    const told = ['call.answered', 'call.ended', 'call.ringing', 'disposition.saved']
    await receiver.until((received) => new Set(received.map(({ json }) => json.kind)).size === told.length)

    const [call, ...more] = await logged()
    assert.deepEqual(
      [call?.status, call?.caller_e164, call?.agent_extension, call?.source, more],
      ['answered', '+36301234567', '101', 'crm', []],
    )
    const { json: dispositions } = await ask('GET', '/api/v1/dispositions')
    assert.deepEqual(
      dispositions.data.map(({ status, agent }: Json) => [status, agent]),
      [['completed', 'ann@example.com']],
    )
    const { json: events } = await ask('GET', '/api/v1/events')
    assert.deepEqual(kindsOf(events.data), told)
    assert.deepEqual(kindsOf(receiver.received.map(({ json }) => json)), told)
  })
})
