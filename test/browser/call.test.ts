import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Json } from '../hub.ts'
import { addHost, newPbx } from '../live.ts'
import { post } from '../pbx-fleet.ts'
import { newMasterKey } from '../vault.ts'
import { assertClean, closeBrowser, newWorld, overflows, PHONE_SCREEN } from './world.ts'

after(closeBrowser)

test('which phone rings and what it dials is chosen before the call, by keyboard as well', async (t) => {
  const pbx = await newPbx(t)
  const env = { CORDBOARD_ALLOW_PRIVATE: '127.0.0.1', CORDBOARD_SECRET_KEY: newMasterKey() }
  const { ask, newUser, visitAs } = await newWorld(t, { env: { ...env, CORDBOARD_COUNTRY: 'HU' } })
  const host = await addHost(ask, pbx, { watch_calls: false })
  const phones = ['101', '102'].map((extension) => ({ host_id: host, extension }))
  await newUser('ann@example.com', 'agent', { memberships: [{ role: 'agent', phones }] })
  await post(ask, 'customers', { name: 'Kiss Kft.', phone: '+36301234567' })
  const placed = () =>
    pbx.simulator.requests
      .list()
      .filter(({ path }) => path.endsWith('Pbx.MakeCall'))
      .map(({ body }) => {
        const { dn, destination }: Json = typeof body === 'string' ? JSON.parse(body) : body
        return `${dn} ${destination}`
      })

  const own = await visitAs('ann@example.com', '/pop?number=%2B36301234567', PHONE_SCREEN)
  const { page } = own
  // Of several phones one must be named first.
  await page.getByRole('button', { name: 'Call +36301234567', exact: true }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Call' })
  await dialog.waitFor()
  await assertClean(own)
  assert.equal(await overflows(page), false)
  await page.keyboard.press('End')
  await page.keyboard.press('Backspace')
  await page.keyboard.type('8')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByText('Your phone rings; then +36301234568 is called.').waitFor()
  assert.deepEqual(placed(), ['102 +36301234568'])
  await assertClean(own)
  // The phone called from last rings without a question.
  await page.getByRole('button', { name: 'Call +36301234567', exact: true }).click()
  await page.getByText('Your phone rings; then +36301234567 is called.').waitFor()
  assert.deepEqual(placed().at(-1), '102 +36301234567')

  await post(ask, 'dispositions', { number: '+36301234567', status: 'do_not_disturb' })
  await page.reload()
  const call = page.getByRole('button', { name: 'Call +36301234567', exact: true })
  assert.equal(await call.getAttribute('aria-disabled'), 'true')
  await page.getByRole('button', { name: 'More ways to reach +36301234567' }).click()
  await dialog.getByLabel('Phone number').press('Enter')
  assert.equal(placed().length, 2)
  await dialog.getByLabel('Call all the same').check()
  await assertClean(own)
  await dialog.getByRole('button', { name: 'Call', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(placed().length, 3)
  await page.getByRole('button', { name: 'More ways to reach +36301234567' }).click()
  await dialog.getByLabel('Phone number').fill('no number')
  await page.keyboard.press('Enter')
  await dialog.getByRole('alert').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.deepEqual(own.faults, [])
})
