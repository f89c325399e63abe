import { Worker } from 'node:worker_threads'
import { CalendarFault } from './calendar-fault.ts'
import type { Expanded } from './expand.ts'
import type { ExpandThreadAnswer, ExpandThreadData } from './expand-thread.ts'

/** Reads a text for a period (ms UTC). Throws `CalendarFault`. */
export type Expand = (calendar: ExpandThreadData) => Promise<Expanded>

/** Some rules are never met, and the search for their next day has no end. */
const DEADLINE_MS = 10_000
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32 }

async function expandInThread(calendar: ExpandThreadData, deadlineMs: number): Promise<Expanded> {
  const thread = new Worker(new URL('./expand-thread.ts', import.meta.url), {
    workerData: calendar,
    resourceLimits,
  })
  let deadline: NodeJS.Timeout | undefined
  try {
    const answer = await new Promise<ExpandThreadAnswer>((resolve, reject) => {
      const refuse = (fault: string) => resolve({ fault })
      deadline = setTimeout(
        () => refuse('Takes too long to read: a rule in it may never be met.'),
        deadlineMs,
      )
      thread.on('message', resolve)
      thread.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? refuse('Takes too much memory to read.') : reject(error),
      )
      thread.on('exit', () => reject(new Error('the thread that reads calendars ended without a word')))
    })
    if ('fault' in answer) throw new CalendarFault(answer.fault)
    return answer.expanded
  } finally {
    clearTimeout(deadline)
    await thread.terminate()
  }
}

/** Calendars are read one after another, each in a thread of its own that a deadline ends: this one goes on answering calls. */
export function openExpansion(deadlineMs = DEADLINE_MS): Expand {
  let last: Promise<unknown> = Promise.resolve()
  return (calendar) => {
    const next = last.then(() => expandInThread(calendar, deadlineMs))
    last = next.catch(() => {})
    return next
  }
}
