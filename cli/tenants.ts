import { parseArgs } from 'node:util'
import type { Page } from '../contract/common.ts'
import type { Tenant } from '../contract/tenants.ts'
import { CommandError, connect } from './connection.ts'

const USAGE = `cordboard tenants list
cordboard tenants create NAME [--country FR] [--time-zone Europe/Paris]
`

const line = (tenant: Tenant) =>
  [
    tenant.id,
    tenant.name,
    tenant.country ?? 'no country',
    tenant.effective_time_zone,
    tenant.active ? 'open' : 'closed',
  ].join('\t')

/** `cordboard tenants list | create`. */
export async function tenants(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { country: { type: 'string' }, 'time-zone': { type: 'string' }, help: { type: 'boolean' } },
  })
  const [act = 'list', name] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  if (act === 'list') {
    const { data } = await connect(undefined).json<Page<Tenant>>('GET', '/api/v1/tenants?per_page=200')
    return void process.stdout.write(data.map((tenant) => `${line(tenant)}\n`).join(''))
  }
  if (act !== 'create' || name === undefined) throw new CommandError(USAGE)
  const input = { name, country: values.country ?? null, time_zone: values['time-zone'] ?? null }
  process.stdout.write(`${line(await connect(undefined).json<Tenant>('POST', '/api/v1/tenants', input))}\n`)
}
