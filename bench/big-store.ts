import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

/** Fills an SQLite store that a hub has made once: a contact and a number for each of `contacts`, four to a customer. */
export function fillStore(file: string, contacts: number): void {
  const db = new DatabaseSync(file)
  const customers = Math.ceil(contacts / 4)
  const [tenant] = [Number(db.prepare('select min(id) as id from tenants').get()?.['id'])]
  const series = (count: number) =>
    `with recursive n (i) as (select 0 union all select i + 1 from n where i + 1 < ${count})`
  const stamps = `1760000000000, 1760000000000`
  db.exec(`pragma foreign_keys = off; pragma cache_size = -262144; begin;
    insert into customers (id, tenant_id, account, account_key, name, name_folded, active, created_at, updated_at)
      ${series(customers)} select i + 1, ${tenant}, 'CL' || i, 'cl' || i, 'Customer ' || i || ' é', 'customer ' || i || ' e', 1, ${stamps} from n;
    insert into contacts (id, tenant_id, customer_id, external_id, first_name, last_name, name_folded, email, active, created_at, updated_at)
      ${series(contacts)} select ${customers} + i + 1, ${tenant}, i / 4 + 1, 'x' || i, 'First' || i, 'Last ' || i, 'first' || i || ' last ' || i,
        'somebody' || i || '@example.test', 1, ${stamps} from n;
    insert into phones (tenant_id, contact_id, position, kind, raw, e164, country, normaliser)
      ${series(contacts)} select ${tenant}, ${customers} + i + 1, 0, 'business', '06' || substr('00000000' || i, -8), '+336' || substr('00000000' || i, -8), 'FR', 1 from n;
    update id_sequences set next = ${customers + contacts + 1} where name = 'party';
    commit`)
  db.close()
}

/** Rows and a checksum that no order of rows changes. */
export type Sum = { rows: number; sum: string }

const MASK = (1n << 64n) - 1n

function newSum() {
  let [rows, sum] = [0, 0n]
  return {
    add(values: unknown[]) {
      const cells = values.map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      )
      const digest = createHash('md5').update(JSON.stringify(cells)).digest()
      sum = (sum + digest.readBigUInt64LE()) & MASK
      rows++
    },
    end: (): Sum => ({ rows, sum: sum.toString(16) }),
  }
}

/** Every table of an SQLite store, walked through without any code of the hub's. */
export function sumsOfSqlite(file: string): { columns: Map<string, string[]>; sums: Map<string, Sum> } {
  const db = new DatabaseSync(file, { readOnly: true })
  const tables = db
    .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'`)
    .all()
    .map((row) => String(row['name']))
    .filter((name) => !/^kysely|^id_sequences$/.test(name))
  const [columns, sums] = [new Map<string, string[]>(), new Map<string, Sum>()]
  for (const table of tables) {
    const names = db.prepare(`select name from pragma_table_info('${table}')`).all()
    columns.set(
      table,
      names.map((row) => String(row['name'])),
    )
    const list = columns.get(table)!.map((name) => `"${name}"`)
    const statement = db.prepare(`select ${list.join(', ')} from "${table}"`)
    statement.setReturnArrays(true)
    const sum = newSum()
    for (const row of statement.iterate()) sum.add(row as unknown as unknown[])
    sums.set(table, sum.end())
  }
  db.close()
  return { columns, sums }
}

const INT8 = 20
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser

/** The same of a PostgreSQL database, without the line that says it was moved, and of each of its sequences whether the next id is a fresh one. */
export async function sumsOfPostgres(
  url: string,
  columns: Map<string, string[]>,
): Promise<{ sums: Map<string, Sum>; usedIds: string[] }> {
  const client = new pg.Client({ connectionString: url, types: { getTypeParser } })
  await client.connect()
  const sums = new Map<string, Sum>()
  await client.query('begin')
  for (const [table, names] of columns) {
    await client.query(
      `declare walk cursor for select ${names.map((name) => `"${name}"`).join(', ')} from "${table}"${table === 'audit' ? ` where actor_name <> 'cordboard move-to'` : ''}`,
    )
    const sum = newSum()
    for (;;) {
      const { rows } = await client.query({ text: 'fetch 10000 from walk', rowMode: 'array' })
      if (rows.length === 0) break
      for (const row of rows) sum.add(row as unknown[])
    }
    await client.query('close walk')
    sums.set(table, sum.end())
  }
  await client.query('commit')
  const usedIds: string[] = []
  const check = async (sequence: string, max: string) => {
    const { rows } = await client.query(`select nextval('${sequence}') > coalesce((${max}), 0) as fresh`)
    if (rows[0]?.fresh !== true) usedIds.push(sequence)
  }
  const owned = await client.query<{ table: string; column: string; sequence: string }>(
    `select table_name as table, column_name as column, pg_get_serial_sequence(table_name, column_name) as sequence
      from information_schema.columns where table_schema = 'public' and is_identity = 'YES'`,
  )
  for (const { table, column, sequence } of owned.rows)
    await check(sequence, `select max("${column}") from "${table}"`)
  await check('party_ids', 'select greatest((select max(id) from customers), (select max(id) from contacts))')
  await client.end()
  return { sums, usedIds }
}
