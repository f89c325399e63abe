import { useRef } from 'react'
import type { PopCard } from '../../../contract/pop.ts'
import { usePlaceCall } from '../api/place-call.ts'
import { useSession } from '../api/session.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'

/** Calls a number from one's own phone. A number that is not to be called asks once more. */
export function CallButton({ number, card }: { number: string; card: PopCard }) {
  const t = useTexts()
  const { data: session } = useSession()
  const place = usePlaceCall()
  const placing = useRef(false)
  const isBarred =
    card.do_not_call?.do_not_call === true && (number === card.number?.e164 || number === card.number?.raw)
  const call = () => {
    if (placing.current) return
    placing.current = true
    place.mutate(
      { number },
      {
        onSettled: () => {
          placing.current = false
        },
      },
    )
  }
  // Without a phone of one's own at the hub, whatever dials on this computer may.
  if (session?.phones.length === 0 && !isBarred) {
    return (
      <a className="button button-plain" href={`tel:${number}`} aria-label={t.callNumber(number)}>
        <span aria-hidden="true">✆</span> <span className="number">{number}</span>
      </a>
    )
  }
  return (
    <span className="call-button">
      <Button
        disabledReason={isBarred ? t.doNotCall : null}
        busy={place.isPending}
        aria-label={t.callNumber(number)}
        onClick={call}
      >
        <span aria-hidden="true">✆</span> <span className="number">{number}</span>
      </Button>
      {place.isSuccess ? (
        <span role="status" className="saved">
          {t.calling(number)}
        </span>
      ) : null}
      {place.error ? (
        <span role="alert" className="field-error">
          {errorText(place.error, t)}
        </span>
      ) : null}
    </span>
  )
}
