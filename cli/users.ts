import { parseArgs } from 'node:util'
import type { Page } from '../contract/common.ts'
import { ROLES, type CreatedUser, type User } from '../contract/users.ts'
import { askPassword } from './ask-password.ts'
import { CommandError, connect, type Connection } from './connection.ts'

const USAGE = `cordboard users list
cordboard users add EMAIL [--role agent] [--name NAME]   asks for the password; from a pipe, its first line
cordboard users add EMAIL --invite [--role agent]        prints a link (or its token) that sets the password
cordboard users disable EMAIL                            ends all sessions at once

Roles: ${ROLES.join(', ')}
`

const line = (user: User) =>
  [
    user.id,
    user.email,
    user.name,
    user.memberships.map(({ tenant_id, role }) => `${role} in ${tenant_id}`).join(', '),
    user.active ? (user.has_password ? 'active' : 'invited') : 'disabled',
    user.signed_in_at ? `signed in ${user.signed_in_at}` : 'never signed in',
  ].join('\t')

async function find(hub: Connection, email: string): Promise<User> {
  const query = new URLSearchParams({ 'filter[email]': email })
  const { data } = await hub.json<Page<User>>('GET', `/api/v1/users?${query.toString()}`)
  const [user] = data
  if (!user) throw new CommandError(`There is no user ${email}.`)
  return user
}

/** `cordboard users list | add | disable`. */
export async function users(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      role: { type: 'string', default: 'agent' },
      name: { type: 'string' },
      invite: { type: 'boolean' },
      tenant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const [act = 'list', email] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  const hub = connect(values.tenant)
  if (act === 'list') {
    const { data } = await hub.json<Page<User>>('GET', '/api/v1/users?per_page=200')
    return void process.stdout.write(data.map((user) => `${line(user)}\n`).join(''))
  }
  if (email === undefined) throw new CommandError(USAGE)
  if (act === 'add') {
    const input = {
      email,
      memberships: [{ role: values.role }],
      ...(values.name === undefined ? {} : { name: values.name }),
      ...(values.invite ? {} : { password: await askPassword() }),
    }
    const made = await hub.json<CreatedUser>('POST', '/api/v1/users', input)
    const { invitation } = made
    return void process.stdout.write(`${invitation ? (invitation.url ?? invitation.token) : line(made)}\n`)
  }
  if (act !== 'disable') throw new CommandError(USAGE)
  const { id } = await find(hub, email)
  const user = await hub.json<User>('PATCH', `/api/v1/users/${id}`, { active: false })
  process.stdout.write(`${line(user)}\n`)
}
