import { isList, type Shape } from './shape.ts'
import type { Answer, Area, Method, Operation, Request, Room, SingletonDefinition } from './pbx.ts'
import { setRoutes } from './set-routes.ts'
import { changeSingle, readSingle } from './singletons.ts'

/** One operation of the API: where it is, what it takes, and what runs. The description is made from the same list. */
export type Route = {
  template: string
  method: Method
  id: string
  tag: string
  about: string
  area: Area
  /** Keys and parameters in the address, with their types. */
  params: readonly (readonly [string, string])[]
  /** Shape of the body, or the fields of an action's. */
  body: Shape | readonly (readonly [string, string])[] | null
  /** Type of what is answered; `file` for bytes, null for nothing. */
  answers: string | null
  isList: boolean
  run: (request: Request) => Answer | Promise<Answer>
}

/** Every operation of the rooms given. */
export function routesOf(rooms: readonly Room[]): Route[] {
  return rooms.flatMap(({ sets = [], singletons = [], operations = [] }) => [
    ...sets.flatMap((set) => [
      ...setRoutes(set),
      ...(set.operations ?? []).map((one) => operationRoute(one, set.area)),
    ]),
    ...singletons.flatMap((single) => [
      ...singletonRoutes(single),
      ...(single.operations ?? []).map((one) => operationRoute(one, single.area)),
    ]),
    ...operations.map((one) => operationRoute(one)),
  ])
}

function operationRoute(operation: Operation, area: Area = 'configuration'): Route {
  const { on, name, kind, params = [], answers, about } = operation
  const inside = params.map(([param, type]) => `${param}=${type === 's' ? `'{${param}}'` : `{${param}}`}`)
  const key = /\(('?)\{(\w+)\}'?\)/.exec(on)
  const keys: [string, string][] = key ? [[key[2] ?? 'Id', key[1] === "'" ? 's' : 'i32']] : []
  return {
    template: `/${on}${on === '' ? '' : '/'}${name}${kind === 'function' ? `(${inside.join(',')})` : ''}`,
    method: kind === 'function' ? 'GET' : 'POST',
    id: name.replace('Pbx.', ''),
    tag: on === '' ? name : on.replace(/\(.*/, ''),
    about,
    area: operation.area ?? area,
    params: kind === 'function' ? [...keys, ...params] : keys,
    body: kind === 'action' && params.length > 0 ? params : null,
    answers,
    isList: answers !== null && isList(answers),
    run: operation.run,
  }
}

function singletonRoutes(single: SingletonDefinition): Route[] {
  const common = {
    template: `/${single.name}`,
    tag: single.name,
    area: single.area ?? 'configuration',
  } as const
  const routes: Route[] = []
  if (single.can.includes('read'))
    routes.push({
      ...common,
      method: 'GET',
      id: `Get${single.name}`,
      about: single.about,
      params: [],
      body: null,
      answers: single.shape.name,
      isList: false,
      run: ({ pbx }) => ({
        kind: 'one',
        row: readSingle(pbx, single),
        shape: single.shape,
        context: single.name,
      }),
    })
  if (single.can.includes('update'))
    routes.push({
      ...common,
      method: 'PATCH',
      id: `Update${single.name}`,
      about: `Changes the fields that are sent. ${single.about}`,
      params: [],
      body: single.shape,
      answers: null,
      isList: false,
      run: (request) => changeSingle(request, single),
    })
  return routes
}
