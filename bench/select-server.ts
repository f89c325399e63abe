import { createServer } from 'node:http'
import pg from 'pg'

/**
 * What a user would write instead: node:http and one indexed SELECT a question through pg, on the hub's own tables.
 * Prints its port. Argument: the database's URL.
 */
const pool = new pg.Pool({ connectionString: process.argv[2], max: 16 })
const QUESTION = `select c.id, c.account, c.name, coalesce(k.vip, 0) as vip, p.contact_id,
  exists (select 1 from contracts d where d.tenant_id = c.tenant_id and d.customer_id = c.id and d.kind = 'on_call_duty'
    and d.suspended = 0 and coalesce(d.start_date, '') <= $2 and coalesce(d.end_date, '9999') >= $2) as on_call_duty
  from phones p
  left join contacts t on t.tenant_id = p.tenant_id and t.id = p.contact_id
  join customers c on c.tenant_id = p.tenant_id and c.id = coalesce(p.customer_id, t.customer_id)
  left join categories k on k.tenant_id = c.tenant_id and k.id = c.category_id
  where p.tenant_id = 1 and p.e164 = $1 limit 2`
// The hub keeps no index of numbers in the database; whoever asks the database would.
await pool.query('create index if not exists bench_phones_number on phones (tenant_id, e164)')
await pool.query('analyze')
const server = createServer((request, response) => {
  const number = new URL(request.url ?? '', 'http://host').searchParams.get('phoneNumber') ?? ''
  const today = new Date().toISOString().slice(0, 10)
  pool.query({ name: 'question', text: QUESTION, values: [number, today] }).then(
    ({ rows }) => {
      const [first] = rows
      const body = JSON.stringify({
        result: rows.length > 0,
        known: rows.length > 0,
        customer: first ?? null,
      })
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.setHeader('content-length', Buffer.byteLength(body))
      response.end(body)
    },
    () => response.writeHead(500).end(),
  )
})
server.keepAliveTimeout = 72_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
})
