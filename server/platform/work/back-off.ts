/** How failures are waited out, ms: the first pause, doubled each time up to the longest. */
export type BackOff = { firstMs: number; longestMs: number }

/**
 * The pause after the `attempt`-th failure (1 is the first): between half and the whole of the doubled one, by chance, so that
 * what failed together does not come back together. `chance` is from 0 up to 1.
 */
export function pauseAfter(attempt: number, { firstMs, longestMs }: BackOff, chance: number): number {
  const whole = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 50))
  return Math.round(whole * (0.5 + chance / 2))
}
