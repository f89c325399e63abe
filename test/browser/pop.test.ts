import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Json } from '../hub.ts'
import { assertClean, closeBrowser, newWorld, overflows, PHONE_SCREEN, type World } from './world.ts'

after(closeBrowser)

/** A clinic whose head nurse calls, and a number that two have. */
async function fill({ ask }: World): Promise<{ customer: Json; contact: Json }> {
  const make = async (path: string, body: object) => {
    const made = await ask('POST', `/api/v1/${path}`, { body })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  const customer = await make('customers', {
    name: 'Clinique des Tilleuls',
    customer_account: 'CL000102',
    phone: '01 99 00 10 10',
    vip: true,
    on_call_duty: true,
    backend_link: 'https://crm.example/102',
  })
  const contact = await make('contacts', {
    customer_id: customer.id,
    first_name: 'Jeanne',
    last_name: 'Dupont',
    phones: [{ raw: '06 39 98 10 10', kind: 'mobile' }],
  })
  await make('customers', { name: 'Garage Martin', customer_account: 'CL7', phone: '01 99 00 20 20' })
  await make('customers', { name: 'Paul Martin', phone: '01 99 00 20 20' })
  return { customer, contact }
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor()
const dispositions = async ({ ask }: World): Promise<Json[]> =>
  (await ask('GET', '/api/v1/dispositions?sort=id')).json.data

test('the card shows who calls, and what became of the call is saved and corrected', async (t) => {
  const world = await newWorld(t)
  await fill(world)
  await world.newUser('ann@example.com')
  const visit = await world.visitAs('ann@example.com', '/pop?number=0639981010&call=17.1')
  const { page } = visit
  await heading(page, 'Jeanne Dupont')
  await page.getByRole('link', { name: 'Clinique des Tilleuls' }).waitFor()
  await page.getByText('CL000102').waitFor()
  await page.getByText('VIP', { exact: true }).waitFor()
  await page.getByText('On-call contract').first().waitFor()
  const crm = page.getByRole('link', { name: 'Open in CRM' })
  assert.equal(await crm.getAttribute('href'), 'https://crm.example/102')
  await assertClean(visit)

  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Choose one.').waitFor()
  await assertClean(visit)
  await page.getByRole('radio', { name: 'Completed' }).check()
  await page.getByLabel('Comment').fill('All is well')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/^Saved at/).waitFor()
  await assertClean(visit)

  await page.getByRole('radio', { name: 'No Answer' }).check()
  await page.getByRole('button', { name: 'Save correction' }).click()
  await page.getByText(/^Saved at/).waitFor()
  const saved = await dispositions(world)
  assert.deepEqual(
    saved.map(({ status, comment, call, agent }) => ({ status, comment, call, agent })),
    [{ status: 'no_answer', comment: 'All is well', call: '17.1', agent: 'ann' }],
  )
  // Whoever opens the card of the call again goes on with what they saved.
  await page.evaluate(() => sessionStorage.clear())
  await page.reload()
  await page.getByText(/^Saved at/).waitFor()
  assert.equal(await page.getByRole('radio', { name: 'No Answer' }).isChecked(), true)
  assert.equal(await page.getByLabel('Comment').inputValue(), 'All is well')
  assert.deepEqual(visit.faults, [])
})

test('a double click and a lost answer make one record', async (t) => {
  const world = await newWorld(t)
  await world.newUser('ann@example.com')
  const { page, faults } = await world.visitAs('ann@example.com', '/pop?number=0199009901')
  await page.getByRole('radio', { name: 'Completed' }).check()
  const posted: (string | undefined)[] = []
  await page.route(
    '**/api/v1/dispositions',
    async (route) => {
      posted.push(route.request().headers()['idempotency-key'])
      // The hub has it; the browser never hears so.
      await route.fetch()
      await route.abort()
    },
    { times: 1 },
  )
  await page.getByRole('button', { name: 'Save', exact: true }).dblclick()
  await page.getByText('The hub does not answer.').waitFor()
  assert.equal(posted.length, 1)
  assert.equal((await dispositions(world)).length, 1)
  await page.getByLabel('Comment').fill('Said yes')
  const second = page.waitForRequest('**/api/v1/dispositions')
  await page.getByRole('button', { name: 'Save', exact: true }).dblclick()
  assert.equal((await second).headers()['idempotency-key'], posted[0])
  await page.getByText(/^Saved at/).waitFor()
  const saved = await dispositions(world)
  assert.deepEqual(
    saved.map(({ status, comment }) => [status, comment]),
    [['completed', 'Said yes']],
  )
  assert.deepEqual(faults, [])
})

test('by keyboard alone: status, time, comment, note and saving', async (t) => {
  const world = await newWorld(t)
  await fill(world)
  await world.newUser('ann@example.com')
  const { page, faults } = await world.visitAs('ann@example.com', '/pop?number=0639981010')
  await heading(page, 'Jeanne Dupont')
  await page.keyboard.press('2')
  assert.equal(await page.getByRole('radio', { name: 'Schedule Later' }).isChecked(), true)
  await page.keyboard.press('c')
  await page.keyboard.type('1 or 2 p.m., c/o Paul')
  assert.equal(await page.getByRole('radio', { name: 'Schedule Later' }).isChecked(), true)
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await page.keyboard.type('Speaks French')
  await page.keyboard.press('Control+Enter')
  await page.getByText('Speaks French', { exact: true }).and(page.locator('.written')).waitFor()
  await page.getByRole('button', { name: 'tomorrow, 9:00' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+Enter')
  await page.getByText(/^Saved at/).waitFor()
  const [saved] = await dispositions(world)
  assert.deepEqual([saved.status, saved.comment], ['schedule_later', '1 or 2 p.m., c/o Paul'])
  const zoned = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', timeStyle: 'short' })
  assert.equal(zoned.format(new Date(saved.due_at)), '09:00')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await assertClean({ page, faults })
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('b')
  await heading(page, 'Callbacks')
  assert.deepEqual(faults, [])
})

test('one of several who have the number is chosen, and the address says who', async (t) => {
  const world = await newWorld(t)
  await fill(world)
  await world.newUser('ann@example.com')
  const visit = await world.visitAs('ann@example.com', '/pop?number=0199002020')
  const { page } = visit
  await page.getByRole('heading', { name: 'Several people have this number' }).waitFor()
  await assertClean(visit)
  await page.getByRole('link', { name: /Garage Martin/ }).click()
  await heading(page, 'Garage Martin')
  assert.match(page.url(), /number=0199002020&customer_id=\d+|customer_id=\d+&number=0199002020/)
  await page.goBack()
  await page.getByRole('heading', { name: 'Several people have this number' }).waitFor()
  await page.getByRole('radio', { name: 'Completed' }).check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText(/^Saved at/).waitFor()
  assert.deepEqual(visit.faults, [])
})

test('an unknown number is put with a customer that is found, or with somebody made on the spot', async (t) => {
  const world = await newWorld(t)
  const { customer } = await fill(world)
  await world.newUser('ann@example.com')
  const visit = await world.visitAs('ann@example.com', '/pop?number=0199009901')
  const { page } = visit
  await heading(page, 'Unknown caller')
  await page.keyboard.press('a')
  await page.keyboard.type('tilleuls')
  await page.getByText('One found.').waitFor()
  await assertClean(visit)
  await page.getByRole('button', { name: /^Clinique des Tilleuls/ }).click()
  await heading(page, 'Clinique des Tilleuls')
  const known = await world.ask('GET', '/api/v1/lookup/0199009901')
  assert.equal(known.json.customer.id, customer.id)

  await page.goto('/pop?number=0199009902')
  await heading(page, 'Unknown caller')
  await page.getByRole('button', { name: 'Somebody new' }).click()
  await page.getByRole('button', { name: 'Create and attach' }).click()
  await page.getByText('Give a name.').waitFor()
  await assertClean(visit)
  await page.getByLabel('First name').fill('Marie')
  await page.getByLabel('Last name').fill('Curie')
  await page.getByLabel('New company').fill('Institut')
  await page.getByRole('button', { name: 'Create and attach' }).dblclick()
  await heading(page, 'Marie Curie')
  const made = await world.ask('GET', '/api/v1/contacts?filter[term_match]=curie')
  assert.deepEqual(
    made.json.data.map(({ company }: Json) => company),
    ['Institut'],
  )
  assert.deepEqual(visit.faults, [])
})

test('whoever asked not to be called is told first, and may be called again when it is lifted', async (t) => {
  const world = await newWorld(t)
  await fill(world)
  await world.newUser('ann@example.com')
  const body = { number: '0639981010', status: 'do_not_disturb' }
  await world.ask('POST', '/api/v1/dispositions', { body })
  const visit = await world.visitAs('ann@example.com', '/pop?number=0639981010')
  const { page } = visit
  await page.getByText(/^Asked not to be called, since/).waitFor()
  await assertClean(visit)
  await page.getByRole('button', { name: 'May be called again' }).click()
  await page.getByText(/^Asked not to be called, since/).waitFor({ state: 'detached' })
  assert.equal((await world.ask('GET', '/api/v1/do-not-call/0639981010')).json.do_not_call, false)
  assert.deepEqual(visit.faults, [])
})

test('the card works on a phone’s screen, in the language of its user', async (t) => {
  const world = await newWorld(t)
  const { customer } = await fill(world)
  await world.newUser('ann@example.com')
  const visit = await world.visitAs('ann@example.com', `/pop/${customer.id}`, PHONE_SCREEN)
  const { page } = visit
  await heading(page, 'Clinique des Tilleuls')
  assert.equal(await overflows(page), false)
  await assertClean(visit)
  await page.getByText('Completed').tap()
  await page.getByRole('button', { name: 'Save', exact: true }).tap()
  await page.getByText(/^Saved at/).waitFor()
  assert.deepEqual(
    (await dispositions(world)).map(({ customer_id }) => customer_id),
    [customer.id],
  )
  for (const [language, title] of [
    ['fr', 'Suite donnée à l’appel'],
    ['ro', 'Rezultatul apelului'],
    ['de', 'Ergebnis des Anrufs'],
  ] as const) {
    await page.locator('.header select').selectOption(language)
    await page.getByRole('heading', { name: title, exact: true }).waitFor()
    assert.equal(await page.locator('html').getAttribute('lang'), language)
    assert.equal(await overflows(page), false, language)
    await assertClean(visit)
  }
})

test('cards of nobody, of a withheld number and of a party that is gone', async (t) => {
  const world = await newWorld(t)
  await world.newUser('ann@example.com')
  const visit = await world.visitAs('ann@example.com', '/pop')
  const { page } = visit
  await heading(page, 'Ready for the next call')
  await assertClean(visit)
  await page.keyboard.press('/')
  await page.keyboard.type('anonymous')
  await page.keyboard.press('Enter')
  await heading(page, 'Withheld number')
  await assertClean(visit)
  await page.goto('/pop/4711')
  await page.getByText('This customer or contact does not exist any more.').waitFor()
  await assertClean(visit)
})
