import { useState } from 'react'
import type { Disposition } from '../../../contract/dispositions.ts'
import { newSent, type Outcome, type Sent } from '../api/dispositions.ts'
import { actingTenant } from '../api/tenant.ts'
import { toZoneTime } from '../texts/zone-time.ts'

/** What is in the form of a disposition, and how far its saving has come. */
export type Draft = {
  status: string
  comment: string
  /** As the field holds it, in the tenant's zone. */
  due: string
  /** Which of the party's numbers it is saved for. */
  number: string
  sent: Sent
  /** What the hub has, and since when (ISO); null until it was saved. */
  saved: { outcome: Outcome; at: string } | null
}

const PREFIX = 'cordboard.draft.'

export const emptyDraft = (number: string): Draft => ({
  status: '',
  comment: '',
  due: '',
  number,
  sent: newSent(),
  saved: null,
})

/** A disposition that is there already, to be corrected. */
export function draftOf(disposition: Disposition, timeZone: string): Draft {
  const { id, status, comment, due_at, number, updated_at } = disposition
  const outcome = { status, comment: comment === '' ? null : comment, due_at }
  return {
    status,
    comment,
    due: due_at === null ? '' : toZoneTime(Date.parse(due_at), timeZone),
    number,
    sent: { ...newSent(), id, first: outcome },
    saved: { outcome, at: updated_at },
  }
}

/** A draft that outlives a reload of the page; it ends with the window or at signing out. */
export function useDraft(key: string, begin: () => Draft) {
  // The same number is somebody else in another tenant.
  const place = `${PREFIX}${actingTenant() ?? ''}.${key}`
  const [draft, setDraft] = useState<Draft>(() => {
    const kept = sessionStorage.getItem(place)
    return kept === null ? begin() : (JSON.parse(kept) as Draft)
  })
  return {
    draft,
    change(changes: Partial<Draft>) {
      setDraft((before) => {
        const after = { ...before, ...changes }
        sessionStorage.setItem(place, JSON.stringify(after))
        return after
      })
    },
    /** Nothing of it is needed after a reload; what is on the screen stays. */
    forget: () => sessionStorage.removeItem(place),
    restart(next: Draft) {
      sessionStorage.removeItem(place)
      setDraft(next)
    },
  }
}
