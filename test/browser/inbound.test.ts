import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { addHost, newPbx } from '../live.ts'
import { assertClean, closeBrowser, newWorld, overflows, PHONE_SCREEN } from './world.ts'

after(closeBrowser)

test('a manager sees the rules of a PBX, and asks where a call goes and why', async (t) => {
  const pbx = await newPbx(t)
  const world = await newWorld(t, { env: { CORDBOARD_ALLOW_PRIVATE: '127.0.0.1' } })
  await world.newUser('max@example.com', 'manager')
  await world.newUser('ann@example.com')
  const agent = await world.visitAs('ann@example.com', '/pop')
  assert.equal(await agent.page.getByRole('link', { name: 'Routes' }).count(), 0)
  await agent.page.goto('/inbound')
  await agent.page.getByText('You may not do this.').waitFor()
  await assertClean(agent)

  const own = await world.visitAs('max@example.com', '/pop')
  const { page } = own
  await page.getByRole('link', { name: 'Routes' }).click()
  await page.getByText('There is no phone system yet.').waitFor()
  await assertClean(own)
  await addHost(world.ask, pbx, { watch_calls: false, host_name: 'north.example' })
  const other = await addHost(world.ask, pbx, { watch_calls: false, host_name: 'south.example' })
  assert.equal((await world.ask('POST', `/api/v1/pbx3cx/${other}/snapshots`)).status, 201)
  await page.reload()
  await page.getByText('Where does it go?').first().waitFor()
  await assertClean(own)
  await page.getByLabel('Phone system', { exact: true }).selectOption('south.example')
  const rules = page.getByRole('region', { name: 'Inbound rules' })
  await rules.getByText('Main number').waitFor()
  await rules.getByText('Queue 800 Support').waitFor()
  await assertClean(own)
  await rules.getByRole('link', { name: 'Where does it go? +3615550111' }).click()
  const way = page.getByRole('region', { name: 'A call to +3615550111' })
  await way
    .getByText('From what was read from the phone system')
    .or(way.getByText('Read from the phone'))
    .waitFor()
  assert.equal(new URL(page.url()).searchParams.get('host'), String(other))

  // In office hours, by keyboard: the address is the question.
  await page.getByLabel('When it calls').fill('2026-11-24T10:00')
  await page.getByLabel('Number calling').fill('+36301234567')
  await page.keyboard.press('Enter')
  await way.getByText('Queue 800').waitFor()
  await way.getByText('in office hours', { exact: true }).waitFor()
  const picture = way.getByRole('img', { name: 'Picture of every way the call may take' })
  await picture.waitFor()
  assert.ok(
    await picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth > 100),
  )
  await assertClean(own)
  const again = await world.visitAs('max@example.com', page.url(), PHONE_SCREEN)
  await again.page.getByRole('region', { name: 'A call to +3615550111' }).getByText('Queue 800').waitFor()
  assert.equal(await overflows(again.page), false)

  await page.getByLabel('Number called').fill('+4911111')
  await page.keyboard.press('Enter')
  await page.getByText('No inbound rule takes this call.').waitFor()
  pbx.simulator.faults.set('dropped')
  await page.getByLabel('Read the phone system anew').check()
  await page.getByRole('button', { name: 'Where does it go?' }).click()
  await page.getByText('The phone system could not be read').waitFor()
  await assertClean(own)
})
