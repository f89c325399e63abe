import { ApiError } from '../api/client.ts'
import type { Texts } from './en.ts'

/** An error as a person reads it: in their language where there are words for it, else as the hub said it. */
export function errorText(error: unknown, t: Texts): string {
  if (!(error instanceof ApiError)) return t.fault
  return t.errors[error.code] ?? error.message
}

/** As `errorText`, where the password was asked for once more. */
export function passwordError(error: unknown, t: Texts): string {
  const isWrong = error instanceof ApiError && error.code === 'credentials_refused'
  return isWrong ? (t.errors['password_refused'] ?? error.message) : errorText(error, t)
}

/** What is wrong with one field; null when nothing is. */
export function fieldError(error: unknown, name: string): string | null {
  return error instanceof ApiError ? (error.fields[name]?.[0] ?? null) : null
}
