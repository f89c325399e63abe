import { newKey } from '../api/new-key.ts'
import { useRef, useState } from 'react'
import type { PopAttachInput, PopCard } from '../../../contract/pop.ts'
import { ApiError } from '../api/client.ts'
import { useAttach } from '../api/pop.ts'
import { useDirectorySearch, type Found } from '../api/search.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { Panel } from '../ui/panel.tsx'
import { useShortcuts } from '../ui/shortcuts.ts'
import { NewPartyForm } from './new-party.tsx'

/** Whom an unknown number is put with. */
export type Whom = Omit<PopAttachInput, 'number' | 'shared'>

/** An unknown number gets its owner: somebody found in the directory, or somebody new. */
export function AttachForm({ card }: { card: PopCard }) {
  const t = useTexts()
  const attach = useAttach()
  const search = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  /** Whom a new person shall belong to; undefined while nobody new is being made. */
  const [creating, setCreating] = useState<{ id: number; name: string } | null | undefined>()
  const [last, setLast] = useState<Whom | null>(null)
  const attaching = useRef(false)
  useShortcuts({ a: () => search.current?.focus() })

  const number = card.number?.raw ?? ''
  const put = (whom: Whom, shared = false) => {
    if (attaching.current) return
    attaching.current = true
    setLast(whom)
    const body = { ...whom, number, ...(shared ? { shared } : {}) }
    attach.mutate(
      // The same wish is the same act, however often its button is pressed.
      { key: keyOf(body), body },
      {
        onSettled: () => {
          attaching.current = false
        },
      },
    )
  }
  const isTaken = attach.error instanceof ApiError && attach.error.code === 'number_taken'
  return (
    <Panel title={t.attach}>
      <p className="muted">{t.attachHint}</p>
      {attach.error ? (
        <Banner kind={isTaken ? 'warning' : 'danger'} urgent>
          <span>{isTaken ? t.taken : errorText(attach.error, t)}</span>
          {isTaken && last ? <Button onClick={() => put(last, true)}>{t.attachAnyway}</Button> : null}
        </Banner>
      ) : null}
      {creating === undefined ? (
        <div className="form">
          <TextField
            ref={search}
            type="search"
            label={t.searchCustomers}
            hint={t.searchHint}
            value={text}
            autoComplete="off"
            onChange={(event) => setText(event.target.value)}
          />
          <Results text={text} busy={attach.isPending} onChoose={put} onPersonOf={setCreating} />
          <div className="form-actions">
            <Button onClick={() => setCreating(null)}>{t.createNew}</Button>
          </div>
        </div>
      ) : (
        <NewPartyForm
          of={creating}
          error={attach.error}
          busy={attach.isPending}
          onCreate={put}
          onCancel={() => setCreating(undefined)}
        />
      )}
    </Panel>
  )
}

/** Keys live as long as the page: whoever opens it anew means it anew. */
const keys = new Map<string, string>()
function keyOf(body: PopAttachInput): string {
  const text = JSON.stringify(body)
  const key = keys.get(text) ?? newKey()
  keys.set(text, key)
  return key
}

type ResultsProps = {
  text: string
  busy: boolean
  onChoose: (whom: Whom) => void
  onPersonOf: (customer: { id: number; name: string }) => void
}

function Results({ text, busy, onChoose, onPersonOf }: ResultsProps) {
  const t = useTexts()
  const { data, error, isFetching } = useDirectorySearch(text)
  if (error) return <Banner kind="danger">{errorText(error, t)}</Banner>
  if (!data || text.trim().length < 2) return null
  const count = data.customers.length + data.contacts.length
  return (
    <>
      <p role="status" className="muted">
        {isFetching ? t.loading : count === 0 ? t.nothingFound : t.found(count)}
      </p>
      <ul className="choices">{choicesOf(data)}</ul>
    </>
  )

  function choicesOf({ customers, contacts }: Found) {
    return [
      ...customers.map(({ id, name, customer_account }) => (
        <li key={`customer ${id}`} className="choice-with-more">
          <button
            type="button"
            className="choice"
            aria-disabled={busy || undefined}
            onClick={() => onChoose({ customer_id: id })}
          >
            <span>
              <strong>{name}</strong>
              <span className="muted"> {customer_account}</span>
            </span>
            <span className="muted">{t.customer}</span>
          </button>
          <Button className="button-small" kind="quiet" onClick={() => onPersonOf({ id, name })}>
            {t.ofCustomer(name)}
          </Button>
        </li>
      )),
      ...contacts.map(({ id, name, company, email }) => (
        <li key={`contact ${id}`}>
          <button
            type="button"
            className="choice"
            aria-disabled={busy || undefined}
            onClick={() => onChoose({ contact_id: id })}
          >
            <span>
              <strong>{name || email}</strong>
              <span className="muted"> {company}</span>
            </span>
            <span className="muted">{t.contact}</span>
          </button>
        </li>
      )),
    ]
  }
}
