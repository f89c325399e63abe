import { Refusal, refuseField } from '../odata/refusal.ts'
import { toneWav } from '../calls/tone.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

const RECORDING = shape('Recording', {
  i32: 'FromDnType FromIdParticipant Id RefParticipantId SentimentScore ToDnType ToIdParticipant TranscriptionResult',
  s: 'ArchivedUrl FromCallerNumber FromCrmContact FromDidNumber FromDisplayName FromDn RecordingUrl Summary ToCallerNumber ToCrmContact ToDidNumber ToDisplayName ToDn Transcription',
  b: 'CanBeTranscribed IsArchived IsTranscribed',
  dt: 'EndTime StartTime',
  RecordingCallType: 'CallType',
})

const SETTINGS = shape('RecordingRepositorySettings', {
  i32: 'AutoDeleteRecordingDays RecordingDiskSpace RecordingsQuota',
  i64: 'RecordingUsedSpace',
  s: 'RecordingPath',
  b: 'AutoDeleteRecordingEnabled IsRecordingArchiveEnabled',
})

/** The rows of the ids that were sent, or a refusal when one is unknown. */
function recordingsOf(pbx: Pbx, ids: unknown): Row[] {
  return (Array.isArray(ids) ? ids : []).map((id) => {
    const row = pbx.store.get('recordings', id)
    if (!row) throw refuseField('ids', 'XAPI.NOT_FOUND')
    return row
  })
}

export const RECORDINGS: SetDefinition = {
  name: 'Recordings',
  shape: RECORDING,
  about: 'Recorded calls.',
  key: 'Id',
  can: ['list'],
  area: 'history',
  rows: (pbx) => pbx.store.rows('recordings'),
  operations: [
    {
      on: 'Recordings',
      name: 'Pbx.DownloadRecording',
      kind: 'function',
      params: [['recId', 'i32']],
      answers: 'file',
      about: 'The sound of a recording.',
      run: ({ pbx, values }) => {
        const row = pbx.store.get('recordings', Number(values.get('recId')))
        if (!row || row.fileIsGone === true) throw new Refusal(400, 'WARNINGS.XAPI.FILE_NOT_FOUND')
        const name = String(row.RecordingUrl).split('/').at(-1) ?? 'recording.wav'
        return { kind: 'file', bytes: toneWav(Number(row.Id)), type: 'audio/x-wav', name }
      },
    },
    {
      on: 'Recordings',
      name: 'Pbx.BulkRecordingsDelete',
      kind: 'action',
      params: [['ids', '[i32]']],
      answers: null,
      about: 'Removes recordings.',
      run: ({ pbx, body }) => {
        for (const row of recordingsOf(pbx, body.ids)) pbx.store.remove('recordings', row.Id)
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Recordings',
      name: 'Pbx.BulkRecordingsArchive',
      kind: 'action',
      params: [['ids', '[i32]']],
      answers: null,
      about: 'Marks recordings as archived.',
      run: ({ pbx, body }) => {
        for (const row of recordingsOf(pbx, body.ids))
          pbx.store.put('recordings', row.Id, { ...row, IsArchived: true })
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Recordings',
      name: 'Pbx.GetRecordingRepositorySettings',
      kind: 'function',
      answers: 'RecordingRepositorySettings',
      about: 'Where recordings are kept and for how long.',
      run: ({ pbx }) => ({
        kind: 'one',
        row: {
          RecordingPath: 'Recordings',
          RecordingsQuota: 50_000,
          RecordingUsedSpace: pbx.store.rows('recordings').length * toneWav(0).length,
          AutoDeleteRecordingEnabled: false,
          AutoDeleteRecordingDays: 0,
          IsRecordingArchiveEnabled: false,
        },
        shape: SETTINGS,
        context: 'Pbx.RecordingRepositorySettings',
      }),
    },
  ],
}
