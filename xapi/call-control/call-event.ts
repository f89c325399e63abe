/** A call at a number. */
export type CallPlace = Pick<CallEvent, 'callId' | 'dn'>

/** Something that happened to a call at one extension, queue or route point. */
export type CallEvent = {
  /**
   * `ringing` when it begins there, `answered` when somebody talks, `ended` when its last leg is gone. A call that is
   * found already talking begins with `answered`; every call that began here ends here, once.
   */
  type: 'ringing' | 'answered' | 'ended'
  /** The PBX's number of the call: several extensions may have it at once. */
  callId: string
  /** Where it happens. */
  dn: string
  /** The extension, when it happens at one; null at a queue or a route point. */
  agent: string | null
  direction: 'inbound' | 'outbound' | 'internal'
  /** The other side. Number and name are as the PBX tells them. */
  caller: { number: string | null; name: string | null }
  /** The number that was dialled from outside, when the PBX tells it; often it does not. */
  did: string | null
  /** The queue or ring group that sent it, when the PBX tells it. */
  via: string | null
  /** With `ended`: whether anybody had answered there. */
  wasAnswered: boolean
  /** `socket` for call control, `polling` for the list of active calls. */
  source: 'socket' | 'polling'
}
