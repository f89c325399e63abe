import type { Caller, Pbx, Row } from './pbx.ts'

type Change = {
  action: 'create' | 'update' | 'delete'
  set: string
  name: string
  before: Row | null
  after: Row | null
}

const ACTIONS = { create: 1, update: 7, delete: 21 } as const
const OBJECT_TYPES: Readonly<Record<string, number>> = {
  Users: 7,
  Queues: 17,
  RingGroups: 17,
  Receptionists: 25,
}
const OTHER_TYPE = 0
/** Writes through the interface rather than through a console. */
const SOURCE = 0

const textOf = (row: Row | null): string | null =>
  row === null
    ? null
    : JSON.stringify(row, (key, value: unknown) => (/password|secret|token/i.test(key) ? undefined : value))

/** Writes a change into the PBX's audit log; secrets stay out of it. */
export function writeAudit(pbx: Pbx, caller: Caller, { action, set, name, before, after }: Change): void {
  const id = pbx.store.nextId('audit')
  pbx.store.put('audit', id, {
    Id: id,
    Timestamp: pbx.clock.iso(),
    Source: SOURCE,
    Ip: '127.0.0.1',
    Action: ACTIONS[action],
    ObjectType: OBJECT_TYPES[set] ?? OTHER_TYPE,
    UserName: caller.clientId,
    ObjectName: name,
    PrevData: textOf(before),
    NewData: textOf(after),
  })
}
