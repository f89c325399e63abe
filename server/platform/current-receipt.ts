import { AsyncLocalStorage } from 'node:async_hooks'

/** What a request under an idempotency key leaves behind, in the very transaction of its act. */
export type Receipt = {
  /**
   * Notes the answer that `value` makes as the transaction's own row. HubError `request_in_progress` when another
   * hub has taken the request over: the act is then rolled back.
   */
  write(db: unknown, value: unknown): Promise<void>
  /** Called once the transaction is durable: what the request writes after it is no longer the answer. */
  spend(): void
}

type Held = Receipt & { readonly spent: boolean }

const held = new AsyncLocalStorage<Held | null>()

/**
 * Runs a request so that its first transaction writes the receipt. It travels beside the arguments because an act
 * whose room forgot to pass it on would be repeated, and nobody would notice.
 */
export function withReceipt(receipt: Held, work: () => void): void {
  held.run(receipt, work)
}

/** Runs what is not the request's act and commits before it, such as a note of a failure: it leaves no receipt. */
export function withoutReceipt<T>(work: () => T): T {
  return held.run(null, work)
}

/** The receipt that the running request still has to leave; null outside of such a request. */
export function currentReceipt(): Receipt | null {
  const receipt = held.getStore()
  return receipt && !receipt.spent ? receipt : null
}
