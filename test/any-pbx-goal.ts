import fc from 'fast-check'
import { FAX, FLOW, type Goal } from './pbx-plans.ts'

export const PEOPLE = ['100', '101', '102', '103']
export const QUEUES = ['800', '801']
export const RINGS = ['600', '601']
export const MENUS = ['700', '701']
export const DEPARTMENTS = ['GRP1', 'GRP2']
const NUMBERS_OUTSIDE = ['+4912345678', '0123', '+36301112222']
/** Nobody has it. */
export const NOBODY = '199'

const { constant, constantFrom, option } = fc
const goals = (to: Goal['to'], numbers: readonly string[]): fc.Arbitrary<Goal> =>
  constantFrom(...numbers).map((number) => ({ to, number }))
export const weighted = (...list: [number, fc.Arbitrary<Goal>][]) =>
  fc.oneof(...list.map(([weight, arbitrary]) => ({ weight, arbitrary })))

const insideGoal = weighted(
  [12, goals('extension', PEOPLE)],
  [1, goals('extension', [NOBODY])],
  [3, goals('mailbox', PEOPLE)],
  [6, goals('queue', QUEUES)],
  [6, goals('ring', RINGS)],
  [6, goals('menu', MENUS)],
)
/** Where a destination of a PBX may lead. */
export const anyGoal = weighted(
  [20, insideGoal],
  [1, constant({ to: 'end', number: '' })],
  [2, goals('mailbox', [''])],
  [1, goals('mailboxOfDestination', ['', '100', '101'])],
  [2, goals('outside', NUMBERS_OUTSIDE)],
  [1, goals('mobile', NUMBERS_OUTSIDE)],
  [1, goals('deflect', NUMBERS_OUTSIDE)],
  [1, goals('fax', [FAX])],
  [1, goals('flow', [FLOW])],
  [5, goals('department', DEPARTMENTS)],
  [1, constant({ to: 'callback', number: '' })],
)
export const maybeGoal = option(anyGoal, { nil: null })
/** As maybeGoal, but what ends a call is no route of a queue, ring group or receptionist. */
export const maybeRoute = option(
  anyGoal.filter(({ to }) => to !== 'end'),
  { nil: null, freq: 2 },
)
export const anyKeyGoal = weighted(
  [8, insideGoal],
  [1, constant({ to: 'end', number: '' })],
  [1, constant({ to: 'again', number: '' })],
  [2, goals('dial', ['100', '801', 'GRP1', FLOW, '0123', '+4912345678'])],
)
