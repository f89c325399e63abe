import { parentPort, workerData } from 'node:worker_threads'
import { CalendarFault } from './calendar-fault.ts'
import { expandCalendar, type Expanded } from './expand.ts'

export type ExpandThreadData = { text: string; from: number; until: number }
export type ExpandThreadAnswer = { expanded: Expanded } | { fault: string }

function answer({ text, from, until }: ExpandThreadData): ExpandThreadAnswer {
  try {
    return { expanded: expandCalendar(text, { from, until }) }
  } catch (error) {
    if (error instanceof CalendarFault) return { fault: error.message }
    throw error
  }
}

parentPort?.postMessage(answer(workerData as ExpandThreadData))
