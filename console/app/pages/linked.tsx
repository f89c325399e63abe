import { ApiError } from '../api/client.ts'
import { useLinkedCard } from '../api/link.ts'
import { Asked } from '../components/asked.tsx'
import { Card } from '../components/card.tsx'
import { useLanguage, useTexts } from '../texts/texts.tsx'

/** The card of one call, for whoever holds its link. */
export function LinkedPage({ link }: { link: string }) {
  const t = useTexts()
  const card = useLinkedCard(link, useLanguage())
  const isOver = card.error instanceof ApiError && card.error.status === 401
  return (
    <main id="content" className="page">
      {isOver ? (
        <h1>{t.linkExpired}</h1>
      ) : (
        <Asked query={card}>{(shown) => <Card card={shown} query={{}} link={link} />}</Asked>
      )}
    </main>
  )
}
