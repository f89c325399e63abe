import { durationText } from '../odata/literal.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import type { Call, Passage, Side } from './call.ts'
import { textOf } from '../model/text.ts'

/** Numbers by which the call logs name kinds of DN. */
export const LOG_TYPES: Readonly<Record<Passage['kind'], number>> = {
  Extension: 0,
  ExternalLine: 1,
  RingGroup: 2,
  Queue: 2,
  VoiceMail: 5,
  IVR: 6,
  Fax: 7,
  Parking: 8,
  RoutePoint: 12,
  Group: 13,
}

const CALL_TYPES: Readonly<Record<Passage['kind'], string>> = {
  Extension: 'Extension',
  ExternalLine: 'External',
  RingGroup: 'Queue',
  Queue: 'Queue',
  VoiceMail: 'System',
  IVR: 'Digital Receptionist',
  Fax: 'Extension',
  Parking: 'System',
  RoutePoint: 'System',
  Group: 'System',
}

const iso = (ms: number): string => new Date(ms).toISOString()
const sideType = (side: Side): number => LOG_TYPES[side.type]

const ringMs = (passage: Passage): number =>
  (passage.answeredAt ?? passage.endedAt ?? passage.startedAt) - passage.startedAt
const talkMs = (passage: Passage): number =>
  passage.answeredAt === null ? 0 : (passage.endedAt ?? passage.answeredAt) - passage.answeredAt

function statusOf(passage: Passage): string {
  if (passage.kind === 'Queue' || passage.kind === 'RingGroup') return 'Waiting'
  return passage.answeredAt === null ? 'Unanswered' : 'Answered'
}

/** Rows of the call log as it has been since spring 2025: one for each place a call passed. */
export function newLogRows(pbx: Pbx, call: Call, recordingId: number | null): Row[] {
  const isQueued = call.passages.some((passage) => passage.kind === 'Queue')
  const direction = call.direction === 'Inbound' && isQueued ? 'Inbound Queue' : call.direction
  const ids = pbx.random.stream(`log of ${call.historyId}`)
  return call.passages.map((passage, index) => {
    const isTalk = passage.answeredAt !== null && passage.kind === 'Extension'
    const recording = isTalk && recordingId !== null ? recordingId : null
    return {
      SegmentId: pbx.store.nextId('segment'),
      CallId: call.cdrNumber + 200_000,
      MainCallHistoryId: call.mainHistoryId,
      CallHistoryId: call.historyId,
      CdrId: ids.uuid(),
      Indent: index === 0 ? 0 : 1,
      SubrowDescNumber: index,
      StartTime: iso(passage.startedAt),
      SourceType: sideType(passage.from),
      SourceDn: passage.from.dn,
      SourceCallerId: passage.from.number,
      SourceDisplayName: passage.from.name,
      DestinationType: LOG_TYPES[passage.kind],
      DestinationDn: passage.at.dn,
      DestinationCallerId: passage.at.number,
      DestinationDisplayName: passage.at.name,
      ActionType: 0,
      ActionDnType: LOG_TYPES[passage.kind],
      actionDnDn: passage.at.dn,
      ActionDnCallerId: passage.at.number,
      ActionDnDisplayName: passage.at.name,
      RingingDuration: durationText(ringMs(passage)),
      TalkingDuration: durationText(talkMs(passage)),
      Direction: direction,
      CallType: CALL_TYPES[passage.kind],
      Status: statusOf(passage),
      Answered: passage.answeredAt !== null,
      Reason: passage.why ?? '',
      CallCost: 0,
      DstRecId: recording,
      SrcRecId: null,
      RecordingUrl: recording === null ? null : textOf(pbx.store.get('recordings', recording)?.RecordingUrl),
      QualityReport: false,
      Recordings:
        recording === null ? [] : [{ Id: recording, Transcription: null, Summary: null, SentimentScore: 0 }],
      isPolling: passage.isPolling && passage.answeredAt === null,
      endedAt: call.endedAt,
    }
  })
}

/** Rows of the older, flat view of the history. Its ids have nothing to do with the newer ones. */
export function oldHistoryRows(pbx: Pbx, call: Call, recordingId: number | null): Row[] {
  return call.passages.map((passage) => {
    const isOutside = (side: Side): boolean => side.type === 'ExternalLine'
    const id = pbx.store.nextId('old segment')
    return {
      SegmentId: id,
      SegmentType: passage.answeredAt === null ? 1 : 2,
      SegmentActionId: { call_init: 1, divert: 5, polling: 9, transfer: 6, route_to: 10 }[passage.how],
      SegmentStartTime: iso(passage.startedAt),
      SegmentEndTime: iso(passage.endedAt ?? passage.startedAt),
      SrcId: id * 2,
      SrcParticipantId: id * 2,
      SrcDnType: sideType(passage.from),
      SrcDn: passage.from.dn,
      SrcCallerNumber: isOutside(passage.from) ? passage.from.number : `Ext.${passage.from.number}`,
      SrcDisplayName: passage.from.name,
      SrcExtendedDisplayName: passage.from.name,
      SrcExternal: isOutside(passage.from),
      SrcInternal: !isOutside(passage.from),
      SrcRecId: null,
      DstId: id * 2 + 1,
      DstParticipantId: id * 2 + 1,
      DstDnType: LOG_TYPES[passage.kind],
      DstDn: passage.at.dn,
      DstCallerNumber: isOutside(passage.at) ? passage.at.number : `Ext.${passage.at.number}`,
      DstDisplayName: passage.at.name,
      DstExtendedDisplayName: passage.at.name,
      DstExternal: isOutside(passage.at),
      DstInternal: !isOutside(passage.at),
      DstRecId: passage.kind === 'Extension' && passage.answeredAt !== null ? recordingId : null,
      CallAnswered: passage.answeredAt !== null,
      CallTime: durationText(talkMs(passage)),
    }
  })
}
