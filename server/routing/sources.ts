import type { ProfileInput, ProfileSource } from '../../contract/profiles.ts'

/** Who can be asked who calls. The directory is memory and waits for nothing. */
export const SOURCES: readonly string[] = ['directory']

type Given = NonNullable<ProfileInput['sources']>[number]

/** A source as a profile keeps it. */
export const sourceOf = (given: Given): ProfileSource =>
  typeof given === 'string'
    ? { source: given.trim(), mode: 'in_order' }
    : { source: given.source.trim(), mode: given.mode ?? 'in_order' }
