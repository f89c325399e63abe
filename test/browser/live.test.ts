import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import type { Json } from '../hub.ts'
import { addHost, newPbx, untilWatched, type SimulatedPbx } from '../live.ts'
import { until } from '../wire.ts'
import { assertClean, closeBrowser, newWorld, type World } from './world.ts'

after(closeBrowser)

const HUB = { env: { CORDBOARD_ALLOW_PRIVATE: '127.0.0.1' } }

async function newOffice(t: TestContext): Promise<{ world: World; pbx: SimulatedPbx; host: number }> {
  const pbx = await newPbx(t)
  const world = await newWorld(t, HUB)
  const host = await addHost(world.ask, pbx)
  for (const extension of ['101', '102']) {
    const phones = [{ host_id: host, extension }]
    await world.newUser(`agent${extension}@example.com`, 'agent', {
      memberships: [{ role: 'agent', phones }],
    })
  }
  const customer = { name: 'Kiss Kft.', phone: '+36301234567', vip: true }
  await world.ask('POST', '/api/v1/customers', { body: customer })
  await untilWatched(world.ask, host)
  return { world, pbx, host }
}

/** What one window tells the others, as another window would hear it. */
const NOTE_EVENTS = `
  globalThis.told = []
  new BroadcastChannel('cordboard.live.' + sessionStorage.getItem('cordboard.tenant')).onmessage = ({ data }) => told.push(data.event?.event)
`

const isTold = (page: Page) => page.getByText('Calls for you open here.').waitFor()
const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor()

test('a call that rings opens its card, once, and what was saved is saved for that call', async (t) => {
  const { world, pbx, host } = await newOffice(t)
  const visit = await world.visitAs('agent101@example.com', '/pop')
  const { page } = visit
  await isTold(page)
  pbx.step('inbound a from +36301234567 via 101')
  await heading(page, 'Kiss Kft.')
  await page.getByText('Incoming call').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('host'), String(host))
  await assertClean(visit)
  pbx.step('answer a by 101')
  await page.getByText('In call').waitFor()
  await page.getByRole('radio', { name: 'Completed' }).check()
  await page.keyboard.press('Control+Enter')
  await page.getByText(/^Saved at/).waitFor()
  // Whoever goes elsewhere during the call is not called back to it, not even by loading the page anew.
  await page.getByRole('link', { name: 'Callbacks' }).click()
  await page.addInitScript(NOTE_EVENTS)
  await page.reload()
  await until('the call is told again', () => page.evaluate(`told.includes('answered')`))
  await heading(page, 'Callbacks')
  assert.equal(new URL(page.url()).pathname, '/callbacks')
  pbx.step('hangup a')
  await page.goBack()
  await heading(page, 'Kiss Kft.')
  const { json } = await world.ask('GET', '/api/v1/dispositions')
  const call = new URL(page.url()).searchParams.get('call')
  assert.deepEqual(
    json.data.map((one: Json) => [one.call, one.status, one.e164]),
    [[call, 'completed', '+36301234567']],
  )
  assert.deepEqual(visit.faults, [])
})

test('a call does not open over what is half written: a line says who calls', async (t) => {
  const { world, pbx } = await newOffice(t)
  const visit = await world.visitAs('agent101@example.com', '/pop?number=0199009901')
  const { page } = visit
  await isTold(page)
  await page.getByLabel('Comment').fill('Half of a sent')
  pbx.step('inbound a from +36301234567 via 101')
  await page.getByText('Call from Kiss Kft.').waitFor()
  assert.equal(await page.getByLabel('Comment').inputValue(), 'Half of a sent')
  await page.getByLabel('Comment').press('End')
  await page.keyboard.type('ence')
  await assertClean(visit)
  await page.getByRole('button', { name: 'Open card' }).click()
  await heading(page, 'Kiss Kft.')
  await page.goBack()
  assert.equal(await page.getByLabel('Comment').inputValue(), 'Half of a sentence')
  assert.deepEqual(visit.faults, [])
})

test('a transferred call opens for whoever gets it, and says where it went to whoever had it', async (t) => {
  const { world, pbx } = await newOffice(t)
  const first = await world.visitAs('agent101@example.com', '/pop')
  const second = await world.visitAs('agent102@example.com', '/callbacks')
  await isTold(first.page)
  await isTold(second.page)
  pbx.step('inbound a from +36301234567 via 101')
  await heading(first.page, 'Kiss Kft.')
  pbx.step('answer a by 101')
  await first.page.getByText('In call').waitFor()
  await heading(second.page, 'Callbacks')
  pbx.step('transfer a to 102')
  await heading(second.page, 'Kiss Kft.')
  pbx.step('answer a by 102')
  await second.page.getByText('In call').waitFor()
  await first.page.getByText(/^Went on/).waitFor()
  assert.deepEqual([...first.faults, ...second.faults], [])
})

test('of two windows the one used last opens the call', async (t) => {
  const { world, pbx } = await newOffice(t)
  const { page: first } = await world.visitAs('agent101@example.com', '/pop')
  await isTold(first)
  const second = await first.context().newPage()
  await second.goto('/callbacks')
  await isTold(second)
  await second.getByRole('heading', { name: 'Callbacks' }).click()
  pbx.step('inbound a from +36301234567 via 101')
  await heading(second, 'Kiss Kft.')
  await heading(first, 'Ready for the next call')
})

test('a number is called from the card by one’s own phone', async (t) => {
  const { world, pbx } = await newOffice(t)
  const { page, faults } = await world.visitAs('agent101@example.com', '/pop?number=%2B36301234567')
  await isTold(page)
  await page.getByRole('button', { name: 'Call +36301234567' }).dblclick()
  // Its card is that of the call from now on.
  await page.getByText('Dialling').waitFor()
  await heading(page, 'Kiss Kft.')
  await until('one call was made', () => Promise.resolve(pbx.simulator.pbx.calls.live.size === 1))
  assert.deepEqual(faults, [])
})
