import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { until } from '../../../test/wire.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'
import type { Engine } from '../../platform/database/engine.ts'
import type { WorkTables } from '../../platform/work/work.ts'

const DAY_MS = 86_400_000
const calendarOf = (...events: string[][]) =>
  [
    'BEGIN:VCALENDAR',
    ...events.flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']),
    'END:VCALENDAR',
    '',
  ].join('\r\n')
const BASTILLE = ['SUMMARY:Bastille Day', 'UID:b', 'DTSTART;VALUE=DATE:20150714', 'RRULE:FREQ=YEARLY']
const PARTY = [
  'SUMMARY:Staff party',
  'UID:p',
  'DTSTART;TZID=America/New_York:20261217T090000',
  'DURATION:PT3H',
]
const BROKEN = calendarOf(['SUMMARY:Odd', 'DTSTART;VALUE=DATE:20260230'])

async function newClosing(t: TestContext, engine: Engine, env: Record<string, string> = {}) {
  const world = { now: Date.parse('2026-11-23T11:00:00Z') }
  const dataDir = await newDirectory(t)
  const file = join(dataDir, 'cordboard.db')
  const address: StoreAddress =
    engine === 'sqlite' ? { kind: 'sqlite', file } : await newReadyAddress(t, engine)
  const opened = await newHub(t, engine, {
    address,
    dataDir,
    clock: { now: () => world.now },
    env: { CORDBOARD_TIME_ZONE: 'Europe/Paris', ...env },
  })
  const { ask } = opened
  const profile = (await ask('POST', '/api/v1/profiles', { body: { name: 'Paris', rules: [] } })).json.id
  const path = `/api/v1/profiles/${profile}/calendar`
  /** What the first reason about time says. */
  const whyAt = async (at: string): Promise<string> => {
    const { json } = await ask('GET', `/api/v1/route?number=0199000001&at=${at}`)
    return json.reasons.filter((reason: string) => /open|closed|calendar/i.test(reason)).join(' ')
  }
  const put = (body: unknown, type?: string) => ask('PUT', path, { body, ...(type ? { type } : {}) })
  const store = await openStore<WorkTables>({ address })
  t.after(() => store.close())
  /** Makes the hub look after its calendars now, and waits until it has. */
  const lookAfter = async (isDone: (calendar: Json) => boolean) => {
    await store.write
      .updateTable('work')
      .set({ ready_at: 1 })
      .where('kind', '=', 'profile_calendars')
      .execute()
    await until('it has looked', async () => isDone((await ask('GET', path)).json))
  }
  /** What the hub looked after by itself is in memory a moment later. */
  const untilWhy = (at: string, why: string) => until(why, async () => (await whyAt(at)) === why)
  return { ...opened, world, path, whyAt, untilWhy, put, lookAfter, address, dataDir }
}

