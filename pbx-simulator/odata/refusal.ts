/** An answer other than success, in the shape OData clients expect. `details` name the fields that were refused. */
export class Refusal extends Error {
  readonly status: number
  readonly details: readonly { code: string; message: string; target: string }[]

  constructor(status: number, message: string, details: Refusal['details'] = []) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.details = details
  }
}

/** 400 for one field, with one of the PBX's warning symbols, such as `XAPI.ALREADY_IN_USE`. */
export function refuseField(field: string, symbol: string): Refusal {
  const message = `WARNINGS.${symbol}`
  return new Refusal(400, `${field}\n${message}`, [{ code: '', message, target: field }])
}

export const notFound = (what: string): Refusal => new Refusal(404, `${what} is not here.`)

export const badRequest = (message: string): Refusal => new Refusal(400, message)

/** The body of a refusal. */
export function refusalBody(refusal: Refusal): object {
  const { message, details } = refusal
  return { error: { code: '', message, ...(details.length > 0 ? { details } : {}) } }
}
