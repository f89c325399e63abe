import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { onEachStore } from '../../../test/stores.ts'

const BOOK = `BEGIN:VCARD
VERSION:3.0
UID:ann-1
N:Roux;Ann;;;
FN:Ann Roux
ORG:Acme SA;Sales
TEL;TYPE=CELL:06 39 98 00 01
TEL;TYPE=WORK:01 99 00 12 35
EMAIL:ann@acme.example
CATEGORIES:Gold
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Acme SA
ORG:Acme SA
TEL:+33 1 99 00 12 34
END:VCARD
BEGIN:VCARD
VERSION:3.0
NOTE:nobody at all
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Cut off
`

onEachStore('importing vCards over HTTP', (engine) => {
  test('cards become customers and contacts; what is no card comes back with its reason; again writes nothing', async (t) => {
    const { ask, hub } = await newHub(t, engine)
    const run = async (type: string, query = '', body = BOOK): Promise<Json> => {
      const started = await ask('POST', `/api/v1/imports?${query}`, { body, type })
      assert.equal(started.status, 202, started.text)
      return hub.directory.imports.finished(hub.operatorTenantId, started.json.id)
    }
    const first = await run('text/vcard; charset=utf-8')
    const { status, accepted, rejected, bytes_read, error } = first
    assert.deepEqual([status, accepted, rejected, bytes_read, error], ['done', 2, 2, BOOK.length, null])
    const remarks = await ask('GET', `/api/v1/imports/${first.id}/remarks?filter[severity]=reject&sort=line`)
    assert.deepEqual(
      remarks.json.data.map(({ line, code }: Json) => [line, code]),
      [
        [18, 'empty_row'],
        [22, 'bad_card'],
      ],
    )
    const rejects = (await ask('GET', `/api/v1/imports/${first.id}/rejects`)).text.split('\r\n')
    assert.match(rejects[0] ?? '', /^contact_id,customer_account,.*,email,reason$/)
    assert.match(rejects[2] ?? '', /,Cut off,.*The card has no end/)

    const ann = (await ask('GET', '/api/isVipByPhoneNumber?number=0639980001')).json
    assert.deepEqual([ann.customer.account, ann.contact.name], ['Acme SA', 'Ann Roux'])
    const { json: contacts } = await ask('GET', '/api/v1/contacts')
    assert.deepEqual(
      contacts.data.map(({ external_id, email, phones }: Json) => [
        external_id,
        email,
        phones.map(({ kind, e164 }: Json) => `${kind} ${e164}`),
      ]),
      [['ann-1', 'ann@acme.example', ['mobile +33639980001', 'work +33199001235']]],
    )
    const { json: customers } = await ask('GET', '/api/v1/customers')
    assert.deepEqual(
      customers.data.map((one: Json) => [one.name, one.phone_e164, one.category]),
      [['Acme SA', '+33199001234', 'Gold']],
    )
    const second = await run('application/octet-stream', 'format=vcard')
    assert.deepEqual([second.status, second.accepted], ['done', 2])
    assert.equal((await ask('GET', '/api/v1/contacts')).json.data[0].updated_at, contacts.data[0].updated_at)
    const none = await run('text/vcard', '', 'name,phone\r\nA,1\r\n')
    assert.equal(none.status, 'failed')
    assert.match(none.error, /no card/)
    assert.equal(
      (await ask('POST', '/api/v1/imports?format=xml', { body: BOOK, type: 'text/vcard' })).status,
      422,
    )
  })
})
