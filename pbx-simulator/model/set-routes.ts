import { readLiteral } from '../odata/literal.ts'
import { notFound, refuseField } from '../odata/refusal.ts'
import { shapeOf } from '../odata/query.ts'
import { writeAudit } from './audit.ts'
import { keepConcealed } from './concealed.ts'
import type { Answer, Pbx, Request, Row, SetDefinition } from './pbx.ts'
import type { Route } from './routes.ts'
import { misfitOf } from './shape.ts'

/** Reading and writing of a set as routes. */
export function setRoutes(set: SetDefinition): Route[] {
  const { name, shape, key, can } = set
  // A set below another is named for itself, any other for what it holds.
  const kind = name.split('/')[1] ?? shape.name
  const keyType = shape.fields.get(key) === 's' ? 's' : 'i32'
  const one = `/${name}(${keyType === 's' ? `'{${key}}'` : `{${key}}`})`
  const base = { tag: name, area: set.area ?? 'configuration', body: null, isList: false } as const
  const keyed = { ...base, template: one, params: [[key, keyType]] } as const
  const all = { ...base, template: `/${name}`, params: [] } as const
  const routes: Record<SetDefinition['can'][number], Route> = {
    list: {
      ...all,
      method: 'GET',
      id: `List${kind}`,
      about: set.about,
      answers: `[${shape.name}]`,
      isList: true,
      run: ({ pbx }) => listOf(pbx, set),
    },
    create: {
      ...all,
      method: 'POST',
      id: `Create${shape.name}`,
      about: `Adds one. ${set.about}`,
      body: shape,
      answers: shape.name,
      run: (request) => create(request, set),
    },
    read: {
      ...keyed,
      method: 'GET',
      id: `Get${shape.name}`,
      about: `One of them. ${set.about}`,
      answers: shape.name,
      run: ({ pbx, values }) => oneOf(pbx, set, byKey(pbx, set, values)),
    },
    update: {
      ...keyed,
      method: 'PATCH',
      id: `Update${shape.name}`,
      about: `Changes the fields that are sent. ${set.about}`,
      body: shape,
      answers: null,
      run: (request) => update(request, set),
    },
    delete: {
      ...keyed,
      method: 'DELETE',
      id: `Delete${shape.name}`,
      about: `Removes one. ${set.about}`,
      answers: null,
      run: (request) => {
        removeRow(request, set, byKey(request.pbx, set, request.values))
        return { kind: 'nothing' }
      },
    },
  }
  return [...can.map((what) => routes[what]), ...alternateRoutes(set), ...navigationRoutes(set, one, keyType)]
}

function alternateRoutes(set: SetDefinition): Route[] {
  const { name, alternate, shape } = set
  if (alternate === undefined) return []
  return [
    {
      template: `/${name}(${alternate}='{${alternate}}')`,
      method: 'GET',
      id: `Get${shape.name}By${alternate}`,
      tag: name,
      about: `One of them by its ${alternate}. ${set.about}`,
      area: set.area ?? 'configuration',
      params: [[alternate, 's']],
      body: null,
      answers: shape.name,
      isList: false,
      run: ({ pbx, values }) => {
        const wanted = readLiteral(values.get(alternate) ?? '')
        const row = rowsOf(pbx, set).find((candidate) => candidate[alternate] === wanted)
        if (!row || wanted === null) throw notFound(`${name}(${alternate}=${values.get(alternate)})`)
        return oneOf(pbx, set, row)
      },
    },
  ]
}

function navigationRoutes(set: SetDefinition, one: string, keyType: string): Route[] {
  const { name, shape, key, lists = [] } = set
  return lists.map((field) => ({
    template: `${one}/${field}`,
    method: 'GET',
    id: `List${set.name === 'RingGroups' ? 'RingGroup' : ''}${field}`,
    tag: name,
    about: `What one of them holds as ${field}.`,
    area: set.area ?? 'configuration',
    params: [[key, keyType]],
    body: null,
    answers: shape.fields.get(field) ?? null,
    isList: true,
    run: ({ pbx, values }) => {
      const row = viewOf(pbx, set, byKey(pbx, set, values))
      const rows = Array.isArray(row[field]) ? (row[field] as Row[]) : []
      const context = `${name}(${values.get('key')})/${field}`
      return { kind: 'list', rows, shape: shapeOf(shape, field), context }
    },
  }))
}

