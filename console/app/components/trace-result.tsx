import type { Trace } from '../../../contract/pbx-trace.ts'
import { useTrace, useTracePicture } from '../api/inbound.ts'
import type { InboundAddress } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes } from '../texts/times.ts'
import { Badge } from '../ui/badge.tsx'
import { Banner } from '../ui/banner.tsx'
import { Panel } from '../ui/panel.tsx'
import { Asked } from './asked.tsx'

/** The way a call takes, step by step with reasons, and every other way in a picture. */
export function TraceResult({ host, asked }: { host: number; asked: InboundAddress }) {
  const t = useTexts()
  const trace = useTrace(host, asked)
  const picture = useTracePicture(host, asked, trace.isSuccess)
  return (
    <Panel title={t.wayOf(asked.did ?? '')}>
      <Asked query={trace}>{(found) => <Way trace={found} />}</Asked>
      {picture.data ? (
        <>
          <img className="picture" src={picture.data} alt={t.wayPicture} />
          <p>
            <a href={picture.data} download={`${asked.did}.svg`}>
              {t.savePicture}
            </a>
          </p>
        </>
      ) : null}
    </Panel>
  )
}

function Way({ trace: { steps, nodes, considered, notes, read } }: { trace: Trace }) {
  const t = useTexts()
  const times = useTimes()
  const rule = considered.find(({ matched }) => matched)
  return (
    <>
      {read.failure ? <Banner kind="warning">{t.notReadAnew}</Banner> : null}
      {rule ? null : <Banner kind="warning">{t.noRuleTakes}</Banner>}
      <ol className="way">
        {steps.map(({ node, on, why }) => {
          const place = nodes.find(({ id }) => id === node)
          const kind = place?.kind ?? node
          return (
            <li key={node} className={place?.takes ? 'way-takes' : undefined}>
              <p>
                <strong>
                  {t.places[kind] ?? kind} {place?.number}
                </strong>{' '}
                {place?.name}
                {on !== null && on !== 'always' ? (
                  <>
                    {' '}
                    <Badge>{t.outcomes[on] ?? on}</Badge>
                  </>
                ) : null}
              </p>
              {/* Reasons are told in the hub's one language. */}
              {why.map((one) => (
                <p key={one} className="muted" lang="en">
                  {one}
                </p>
              ))}
            </li>
          )
        })}
      </ol>
      {notes.length > 0 ? (
        <ul className="muted" lang="en">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      ) : null}
      <p className="muted">{read.source === 'pbx' ? t.readJustNow : t.readAt(times.moment(read.taken_at))}</p>
    </>
  )
}
