import { firstFreeNumber } from '../model/numbers.ts'
import type { Operation } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

const NUMBER = shape('FirstAvailableNumber', { s: 'Number' })

/** The function that names the next free number of a set. */
export const firstFree = (on: string, name: string, first: number): Operation => ({
  on,
  name,
  kind: 'function',
  answers: NUMBER.name,
  about: 'The lowest number of this kind nobody has.',
  run: ({ pbx }) => ({
    kind: 'one',
    row: { Number: firstFreeNumber(pbx, first) },
    shape: NUMBER,
    context: `Pbx.${NUMBER.name}`,
  }),
})
