import { Link } from 'react-router'
import type { PopCard, PopQuery } from '../../../contract/pop.ts'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Badge } from '../ui/badge.tsx'
import { Panel } from '../ui/panel.tsx'

/** Whom the number may mean, to choose from; the choice is part of the page's address. */
export function Candidates({ card, query }: { card: PopCard; query: PopQuery }) {
  const t = useTexts()
  const { call, host, number } = query
  const about = { call, host, number: number ?? card.number?.raw }
  return (
    <Panel title={t.severalPossible}>
      <p className="muted">{t.severalHint}</p>
      <ul className="choices">
        {card.candidates.map(({ customer, contact }) => (
          <li key={`${customer?.id ?? ''} ${contact?.id ?? ''}`}>
            <Link
              className="choice"
              to={paths.pop({
                ...about,
                ...(contact ? { contact_id: contact.id } : { customer_id: customer?.id }),
              })}
            >
              <span>
                <strong>{contact?.name || customer?.name}</strong>
                {contact && customer ? <span className="muted"> {customer.name}</span> : null}
              </span>
              <span className="badges">
                {customer?.account ? <span className="muted">{customer.account}</span> : null}
                {customer?.vip ? <Badge kind="vip">{t.vip}</Badge> : null}
                {customer?.on_call_duty ? <Badge kind="accent">{t.onCall}</Badge> : null}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
