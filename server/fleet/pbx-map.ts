import { isXapiError, type XapiClient } from '../../xapi/xapi.ts'

/** Something on a PBX that has a number. `departments` are names, as in `departments` of the map. */
type Numbered = { number: string; name: string; departments: string[]; dids: string[] }

/** What `pbx_map` of a host holds when the hub built it. Sorted, so that the same PBX makes the same text. */
export type PbxMap = {
  departments: { id: number; name: string }[]
  extensions: Numbered[]
  queues: (Numbered & { agents: string[] })[]
  ring_groups: (Numbered & { members: string[] })[]
  ivrs: Numbered[]
  /** Parts that the PBX does not open to the API client, and that are therefore empty. */
  not_read: string[]
}

type Row = Record<string, unknown>
type Options = { signal: AbortSignal }

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
const rowsOf = (value: unknown): Row[] =>
  Array.isArray(value)
    ? (value as unknown[]).filter((one): one is Row => typeof one === 'object' && one !== null)
    : []
const byNumber = (one: { number: string }, other: { number: string }) =>
  one.number.length - other.number.length || (one.number < other.number ? -1 : 1)
const numbersOf = (value: unknown) =>
  rowsOf(value)
    .map((row) => textOf(row['Number']))
    .filter((number) => number !== '')
    .sort((one, other) => byNumber({ number: one }, { number: other }))

const nameOf = (row: Row) =>
  textOf(row['Name']) ||
  [row['FirstName'], row['LastName']].map(textOf).filter(Boolean).join(' ') ||
  textOf(row['DisplayName'])

/** Which numbers from outside lead where during office hours. */
function didsByTarget(rules: Row[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const rule of rules) {
    const target = rule['OfficeHoursDestination'] as Row | null | undefined
    const number = textOf(target?.['Number'])
    const did = textOf(rule['Data'])
    if (rule['Condition'] !== 'BasedOnDID' || number === '' || did === '') continue
    found.set(
      number,
      [...(found.get(number) ?? []), did].sort((one, other) => (one < other ? -1 : 1)),
    )
  }
  return found
}

/**
 * Reads extensions, queues, ring groups and IVRs of a PBX with their departments and numbers. Throws what the client throws
 * when it may not see the extensions; whatever else it may not see is left out and named.
 */
export async function readPbxMap(pbx: XapiClient, { signal }: Options): Promise<PbxMap> {
  const not_read: string[] = []
  const optional = async (name: string, rows: AsyncIterable<Row>): Promise<Row[]> => {
    try {
      return await Array.fromAsync(rows)
    } catch (error) {
      if (!isXapiError(error) || !UNSEEN.has(error.kind)) throw error
      not_read.push(name)
      return []
    }
  }
  const $expand = ['Groups']
  const names = ['Id', 'Number', 'FirstName', 'LastName', 'DisplayName']
  const users = await Array.fromAsync<Row>(pbx.users.list({ $select: names, $expand, signal }))
  const groups = await optional('departments', pbx.groups.list({ $select: ['Id', 'Name'], signal }))
  const queues = await optional('queues', pbx.queues.list({ $expand: ['Groups', 'Agents'], signal }))
  const ringGroups = await optional(
    'ring_groups',
    pbx.ringGroups.list({ $expand: ['Groups', 'Members'], signal }),
  )
  const ivrs = await optional('ivrs', pbx.ivrs.list({ $expand, signal }))
  const dids = didsByTarget(await optional('inbound_rules', pbx.inboundRules.list({ signal })))

  const groupNames = new Map(groups.map((row) => [row['Id'], textOf(row['Name'])]))
  const departmentsOf = (row: Row) =>
    [...new Set(rowsOf(row['Groups']).map((one) => groupNames.get(one['GroupId']) || textOf(one['Name'])))]
      .filter((name) => name !== '')
      .sort((one, other) => (one < other ? -1 : 1))
  const numbered = (row: Row): Numbered => {
    const number = textOf(row['Number'])
    return { number, name: nameOf(row), departments: departmentsOf(row), dids: dids.get(number) ?? [] }
  }
  const all = <Entry extends Numbered>(rows: Row[], entry: (row: Row) => Entry) =>
    rows
      .map(entry)
      .filter((one) => one.number !== '')
      .sort(byNumber)
  return {
    departments: groups
      .flatMap(({ Id, Name }) => (typeof Id === 'number' ? [{ id: Id, name: textOf(Name) }] : []))
      .sort((one, other) => one.id - other.id),
    extensions: all(users, numbered),
    queues: all(queues, (row) => ({ ...numbered(row), agents: numbersOf(row['Agents']) })),
    ring_groups: all(ringGroups, (row) => ({ ...numbered(row), members: numbersOf(row['Members']) })),
    ivrs: all(ivrs, numbered),
    not_read,
  }
}

const UNSEEN: ReadonlySet<string> = new Set(['permission', 'not_found', 'unsupported'])
