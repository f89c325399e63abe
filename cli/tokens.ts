import { parseArgs } from 'node:util'
import type { Page } from '../contract/common.ts'
import { SCOPES } from '../contract/scopes.ts'
import type { Token } from '../contract/tokens.ts'
import { CommandError, connect } from './connection.ts'

const USAGE = `cordboard tokens list
cordboard tokens create NAME --scope identify [--scope …] [--address 10.0.0.0/8 …] [--expires 2027-01-01T00:00:00Z]
cordboard tokens revoke ID

Scopes: ${SCOPES.join(', ')}
`

function line(token: Token): string {
  const state = token.revoked_at ? `revoked ${token.revoked_at}` : (token.expires_at ?? 'no expiry')
  const from = token.address_list ? token.address_list.join(' ') : 'from anywhere'
  return [token.id, token.name, `…${token.hint}`, token.scopes.join(','), from, state].join('\t')
}

/** `cordboard tokens list | create | revoke`. A secret is printed once, when it is made. */
export async function tokens(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      scope: { type: 'string', multiple: true },
      address: { type: 'string', multiple: true },
      expires: { type: 'string' },
      tenant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const [act = 'list', subject] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  if (act === 'list') {
    const { data } = await connect(values.tenant).json<Page<Token>>('GET', '/api/v1/tokens?per_page=200')
    return void process.stdout.write(data.map((token) => `${line(token)}\n`).join(''))
  }
  if (act === 'create' && subject !== undefined && values.scope) {
    const input = {
      name: subject,
      scopes: values.scope,
      address_list: values.address ?? null,
      expires_at: values.expires ?? null,
    }
    const { token } = await connect(values.tenant).json<{ token: string }>('POST', '/api/v1/tokens', input)
    return void process.stdout.write(`${token}\n`)
  }
  if (act === 'revoke' && subject !== undefined) {
    const token = await connect(values.tenant).json<Token>(
      'DELETE',
      `/api/v1/tokens/${encodeURIComponent(subject)}`,
    )
    return void process.stdout.write(`${line(token)}\n`)
  }
  throw new CommandError(USAGE)
}
