import type { Caller } from '../operations/caller.ts'
import type { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import { openBackups, type Backups } from './backups.ts'
import { openActiveCalls, openCallLog, type ActiveCalls, type CallLog } from './call-log.ts'
import {
  readableSet,
  settings,
  type EntitySet,
  type NumberedSet,
  type ReadableSet,
  type Settings,
} from './collection.ts'
import type { CdrSettings, DidNumber, Holiday, Ivr, OfficeHours, Peer, Queue, RingGroup } from './entities.ts'
import {
  openContacts,
  openGroups,
  openIvrs,
  openPeers,
  openQueues,
  openRingGroups,
  openUsers,
} from './people.ts'
import type { Contacts, Groups, Users } from './people.ts'
import { openRecordings, type Recordings } from './recordings.ts'
import { openHolidays, openInboundRules, openOfficeHours, type InboundRules } from './routing.ts'
import { openCdrSettings, openCrm, openSystem, type Crm, type System } from './system.ts'
import { openDids, openTrunks, type Trunks } from './trunks.ts'

/** What a hub uses of a PBX. Each finds the operations it needs by what the PBX describes, not by its version. */
export type Resources = {
  readonly users: Users
  readonly groups: Groups
  readonly queues: NumberedSet<Queue>
  readonly ringGroups: NumberedSet<RingGroup>
  readonly ivrs: NumberedSet<Ivr>
  /** Whoever and whatever has a number, by it. */
  readonly peers: Pick<NumberedSet<Peer>, 'list' | 'byNumber'>
  readonly contacts: Contacts
  readonly trunks: Trunks
  readonly dids: ReadableSet<DidNumber>
  readonly inboundRules: InboundRules
  readonly holidays: EntitySet<Holiday>
  readonly officeHours: Settings<OfficeHours>
  readonly callLog: CallLog
  readonly activeCalls: ActiveCalls
  readonly recordings: Recordings
  readonly backups: Backups
  readonly system: System
  readonly cdrSettings: Settings<CdrSettings>
  readonly crm: Crm
  /** The rows of a set that has no place of its own here, by the PBX's name for it: `OutboundRules`. */
  set(name: string): ReadableSet<Record<string, unknown>>
  /** As `set`, for settings that exist once: `VoicemailSettings`. */
  settings(name: string): Settings<Record<string, unknown>>
}

export function openResources(caller: Caller, session: Session, secrets: Secrets): Resources {
  return {
    users: openUsers(caller),
    groups: openGroups(caller),
    queues: openQueues(caller),
    ringGroups: openRingGroups(caller),
    ivrs: openIvrs(caller),
    peers: openPeers(caller),
    contacts: openContacts(caller),
    trunks: openTrunks(caller),
    dids: openDids(caller),
    inboundRules: openInboundRules(caller),
    holidays: openHolidays(caller),
    officeHours: openOfficeHours(caller),
    callLog: openCallLog(caller),
    activeCalls: openActiveCalls(caller),
    recordings: openRecordings(caller),
    backups: openBackups(caller, session, secrets),
    system: openSystem(caller),
    cdrSettings: openCdrSettings(caller),
    crm: openCrm(caller),
    set: (name) => readableSet(caller, name),
    settings: (name) => settings(caller, name),
  }
}
