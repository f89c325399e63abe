import type { Contact, Group, Ivr, MakeCallResult, Peer, Queue, RingGroup, User } from './entities.ts'
import { known } from '../operations/known.ts'
import { XapiError } from '../errors.ts'
import {
  entitySet,
  listOf,
  numberedSet,
  type Caller,
  type CallOptions,
  type EntitySet,
  type NumberedSet,
} from './collection.ts'

export type Users = NumberedSet<User> & {
  /** Removes several. Answers those that could not be removed, with the reason. */
  removeAll(
    ids: readonly number[],
    options?: CallOptions,
  ): Promise<{ ExtensionNumber?: string; Error?: string }[]>
  firstFreeNumber(options?: CallOptions): Promise<string | null>
  /**
   * Calls `destination` from the extension `dn`: its phone rings first. Answers what became of it; throws `validation`
   * for a destination that cannot be dialled.
   */
  makeCall(call: MakeCall, options?: CallOptions): Promise<MakeCallResult>
}

export type MakeCall = { dn: string; destination: string; contact?: string; testCall?: boolean }

const SET = '/Users'
const BATCH_DELETE = known(`POST ${SET}/Pbx.BatchDelete`)
const MAKE_CALL = known(`POST ${SET}/Pbx.MakeCall`)

export function openUsers(caller: Caller): Users {
  const users = numberedSet<User>(caller, 'Users')
  return {
    ...users,
    async removeAll(ids, options) {
      const answer = (await caller.by([[BATCH_DELETE, { body: { ids } }]], options)) as { value?: [] } | null
      return answer?.value ?? []
    },
    firstFreeNumber: (options) => firstFree(caller, 'Users/Pbx.GetFirstAvailableExtensionNumber()', options),
    makeCall: async (body, options) =>
      ((await caller.by([[MAKE_CALL, { body }]], options)) ?? {}) as MakeCallResult,
  }
}

async function firstFree(caller: Caller, path: string, options?: CallOptions): Promise<string | null> {
  const answer = (await caller.by([[known(`GET /${path}`)]], options)) as {
    Number?: string
    value?: unknown
  } | null
  const number = answer?.Number ?? answer?.value
  return typeof number === 'string' || typeof number === 'number' ? String(number) : null
}

export type Groups = EntitySet<Group> & {
  byNumber(number: string, options?: CallOptions): Promise<Group | null>
}

const DELETE_GROUP = known('POST /Groups/Pbx.DeleteCompanyById')
const DELETE_PLAINLY = known('DELETE /Groups({Id:int})')

/** Departments. One with members is not removed: the PBX refuses it. */
export function openGroups(caller: Caller): Groups {
  const groups = entitySet<Group>(caller, 'Groups')
  return {
    ...groups,
    async byNumber(number, { signal } = {}) {
      const $filter = `Number eq '${number.replaceAll("'", "''")}'`
      for await (const group of groups.list({ $filter, limit: 1, signal })) return group
      return null
    },
    remove: async (id, options) =>
      void (await caller.by(
        [
          [DELETE_GROUP, { body: { id } }],
          [DELETE_PLAINLY, { Id: id }],
        ],
        options,
      )),
  }
}

export const openQueues = (caller: Caller): NumberedSet<Queue> => numberedSet<Queue>(caller, 'Queues')
export const openRingGroups = (caller: Caller): NumberedSet<RingGroup> =>
  numberedSet<RingGroup>(caller, 'RingGroups')
/** The PBX calls them receptionists. */
export const openIvrs = (caller: Caller): NumberedSet<Ivr> => numberedSet<Ivr>(caller, 'Receptionists')
export const openPeers = (caller: Caller): NumberedSet<Peer> => numberedSet<Peer>(caller, 'Peers')

export type Contacts = EntitySet<Contact> & {
  /** Contacts of the company phone book with this number, as the PBX matches it. */
  withNumber(number: string, options?: CallOptions): Promise<Contact[]>
}

const BY_NUMBER = known('GET /Contacts/Pbx.GetContactsByNumber(number={number:text})')
const LIST = known('GET /Contacts')
const NUMBER_FIELDS = ['PhoneNumber', 'Mobile2', 'Business', 'Business2', 'Home', 'Other']

export function openContacts(caller: Caller): Contacts {
  return {
    ...entitySet<Contact>(caller, 'Contacts'),
    async withNumber(number, options) {
      if (number.trim() === '') throw new XapiError('validation', 'A number is needed.', { reason: 'input' })
      const quoted = `'${number.replaceAll("'", "''")}'`
      const $filter = NUMBER_FIELDS.map((field) => `${field} eq ${quoted}`).join(' or ')
      const ways =
        (await caller.has(BY_NUMBER)) === true
          ? ([[BY_NUMBER, { number }]] as const)
          : ([[LIST, { $filter }]] as const)
      return Array.fromAsync(listOf<Contact>(caller, ways, options))
    },
  }
}
