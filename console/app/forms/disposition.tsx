import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import type { Disposition } from '../../../contract/dispositions.ts'
import type { PopCard } from '../../../contract/pop.ts'
import { ApiError } from '../api/client.ts'
import { saveOnce, type DispositionDoor, type Outcome } from '../api/dispositions.ts'
import { useRenewCards } from '../api/pop.ts'
import { useSession } from '../api/session.ts'
import { useUnsaved } from '../components/unsaved.ts'
import { errorText, fieldError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes, useTimeZone } from '../texts/times.ts'
import { fromZoneTime } from '../texts/zone-time.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { LongTextField } from '../ui/field.tsx'
import { useShortcuts } from '../ui/shortcuts.ts'
import { draftOf, emptyDraft, useDraft } from './draft.ts'
import { DueField } from './due-field.tsx'
import { StatusChoice } from './status-choice.tsx'

const LATER = 'schedule_later'

type Props = {
  card: PopCard
  cardKey: string
  /** What it may be saved for; none, and it cannot be saved. */
  numbers: string[]
  doorFor: (number: string) => DispositionDoor
  /** One that is there already; null for a new one. */
  correcting: Disposition | null
  onLeave: () => void
}

/** What became of the call: chosen, commented and saved once, corrected as often as needed. */
export function DispositionForm({ card, cardKey, numbers, doorFor, correcting, onLeave }: Props) {
  const t = useTexts()
  const times = useTimes()
  const timeZone = useTimeZone()
  const renew = useRenewCards()
  const begin = useBeginning(card, numbers, correcting)
  const { draft, change, forget, restart } = useDraft(cardKey, begin)
  const [problem, setProblem] = useState<{ status?: string; due?: string }>({})
  const comment = useRef<HTMLTextAreaElement>(null)
  const choice = useRef<HTMLFieldSetElement>(null)
  const saving = useRef(false)

  const due = draft.status === LATER ? fromZoneTime(draft.due, timeZone) : null
  const outcome: Outcome = {
    status: draft.status,
    comment: draft.comment.trim() === '' ? null : draft.comment.trim(),
    due_at: due === null ? null : new Date(due).toISOString(),
  }
  const isSaved = draft.saved !== null && sameOutcome(draft.saved.outcome, outcome)
  const isEmpty = draft.status === '' && draft.comment === ''
  useUnsaved(!isSaved && !isEmpty)

  const save = useMutation({
    mutationFn: (wanted: Outcome) =>
      saveOnce(doorFor(draft.number), draft.sent, wanted, (sent) => change({ sent })),
    onSuccess: async ({ updated_at }, wanted) => {
      change({ saved: { outcome: wanted, at: updated_at } })
      // The same call is the same entry for good; the same number is somebody's next call.
      if (card.call === null) forget()
      await renew()
    },
    onError: async (error) => {
      if (!(error instanceof ApiError) || error.code !== 'precondition_failed') return
      change({ sent: { ...draft.sent, etag: null } })
      await renew()
    },
    onSettled: () => {
      saving.current = false
    },
  })

  const cannot = card.may.disposition ? (numbers.length === 0 ? t.noNumber : null) : t.mayNot
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    if (saving.current || cannot !== null || isSaved) return
    const found = {
      ...(draft.status === '' ? { status: t.choose } : {}),
      ...(due !== null && due < Date.now() - 60_000 ? { due: t.duePast } : {}),
    }
    setProblem(found)
    if (found.status !== undefined) choice.current?.querySelector('input')?.focus()
    if (Object.keys(found).length > 0) return
    saving.current = true
    save.mutate(outcome)
  }
  const choose = (status: string) => {
    setProblem({})
    change({ status })
  }
  useShortcuts({
    'Ctrl+Enter': submit,
    c: () => comment.current?.focus(),
    ...Object.fromEntries(card.codes.slice(0, 9).map(({ code }, i) => [String(i + 1), () => choose(code)])),
  })

  return (
    <form className="form" onSubmit={submit} noValidate>
      <StatusChoice
        ref={choice}
        codes={card.codes}
        chosen={draft.status}
        onChoose={choose}
        error={problem.status ?? fieldError(save.error, 'status')}
      />
      {draft.status === LATER ? (
        <DueField
          value={draft.due}
          onChange={(value) => change({ due: value })}
          error={problem.due ?? fieldError(save.error, 'due_at')}
        />
      ) : null}
      <LongTextField
        ref={comment}
        label={t.comment}
        value={draft.comment}
        maxLength={10_000}
        onChange={(event) => change({ comment: event.target.value })}
        error={fieldError(save.error, 'comment')}
      />
      {numbers.length > 1 && correcting === null ? (
        <label className="field">
          {t.onNumber}
          <select value={draft.number} onChange={(event) => change({ number: event.target.value })}>
            {numbers.map((number) => (
              <option key={number}>{number}</option>
            ))}
          </select>
        </label>
      ) : null}
      {save.error ? (
        <Banner kind="danger" urgent>
          {save.error instanceof ApiError && save.error.code === 'precondition_failed'
            ? t.changedMeanwhile
            : errorText(save.error, t)}
        </Banner>
      ) : null}
      <div className="form-actions">
        <Button
          type="submit"
          kind="primary"
          busy={save.isPending}
          disabledReason={cannot}
          aria-keyshortcuts="Control+Enter"
        >
          {save.isPending ? t.saving : draft.saved ? t.saveCorrection : t.saveDisposition}
        </Button>
        {correcting ? (
          <Button
            kind="quiet"
            onClick={() => {
              forget()
              onLeave()
            }}
          >
            {isSaved ? t.close : t.keepOld}
          </Button>
        ) : null}
        {isSaved && correcting === null && card.call === null ? (
          <Button kind="quiet" onClick={() => restart(emptyDraft(numbers[0] ?? ''))}>
            {t.another}
          </Button>
        ) : null}
        <span role="status" className={isSaved ? 'saved' : 'muted'}>
          {isSaved && draft.saved ? t.savedAt(times.time(draft.saved.at)) : isEmpty ? '' : t.changedSince}
        </span>
      </div>
    </form>
  )
}

const sameOutcome = (one: Outcome, other: Outcome) =>
  one.status === other.status &&
  one.comment === other.comment &&
  (one.due_at === null) === (other.due_at === null) &&
  (one.due_at === null || Date.parse(one.due_at) === Date.parse(other.due_at ?? ''))

/** A new form is empty, unless whoever opens it has saved something for this very call. */
function useBeginning(card: PopCard, numbers: string[], correcting: Disposition | null) {
  const timeZone = useTimeZone()
  const { data: session } = useSession()
  return () => {
    const own = card.dispositions.find(
      ({ call, user_id }) =>
        call !== null && call === card.call?.call && user_id !== null && user_id === session?.user?.id,
    )
    const present = correcting ?? own
    return present ? draftOf(present, timeZone) : emptyDraft(numbers[0] ?? '')
  }
}
