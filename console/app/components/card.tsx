import { useEffect, useMemo, useRef, useState } from 'react'
import type { Disposition } from '../../../contract/dispositions.ts'
import type { PopCard, PopQuery } from '../../../contract/pop.ts'
import { ownDoor } from '../api/dispositions.ts'
import { linkDoor } from '../api/link.ts'
import { AttachForm } from '../forms/attach.tsx'
import { DispositionForm } from '../forms/disposition.tsx'
import { NoteForm } from '../forms/note.tsx'
import { useTexts } from '../texts/texts.tsx'
import { Panel } from '../ui/panel.tsx'
import { CallState } from './call-state.tsx'
import { Candidates } from './candidates.tsx'
import { Calls, CallbackList, Contracts, Dispositions } from './history.tsx'
import { NoteList } from './note-list.tsx'
import { WhoIsIt } from './who-is-it.tsx'

/** Everything about one caller. `link` is the credential of whoever has no account; null for somebody signed in. */
export function Card({ card, query, link }: { card: PopCard; query: PopQuery; link: string | null }) {
  const t = useTexts()
  const [correcting, setCorrecting] = useState<Disposition | null>(null)
  const numbers = useNumbersOf(card)
  const heading = useRef<HTMLHeadingElement>(null)
  // Whoever opens a card hears whose it is, and has the keys of the card at hand.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])

  const call = card.call?.call ?? null
  const cardKey = JSON.stringify([
    call,
    card.call?.host_id ?? null,
    card.number?.raw ?? null,
    query.party_id ?? null,
  ])
  const door = useMemo(
    () => (link === null ? (number: string) => ownDoor({ number, call }) : () => linkDoor(link)),
    [link, call],
  )
  const canAttach = card.may.attach && link === null && card.number !== null && isSomebody(card)
  return (
    <article className="card">
      <div className="card-main">
        <WhoIsIt card={card} heading={heading} link={link}>
          <CallState call={call} host={query.host ?? card.call?.host_id ?? null} />
        </WhoIsIt>
        {card.candidates.length > 0 && link === null ? <Candidates card={card} query={query} /> : null}
        <Panel title={correcting ? t.correctDisposition : t.disposition} className="panel-disposition">
          <DispositionForm
            key={correcting?.id ?? 'new'}
            cardKey={correcting ? `#${correcting.id}` : cardKey}
            card={card}
            numbers={numbers}
            doorFor={door}
            correcting={correcting}
            onLeave={() => setCorrecting(null)}
          />
        </Panel>
        {canAttach && (!card.known || card.confidence < 0.9) && !card.ambiguous ? (
          <AttachForm card={card} />
        ) : null}
      </div>
      <div className="card-side">
        <CallbackList callbacks={card.callbacks} />
        <Dispositions card={card} onCorrect={link === null && card.may.disposition ? setCorrecting : null} />
        <Panel title={t.notes}>
          <NoteForm card={card} link={link} />
          <NoteList notes={card.notes} link={link} />
        </Panel>
        <Calls calls={card.calls} />
        <Contracts contracts={card.contracts} />
      </div>
    </article>
  )
}

const isSomebody = ({ number }: PopCard) => number !== null && number.kind !== 'withheld' && number.raw !== ''

/** The numbers a disposition of this card may be saved for: the card's own, else those of the party. */
function useNumbersOf(card: PopCard): string[] {
  return useMemo(() => {
    if (card.number !== null) return [card.number.raw]
    const phones = [...(card.contact?.phones ?? []), ...(card.customer?.phones ?? [])]
    return [...new Set(phones.map(({ e164, raw }) => e164 ?? raw))]
  }, [card])
}
