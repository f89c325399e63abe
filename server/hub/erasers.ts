import { eraseFromFleet } from '../fleet/fleet.ts'
import {
  eraseFromCalls,
  eraseFromEvents,
  eraseFromJournal,
  eraseFromLastAgents,
  eraseFromNotes,
} from '../journal/journal.ts'
import { eraseFromLive } from '../live/live.ts'
import { eraseFromAudit, type Eraser } from '../platform/erasure.ts'
import { eraseFromRecordedAnswers } from '../platform/idempotency-erasure.ts'
import { eraseFromWork } from '../platform/work/erase-work.ts'
import { eraseFromRouting } from '../routing/routing.ts'

/** How every room but the directory forgets a caller, in this order: the audit trail comes behind what it tells of, notes on calls before the calls forget whose they were. */
export const ERASERS: Eraser[] = [
  eraseFromFleet,
  eraseFromNotes,
  eraseFromCalls,
  eraseFromLastAgents,
  eraseFromJournal,
  eraseFromEvents,
  eraseFromLive,
  eraseFromRouting,
  eraseFromAudit,
  eraseFromRecordedAnswers,
  eraseFromWork,
]
