import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Ask, type Json } from '../../test/hub.ts'
import { onEachStore } from '../../test/stores.ts'

const NEVER = '"never"'
const ifMatch = (etag: string) => ({ headers: { 'if-match': etag } })

async function post(ask: Ask, path: string, body: unknown): Promise<Json> {
  const made = await ask('POST', `/api/v1/${path}`, { body })
  assert.equal(made.status, 201, made.text)
  return made.json
}

/** One of every resource that can be read by its id, and how it is changed. */
async function oneOfEach(ask: Ask) {
  const category = await post(ask, 'categories', { name: 'Gold' })
  const customer = await post(ask, 'customers', { name: 'A', phone: '0199001234', category_id: category.id })
  const contact = await post(ask, 'contacts', { customer_id: customer.id, last_name: 'B' })
  const contract = await post(ask, 'contracts', { customer_id: customer.id, kind: 'on_call_duty' })
  const file = await post(ask, 'customer-files', { customer_id: customer.id, name: 'C' })
  const tenant = await post(ask, 'tenants', { name: 'D' })
  const token = await post(ask, 'tokens', { name: 'E', scopes: ['identify'] })
  const user = await post(ask, 'users', { email: 'f@example.com', memberships: [{ role: 'agent' }] })
  const disposition = await post(ask, 'dispositions', { number: '0199001239', status: 'Completed' })
  const profile = await post(ask, 'profiles', { name: 'G' })
  const code = await post(ask, 'disposition-codes', { code: 'sold', label: 'F' })
  return [
    { path: `/api/v1/customer-files/${file.id}`, patch: { name: 'C2' }, deletes: true },
    { path: `/api/v1/contracts/${contract.id}`, patch: { reference: 'x' }, deletes: true },
    { path: `/api/v1/contacts/${contact.id}`, patch: { last_name: 'B2' }, deletes: true },
    { path: `/api/v1/customers/${customer.id}`, patch: { name: 'A2' }, deletes: true },
    { path: `/api/v1/categories/${category.id}`, patch: { name: 'Silver' }, deletes: true },
    { path: `/api/v1/tenants/${tenant.id}`, patch: { name: 'D2' }, deletes: false },
    { path: `/api/v1/tokens/${token.id}`, patch: null, deletes: true },
    { path: `/api/v1/users/${user.id}`, patch: { name: 'F2' }, deletes: true },
    { path: `/api/v1/dispositions/${disposition.id}`, patch: { comment: 'F2' }, deletes: false },
    { path: `/api/v1/profiles/${profile.id}`, patch: { name: 'G2' }, deletes: true },
    { path: `/api/v1/disposition-codes/${code.id}`, patch: null, deletes: true },
  ]
}

onEachStore('ETag and If-Match', (engine) => {
  test('every resource has one, changes it, and is changed or deleted only by who has seen it as it is', async (t) => {
    const { ask, hub } = await newHub(t, engine)
    const resources = await oneOfEach(ask)
    for (const { path, patch, deletes } of resources) {
      const read = await ask('GET', path)
      const etag = read.headers.get('etag') ?? ''
      assert.match(etag, /^"[\w-]{20,}"$/, path)
      const known = await ask('GET', path, { headers: { 'if-none-match': `"other", W/${etag}` } })
      assert.deepEqual([known.status, known.text, known.headers.get('etag')], [304, '', etag], path)
      assert.equal((await ask('GET', path, { headers: { 'if-none-match': NEVER } })).status, 200)
      for (const [method, body] of [
        ['PUT', patch],
        ['PATCH', patch],
        ...(deletes ? [['DELETE', undefined]] : []),
      ] as const) {
        if (body === null) continue
        const given = body === undefined ? {} : { body }
        for (const tag of [NEVER, `W/${etag}`]) {
          const refused = await ask(method as string, path, { ...given, ...ifMatch(tag) })
          assert.deepEqual(
            [refused.status, refused.json.code],
            [412, 'precondition_failed'],
            `${method} ${path}`,
          )
        }
      }
      assert.deepEqual((await ask('GET', path)).text, read.text, 'nothing was written')
      if (patch === null) continue
      const changed = await ask('PATCH', path, { body: patch, ...ifMatch(`"other", ${etag}`) })
      assert.equal(changed.status, 200, changed.text)
      const next = changed.headers.get('etag') ?? ''
      assert.notEqual(next, etag)
      assert.equal((await ask('GET', path)).headers.get('etag'), next, 'the answer carries the new one')
      assert.equal((await ask('PUT', path, { body: patch, ...ifMatch(etag) })).status, 412)
      assert.equal((await ask('PUT', path, { body: patch, ...ifMatch('*') })).status, 200)
    }
    for (const { path, deletes } of resources) {
      if (!deletes) continue
      const etag = (await ask('GET', path)).headers.get('etag') ?? ''
      const gone = await ask('DELETE', path, ifMatch(etag))
      assert.ok(gone.status === 204 || gone.status === 200, `${path} ${gone.text}`)
    }
    const changing = hub.server.routes.filter(({ method }) => ['PUT', 'PATCH', 'DELETE'].includes(method))
    for (const { method, url } of changing.filter((route) => route.url.startsWith('/api/v1/'))) {
      const { status } = await ask(method, url.replace(':id', '999999999'), { body: {}, ...ifMatch(NEVER) })
      assert.notEqual(status, 400, `${method} ${url} does not look at If-Match`)
    }
  })

  test('a change of what is shown with it, or a number alone, is a change', async (t) => {
    const { ask } = await newHub(t, engine)
    const [, , , customer, category] = await oneOfEach(ask)
    assert.ok(customer && category)
    const etagNow = async () => (await ask('GET', customer.path)).headers.get('etag')
    const first = await etagNow()
    await ask('PATCH', category.path, { body: { vip: true } })
    const second = await etagNow()
    assert.notEqual(second, first)
    await ask('PATCH', customer.path, { body: { other_phones: ['0199001235'] } })
    assert.notEqual(await etagNow(), second)
    const refused = await ask('PATCH', customer.path, { body: { name: 'Z' }, ...ifMatch(String(second)) })
    assert.equal(refused.status, 412)
  })

  test('of writers who have all read the same, exactly one wins, and nothing of the others is written', async (t) => {
    const { ask } = await newHub(t, engine)
    for (const { path, patch } of await oneOfEach(ask)) {
      if (patch === null) continue
      const [field] = Object.keys(patch)
      assert.ok(field)
      const etag = (await ask('GET', path)).headers.get('etag') ?? ''
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          ask('PATCH', path, { body: { [field]: `writer ${i}` }, ...ifMatch(etag) }),
        ),
      )
      const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
      assert.deepEqual(statuses, [200, ...Array.from({ length: 7 }, () => 412)], path)
      const won = answers.find(({ status }) => status === 200)
      assert.deepEqual((await ask('GET', path)).json, won?.json)
    }
  })
})
