/** Something wrong with a rule. */
export type Complaint = {
  /** Where, by path, in our names. */
  field: string
  /** Stable. */
  code: string
  /** The rule may not be written like that; otherwise it is only worth a look. */
  refuses: boolean
  /** What is wrong and what to do about it. */
  message: string
}

export const refusal = (field: string, code: string, message: string): Complaint => ({
  field,
  code,
  refuses: true,
  message,
})
export const warning = (field: string, code: string, message: string): Complaint => ({
  field,
  code,
  refuses: false,
  message,
})

/** Some of a list, for a sentence. */
export function someOf(list: readonly string[], most = 10): string {
  const shown = list.slice(0, most).join(', ')
  return list.length > most ? `${shown} and ${list.length - most} more` : shown
}
