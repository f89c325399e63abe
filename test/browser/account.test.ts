import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { TOTP } from 'otpauth'
import decodeQR from 'qr/decode.js'
import type { Json } from '../hub.ts'
import { newMasterKey } from '../vault.ts'
import { assertClean, closeBrowser, newWorld, overflows, PASSWORD, PHONE_SCREEN, signIn } from './world.ts'

after(closeBrowser)

const HUB = { env: { CORDBOARD_SECRET_KEY: newMasterKey() } }
/** What a camera reads in the picture of modules. */
async function readQr(page: Page, name: string): Promise<string> {
  const svg = page.getByRole('img', { name })
  const size = Number((await svg.getAttribute('viewBox'))?.split(' ')[2])
  const drawn = await svg.locator('path').getAttribute('d')
  const dark = new Set((drawn ?? '').match(/(?<=M)\d+ \d+/g))
  const scale = 4
  const side = size * scale
  const data = new Uint8Array(side * side * 4)
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)].map((at) => Math.floor(at / scale))
    data.fill(dark.has(`${x} ${y}`) ? 0 : 255, i * 4, i * 4 + 3)
    data[i * 4 + 3] = 255
  }
  return decodeQR({ width: side, height: side, data })
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor()

test('an authenticator is set up by keyboard, its codes are shown once, and it is taken away again', async (t) => {
  const { newUser, visitAs, visit } = await newWorld(t, HUB)
  await newUser('ann@example.com')
  const own = await visitAs('ann@example.com', '/pop')
  const { page } = own
  await page.getByRole('link', { name: 'Your account' }).focus()
  await page.keyboard.press('Enter')
  await heading(page, 'Your account')
  await page.getByRole('button', { name: 'Set up an authenticator' }).focus()
  await page.keyboard.press('Enter')
  const key = await page.getByLabel('Key', { exact: true }).innerText()
  const link = await page.getByRole('link', { name: 'Open in an app on this device' }).getAttribute('href')
  const secret = key.replaceAll(' ', '')
  assert.equal(new URL(link ?? '').searchParams.get('secret'), secret)
  assert.equal(await readQr(page, 'QR code of the key'), link)
  await assertClean(own)
  // The field of the code has the focus.
  await page.keyboard.type('000000')
  await page.keyboard.press('Enter')
  await page.getByText('This is not the code of now.').waitFor()
  await assertClean(own)
  await page.getByRole('textbox', { name: 'Code' }).fill(new TOTP({ secret }).generate())
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
  const codes = await page.locator('.recovery-codes code').allInnerTexts()
  assert.equal(codes.length, 10)
  await assertClean(own)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByText('10 recovery codes are left.').waitFor()
  assert.equal((await page.locator('body').innerText()).includes(codes[0] ?? '-'), false)
  await assertClean(own)

  const other = await visit('/login')
  await other.page.getByLabel('E-mail address').fill('ann@example.com')
  await other.page.getByLabel('Password').fill(PASSWORD)
  await other.page.keyboard.press('Enter')
  await other.page.getByLabel('Code').fill(codes[0] ?? '')
  await other.page.keyboard.press('Enter')
  await heading(other.page, 'Ready for the next call')

  await page.reload()
  await page.getByText('9 recovery codes are left.').waitFor()
  await page.getByRole('button', { name: 'Take the authenticator away' }).click()
  await page.keyboard.type('not the password')
  await page.keyboard.press('Enter')
  await page.getByText('This is not your password.').waitFor()
  await assertClean(own)
  const form = page.getByRole('region', { name: 'Authenticator' })
  await form.getByLabel('Your password now').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByText('Not set up:').waitFor()
  assert.deepEqual([...own.faults, ...other.faults], [])
})

