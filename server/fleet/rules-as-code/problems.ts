import { HubError, type FieldErrors } from '../../platform/errors.ts'

/** What is wrong with a file, by place. */
export type Problems = {
  /** `place` is a path in the file (`rules[3].trunk`), `line` where it stands, null when the file has no lines. */
  add(place: string, line: number | null, message: string): void
  any(): boolean
  /** Throws HubError `validation_failed` when there was anything. */
  done(): void
}

const MOST_PLACES = 100

/** Opens a list of what is wrong: everything is told at once, not one mistake after the other. */
export function openProblems(): Problems {
  const fields: FieldErrors = {}
  let count = 0
  return {
    add(place, line, message) {
      count += 1
      if (Object.keys(fields).length === MOST_PLACES && !(place in fields)) return
      ;(fields[place] ??= []).push(line === null ? message : `Line ${line}: ${message}`)
    },
    any: () => count > 0,
    done() {
      const [first] = Object.entries(fields)
      if (first === undefined) return
      const more = count > 1 ? ` (and ${count - 1} more)` : ''
      throw new HubError('validation_failed', `${first[0]}: ${first[1][0]}${more}`, { fields })
    },
  }
}
