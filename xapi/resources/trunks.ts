import type { DidNumber, Trunk } from './entities.ts'
import { known } from '../operations/known.ts'
import {
  numberedSet,
  readableSet,
  type Caller,
  type CallOptions,
  type NumberedSet,
  type ReadableSet,
} from './collection.ts'

export type Trunks = NumberedSet<Trunk> & {
  /** A trunk prefilled from a template of the PBX, to be completed and created. */
  fromTemplate(template: string, options?: CallOptions): Promise<Trunk>
  /** Makes the trunk register anew. */
  register(id: number, options?: CallOptions): Promise<void>
}

const INIT = known('GET /Trunks/Pbx.InitTrunk(template={template:text})')
const REGISTER = known('POST /Trunks/Pbx.RefreshRegistration')

export function openTrunks(caller: Caller): Trunks {
  return {
    ...numberedSet<Trunk>(caller, 'Trunks'),
    fromTemplate: async (template, options) => (await caller.by([[INIT, { template }]], options)) as Trunk,
    register: async (id, options) => void (await caller.by([[REGISTER, { body: { id } }]], options)),
  }
}

/** The numbers of all trunks, each with the rule it is routed by. */
export const openDids = (caller: Caller): ReadableSet<DidNumber> =>
  readableSet<DidNumber>(caller, 'DidNumbers')
