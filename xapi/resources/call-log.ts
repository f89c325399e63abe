import type { ActiveCall, CallLogRow } from './entities.ts'
import { known } from '../operations/known.ts'
import {
  listOf,
  readableSet,
  type Caller,
  type CallOptions,
  type ListOptions,
  type ReadableSet,
} from './collection.ts'

/** A stretch of time and what to leave out. A period of the PBX includes both ends more or less: let periods overlap. */
export type CallLogPeriod = {
  from: Date
  to: Date
  /** Numbers or extensions of the calling and of the called side; empty for all. */
  source?: string
  destination?: string
  /** Leaves out the rows of polled agents. */
  hidePolling?: boolean
}

export type CallLog = {
  /**
   * The rows of a period, newest first as the PBX gives them, each once. There are several rows to a call:
   * `MainCallHistoryId` holds them together. The PBX cuts a report at its own limit of rows (20,000): split long periods.
   */
  rows(period: CallLogPeriod, options?: ListOptions<CallLogRow>): AsyncGenerator<CallLogRow, void, undefined>
  /** When the last call began, in the words of the PBX: a cheap question whether there is anything new. Null when unknown. */
  lastChange(
    options?: CallOptions,
  ): Promise<{ LastCdrStartedAt?: string; LastChatMessageTimeSent?: string } | null>
}

const PARAMETERS =
  'periodFrom={periodFrom:instant},periodTo={periodTo:instant},sourceType={sourceType:int},' +
  'sourceFilter={sourceFilter:text},destinationType={destinationType:int},destinationFilter={destinationFilter:text},' +
  'callsType={callsType:int},callTimeFilterType={callTimeFilterType:int},callTimeFilterFrom={callTimeFilterFrom:text},' +
  'callTimeFilterTo={callTimeFilterTo:text},hidePcalls={hidePcalls:flag}'
const CURRENT = known(`GET /ReportCallLogData/Pbx.GetCallLogData(${PARAMETERS})`)
const OLDER = known(`GET /ReportCallLogData/Pbx.GetOldCallLogData(${PARAMETERS})`)
const LAST_CHANGE = known('GET /LastCdrAndChatMessageTimestamp')
/** The console sends this where it filters by no duration. */
const NO_DURATION = '0:00:0'

export function openCallLog(caller: Caller): CallLog {
  return {
    rows(period, options) {
      const input = {
        periodFrom: period.from,
        periodTo: period.to,
        sourceType: 0,
        sourceFilter: period.source ?? '',
        destinationType: 0,
        destinationFilter: period.destination ?? '',
        callsType: 0,
        callTimeFilterType: 0,
        callTimeFilterFrom: NO_DURATION,
        callTimeFilterTo: NO_DURATION,
        hidePcalls: period.hidePolling ?? true,
      }
      return listOf(
        caller,
        [
          [CURRENT, input],
          [OLDER, input],
        ],
        { keyOf: keyOfRow, ...options },
      )
    },
    async lastChange(options) {
      const answer = (await caller.by([[LAST_CHANGE]], options)) as { value?: object[] } | object | null
      const row =
        answer !== null && 'value' in answer && Array.isArray(answer.value) ? answer.value[0] : answer
      return (row as object | undefined) ?? null
    },
  }
}

/** Rows move down while new calls come in, so a page may repeat some of the one before. */
function keyOfRow(row: CallLogRow): string {
  const { MainCallHistoryId, CallHistoryId, CdrId, SegmentId, SubrowDescNumber, Indent, StartTime } = row
  const parts = [MainCallHistoryId, CallHistoryId, CdrId, SegmentId, SubrowDescNumber, Indent, StartTime]
  return JSON.stringify([...parts, row.SourceDn, row.DestinationDn])
}

export type ActiveCalls = ReadableSet<ActiveCall> & {
  /** Ends a call. */
  drop(id: number, options?: CallOptions): Promise<void>
}

const DROP = known('POST /ActiveCalls({Id:int})/Pbx.DropCall')

export function openActiveCalls(caller: Caller): ActiveCalls {
  return {
    ...readableSet<ActiveCall>(caller, 'ActiveCalls'),
    drop: async (id, options) => void (await caller.by([[DROP, { Id: id }]], options)),
  }
}
