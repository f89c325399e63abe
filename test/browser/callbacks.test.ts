import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertClean, closeBrowser, newWorld, overflows, PHONE_SCREEN, type World } from './world.ts'

after(closeBrowser)

const HOUR_MS = 3_600_000

/** A callback for each number, due so many hours from now. */
async function schedule({ ask }: World, due: Record<string, number>): Promise<void> {
  for (const [number, hours] of Object.entries(due)) {
    const due_at = new Date(Date.now() + hours * HOUR_MS).toISOString()
    const body = { number, status: 'schedule_later', comment: `About ${number}`, due_at }
    const made = await ask('POST', '/api/v1/dispositions', { body })
    assert.equal(made.status, 201, made.text)
  }
}

async function states({ ask }: World): Promise<Record<string, string>> {
  const { json } = await ask('GET', '/api/v1/callbacks?sort=id')
  return Object.fromEntries(
    json.data.map(({ number, status }: { number: string; status: string }) => [number, status]),
  )
}

test('callbacks that are due are announced, listed, done, put off and dropped', async (t) => {
  const world = await newWorld(t)
  await world.newUser('ann@example.com')
  const customer = { name: 'Garage Martin', phone: '0199002020' }
  await world.ask('POST', '/api/v1/customers', { body: customer })
  await schedule(world, { '0199002020': -2, '0199002021': -1, '0199002022': -1, '0199002023': 5 })
  const visit = await world.visitAs('ann@example.com', '/pop')
  const { page } = visit
  await page.getByText('3 callbacks are due.').and(page.locator('.banner *')).waitFor()
  await assertClean(visit)
  await page.getByRole('status').getByRole('link', { name: 'Callbacks' }).click()
  await page.getByRole('heading', { name: 'Callbacks' }).waitFor()
  await page.getByRole('link', { name: 'Garage Martin' }).waitFor()
  assert.equal(await page.getByText(/^About/).count(), 3)
  await assertClean(visit)

  await page.getByRole('button', { name: 'Done: Garage Martin' }).dblclick()
  await page.getByRole('button', { name: 'Done: Garage Martin' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Drop: +33199002021' }).click()
  await page.getByRole('button', { name: 'Drop: +33199002021' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Postpone: +33199002022' }).click()
  await page.getByLabel('Postpone to').fill('2020-01-01T09:00')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Postpone' }).click()
  await page.getByText('This is in the past.').waitFor()
  await assertClean(visit)
  await page.getByRole('button', { name: 'tomorrow, 9:00' }).click()
  await dialog.getByRole('button', { name: 'Postpone' }).click()
  await page.getByText('Nothing is due.').waitFor()
  assert.deepEqual(await states(world), {
    '0199002020': 'done',
    '0199002021': 'cancelled',
    '0199002022': 'open',
    '0199002023': 'open',
  })

  await page.getByRole('link', { name: 'Done', exact: true }).click()
  await page.getByRole('button', { name: 'Open again: Garage Martin' }).click()
  await page.getByText('No callbacks.').waitFor()
  await page.getByRole('link', { name: 'Due', exact: true }).click()
  await page.getByRole('link', { name: 'Garage Martin' }).click()
  await page.getByRole('heading', { name: 'Garage Martin', level: 1 }).waitFor()
  await page.getByRole('heading', { name: 'Open callbacks' }).waitFor()
  assert.deepEqual(visit.faults, [])
})

test('many callbacks come in pages, also on a phone’s screen', async (t) => {
  const world = await newWorld(t)
  await world.newUser('ann@example.com')
  const numbers = Array.from({ length: 21 }, (_, i) => `01990030${String(i).padStart(2, '0')}`)
  await schedule(world, Object.fromEntries(numbers.map((number, i) => [number, i + 1])))
  const visit = await world.visitAs('ann@example.com', '/callbacks?show=open', PHONE_SCREEN)
  const { page } = visit
  await page.getByText('About 0199003000').waitFor()
  await page.getByRole('link', { name: 'Next' }).click()
  await page.getByText('About 0199003020').waitFor()
  assert.match(page.url(), /show=open&page=2/)
  assert.equal(await overflows(page), false)
  await assertClean(visit)
})
