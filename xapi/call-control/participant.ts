/** One leg of a call as the PBX shows it to whoever controls calls. */
export type Participant = {
  id: number
  status: string
  dn: string
  callid: number | string
  legid?: number
  party_caller_name?: string | null
  party_caller_id?: string | null
  party_dn?: string | null
  party_dn_type?: string | null
  party_did?: string | null
  device_id?: string | null
  direct_control?: boolean
  originated_by_dn?: string | null
  on_behalf_of_dn?: string | null
  referred_by_dn?: string | null
}

/** A monitored number with its devices and legs. */
export type MonitoredDn = {
  dn: string
  type: string
  devices: { dn?: string; device_id: string; user_agent?: string }[]
  participants: Participant[]
}

/** Whether something the PBX sent is a leg. */
export function isParticipant(value: unknown): value is Participant {
  const one = value as Partial<Participant> | null
  return (
    typeof one === 'object' &&
    one !== null &&
    typeof one.id === 'number' &&
    typeof one.dn === 'string' &&
    'callid' in one
  )
}

/** What the PBX sent as its state; anything else in it is left out. */
export function readState(value: unknown): MonitoredDn[] {
  return (Array.isArray(value) ? value : [value]).flatMap((one: Partial<MonitoredDn> | null) =>
    typeof one?.dn === 'string'
      ? [
          {
            dn: one.dn,
            type: typeof one.type === 'string' ? one.type : '',
            devices: Array.isArray(one.devices) ? one.devices : [],
            participants: (Array.isArray(one.participants) ? one.participants : []).filter(isParticipant),
          },
        ]
      : [],
  )
}
