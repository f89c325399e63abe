import type { ReactNode, Ref } from 'react'
import { Link } from 'react-router'
import type { PopCard } from '../../../contract/pop.ts'
import { useLiftDoNotCall } from '../api/pop.ts'
import { paths } from '../paths.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes } from '../texts/times.ts'
import { Badge } from '../ui/badge.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { useTitle } from './use-title.ts'
import { CallButton } from './call-button.tsx'

/** A link is data: it may name anything, but only the web is opened. */
const IS_WEB = /^https?:\/\//i

type Props = { card: PopCard; heading: Ref<HTMLHeadingElement>; link: string | null; children: ReactNode }

/** The head of a card: name, company, account, what is special about them, how to reach them. */
export function WhoIsIt({ card, heading, link, children }: Props) {
  const t = useTexts()
  const { customer, contact, number } = card
  const asked = number?.e164 ?? (number?.raw || null)
  const someone =
    contact?.name || customer?.name || (number?.kind === 'withheld' ? t.withheld : t.unknownCaller)
  const name = card.ambiguous && asked ? asked : someone
  useTitle(name)
  // A category that is called as what it makes is said once.
  const category =
    card.vip && customer?.category?.toLowerCase() === t.vip.toLowerCase() ? null : customer?.category
  const comments = [contact?.comment, customer?.comment].filter(Boolean)
  return (
    <header className="who-is-it">
      <div className="who-line">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {name}
          </h1>
          <p className="who-sub">
            {contact && customer ? (
              link === null ? (
                <Link to={paths.popOf(customer.id)}>{customer.name}</Link>
              ) : (
                <span>{customer.name}</span>
              )
            ) : null}
            {contact?.role ? <span>{contact.role}</span> : null}
            {customer?.account ? (
              <span>
                {t.account} <strong>{customer.account}</strong>
              </span>
            ) : null}
            {asked && asked !== name ? <span className="number">{asked}</span> : null}
          </p>
        </div>
        <div className="badges">
          {children}
          {card.vip ? <Badge kind="vip">{t.vip}</Badge> : null}
          {card.on_call_duty ? <Badge kind="accent">{t.onCall}</Badge> : null}
          {category ? <Badge>{category}</Badge> : null}
          {customer?.active === false || contact?.active === false ? <Badge>{t.inactive}</Badge> : null}
        </div>
      </div>
      <DoNotCall card={card} link={link} />
      {card.known && card.confidence < 0.9 ? <Banner kind="warning">{t.guess}</Banner> : null}
      {comments.map((comment) => (
        <p key={comment} className="who-comment">
          {comment}
        </p>
      ))}
      <div className="who-actions">
        {link === null ? <Numbers card={card} /> : null}
        {contact?.email ? (
          <a className="button button-plain" href={`mailto:${contact.email}`}>
            {contact.email}
          </a>
        ) : null}
        {card.crm_link && IS_WEB.test(card.crm_link) ? (
          <a className="button button-plain" href={card.crm_link} target="_blank" rel="noreferrer">
            {t.crmLink} <span aria-hidden="true">↗</span>
            <span className="visually-hidden"> ({t.opensNewTab})</span>
          </a>
        ) : null}
      </div>
    </header>
  )
}

/** Each number of the party once, to be called. */
function Numbers({ card }: { card: PopCard }) {
  const phones = [...(card.contact?.phones ?? []), ...(card.customer?.phones ?? [])]
  const own = card.number?.e164 ?? (card.number?.kind === 'withheld' ? null : card.number?.raw)
  const all = [...(own ? [own] : []), ...phones.map(({ e164, raw }) => e164 ?? raw)]
  return [...new Set(all)]
    .slice(0, 6)
    .map((number) => <CallButton key={number} number={number} card={card} />)
}

function DoNotCall({ card, link }: { card: PopCard; link: string | null }) {
  const t = useTexts()
  const times = useTimes()
  const lift = useLiftDoNotCall()
  if (!card.do_not_call?.do_not_call) return null
  const { since } = card.do_not_call
  return (
    <Banner kind="danger" urgent>
      <span>
        <strong>{since ? t.doNotCallSince(times.moment(since)) : t.doNotCall}</strong>
        {lift.error ? ` ${errorText(lift.error, t)}` : ''}
      </span>
      {link === null && card.may.disposition && card.number ? (
        <Button busy={lift.isPending} onClick={() => lift.mutate(card.number?.raw ?? '')}>
          {t.liftDoNotCall}
        </Button>
      ) : null}
    </Banner>
  )
}
