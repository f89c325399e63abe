import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { TOTP } from 'otpauth'
import { assertClean, closeBrowser, newWorld, PASSWORD, signIn } from './world.ts'

after(closeBrowser)

test('whoever signs in arrives where they wanted to go, and signing out ends it', async (t) => {
  const { newUser, visit } = await newWorld(t)
  await newUser('ann@example.com')
  const { page, faults } = await visit('/callbacks?show=open')
  await page.getByRole('heading', { name: 'Sign in to Cordboard' }).waitFor()
  await assertClean({ page, faults })
  await page.getByLabel('E-mail address').fill('ann@example.com')
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('E-mail address or password is wrong.').waitFor()
  await assertClean({ page, faults })
  await signIn(page, 'ann@example.com')
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/callbacks?show=open')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to Cordboard' }).waitFor()
  await page.goto('/callbacks')
  await page.getByRole('heading', { name: 'Sign in to Cordboard' }).waitFor()
  assert.deepEqual(faults, [])
})

test('too many failures are told as such, also to the right password', async (t) => {
  const { ask, newUser, visit } = await newWorld(t)
  await newUser('ann@example.com')
  for (let i = 0; i < 10; i++) {
    const body = { email: 'ann@example.com', password: 'wrong' }
    await ask('POST', '/api/login', { body, token: null })
  }
  const { page, faults } = await visit('/login')
  await page.getByLabel('E-mail address').fill('ann@example.com')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByText('Too many failed attempts. Wait a minute.').waitFor()
  await assertClean({ page, faults })
})

test('opening the pages without signing in is no failed attempt', async (t) => {
  const { newUser, visit } = await newWorld(t)
  await newUser('ann@example.com')
  const { page, faults } = await visit('/pop')
  for (let i = 0; i < 12; i++) {
    await page.reload()
    await page.getByLabel('E-mail address').waitFor()
  }
  await signIn(page, 'ann@example.com')
  assert.deepEqual(faults, [])
})

test('an invitation’s link sets the password, once', async (t) => {
  const { ask, visit } = await newWorld(t, { env: { CORDBOARD_PUBLIC_URL: 'https://hub.example' } })
  const body = { email: 'bob@example.com', memberships: [{ role: 'agent' }] }
  const { json } = await ask('POST', '/api/v1/users', { body })
  const link = new URL(json.invitation.url)
  const path = link.pathname + link.hash
  const { page, faults } = await visit(path)
  await page.getByLabel('New password').fill(PASSWORD)
  await page.getByLabel('The same once more').fill('something else')
  await page.getByRole('button', { name: 'Choose your password' }).click()
  await page.getByText('The two are not the same.').waitFor()
  await assertClean({ page, faults })
  await page.getByLabel('The same once more').fill(PASSWORD)
  await page.getByRole('button', { name: 'Choose your password' }).click()
  await page.getByText('Your password is set').waitFor()
  await assertClean({ page, faults })

  const second = await visit(path)
  await second.page.getByLabel('New password').fill(PASSWORD)
  await second.page.getByLabel('The same once more').fill(PASSWORD)
  await second.page.getByRole('button', { name: 'Choose your password' }).click()
  await second.page.getByText('This invitation is not valid any more.').waitFor()
})

test('a user with an authenticator is asked for its code', async (t) => {
  const { ask, newUser, visit } = await newWorld(t)
  await newUser('ann@example.com')
  const login = { email: 'ann@example.com', password: PASSWORD }
  const { json } = await ask('POST', '/api/login', { body: login, token: null })
  const { json: enrolled } = await ask('POST', '/api/v1/session/totp', { token: json.token, body: {} })
  const code = () => new TOTP({ secret: enrolled.secret }).generate()
  const confirmed = await ask('POST', '/api/v1/session/totp/confirm', {
    token: json.token,
    body: { code: code() },
  })
  assert.equal(confirmed.status, 200)

  const { page, faults } = await visit('/login')
  await page.getByLabel('E-mail address').fill('ann@example.com')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('Code').fill('000000')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('This code is not right').waitFor()
  await assertClean({ page, faults })
  // The code that confirmed is used up: a recovery code does as well.
  await page.getByLabel('Code').fill(confirmed.json.recovery_codes[0])
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Ready for the next call' }).waitFor()
  assert.deepEqual(faults, [])
})

test('a session that ends is taken up again over the page, and nothing typed is lost', async (t) => {
  const { ask, newUser, visitAs } = await newWorld(t)
  const id = await newUser('ann@example.com')
  const { page, faults } = await visitAs('ann@example.com', '/pop?number=0199009901')
  await page.getByRole('radio', { name: 'Completed' }).check()
  await page.getByLabel('Comment').fill('Will send the papers')
  const { json } = await ask('GET', '/api/v1/sessions')
  for (const session of json.data.filter((one: { user_id: number }) => one.user_id === id))
    await ask('DELETE', `/api/v1/sessions/${session.id}`)
  // Saved in vain, unless the hub has said so before.
  await page.keyboard.press('Control+Enter')
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.waitFor()
  await assertClean({ page, faults })
  await dialog.getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('Comment').inputValue(), 'Will send the papers')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/^Saved at/).waitFor()
  const saved = await ask('GET', '/api/v1/dispositions')
  assert.deepEqual(
    saved.json.data.map(({ comment }: { comment: string }) => comment),
    ['Will send the papers'],
  )
  assert.deepEqual(faults, [])
})
