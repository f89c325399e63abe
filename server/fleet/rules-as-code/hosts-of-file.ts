import type { RuleFileHosts } from '../../../contract/pbx-rule-plans.ts'
import { invalid } from '../../platform/errors.ts'
import type { FleetStore, Reach } from '../write.ts'
import { openProblems, type Problems } from './problems.ts'
import { readRuleFile, type FileFormat, type FilePart } from './rule-file.ts'

type Host = { id: number; code: string; host_name: string | null }

async function hostsWithin(store: FleetStore, { tenantId, hostId }: Reach): Promise<Host[]> {
  const rows = store.read
    .selectFrom('pbx_hosts')
    .select(['id', 'code', 'host_name'])
    .where('tenant_id', '=', tenantId)
  return (hostId === null ? rows : rows.where('id', '=', hostId)).orderBy('id').execute()
}

/** A host by its id or code, else by its name, whatever the case; what is wrong goes to `problems`. */
function hostNamed(hosts: readonly Host[], name: string, place: string, problems: Problems): Host | null {
  const exact = hosts.find(({ id, code }) => String(id) === name || code === name)
  if (exact) return exact
  const called = hosts.filter(({ host_name }) => host_name?.toLowerCase() === name.toLowerCase())
  const [one] = called
  if (called.length > 1)
    problems.add(
      place,
      null,
      `Several PBXs are called ${name}: name one by its code, ${called.map(({ code }) => code).join(' or ')}.`,
    )
  else if (!one) problems.add(place, null, `There is no PBX ${name}.`)
  return called.length === 1 ? (one ?? null) : null
}

/** The PBXs a file is for. HubError `validation_failed`. */
export async function hostsOfFile(
  store: FleetStore,
  reach: Reach,
  file: { text: string; format: FileFormat },
): Promise<RuleFileHosts> {
  const problems = openProblems()
  const parts = readRuleFile(file.text, file.format, problems)
  const hosts = await hostsWithin(store, reach)
  const data = parts.flatMap(({ host, place, rules }) => {
    if (host === null) {
      problems.add('host', null, 'The file does not say which PBX it is for.')
      return []
    }
    const found = hostNamed(hosts, host, place, problems)
    return found === null
      ? []
      : [{ pbx3cx_host_id: found.id, code: found.code, host_name: found.host_name, rules: rules.length }]
  })
  const twice = data.find(
    (one, at) => data.findIndex((other) => other.pbx3cx_host_id === one.pbx3cx_host_id) !== at,
  )
  if (twice) problems.add('hosts', null, `${twice.code} is named twice.`)
  problems.done()
  return { data }
}

/** What a file says of one PBX. HubError `validation_failed` when it is for others only, or cannot be read. */
export async function partFor(
  store: FleetStore,
  reach: Reach,
  hostId: number,
  file: { text: string; format: FileFormat },
): Promise<FilePart> {
  const problems = openProblems()
  const parts = readRuleFile(file.text, file.format, problems)
  problems.done()
  const hosts = await hostsWithin(store, reach)
  const ignored = openProblems()
  const mine = parts.filter(
    ({ host, place }) => host === null || hostNamed(hosts, host, place, ignored)?.id === hostId,
  )
  const [one, another] = mine
  if (another) throw invalid({ hosts: ['The file names this PBX twice.'] })
  if (one) return one
  const named = parts.flatMap(({ host }) => host ?? []).slice(0, 10)
  throw invalid({
    host: [`The file is for ${named.join(', ')}, not for this PBX. Without host: it is for any.`],
  })
}
