import type { Pbx, Row } from '../model/pbx.ts'
import { agentOf, type Call } from './call.ts'
import { newLogRows, oldHistoryRows } from './call-log.ts'
import { textOf } from '../model/text.ts'

/** Writes every call that ends into all places where a PBX keeps calls. */
export function keepJournal(pbx: Pbx): () => void {
  const { store } = pbx
  return pbx.calls.onEnd((call) => {
    const recordingId = call.isRecorded && call.answeredAt !== null ? writeRecording(pbx, call) : null
    for (const row of newLogRows(pbx, call, recordingId)) store.put('call log', row.SegmentId, row)
    for (const row of oldHistoryRows(pbx, call, recordingId)) store.put('CallHistoryView', row.SegmentId, row)
    for (const passage of call.passages) {
      const index = store.nextId('activity')
      store.put('activity', index, {
        Index: index,
        TimeStamp: new Date(passage.startedAt).toISOString(),
        Message: `Call ${call.cdrNumber}: ${passage.how} from ${passage.from.number} to ${passage.at.number}`,
        extension: passage.at.number,
        call: String(call.cdrNumber),
      })
    }
    const began = new Date(call.startedAt).toISOString()
    const last = store.single('LastCdrAndChatMessageTimestamp')
    if (textOf(last.LastCdrStartedAt) < began)
      store.setSingle('LastCdrAndChatMessageTimestamp', { ...last, LastCdrStartedAt: began })
  })
}

const stampOf = (ms: number): string => new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, 14)

function writeRecording(pbx: Pbx, call: Call): number {
  const id = pbx.store.nextId('recording')
  const agent = agentOf(call)
  const isInbound = call.direction === 'Inbound'
  const other = call.direction === 'Outbound' ? call.dialled : call.caller.number
  const name = call.passages.findLast((passage) => passage.answeredAt !== null)?.at.name ?? ''
  const url = `${agent}/[${isInbound ? call.caller.name : name}]_${agent}-${other}_${stampOf(call.startedAt)}(${id}).wav`
  const callee = call.passages.findLast((passage) => passage.answeredAt !== null)?.at
  const row: Row = {
    Id: id,
    RecordingUrl: url,
    StartTime: new Date(call.answeredAt ?? call.startedAt).toISOString(),
    EndTime: new Date(call.endedAt ?? call.startedAt).toISOString(),
    CallType: { Inbound: 'InboundExternal', Outbound: 'OutboundExternal', Internal: 'Local' }[call.direction],
    FromDn: call.caller.dn,
    FromDnType: call.caller.type === 'ExternalLine' ? 1 : 0,
    FromCallerNumber: call.caller.number,
    FromDisplayName: call.caller.name,
    FromDidNumber: call.did,
    FromIdParticipant: id * 2,
    ToDn: callee?.dn ?? '',
    ToDnType: callee?.type === 'ExternalLine' ? 1 : 0,
    ToCallerNumber: callee?.number ?? '',
    ToDisplayName: callee?.name ?? '',
    ToDidNumber: '',
    ToIdParticipant: id * 2 + 1,
    RefParticipantId: id * 2,
    IsArchived: false,
    ArchivedUrl: null,
    IsTranscribed: false,
    CanBeTranscribed: false,
    Transcription: null,
    Summary: null,
    SentimentScore: 0,
  }
  pbx.store.put('recordings', id, row)
  return id
}
