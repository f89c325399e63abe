import { readLiteral } from '../odata/literal.ts'
import { Refusal } from '../odata/refusal.ts'
import type { Answer, Operation, Pbx, Request, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { textOf as plainText } from '../model/text.ts'

/** More rows than this no report gives. */
const REPORT_ROWS = 20_000
const REPORT_TOP = 1_000_000

shape('XReportRecording', { i32: 'Id SentimentScore', s: 'Summary Transcription' })

const CALL_LOG = shape('CallLogData', {
  i32: 'ActionDnType ActionType CallId DestinationType DstRecId Indent SegmentId SentimentScore SourceType SrcRecId SubrowDescNumber',
  s: 'ActionDnCallerId ActionDnDisplayName actionDnDn CallHistoryId CallType CdrId DestinationCallerId DestinationDisplayName DestinationDn Direction MainCallHistoryId Reason RecordingUrl SourceCallerId SourceDisplayName SourceDn Status Summary Transcription',
  b: 'Answered QualityReport',
  dt: 'StartTime',
  dur: 'RingingDuration TalkingDuration',
  num: 'CallCost',
  '[XReportRecording]': 'Recordings',
})

const HISTORY = shape('CallHistoryView', {
  i32: 'DstDnType DstId DstParticipantId DstRecId SegmentActionId SegmentId SegmentType SrcDnType SrcId SrcParticipantId SrcRecId',
  s: 'DstCallerNumber DstDisplayName DstDn DstExtendedDisplayName SrcCallerNumber SrcDisplayName SrcDn SrcExtendedDisplayName',
  b: 'CallAnswered DstExternal DstInternal SrcExternal SrcInternal',
  dt: 'SegmentEndTime SegmentStartTime',
  dur: 'CallTime',
})

const LAST = shape('LastCdrAndChatMessageTimestamp', { dt: 'LastCdrStartedAt LastChatMessageTimeSent' })

const PARAMETERS: readonly (readonly [string, string])[] = [
  ['periodFrom', 'dt'],
  ['periodTo', 'dt'],
  ['sourceType', 'i32'],
  ['sourceFilter', 's'],
  ['destinationType', 'i32'],
  ['destinationFilter', 's'],
  ['callsType', 'i32'],
  ['callTimeFilterType', 'i32'],
  ['callTimeFilterFrom', 's'],
  ['callTimeFilterTo', 's'],
  ['hidePcalls', 'b'],
]

/** A bad date gives an empty 500, as it was seen on live PBXs. */
function instantOf(values: ReadonlyMap<string, string>, name: string): number {
  const literal = /^\d{4}/.test(values.get(name) ?? '') ? readLiteral(values.get(name) ?? '') : null
  if (typeof literal !== 'object' || literal === null) throw new Refusal(500, '')
  return literal.ms
}

const textOf = (values: ReadonlyMap<string, string>, name: string): string => {
  const literal = readLiteral(values.get(name) ?? "''")
  return typeof literal === 'string' ? literal : ''
}

const names = (row: Row, side: 'Source' | 'Destination', wanted: string): boolean =>
  wanted === '' ||
  wanted.split(',').some((one) => row[`${side}Dn`] === one || String(row[`${side}CallerId`]).includes(one))

/** Rows of a period, newest first, without those that were only rung for a queue where that is asked. */
export function logRows(pbx: Pbx, values: ReadonlyMap<string, string>): Row[] {
  const [from, to] = [instantOf(values, 'periodFrom'), instantOf(values, 'periodTo')]
  const hides = values.get('hidePcalls') === 'true'
  const [source, destination] = [textOf(values, 'sourceFilter'), textOf(values, 'destinationFilter')]
  return pbx.store
    .rows('call log')
    .filter((row) => {
      const at = Date.parse(String(row.StartTime))
      if (at < from || at > to || (hides && row.isPolling === true)) return false
      return names(row, 'Source', source) && names(row, 'Destination', destination)
    })
    .toSorted(
      (a, b) =>
        Date.parse(String(b.StartTime)) - Date.parse(String(a.StartTime)) ||
        Number(b.SegmentId) - Number(a.SegmentId),
    )
    .slice(0, REPORT_ROWS)
    .map(({ isPolling: _polling, endedAt: _ended, ...row }) => row)
}

const answerLog = ({ pbx, values }: Request): Answer => ({
  kind: 'list',
  rows: logRows(pbx, values),
  shape: CALL_LOG,
  context: 'ReportCallLogData',
  maxTop: REPORT_TOP,
})

/** The older report has rows of the same form under ids of its own, without what came later. */
const answerOldLog = (request: Request): Answer => ({
  kind: 'list',
  rows: logRows(request.pbx, request.values).map((row) => ({
    ...row,
    CdrId: null,
    MainCallHistoryId: null,
    CallHistoryId: String(row.CallId),
    SegmentId: Number(row.SegmentId) - 50_000,
  })),
  shape: CALL_LOG,
  context: 'ReportCallLogData',
  maxTop: REPORT_TOP,
})

function csv(rows: readonly Row[]): Buffer {
  const columns = [
    'StartTime',
    'SourceCallerId',
    'SourceDisplayName',
    'DestinationCallerId',
    'DestinationDisplayName',
    'Direction',
    'Status',
    'RingingDuration',
    'TalkingDuration',
    'CallHistoryId',
  ]
  const cell = (value: unknown): string => `"${plainText(value).replaceAll('"', '""')}"`
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','))
  return Buffer.from([columns.join(','), ...lines, ''].join('\r\n'))
}

const LOG_OPERATIONS: readonly Operation[] = [
  {
    on: 'ReportCallLogData',
    name: 'Pbx.GetCallLogData',
    kind: 'function',
    params: PARAMETERS,
    answers: '[CallLogData]',
    about: 'Calls of a period, one row for each place a call passed.',
    area: 'history',
    run: answerLog,
  },
  {
    on: 'ReportCallLogData',
    name: 'Pbx.GetOldCallLogData',
    kind: 'function',
    params: PARAMETERS,
    answers: '[CallLogData]',
    about: 'The same out of the older store.',
    area: 'history',
    run: answerOldLog,
  },
  {
    on: 'ReportCallLogData',
    name: 'Pbx.DownloadCallLog',
    kind: 'function',
    params: [...PARAMETERS, ['clientTimeZone', 's']],
    answers: 'file',
    about: 'The same as CSV.',
    area: 'history',
    run: ({ pbx, values }) => ({
      kind: 'file',
      bytes: csv(logRows(pbx, values)),
      type: 'text/csv',
      name: 'call-log.csv',
    }),
  },
]

export const CALL_HISTORY: SetDefinition = {
  name: 'CallHistoryView',
  shape: HISTORY,
  about: 'The older, flat history of calls.',
  key: 'SegmentId',
  can: ['list'],
  area: 'history',
  maxTop: REPORT_TOP,
  operations: LOG_OPERATIONS,
}

export const LAST_CDR: SetDefinition = {
  name: 'LastCdrAndChatMessageTimestamp',
  shape: LAST,
  about: 'When the last call began: a cheap way to see whether there is news.',
  key: 'LastCdrStartedAt',
  can: ['list'],
  area: 'history',
  rows: (pbx) => [
    {
      LastCdrStartedAt: null,
      LastChatMessageTimeSent: null,
      ...pbx.store.single('LastCdrAndChatMessageTimestamp'),
    },
  ],
}
