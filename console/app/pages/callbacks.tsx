import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { Callback } from '../../../contract/callbacks.ts'
import { SHOWN, useCallbacks, useChangeCallback, useNames, type Shown } from '../api/callbacks.ts'
import { Asked } from '../components/asked.tsx'
import { useTitle } from '../components/use-title.ts'
import { PostponeForm } from '../forms/postpone.tsx'
import { paths } from '../paths.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes } from '../texts/times.ts'
import { Badge } from '../ui/badge.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import type { Page } from '../../../contract/common.ts'

/** Who wants to be called back: `?show=due|open|done|cancelled`, `?page=`. */
export function CallbacksPage() {
  const t = useTexts()
  const [search] = useSearchParams()
  const shown = SHOWN.find((one) => one === search.get('show')) ?? 'due'
  const page = Math.max(1, Math.trunc(Number(search.get('page') ?? 1)) || 1)
  const callbacks = useCallbacks(shown, page)
  useTitle(t.callbacks)
  const names: Record<Shown, string> = { due: t.due, open: t.allOpen, done: t.done, cancelled: t.cancelled }
  return (
    <>
      <h1>{t.callbacks}</h1>
      <nav className="tabs" aria-label={t.show}>
        {SHOWN.map((one) => (
          <Link key={one} to={paths.callbacks(one)} aria-current={one === shown ? 'page' : undefined}>
            {names[one]}
          </Link>
        ))}
      </nav>
      <Asked query={callbacks}>{(found) => <List found={found} shown={shown} />}</Asked>
    </>
  )
}

function List({ found, shown }: { found: Page<Callback>; shown: Shown }) {
  const t = useTexts()
  const names = useNames(found.data.map(({ e164, number }) => e164 ?? number))
  const { current_page: page, last_page: last } = found
  if (found.data.length === 0) return <p className="muted">{shown === 'due' ? t.noDue : t.noCallbacks}</p>
  return (
    <>
      <ul className="callbacks">
        {found.data.map((callback) => (
          <Row
            key={callback.id}
            callback={callback}
            name={names.get(callback.e164 ?? callback.number) ?? null}
          />
        ))}
      </ul>
      {last > 1 ? (
        <nav className="pages" aria-label={t.pageOf(page, last)}>
          {page > 1 ? <Link to={paths.callbacks(shown, page - 1)}>{t.previous}</Link> : <span />}
          <span>{t.pageOf(page, last)}</span>
          {page < last ? <Link to={paths.callbacks(shown, page + 1)}>{t.next}</Link> : <span />}
        </nav>
      ) : null}
    </>
  )
}

function Row({ callback, name }: { callback: Callback; name: string | null }) {
  const t = useTexts()
  const times = useTimes()
  const change = useChangeCallback()
  const [postpones, setPostpones] = useState(false)
  const { id, number, e164, contact_id, customer_id, due_at, comment, agent, status, overdue } = callback
  const who = name ?? e164 ?? (number || t.withheld)
  const set = (patch: Parameters<typeof change.mutate>[0]['patch']) => change.mutate({ id, patch })
  return (
    <li className="panel callback">
      <div className="callback-line">
        <span className="row-main">
          <Link
            className="callback-who"
            to={paths.pop({
              number: e164 ?? number,
              contact_id,
              customer_id: contact_id ? null : customer_id,
            })}
          >
            {who}
          </Link>
          {name ? <span className="muted number">{e164 ?? number}</span> : null}
          {comment ? <span className="written">{comment}</span> : null}
          <span className="muted">{agent}</span>
        </span>
        <span className="row-end">
          <time dateTime={due_at ?? undefined}>{due_at ? times.moment(due_at) : t.anyTime}</time>
          {overdue ? <Badge kind="danger">{t.overdue}</Badge> : null}
        </span>
      </div>
      {change.error ? (
        <Banner kind="danger" urgent>
          {errorText(change.error, t)}
        </Banner>
      ) : null}
      <div className="form-actions">
        {status === 'open' ? (
          <>
            <Button
              aria-label={t.completeOf(who)}
              busy={change.isPending}
              onClick={() => set({ status: 'done' })}
            >
              {t.complete}
            </Button>
            <Button kind="quiet" aria-label={t.postponeOf(who)} onClick={() => setPostpones(true)}>
              {t.postpone}
            </Button>
            <Button
              kind="quiet"
              aria-label={t.cancelOf(who)}
              busy={change.isPending}
              onClick={() => set({ status: 'cancelled' })}
            >
              {t.cancelCallback}
            </Button>
          </>
        ) : (
          <Button
            kind="quiet"
            aria-label={t.reopenOf(who)}
            busy={change.isPending}
            onClick={() => set({ status: 'open' })}
          >
            {t.reopen}
          </Button>
        )}
      </div>
      {postpones ? (
        <PostponeForm
          who={who}
          dueAt={due_at}
          onClose={() => setPostpones(false)}
          onPostpone={(instant) => {
            set({ due_at: instant })
            setPostpones(false)
          }}
        />
      ) : null}
    </li>
  )
}
