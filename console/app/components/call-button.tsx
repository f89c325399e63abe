import { useRef, useState } from 'react'
import type { ClickToCall } from '../../../contract/live.ts'
import type { PopCard } from '../../../contract/pop.ts'
import { keptPhone, keepPhone } from '../api/own-phone.ts'
import { usePlaceCall } from '../api/place-call.ts'
import { useSession } from '../api/session.ts'
import { CallForm } from '../forms/call.tsx'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'

/** Calls a number from one's own phone; beside it, from another phone or another number. */
export function CallButton({ number, card }: { number: string; card: PopCard }) {
  const t = useTexts()
  const { data: session } = useSession()
  const place = usePlaceCall()
  const placing = useRef(false)
  const [asks, setAsks] = useState(false)
  const [called, setCalled] = useState(number)
  const phones = session?.phones ?? []
  const isBarred =
    card.do_not_call?.do_not_call === true && (number === card.number?.e164 || number === card.number?.raw)
  const call = (body: ClickToCall) => {
    if (placing.current) return
    placing.current = true
    setCalled(body.number)
    place.mutate(body, {
      onSuccess: ({ host_id, extension }) => {
        keepPhone({ host_id, extension })
        setAsks(false)
      },
      onSettled: () => {
        placing.current = false
      },
    })
  }
  const open = () => {
    place.reset()
    setAsks(true)
  }
  // Without a phone of one's own at the hub, whatever dials on this computer may.
  if (session?.phones.length === 0 && !isBarred) {
    return (
      <a className="button button-plain" href={`tel:${number}`} aria-label={t.callNumber(number)}>
        <span aria-hidden="true">✆</span> <span className="number">{number}</span>
      </a>
    )
  }
  const phone = keptPhone(phones)
  return (
    <span className="call-button">
      <span className="joined">
        <Button
          disabledReason={isBarred ? t.doNotCall : null}
          busy={place.isPending}
          aria-label={t.callNumber(number)}
          onClick={() => (phone === null ? open() : call({ number, ...phone }))}
        >
          <span aria-hidden="true">✆</span> <span className="number">{number}</span>
        </Button>
        {phones.length > 0 ? (
          <Button aria-label={t.callOtherwise(number)} aria-haspopup="dialog" onClick={open}>
            <span aria-hidden="true">…</span>
          </Button>
        ) : null}
      </span>
      {place.isSuccess ? (
        <span role="status" className="saved">
          {t.calling(called)}
        </span>
      ) : null}
      {place.error && !asks ? (
        <span role="alert" className="field-error">
          {errorText(place.error, t)}
        </span>
      ) : null}
      {asks ? (
        <Dialog title={t.callTitle} onClose={() => setAsks(false)}>
          <CallForm
            number={number}
            isBarred={isBarred}
            phones={phones}
            busy={place.isPending}
            error={place.error}
            onCall={call}
            onCancel={() => setAsks(false)}
          />
        </Dialog>
      ) : null}
    </span>
  )
}
