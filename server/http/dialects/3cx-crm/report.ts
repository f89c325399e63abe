import { createHash } from 'node:crypto'
import type { CallReport, NewChat } from '../../../journal/journal.ts'
import { HubError } from '../../../platform/errors.ts'
import { storable } from '../../../platform/storable.ts'
import type { Parameters } from '../../parameters.ts'
import { said } from './words.ts'

const LONGEST = 200
const LONGEST_SENT = 4_000
/** Kinds of calls in the PBX's words; the last one is written both ways. */
const KINDS = new Map<string, Pick<CallReport, 'direction' | 'answered'>>([
  ['inbound', { direction: 'inbound', answered: true }],
  ['outbound', { direction: 'outbound', answered: true }],
  ['missed', { direction: 'inbound', answered: false }],
  ['notanswered', { direction: 'outbound', answered: false }],
  ['unanswered', { direction: 'outbound', answered: false }],
])
const SPAN = /^(?:(\d{1,3})\.)?(\d{1,3}):(\d\d):(\d\d)(?:\.\d+)?$/

/** `hh:mm:ss`, with days before a dot if need be, or seconds; ms, null for what is neither. */
export function readSpan(text: string): number | null {
  if (/^\d{1,7}(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000)
  const [, days = '0', hours, minutes, seconds] = SPAN.exec(text) ?? []
  if (hours === undefined) return null
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
}

const short = (text: string | null) =>
  text === null ? null : storable(text).slice(0, LONGEST).toWellFormed()

/** Everything that was sent and says something, but the token. */
const sentBy = (parameters: Parameters, longest: number) =>
  Object.fromEntries(
    [...parameters.keys()].flatMap((name) => {
      const text = name === 'token' ? null : said(parameters, name)
      return text === null ? [] : [[name, text.slice(0, longest).toWellFormed()]]
    }),
  )

const nameOf = (parameters: Parameters) =>
  [said(parameters, 'agentfirstname'), said(parameters, 'agentlastname')].filter(Boolean).join(' ') || null

/** What kind of call it was; without a type its direction, and whether anybody talked. */
function kindOf(parameters: Parameters, talkMs: number) {
  const type = said(parameters, 'calltype')
  if (type !== null) return KINDS.get(type.toLowerCase().replaceAll(/[ _-]/g, ''))
  const direction = said(parameters, 'calldirection')?.toLowerCase()
  const kind = direction === undefined ? undefined : KINDS.get(direction)
  return kind && { ...kind, answered: talkMs > 0 }
}

/** Reads a report of an ended call. HubError 400 for one that says neither of which kind nor when. */
export function readCallReport(parameters: Parameters, hostId: number): CallReport {
  const talkMs = readSpan(said(parameters, 'duration') ?? '') ?? 0
  const kind = kindOf(parameters, talkMs)
  if (!kind)
    throw new HubError(
      'bad_request',
      'CallType is one of Inbound, Outbound, Missed, Notanswered and Unanswered.',
    )
  const startedUtc = said(parameters, 'callstarttimeutc')
  const startedLocal = said(parameters, 'callstarttimelocal', 'datetime')
  if (startedUtc === null && startedLocal === null)
    throw new HubError('parameter_missing', 'Say when the call began: CallStartTimeUTC=… or DateTime=…')
  return {
    ...kind,
    startedUtc,
    startedLocal,
    endedUtc: said(parameters, 'callendtimeutc'),
    hostId,
    talkMs,
    number: short(said(parameters, 'number')),
    name: short(said(parameters, 'name')),
    agent: short(said(parameters, 'agent')),
    agentName: short(nameOf(parameters)),
    queue: short(said(parameters, 'queueextension')),
    payload: sentBy(parameters, LONGEST_SENT),
  }
}

const LONGEST_CHAT = 200_000

/** Reads a report of a chat. Said again with the same words it is the same one. */
export function readChatReport(parameters: Parameters): NewChat {
  const text = said(parameters, 'chatmessages')
  if (text === null) throw new HubError('parameter_missing', 'Say what was written: ChatMessages=…')
  const payload = sentBy(parameters, LONGEST_CHAT)
  const id = said(parameters, 'entityid') ?? ''
  const told = createHash('sha256').update(JSON.stringify(payload)).digest('base64url')
  return {
    event: 'chat',
    call: `chat:${told}`,
    number: short(said(parameters, 'number')),
    dnid: null,
    agent: short(said(parameters, 'agent')),
    queue: short(said(parameters, 'queueextension')),
    partyId: /^[1-9]\d{0,14}$/.test(id) ? Number(id) : null,
    payload,
    text,
    email: short(said(parameters, 'email')),
    agentName: short(nameOf(parameters)),
    startedUtc: said(parameters, 'chatstarttimeutc'),
    endedUtc: said(parameters, 'chatendtimeutc'),
  }
}