/** A host that serves one calendar. */
async function newCalendarHost(t: TestContext) {
  const served = { status: 200, body: calendarOf(BASTILLE), etag: '"1"', asked: [] as (string | undefined)[] }
  const host = createServer((request, response) => {
    const known = request.headers['if-none-match']
    served.asked.push(known)
    const status = served.status === 200 && known === served.etag ? 304 : served.status
    response.writeHead(status, { etag: served.etag }).end(status === 200 ? served.body : '')
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  t.after(() => host.close())
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/secret-path.ics`
  return { served, url }
}

onEachStore('holidays as iCalendar', (engine) => {
  test('a calendar closes its days and hours by the clocks they are written for, and reasons name them', async (t) => {
    const { ask, path, put, whyAt } = await newClosing(t, engine)
    assert.equal((await ask('GET', path)).status, 404)
    const made = await put(calendarOf(BASTILLE, PARTY), 'text/calendar; charset=utf-8')
    assert.equal(made.status, 200, made.text)
    assert.deepEqual([made.json.events, made.json.url, made.json.problem], [2, null, null])
    for (const [at, why] of [
      ['2027-07-13T21:59:00Z', 'Open: the profile has no hours.'],
      ['2027-07-13T22:00:00Z', 'Closed: Bastille Day, by the calendar.'],
      ['2027-07-14T21:59:00Z', 'Closed: Bastille Day, by the calendar.'],
      ['2027-07-14T22:00:00Z', 'Open: the profile has no hours.'],
      ['2026-12-17T13:59:00Z', 'Open: the profile has no hours.'],
      ['2026-12-17T14:00:00Z', 'Closed: Staff party, by the calendar.'],
      ['2026-12-17T17:00:00Z', 'Open: the profile has no hours.'],
      ['2049-07-14T10:00:00Z', 'Open: the profile has no hours. The calendar is not known for that time.'],
    ] as const)
      assert.equal(await whyAt(at), why, at)
    const { json } = await ask('GET', `${path}/days?from=2026-12-01&to=2027-07-31`)
    assert.deepEqual(json, {
      time_zone: 'Europe/Paris',
      data: [
        { name: 'Staff party', from: '2026-12-17T15:00:00', to: '2026-12-17T18:00:00' },
        { name: 'Bastille Day', from: '2027-07-14T00:00:00', to: '2027-07-15T00:00:00' },
      ],
    })
    const text = await ask('GET', `${path}/text`)
    assert.deepEqual(
      [text.headers.get('content-type'), text.text],
      ['text/calendar; charset=utf-8', calendarOf(BASTILLE, PARTY)],
    )
    const seen = { 'if-match': String((await ask('GET', path)).headers.get('etag')) }
    const replaced = await ask('PUT', path, { body: { ics: calendarOf(PARTY) }, headers: seen })
    assert.equal(replaced.status, 200, replaced.text)
    for (const method of ['PUT', 'DELETE'] as const) {
      const given = method === 'PUT' ? { body: { ics: calendarOf(BASTILLE) } } : {}
      assert.equal((await ask(method, path, { ...given, headers: seen })).status, 412)
    }
    assert.equal((await ask('DELETE', path)).status, 204)
    assert.equal(await whyAt('2027-07-14T10:00:00Z'), 'Open: the profile has no hours.')
    assert.equal((await ask('DELETE', path)).status, 404)
  })

  test('what cannot be read is refused by line and event, and the calendar that is there stays', async (t) => {
    const { ask, path, put, whyAt, newToken } = await newClosing(t, engine)
    const good = calendarOf(BASTILLE)
    assert.equal((await put({ ics: good })).status, 200)
    for (const [body, field, message] of [
      [{ ics: BROKEN }, 'ics', /Line 2, the event "Odd": 2026-02-30 is in no calendar/],
      [{ ics: '' }, 'ics', /Is empty/],
      [{}, 'ics', /either/],
      [{ ics: good, url: 'https://calendar.example' }, 'ics', /either/],
      [{ url: 'ftp://calendar.example/x' }, 'url', /http/],
      [{ url: 'https://me:pw@calendar.example/x' }, 'url', /password/],
    ] as const) {
      const refused = await put(body)
      assert.equal(refused.status, 422, refused.text)
      assert.match(refused.json.errors[field].join(' '), message)
    }
    assert.equal((await put(BROKEN, 'text/calendar')).status, 422)
    assert.equal((await put(good, 'application/xml')).status, 415)
    assert.match(await whyAt('2027-07-14T10:00:00Z'), /Bastille Day/)
    assert.equal((await ask('PUT', '/api/v1/profiles/99/calendar', { body: { ics: good } })).status, 404)
    assert.equal((await ask('GET', '/api/v1/profiles/99/calendar/days')).status, 404)
    assert.equal((await ask('GET', `${path}/days?from=2027-01-02&to=2027-01-01`)).status, 422)
    const token = await newToken(['calls:read'])
    assert.equal((await ask('PUT', path, { body: { ics: good }, token })).status, 403)
    const other = (await ask('POST', '/api/v1/tenants', { body: { name: 'Other' } })).json.id
    const headers = { 'cordboard-tenant': String(other) }
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/text'],
      ['GET', '/days'],
      ['DELETE', ''],
    ] as const)
      assert.equal((await ask(method, path + rest, { headers })).status, 404)
    assert.equal((await ask('PUT', path, { headers, body: { ics: good } })).status, 404)
  })

  test('years pass: the calendar is known for those to come', async (t) => {
    const { path, put, whyAt, untilWhy, world, lookAfter, ask } = await newClosing(t, engine)
    await put({ ics: calendarOf(BASTILLE) })
    const before = (await ask('GET', path)).json
    assert.equal(
      await whyAt('2030-07-14T10:00:00Z'),
      'Open: the profile has no hours. The calendar is not known for that time.',
    )
    world.now += 400 * DAY_MS
    await lookAfter(({ known_until }) => known_until > before.known_until)
    await untilWhy('2030-07-14T10:00:00Z', 'Closed: Bastille Day, by the calendar.')
    assert.match(await whyAt('2026-07-14T10:00:00Z'), /not known for that time/)
  })

  test('a calendar by address is fetched again by its ETag; what fails leaves the last good one', async (t) => {
    const { served, url } = await newCalendarHost(t)
    const { ask, path, put, whyAt, untilWhy, world, lookAfter } = await newClosing(t, engine, {
      CORDBOARD_ALLOW_PRIVATE: '127.0.0.1',
    })
    const made = await put({ url })
    assert.equal(made.status, 200, made.text)
    assert.equal(made.json.url, url)
    const later = () => {
      world.now += DAY_MS
      const now = new Date(world.now).toISOString()
      return lookAfter(({ checked_at }) => checked_at === now)
    }
    await later()
    assert.deepEqual(served.asked, [undefined, '"1"'])
    served.body = calendarOf(['SUMMARY:Fête', 'UID:b', 'DTSTART;VALUE=DATE:20270714'])
    served.etag = '"2"'
    await later()
    const fetched = (await ask('GET', path)).json
    assert.equal(fetched.fetched_at, new Date(world.now).toISOString())
    await untilWhy('2027-07-14T10:00:00Z', 'Closed: Fête, by the calendar.')
    served.status = 503
    await later()
    const failingSince = new Date(world.now).toISOString()
    served.status = 200
    served.etag = '"3"'
    served.body = BROKEN
    const failed = (await ask('GET', path)).json
    assert.match(failed.problem, /answered with status 503/)
    assert.equal(failed.problem.includes('secret-path'), false)
    await later()
    const broken = (await ask('GET', path)).json
    assert.match(broken.problem, /2026-02-30/)
    assert.deepEqual([broken.failing_since, broken.fetched_at], [failingSince, fetched.fetched_at])
    assert.equal(await whyAt('2027-07-14T10:00:00Z'), 'Closed: Fête, by the calendar.')
    served.etag = '"2"'
    served.body = calendarOf(BASTILLE)
    await later()
    const well = (await ask('GET', path)).json
    assert.deepEqual([well.problem, well.failing_since], [null, null])

    served.status = 404
    const refused = await put({ url })
    assert.equal(refused.status, 422)
    assert.match(refused.json.errors.url[0], /404/)
    assert.equal((await put({ ics: calendarOf(BASTILLE) })).json.url, null)
  })

  test('an address within is not asked unless the operator allowed it', async (t) => {
    const { served, url } = await newCalendarHost(t)
    const { put } = await newClosing(t, engine)
    const refused = await put({ url })
    assert.equal(refused.status, 422, refused.text)
    assert.deepEqual(served.asked, [])
  })
})

test('a hub that starts from its snapshot knows the calendars', async (t) => {
  const { hub, put, address, dataDir, world } = await newClosing(t, 'sqlite')
  await put({ ics: calendarOf(BASTILLE) })
  await hub.close()
  const { ask } = await newHub(t, 'sqlite', { address, dataDir, clock: { now: () => world.now } })
  const { json } = await ask('GET', '/api/v1/route?number=0199000001&at=2027-07-14T10:00:00Z')
  assert.match(json.reasons.join(' '), /Bastille Day, by the calendar/)
})
