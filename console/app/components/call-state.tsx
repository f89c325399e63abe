import { useTexts } from '../texts/texts.tsx'
import { Badge } from '../ui/badge.tsx'
import { useLiveCall } from './live-calls.tsx'

/** What happens at this moment with the call of the card, as the PBX tells it. */
export function CallState({ call, host }: { call: string | null; host: number | null }) {
  const t = useTexts()
  const live = useLiveCall(call, host === null ? null : String(host))
  if (live === null) return null
  const text =
    live.event === 'moved'
      ? live.to.length > 0
        ? t.movedTo(live.to.join(', '))
        : t.moved
      : live.state === 'ended'
        ? live.missed
          ? t.callMissed
          : t.callOver
        : live.state === 'answered'
          ? t.talking
          : live.direction === 'outbound'
            ? t.dialing
            : t.ringing
  return (
    <span role="status">
      <Badge kind={live.state === 'ended' || live.event === 'moved' ? 'plain' : 'good'}>{text}</Badge>
    </span>
  )
}
