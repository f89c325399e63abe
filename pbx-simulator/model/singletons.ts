import { refuseField } from '../odata/refusal.ts'
import { keepConcealed } from './concealed.ts'
import { writeAudit } from './audit.ts'
import { misfitOf } from './shape.ts'
import type { Answer, Pbx, Request, Row, SingletonDefinition } from './pbx.ts'

/** A single row as it is read. */
export function readSingle(pbx: Pbx, { name, initial, view }: SingletonDefinition): Row {
  const row = { ...initial?.(pbx), ...pbx.store.single(name) }
  return view ? view(pbx, row) : row
}

/** Takes the fields that were sent, keeps the others. */
export function changeSingle({ pbx, caller, body }: Request, definition: SingletonDefinition): Answer {
  const { name, shape, initial, check } = definition
  const problem = misfitOf(shape, body)
  if (problem !== null) throw refuseField(problem, 'INVALID')
  const before = { ...initial?.(pbx), ...pbx.store.single(name) }
  const row = { ...before, ...keepConcealed(shape, body, before) }
  check?.(pbx, row)
  pbx.store.setSingle(name, row)
  writeAudit(pbx, caller, { action: 'update', set: name, name, before, after: row })
  pbx.changed.get(name)?.()
  return { kind: 'nothing' }
}
