/**
 * Every error code a client can meet, with its HTTP status. Codes are stable: clients branch on them.
 * `docs/errors.md` explains each one and a test keeps the two lists equal.
 */
export const ERRORS = {
  bad_request: 400,
  parameter_missing: 400,
  unauthenticated: 401,
  credentials_refused: 401,
  code_required: 401,
  link_expired: 401,
  forbidden: 403,
  scope_missing: 403,
  address_refused: 403,
  csrf_refused: 403,
  not_yours: 403,
  links_off: 403,
  not_found: 404,
  conflict: 409,
  in_use: 409,
  number_taken: 409,
  request_in_progress: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  validation_failed: 422,
  country_required: 422,
  idempotency_key_reused: 422,
  too_many_failures: 429,
  internal: 500,
  secret_unreadable: 500,
  secret_key_unknown: 500,
  secret_key_required: 503,
  secret_key_missing: 503,
  secret_key_wrong: 503,
  store_unavailable: 503,
  store_full: 507,
} as const

export type ErrorCode = keyof typeof ERRORS
