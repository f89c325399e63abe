import { invalid, type FieldErrors } from './errors.ts'

/** A text of a write: undefined is not written, null is cleared. */
export type Text = string | null | undefined

/** Looks at the fields of one write and collects everything that is wrong before anything is said. */
export type FieldCheck = {
  refuse(field: string, message: string): void
  /** The text trimmed, null when nothing is left of it; undefined (not written) stays undefined. */
  text(field: string, value: Text): Text
  /** A text that may be left out of a patch but never emptied. */
  required(field: string, value: Text): string | undefined
  /** An http or https address, which may hold placeholders. */
  link(field: string, value: Text): Text
  /** Throws `validation_failed` when anything was refused. */
  done(): void
}

const LINK = /^https?:\/\/[^\s/]\S*$/i

/** What is said of a text that `isStorable` refuses. */
export const UNSTORABLE = 'Holds characters that no text may hold (NUL, half a surrogate pair).'

/** Whether both engines can keep the text: they differ over NUL and lone surrogates. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed()
}

/** Starts on the fields of one write. */
export function openFieldCheck(): FieldCheck {
  const errors: FieldErrors = {}
  const refuse = (field: string, message: string) => void (errors[field] ??= []).push(message)
  const text = (field: string, value: Text): Text => {
    if (value === undefined || value === null) return value
    if (!isStorable(value)) refuse(field, UNSTORABLE)
    return value.trim() || null
  }
  return {
    refuse,
    text,
    required(field, value) {
      const read = text(field, value)
      if (read === null) refuse(field, 'Cannot be empty.')
      return read ?? undefined
    },
    link(field, value) {
      const read = text(field, value)
      if (read && !LINK.test(read)) refuse(field, 'Is no web address: http:// or https:// and no blank.')
      return read
    },
    done() {
      if (Object.keys(errors).length > 0) throw invalid(errors)
    },
  }
}
