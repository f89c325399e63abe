import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClient, openPretendPbx, type Heard, type PretendPbx } from './testing/pbx.ts'
import { isXapiError } from './xapi.ts'

const USERS = '/Users'
type Row = { Id: number }

function window(heard: Heard): { top: number; skip: number } {
  const query = new URLSearchParams(heard.url.split('?')[1])
  return { top: Number(query.get('$top')), skip: Number(query.get('$skip')) }
}

/** A set of `count` rows that refuses more than `most` at once. */
function serveRows(pbx: PretendPbx, count: number, { most = 100, tellsCount = true, short = Infinity } = {}) {
  const tops: number[] = []
  pbx.on('/Users', (heard) => {
    const { top, skip } = window(heard)
    tops.push(top)
    if (top > most) {
      const message = `The limit of '${most}' for Top query has been exceeded. The value from the incoming request is '${top}'.`
      return { status: 400, body: { error: { code: '', message } } }
    }
    const length = Math.max(0, Math.min(top, short, count - skip))
    const value = Array.from({ length }, (_, i): Row => ({ Id: skip + i }))
    return { body: { value, ...(tellsCount ? { '@odata.count': count } : {}) } }
  })
  return tops
}

const idsOf = async (rows: AsyncIterable<{ Id?: number }>) =>
  (await Array.fromAsync(rows)).map(({ Id }) => Id)
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

for (const [what, count, options, page] of [
  ['in pages', 250, {}, {}],
  ['none', 0, {}, {}],
  ['an exact page', 100, {}, {}],
  ['where nobody tells how many there are', 250, { tellsCount: false }, {}],
  ['where pages are shorter than asked for', 120, { short: 40 }, {}],
  ['where fewer at once are allowed than were asked for', 250, { most: 20 }, { pageSize: 1000 }],
] as const) {
  test(`a list is read to its end: ${what}`, async (t) => {
    const pbx = await openPretendPbx(t)
    serveRows(pbx, count, options)
    assert.deepEqual(await idsOf(openClient(t, pbx).users.list(page)), upTo(count))
  })
}

test('a refused page size shrinks to what the PBX names, once', async (t) => {
  const pbx = await openPretendPbx(t)
  const tops = serveRows(pbx, 120, { most: 50 })
  await idsOf(openClient(t, pbx).users.list({ pageSize: 500 }))
  assert.deepEqual(tops, [500, 50, 50, 50])
})

test('no page is fetched that nobody wants', async (t) => {
  const pbx = await openPretendPbx(t)
  const tops = serveRows(pbx, 1000)
  const client = openClient(t, pbx)
  assert.deepEqual(await idsOf(client.users.list({ limit: 3 })), [0, 1, 2])
  for await (const _row of client.users.list()) break
  assert.deepEqual(tops, [3, 100])
})

test('another refusal is told as it is', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/Users', { status: 400, body: { error: { code: '', message: 'The filter is wrong.' } } })
  await assert.rejects(idsOf(openClient(t, pbx).users.list({ $filter: 'x' })), /The filter is wrong/)
})

test('rows that move between pages come once', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/ReportCallLogData', (heard) => {
    // A new call came in between: everything moved down by one.
    const { top, skip } = window(heard)
    const first = skip === 0 ? 0 : skip - 1
    const value = upTo(5)
      .slice(first, first + top)
      .map((id) => ({ CdrId: `c${id}`, SegmentId: id }))
    return { body: { value } }
  })
  const period = { from: new Date(0), to: new Date(1) }
  const rows = await Array.fromAsync(openClient(t, pbx).callLog.rows(period, { pageSize: 2 }))
  assert.deepEqual(
    rows.map(({ SegmentId }) => SegmentId),
    [0, 1, 2, 3, 4],
  )
})

test('any operation that answers a list is paged by id, one that knows no pages answers once', async (t) => {
  const pbx = await openPretendPbx(t)
  serveRows(pbx, 150)
  const client = openClient(t, pbx)
  assert.equal((await Array.fromAsync(client.list('ListExtension', { $filter: 'Id ge 0' }))).length, 150)
  pbx.on(`${USERS}/Pbx.BatchDelete`, { body: { value: [{ a: 1 }] } })
  assert.deepEqual(await Array.fromAsync(client.list('BatchDelete', { body: { ids: [1] } })), [{ a: 1 }])
  pbx.on('/SystemStatus', { body: { Version: '20' } })
  await assert.rejects(Array.fromAsync(client.list('GetSystemStatus')), (error) =>
    isXapiError(error, 'server'),
  )
})
