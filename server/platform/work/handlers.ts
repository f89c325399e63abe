import type { Tx } from '../database/store.ts'
import type { BackOff } from './back-off.ts'

/** A task as its handler sees it. */
export type Task<Payload = unknown> = {
  id: number
  tenantId: number
  kind: string
  payload: Payload
  /** When it fell due, ms UTC; of a schedule, the moment it stands for. */
  dueAt: number
  /** 1 at the first. */
  attempt: number
  /** Aborted when the hub stops and when the lease is lost. What is thrown after a stop is no failure. */
  signal: AbortSignal
  /**
   * To write only what still counts: holds the lease until the transaction ends, so that nobody takes the task over
   * meanwhile. Throws LeaseLost.
   */
  hold(tx: Tx<never>): Promise<void>
  /** Completes the task in the transaction of what it did: both are durable, or neither. Throws LeaseLost. */
  finish(tx: Tx<never>): Promise<void>
}

export type Handler<Payload = unknown> = {
  kind: string
  /** Does the task; what it throws is a failure, tried again after a pause. It may run twice: a hub may die just before the end. */
  run(task: Task<Payload>): Promise<void>
  /** Attempts before a task is dead; default 10. */
  attempts?: number
  /** Default from 5 s to an hour. */
  backOff?: BackOff
  /** How many of this kind this hub runs at once; default 4. */
  atOnce?: number
}

/** Thrown by a handler: no further attempt would do better. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp'
}

/** Thrown by a handler: it failed, and the other side said when to come back. */
export class ComeBack extends Error {
  override readonly name = 'ComeBack'
  /** In how long, ms. */
  readonly inMs: number
  constructor(message: string, inMs: number) {
    super(message)
    this.inMs = inMs
  }
}

/** Thrown by a handler: nothing failed, and there is more to do in that long. The task is then as if it were new. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
  /** In how long, ms. */
  readonly inMs: number
  constructor(inMs: number) {
    super('there is more to do later')
    this.inMs = inMs
  }
}

/** Why a task's signal is aborted when the hub stops. */
export class HubStops extends Error {
  override readonly name = 'HubStops'
}