test('the password is changed, and other places are signed out', async (t) => {
  const { newUser, visitAs } = await newWorld(t)
  await newUser('ann@example.com')
  const own = await visitAs('ann@example.com', '/account', PHONE_SCREEN)
  const { page } = own
  const other = await visitAs('ann@example.com', '/callbacks')
  const panel = page.getByRole('region', { name: 'Change password' })
  const save = panel.getByRole('button', { name: 'Change password' })
  await panel.getByLabel('Your password now').fill('not the password')
  await panel.getByLabel('New password').fill('another good password')
  await panel.getByLabel('The same once more').fill('another good passwort')
  await save.click()
  await page.getByText('The two are not the same.').waitFor()
  await panel.getByLabel('The same once more').fill('another good password')
  await save.click()
  await page.getByText('This is not your password.').waitFor()
  assert.equal(await overflows(page), false)
  await panel.getByLabel('Your password now').fill(PASSWORD)
  await save.click()
  await page.getByText('Your password is changed; you were signed out in one other place.').waitFor()
  await assertClean(own)
  await other.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
})

test('whoever belongs to several tenants goes from one to the other, each window by itself', async (t) => {
  const { ask, hub, newUser, visitAs } = await newWorld(t)
  const north = (await ask('POST', '/api/v1/tenants', { body: { name: 'North' } })).json.id
  const memberships = [{ role: 'agent' }, { tenant_id: north, role: 'agent' }]
  await newUser('ann@example.com', 'agent', { memberships })
  const inNorth = { headers: { 'cordboard-tenant': String(north) } }
  const customer = (name: string) => ({ name, phone: '+33199001234' })
  await ask('POST', '/api/v1/customers', { body: customer('Here') })
  await ask('POST', '/api/v1/customers', { body: customer('There'), ...inNorth })

  const own = await visitAs('ann@example.com', '/pop?number=%2B33199001234')
  const { page } = own
  await heading(page, 'Here')
  await page.getByLabel('Comment').fill('Only of here')
  const tenant = page.getByLabel('Organisation')
  const said: string[] = []
  page.once('dialog', (dialog) => {
    said.push(dialog.message())
    void dialog.dismiss()
  })
  await tenant.selectOption('North')
  assert.deepEqual(said, ['Something is not saved yet. Leave it?'])
  assert.equal(await tenant.inputValue(), String(hub.operatorTenantId))
  await heading(page, 'Here')

  const second = await page.context().newPage()
  await second.goto('/pop?number=%2B33199001234')
  await heading(second, 'Here')
  await second.getByLabel('Organisation').selectOption('North')
  await heading(second, 'Ready for the next call')
  await second.goto('/pop?number=%2B33199001234')
  await heading(second, 'There')
  // What is being written of the same number elsewhere is not here.
  assert.equal(await second.getByLabel('Comment').inputValue(), '')
  await assertClean({ page: second, faults: own.faults })
  await second.getByRole('radio', { name: 'Completed' }).check()
  await second.keyboard.press('Control+Enter')
  await second.getByText(/^Saved at/).waitFor()
  await page.getByRole('radio', { name: 'No Answer' }).check()
  await page.keyboard.press('Control+Enter')
  await page.getByText(/^Saved at/).waitFor()
  const saved = async (options: Json) =>
    (await ask('GET', '/api/v1/dispositions', options)).json.data.map(({ status }: Json) => status)
  assert.deepEqual(await saved({}), ['no_answer'])
  assert.deepEqual(await saved(inNorth), ['completed'])

  // Whoever is taken out of a tenant is in their own again.
  const users = await ask('GET', '/api/v1/users?filter[email]=ann@example.com')
  const id = users.json.data[0].id
  await ask('PATCH', `/api/v1/users/${id}`, { body: { memberships: [{ role: 'agent' }] } })
  await second.goto('/pop?number=%2B33199001234')
  await heading(second, 'Here')
  assert.equal(await second.getByLabel('Organisation').count(), 0)
  await second.getByRole('button', { name: 'Sign out' }).click()
  await second.getByLabel('E-mail address').waitFor()
  await signIn(second, 'ann@example.com')
  assert.deepEqual(own.faults, [])
})
