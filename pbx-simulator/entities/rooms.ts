import type { Room } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { ACTIVE_CALLS } from './active-calls.ts'
import { BACKUPS } from './backups.ts'
import { CALL_FLOW_APPS } from './call-flow-apps.ts'
import { CALL_HISTORY, LAST_CDR } from './call-history.ts'
import { CDR_SETTINGS } from './cdr-settings.ts'
import { CONTACTS, PHONE_BOOK_SETTINGS } from './contacts.ts'
import { CRM_INTEGRATION, CRM_TEMPLATES } from './crm.ts'
import { DEVICE_INFOS, FIRMWARES, PEERS, PHONE_TEMPLATES, SBCS, SIP_DEVICES } from './devices.ts'
import { GROUPS } from './groups.ts'
import { HOLIDAYS, OFFICE_HOURS_SETTINGS } from './hours.ts'
import { INBOUND_RULES } from './inbound-rules.ts'
import { COUNTRY_CODES, COUNTRY_LIST, EVENT_LOGS, LOG_OPERATIONS, SERVICES } from './machine.ts'
import { OUTBOUND_RULES } from './outbound-rules.ts'
import { SERVICE_PRINCIPALS } from './principals.ts'
import { QUEUES, RING_GROUPS } from './queues.ts'
import { FAXES, PARKINGS, RECEPTIONISTS } from './receptionists.ts'
import { RECORDINGS } from './recordings.ts'
import { DEFINITIONS, LICENSE_STATUS, PARAMETERS, SYSTEM_STATUS, TIME_ZONES } from './system.ts'
import { DID_NUMBERS, TEMPLATES, TRUNKS } from './trunks.ts'
import { USERS } from './users.ts'

const TICKET = shape('OneTimeTicket', { s: 'Ticket', i32: 'ExpiresInSeconds' })

/** Every entity and operation the simulator has of its own. The description it serves is made from this list. */
export const ROOMS: readonly Room[] = [
  { singletons: [DEFINITIONS, SYSTEM_STATUS, LICENSE_STATUS], sets: [TIME_ZONES, PARAMETERS, SERVICES] },
  { sets: [USERS, GROUPS, QUEUES, RING_GROUPS, RECEPTIONISTS, PARKINGS, FAXES, CALL_FLOW_APPS] },
  { sets: [TRUNKS, TEMPLATES, DID_NUMBERS, INBOUND_RULES, OUTBOUND_RULES] },
  { sets: [HOLIDAYS, CONTACTS], singletons: [OFFICE_HOURS_SETTINGS, PHONE_BOOK_SETTINGS] },
  { sets: [SERVICE_PRINCIPALS, PEERS, SIP_DEVICES, DEVICE_INFOS, SBCS, FIRMWARES, PHONE_TEMPLATES] },
  { sets: [ACTIVE_CALLS, CALL_HISTORY, LAST_CDR, RECORDINGS, BACKUPS] },
  {
    sets: [EVENT_LOGS, COUNTRY_LIST, CRM_TEMPLATES],
    singletons: [CDR_SETTINGS, CRM_INTEGRATION, COUNTRY_CODES],
  },
  { operations: LOG_OPERATIONS },
  {
    operations: [
      {
        on: 'MyUser',
        name: 'Pbx.IssueDownloadTicket',
        kind: 'action',
        answers: 'OneTimeTicket',
        about: 'A ticket for one download.',
        run: ({ pbx }) => ({
          kind: 'one',
          row: { Ticket: pbx.random.hex(24), ExpiresInSeconds: 60 },
          shape: TICKET,
          context: 'Pbx.OneTimeTicket',
        }),
      },
    ],
  },
]