const rowsOf = (pbx: Pbx, set: SetDefinition): readonly Row[] => set.rows?.(pbx) ?? pbx.store.rows(set.name)
const viewOf = (pbx: Pbx, set: SetDefinition, row: Row): Row => set.view?.(pbx, row) ?? row

function listOf(pbx: Pbx, set: SetDefinition): Answer {
  const rows = rowsOf(pbx, set).map((row) => viewOf(pbx, set, row))
  return { kind: 'list', rows, shape: set.shape, context: set.name, maxTop: set.maxTop }
}

const oneOf = (pbx: Pbx, set: SetDefinition, row: Row): Answer => ({
  kind: 'one',
  row: viewOf(pbx, set, row),
  shape: set.shape,
  context: `${set.name}/$entity`,
})

/** The row a request names, or 404. */
export function byKey(pbx: Pbx, set: SetDefinition, values: ReadonlyMap<string, string>): Row {
  const text = values.get('key') ?? ''
  const key = readLiteral(text)
  const row = set.rows ? rowsOf(pbx, set).find((one) => one[set.key] === key) : pbx.store.get(set.name, key)
  if (!row) throw notFound(`${set.name}(${text})`)
  return row
}

function checkShape(set: SetDefinition, body: Row): void {
  const problem = misfitOf(set.shape, body)
  if (problem !== null) throw refuseField(problem, 'INVALID')
}

const nameOf = (set: SetDefinition, row: Row): string =>
  String(row.Number ?? row.Name ?? row.RuleName ?? row[set.key])

/** Adds a row as it is done from outside, but without a trace of who did it. */
export function addRow(pbx: Pbx, set: SetDefinition, sent: Row): Row {
  checkShape(set, sent)
  const given = withoutMarks(keepConcealed(set.shape, sent, {}))
  const row: Row = { ...set.defaults?.(pbx, given), ...given }
  if (set.shape.fields.get(set.key) === 'i32') row[set.key] = 0
  set.check?.(pbx, row, null, given)
  if (set.shape.fields.get(set.key) === 'i32') row[set.key] = pbx.store.nextId(seriesOf(set))
  pbx.store.put(set.name, row[set.key], row)
  set.written?.(pbx, row, null)
  return row
}

/** Adds a row for a caller, and writes that down. */
export function insertRow({ pbx, caller }: Request, set: SetDefinition, sent: Row): Row {
  const row = addRow(pbx, set, sent)
  writeAudit(pbx, caller, {
    action: 'create',
    set: set.name,
    name: nameOf(set, row),
    before: null,
    after: row,
  })
  return row
}

/** DNs of every kind share one series of ids. */
export const seriesOf = (set: SetDefinition): string =>
  set.shape.fields.has('TranscriptionMode') ? 'dn' : set.name

const withoutMarks = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([field]) => !field.startsWith('@')))

function create(request: Request, set: SetDefinition): Answer {
  const row = insertRow(request, set, request.body)
  const key = typeof row[set.key] === 'string' ? `'${String(row[set.key])}'` : String(row[set.key])
  const made = oneOf(request.pbx, set, row)
  return { ...made, status: 201, location: `${set.name}(${key})` } as Answer
}

/** Changes the fields that are sent; a field that holds an object or a list is replaced whole. */
export function updateRow({ pbx, caller }: Request, set: SetDefinition, before: Row, sent: Row): Row {
  checkShape(set, sent)
  const given = withoutMarks(keepConcealed(set.shape, sent, before))
  const row = { ...before, ...given, [set.key]: before[set.key] }
  set.check?.(pbx, row, before, given)
  pbx.store.put(set.name, row[set.key], row)
  set.written?.(pbx, row, before)
  writeAudit(pbx, caller, { action: 'update', set: set.name, name: nameOf(set, row), before, after: row })
  return row
}

function update(request: Request, set: SetDefinition): Answer {
  updateRow(request, set, byKey(request.pbx, set, request.values), request.body)
  return { kind: 'nothing' }
}

export function removeRow({ pbx, caller }: Request, set: SetDefinition, row: Row): void {
  set.deleting?.(pbx, row)
  pbx.store.remove(set.name, row[set.key])
  writeAudit(pbx, caller, {
    action: 'delete',
    set: set.name,
    name: nameOf(set, row),
    before: row,
    after: null,
  })
}
