import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertClean, closeBrowser, newWorld } from './world.ts'

after(closeBrowser)

test('whoever holds a link sees one card, writes to it, and nothing else', async (t) => {
  const world = await newWorld(t, { env: { CORDBOARD_PUBLIC_URL: 'https://hub.example' } })
  const { ask, visit } = world
  await ask('POST', '/api/v1/customers', { body: { name: 'Garage Martin', phone: '0199002020' } })
  await ask('PATCH', '/api/v1/pop/settings', { body: { links: true } })
  const made = await ask('POST', '/api/v1/pop/links', {
    body: { number: '0199002020', call: '5.1', agent: 'Temp' },
  })
  assert.equal(made.status, 201, made.text)
  const link = new URL(made.json.url)
  const seen = await visit(link.pathname + link.hash)
  const { page } = seen
  await page.getByRole('heading', { name: 'Garage Martin' }).waitFor()
  assert.equal(new URL(page.url()).hash, '', 'the credential does not stay in the address')
  assert.equal(await page.getByRole('link', { name: 'Callbacks' }).count(), 0)
  await assertClean(seen)
  await page.keyboard.press('4')
  await page.getByLabel('Comment').fill('Came by link')
  await page.keyboard.press('Control+Enter')
  await page.getByText(/^Saved at/).waitFor()
  await page.getByRole('radio', { name: 'No Answer' }).check()
  await page.getByRole('button', { name: 'Save correction' }).click()
  await page.getByText(/^Saved at/).waitFor()
  await page.getByLabel('New note').fill('Gate code 12')
  await page.getByRole('button', { name: 'Add note' }).click()
  await page.locator('.written', { hasText: 'Gate code 12' }).waitFor()
  const { json } = await ask('GET', '/api/v1/dispositions')
  assert.deepEqual(
    json.data.map(({ status, comment, call, agent }: Record<string, string>) => [
      status,
      comment,
      call,
      agent,
    ]),
    [['no_answer', 'Came by link', '5.1', 'Temp']],
  )
  await ask('POST', '/api/v1/pop/links/rotate', { body: {} })
  const late = await visit(link.pathname + link.hash)
  await late.page.getByText('This link is no longer valid.').waitFor()
  await assertClean(late)
  assert.deepEqual(seen.faults, [])
})
