import {
  CALL_TYPES,
  CONDITIONS,
  DAYS_OF_WEEK,
  DESTINATION_TYPES,
  HOURS_TYPES,
} from '../../../contract/pbx-inbound-rules.ts'

/** Words of the PBX that a field may hold, and what people call some of them. */
export type Words = { words: readonly string[]; also: Readonly<Record<string, string>> }
/** What a field holds. `unread`: what the PBX or we add to an answer, of no meaning in what is written. */
export type FieldKind =
  | 'text'
  | 'flag'
  | 'id'
  | 'time'
  | 'unread'
  | { oneOf: Words }
  | { object: Fields; scalar?: (value: string | number) => Record<string, unknown> }
  | { list: Fields }
/** Our names of the fields of an object. */
export type Fields = Readonly<Record<string, FieldKind>>

const oneOf = (words: readonly string[], also: Readonly<Record<string, string>> = {}): FieldKind => ({
  oneOf: { words, also },
})

const DESTINATION: FieldKind = {
  object: {
    to: oneOf(DESTINATION_TYPES, {
      nowhere: 'None',
      endcall: 'None',
      hangup: 'None',
      voicemailbox: 'VoiceMail',
      digitalreceptionist: 'IVR',
      receptionist: 'IVR',
      outsidenumber: 'External',
      externalnumber: 'External',
      callflow: 'RoutePoint',
    }),
    number: 'text',
    external: 'text',
    name: 'unread',
    type: 'unread',
    tags: 'unread',
  },
}

const DAYS = Object.fromEntries(DAYS_OF_WEEK.map((day) => [day.slice(0, 3).toLowerCase(), day]))

/** Every field of an inbound rule. The PBX's names are these without underscores, however they are written. */
export const RULE_FIELDS = {
  id: 'id',
  rule_name: 'text',
  condition: oneOf(CONDITIONS, { did: 'BasedOnDID', callerid: 'BasedOnCallerID' }),
  data: 'text',
  custom_data: 'text',
  call_type: oneOf(CALL_TYPES, {
    all: 'AllCalls',
    internalcalls: 'InternalCallsOnly',
    externalcalls: 'ExternalCallsOnly',
  }),
  trunk_dn: {
    object: {
      id: 'id',
      number: 'text',
      name: 'text',
      type: 'unread',
      hidden: 'unread',
      tags: 'unread',
      member_of: 'unread',
    },
    scalar: (value) => (/^\d+$/.test(String(value)) ? { number: String(value) } : { name: value }),
  },
  hours: {
    object: {
      type: oneOf(HOURS_TYPES),
      ignore_holidays: 'flag',
      periods: { list: { day_of_week: oneOf(DAYS_OF_WEEK, DAYS), start: 'time', stop: 'time' } },
    },
  },
  office_hours_destination: DESTINATION,
  out_of_office_hours_destination: DESTINATION,
  holidays_destination: DESTINATION,
  alter_destination_during_out_of_office_hours: 'flag',
  alter_destination_during_holidays: 'flag',
  warnings: 'unread',
} as const satisfies Fields

/** `RuleName`, `rule_name`, `ruleName`, `Rule Name` → `rulename`. */
export const bareName = (name: string): string => name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase()

/** Our name of a field, however it is spelt; null for none of these. */
export function fieldNamed(fields: Fields, spelt: string): string | null {
  const wanted = bareName(spelt)
  return Object.keys(fields).find((name) => bareName(name) === wanted) ?? null
}

/** The word that is meant, however it is spelt; null for none of these. */
export function wordNamed({ words, also }: Words, spelt: string): string | null {
  const wanted = bareName(spelt)
  const word = words.find((one) => bareName(one) === wanted)
  return word ?? (Object.hasOwn(also, wanted) ? (also[wanted] ?? null) : null)
}

/** `body.OfficeHoursDestination.To`, `Hours/Periods[0].Start` → our path of the same; what is none of our fields stays as it is. */
export function inOurNames(path: string): string {
  let fields: Fields | null = RULE_FIELDS
  const parts = path
    .replace(/^(?:body|InboundRule)[./]/, '')
    .split(/[./[\]]+/)
    .filter((part) => part !== '')
  return parts
    .map((part) => {
      if (/^\d+$/.test(part)) return part
      const name = fields === null ? null : fieldNamed(fields, part)
      const kind: FieldKind | undefined = name === null ? undefined : fields?.[name]
      fields = insideOf(kind)
      return name ?? part
    })
    .join('.')
}

function insideOf(kind: FieldKind | undefined): Fields | null {
  if (typeof kind !== 'object') return null
  return 'object' in kind ? kind.object : 'list' in kind ? kind.list : null
}
