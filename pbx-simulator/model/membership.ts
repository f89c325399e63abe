import { refuseField } from '../odata/refusal.ts'
import { findDn, nameOfDn, NUMBERED_SETS, type Dn, type NumberedSet } from './numbers.ts'
import type { Pbx, Row } from './pbx.ts'

/** The department everybody is in unless told otherwise. */
export const everybodysGroup = (pbx: Pbx): Row | null =>
  pbx.store.rows('Groups').find((row) => row.IsDefault === true) ?? null

const MANAGING = new Set(['system_owners', 'system_admins', 'group_owners', 'group_admins', 'managers'])

/** What a role may do in a department. */
export function rightsOf(role: string): Row {
  const mayManage = MANAGING.has(role)
  return {
    RoleName: role,
    CanSeeGroupMembers: true,
    CanSeeGroupCalls: mayManage || role === 'receptionists',
    CanSeeGroupRecordings: mayManage,
    CanBargeIn: mayManage,
    CanIntercom: mayManage,
    AllowToChangePresence: mayManage || role === 'receptionists',
    AllowToManageCompanyBook: mayManage,
    AllowIVR: true,
    AllowParking: true,
    PerformOperations: mayManage || role === 'receptionists',
    AssignClearOperations: mayManage,
    ShowMyCalls: true,
    ShowMyPresence: true,
    ShowMyPresenceOutside: true,
    Invalid: false,
  }
}

const roleOf = (group: Row): string => {
  const role = (group.Rights as Row | null | undefined)?.RoleName
  return typeof role === 'string' ? role : 'users'
}

/** Memberships as they are kept: the department and the rights, never what can be looked up. */
export function checkGroups(pbx: Pbx, sent: unknown): Row[] {
  return (Array.isArray(sent) ? (sent as Row[]) : []).map((membership) => {
    const group =
      pbx.store.get('Groups', membership.GroupId) ?? pbx.store.numbered('Groups', membership.Number)
    if (!group) throw refuseField('Groups', 'XAPI.NOT_FOUND')
    return {
      GroupId: group.Id,
      Rights: { ...rightsOf(roleOf(membership)), ...(membership.Rights as Row | undefined) },
    }
  })
}

/** The departments of a DN as they are read. */
export function completeGroups(pbx: Pbx, row: Row): Row[] {
  return (Array.isArray(row.Groups) ? (row.Groups as Row[]) : []).flatMap((membership) => {
    const group = pbx.store.get('Groups', membership.GroupId)
    if (!group) return []
    const rights = { ...rightsOf(roleOf(membership)), ...(membership.Rights as Row | undefined) }
    return [
      {
        Id: row.Id,
        GroupId: group.Id,
        Number: group.Number,
        Name: group.Name,
        MemberName: nameOfDn({ set: 'Users', type: 'Extension', row }),
        Type: 'Group',
        CanDelete: true,
        Tags: [],
        Rights: rights,
        GroupRights: rights,
      },
    ]
  })
}

const SETS_WITH_GROUPS: readonly NumberedSet[] = [
  'Users',
  'Queues',
  'RingGroups',
  'Receptionists',
  'Fax',
  'Parkings',
]

/** Every DN of a department with its membership. */
function* membersOf(pbx: Pbx, groupId: unknown): Generator<{ dn: Dn; membership: Row }> {
  for (const set of SETS_WITH_GROUPS) {
    for (const row of pbx.store.rows(set)) {
      const groups = Array.isArray(row.Groups) ? (row.Groups as Row[]) : []
      const membership = groups.find((group) => group.GroupId === groupId)
      if (membership) yield { dn: { set, type: NUMBERED_SETS[set], row }, membership }
    }
  }
}

export function hasMembers(pbx: Pbx, groupId: unknown): boolean {
  return membersOf(pbx, groupId).next().done !== true
}

/** The members of a department as they are read. */
export function completeMembers(pbx: Pbx, groupId: unknown): Row[] {
  return [...membersOf(pbx, groupId)].map(({ dn, membership }) => {
    const rights = { ...rightsOf(roleOf(membership)), ...(membership.Rights as Row | undefined) }
    return {
      Id: dn.row.Id,
      GroupId: groupId,
      Number: dn.row.Number,
      Name: nameOfDn(dn),
      MemberName: nameOfDn(dn),
      Type: dn.type,
      CanDelete: true,
      Tags: [],
      Rights: rights,
      GroupRights: rights,
    }
  })
}

/** Makes the members of a department those that were sent. */
export function setMembers(pbx: Pbx, groupId: unknown, sent: unknown): void {
  const wanted = new Map<Row, Row>()
  for (const member of Array.isArray(sent) ? (sent as Row[]) : []) {
    const dn = findDn(pbx, member.Number)
    if (!dn) throw refuseField('Members', 'XAPI.NON_EXISTENT_EXT_NUMBER')
    wanted.set(dn.row, {
      GroupId: groupId,
      Rights: { ...rightsOf(roleOf(member)), ...(member.Rights as Row | undefined) },
    })
  }
  for (const { dn } of membersOf(pbx, groupId)) if (!wanted.has(dn.row)) leave(dn.row, groupId)
  for (const [row, membership] of wanted) {
    leave(row, groupId)
    row.Groups = [...(row.Groups as Row[]), membership]
  }
}

function leave(row: Row, groupId: unknown): void {
  row.Groups = (Array.isArray(row.Groups) ? (row.Groups as Row[]) : []).filter(
    (group) => group.GroupId !== groupId,
  )
}
