import type { Callback } from '../../../contract/callbacks.ts'
import type { Contract } from '../../../contract/contracts.ts'
import type { Disposition } from '../../../contract/dispositions.ts'
import type { Call } from '../../../contract/pbx3cx-calls.ts'
import type { PopCard } from '../../../contract/pop.ts'
import { useSession } from '../api/session.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes } from '../texts/times.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { Panel } from '../ui/panel.tsx'

export function Calls({ calls }: { calls: Call[] }) {
  const t = useTexts()
  const times = useTimes()
  return (
    <Panel title={t.calls}>
      {calls.length === 0 ? <p className="muted">{t.noCalls}</p> : null}
      <ul className="rows">
        {calls.map((call) => (
          <li key={call.id}>
            <span className={`direction direction-${call.direction ?? 'internal'}`} aria-hidden="true">
              {call.direction === 'outbound' ? '↗' : '↙'}
            </span>
            <span className="row-main">
              <span>
                {t[call.direction ?? 'internal']}, {t.statuses[call.status]}
              </span>
              <span className="muted">
                {[call.agent_name ?? call.agent_extension, call.queue].filter(Boolean).join(' · ')}
              </span>
            </span>
            <span className="row-end">
              <time dateTime={call.started_at}>{times.moment(call.started_at)}</time>
              {call.talk_ms ? <span className="muted">{times.duration(call.talk_ms)}</span> : null}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** The statuses as whoever reads them calls them. */
export const labelOf = (card: PopCard, status: string) =>
  card.codes.find(({ code }) => code === status)?.label ?? status

export function Dispositions({
  card,
  onCorrect,
}: {
  card: PopCard
  onCorrect: ((disposition: Disposition) => void) | null
}) {
  const t = useTexts()
  const times = useTimes()
  const { data: session } = useSession()
  /** Agents correct their own, managers anybody's. */
  const mayCorrect = (one: Disposition) =>
    session?.role !== 'agent' || (one.user_id !== null && one.user_id === session.user?.id)
  return (
    <Panel title={t.dispositions}>
      {card.dispositions.length === 0 ? <p className="muted">{t.noDispositions}</p> : null}
      <ul className="rows">
        {card.dispositions.map((one) => {
          const [what, when] = [labelOf(card, one.status), times.moment(one.recorded_at)]
          return (
            <li key={one.id}>
              <span className="row-main">
                <span>
                  <strong>{what}</strong>
                  {one.due_at ? <span className="muted"> → {times.moment(one.due_at)}</span> : null}
                </span>
                {one.comment ? <span className="written">{one.comment}</span> : null}
                <span className="muted">{one.agent}</span>
              </span>
              <span className="row-end">
                <time dateTime={one.recorded_at}>{when}</time>
                {onCorrect ? (
                  <Button
                    kind="quiet"
                    className="button-small"
                    aria-label={t.correctOf(what, when)}
                    disabledReason={mayCorrect(one) ? null : t.errors['not_yours']}
                    onClick={() => onCorrect(one)}
                  >
                    {t.correct}
                  </Button>
                ) : null}
              </span>
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}

export function CallbackList({ callbacks }: { callbacks: Callback[] }) {
  const t = useTexts()
  const times = useTimes()
  if (callbacks.length === 0) return null
  return (
    <Panel title={t.openCallbacks}>
      <ul className="rows">
        {callbacks.map((one) => (
          <li key={one.id}>
            <span className="row-main">
              <span>{one.due_at ? times.moment(one.due_at) : t.anyTime}</span>
              {one.comment ? <span className="written">{one.comment}</span> : null}
            </span>
            {one.overdue ? <Badge kind="danger">{t.overdue}</Badge> : null}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

export function Contracts({ contracts }: { contracts: Contract[] }) {
  const t = useTexts()
  const times = useTimes()
  if (contracts.length === 0) return null
  return (
    <Panel title={t.contracts}>
      <ul className="rows">
        {contracts.map((one) => (
          <li key={one.id}>
            <span className="row-main">
              <span>{one.kind === 'on_call_duty' ? t.onCall : (one.reference ?? one.kind)}</span>
              <span className="muted">{one.end_date ? t.untilDay(times.day(one.end_date)) : ''}</span>
            </span>
            <Badge kind={one.active ? 'good' : 'plain'}>{one.active ? t.inForce : t.notInForce}</Badge>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
