import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf } from './common.ts'

export const WORK_STATES = ['waiting', 'due', 'running', 'dead'] as const
export const WorkState = Type.Enum([...WORK_STATES])
export type WorkState = Static<typeof WorkState>

/** A task that is to be done; done, it is gone. */
export const WorkTask = Type.Object({
  id: Id,
  /** What is to be done. */
  kind: Type.String(),
  /** `waiting` for its time, `due`, `running` on a hub, or `dead`: it failed for good and waits for somebody. */
  state: WorkState,
  /** At most `at_once` tasks with this key run at the same time. */
  key: Nullable(Type.String()),
  at_once: Type.Integer(),
  /** There is at most one task of its kind with this name. */
  unique: Nullable(Type.String()),
  payload: Type.Unknown(),
  /** Of a task that comes again and again: `{every_seconds}` or `{at, zone}`. */
  schedule: Nullable(
    Type.Union([
      Type.Object({ every_seconds: Type.Number() }),
      Type.Object({ at: Type.String(), zone: Type.String() }),
    ]),
  ),
  due_at: Instant,
  /** When it is tried again after a failure, if not before; null when it runs or is dead. */
  next_attempt_at: Nullable(Instant),
  attempts: Type.Integer(),
  last_error: Nullable(Type.String()),
  failed_at: Nullable(Instant),
  /** The hub at work on it, and until when it holds the task unless it renews. */
  lease: Nullable(Type.Object({ owner: Type.String(), until: Instant })),
  created_at: Instant,
})
export type WorkTask = Static<typeof WorkTask>
export const WorkPage = PageOf(WorkTask)
