import type { Pbx } from '../model/pbx.ts'
import { buildClinic } from './clinic.ts'
import { buildFleet, MOST_EXTENSIONS } from './fleet.ts'
import { buildSmall } from './small.ts'

/** The builder of a world by its name: `small`, `clinic` or `fleet-N`. Throws for any other. */
export function worldNamed(name: string): (pbx: Pbx) => void {
  if (name === 'small') return buildSmall
  if (name === 'clinic') return buildClinic
  const size = Number(/^fleet-(\d{1,6})$/.exec(name)?.[1])
  if (size >= 1 && size <= MOST_EXTENSIONS) return (pbx) => buildFleet(pbx, size)
  throw new Error(
    `There is no world "${name}". Known are small, clinic and fleet-N with N from 1 to ${MOST_EXTENSIONS}.`,
  )
}
