import type { Row } from './pbx.ts'
import type { Shape } from './shape.ts'

/** A secret as it is kept: outside only `{ Concealed: true, Value: null }` of it is seen. */
export const concealed = (value: string): Row => ({ Concealed: false, Value: value })

/** What was sent, with secrets that came back as they were read replaced by those already kept. */
export function keepConcealed(shape: Shape, sent: Row, before: Row): Row {
  const row = { ...sent }
  for (const [field, value] of Object.entries(sent)) {
    if (shape.fields.get(field) !== 'ConcealedPassword') continue
    const isUntouched = typeof value === 'object' && value !== null && (value as Row).Value === null
    if (isUntouched) row[field] = before[field] ?? null
  }
  return row
}
