import type { ValidateFunction } from 'ajv'
import type { TSchema } from 'typebox'
import {
  BulkContact,
  BulkContactRemoval,
  BulkCustomer,
  BulkCustomerRemoval,
  BulkHead,
  type BulkLine,
} from '../../contract/bulk.ts'
import { CustomerInput } from '../../contract/customers.ts'
import type { BulkWrite } from '../directory/directory.ts'
import { HubError } from '../platform/errors.ts'
import { refusedFields } from './errors.ts'
import { bodyValidator } from './validation.ts'
import type { TextLine } from './ndjson.ts'

/** Reads a line as what it asks to write, by the shapes of the contract; never throws. */
export type BulkReader = (line: TextLine) => BulkWrite

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HubError('bad_request', 'The line is no JSON.')
  }
}

/** Compiled when the first bulk write comes: it takes longer than most of a hub's start. */
function compileShapes() {
  const ajv = bodyValidator()
  const compile = (schema: TSchema) => ajv.compile(schema)
  const head = compile(BulkHead)
  const shapes = {
    upsert: { customer: compile(BulkCustomer), contact: compile(BulkContact) },
    delete: { customer: compile(BulkCustomerRemoval), contact: compile(BulkContactRemoval) },
  }
  return { head, shapes, newCustomer: compile(CustomerInput) }
}

export function openBulkReader(): BulkReader {
  let compiled: ReturnType<typeof compileShapes> | null = null

  const refusal = (validate: ValidateFunction, value: unknown) =>
    validate(value) ? null : refusedFields(validate.errors ?? [])

  const read = (text: string): BulkWrite => {
    const { head, shapes, newCustomer } = (compiled ??= compileShapes())
    const value = parse(text) as BulkLine
    const headless = refusal(head, value)
    if (headless) throw headless
    const wrong = refusal(shapes[value.op][value.type], value)
    if (wrong) throw wrong
    // Only a customer that is not there yet needs what creating one needs.
    const asNew = value.op === 'upsert' && value.type === 'customer' ? refusal(newCustomer, value) : null
    return { line: value, asNew }
  }

  return (line) => {
    if ('problem' in line) return { refused: line.problem }
    try {
      return read(line.text)
    } catch (error) {
      if (error instanceof HubError) return { refused: error }
      throw error
    }
  }
}
