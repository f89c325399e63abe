import { randomBytes } from 'node:crypto'

/** Numbers requests; what comes before the number tells one start, and one thread, from another. */
export function openRequestIds(): () => string {
  const prefix = randomBytes(4).toString('hex')
  let served = 0
  return () => `${prefix}-${(++served).toString(36)}`
}
