/** Thrown before anything reaches a database: the value would be stored as something else than it is. */
export class BindingError extends Error {
  override readonly name = 'BindingError'
}

const NUL = String.fromCodePoint(0)

/**
 * Both engines store exactly what they are given or refuse: no undefined as NULL, no Date as text, no
 * boolean guessed, no NUL or lone surrogate that one engine keeps and the other rejects.
 */
export function checkBinding(value: unknown): void {
  if (value === null) return
  if (typeof value === 'string') {
    if (value.includes(NUL) || !value.isWellFormed())
      throw new BindingError('text with NUL or a lone surrogate')
    return
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new BindingError(`the number ${value} cannot be stored`)
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw new BindingError('an integer beyond 2^53')
    return
  }
  if (value instanceof Uint8Array) return
  throw new BindingError(`a ${typeof value} cannot be stored: give text, number, bytes or null`)
}
