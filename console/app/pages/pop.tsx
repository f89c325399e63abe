import { useParams, useSearchParams } from 'react-router'
import type { PopQuery } from '../../../contract/pop.ts'
import { ApiError } from '../api/client.ts'
import { usePopCard } from '../api/pop.ts'
import { Asked } from '../components/asked.tsx'
import { Card } from '../components/card.tsx'
import { LookUp } from '../components/look-up.tsx'
import { useTitle } from '../components/use-title.ts'
import { useLanguage, useTexts } from '../texts/texts.tsx'

/** What the page's address asks for; null when it asks for nobody. */
function useQueryOfAddress(): PopQuery | null {
  const { id } = useParams()
  const [search] = useSearchParams()
  const whole = (name: string) => {
    const value = Number(search.get(name) ?? '')
    return Number.isSafeInteger(value) && value > 0 ? value : undefined
  }
  const query: PopQuery = {
    party_id: id !== undefined && /^[1-9]\d{0,15}$/.test(id) ? Number(id) : undefined,
    contact_id: whole('contact_id'),
    customer_id: whole('customer_id'),
    call: search.get('call') || undefined,
    host: whole('host'),
    number: search.get('number') ?? undefined,
  }
  const { host: _host, ...who } = query
  return Object.values(who).some((value) => value !== undefined) ? query : null
}

/** The card of a caller: `?number=`, `?call=&host=`, or `/pop/{id}` of a customer or contact. */
export function PopPage() {
  const t = useTexts()
  const language = useLanguage()
  const query = useQueryOfAddress()
  const card = usePopCard(query, language)
  if (query === null) return <Idle />
  const isGone = card.error instanceof ApiError && card.error.status === 404
  return (
    <>
      <LookUp compact />
      {isGone ? (
        <h1>{t.partyNotFound}</h1>
      ) : (
        <Asked query={card}>
          {(shown) => <Card key={JSON.stringify(query)} card={shown} query={query} link={null} />}
        </Asked>
      )}
    </>
  )
}

function Idle() {
  const t = useTexts()
  useTitle(t.popTitle)
  return (
    <div className="idle">
      <h1>{t.popIdle}</h1>
      <p className="muted">{t.popIdleHint}</p>
      <LookUp />
    </div>
  )
}
