import { useSearchParams } from 'react-router'
import { useHosts } from '../api/inbound.ts'
import { Asked } from '../components/asked.tsx'
import { RuleList } from '../components/rule-list.tsx'
import { TraceResult } from '../components/trace-result.tsx'
import { useTitle } from '../components/use-title.ts'
import { TraceForm } from '../forms/trace.tsx'
import type { InboundAddress } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Panel } from '../ui/panel.tsx'

/** What the address asks: `?host=`, and of a call `did`, `caller`, `at`, `fresh`. */
function readAddress(search: URLSearchParams): InboundAddress {
  const host = Number(search.get('host'))
  return {
    host: Number.isSafeInteger(host) && host > 0 ? host : null,
    did: search.get('did') ?? '',
    caller: search.get('caller') ?? '',
    at: search.get('at') ?? '',
    fresh: search.get('fresh') === '1' ? '1' : null,
  }
}

/** The inbound rules of a PBX, and where a call would go; nothing is changed here. */
export function InboundPage() {
  const t = useTexts()
  const [search] = useSearchParams()
  const hosts = useHosts()
  useTitle(t.inboundTitle)
  const asked = readAddress(search)
  return (
    <>
      <h1>{t.inboundTitle}</h1>
      <Asked query={hosts}>
        {(found) => {
          const host = asked.host ?? (found.length === 1 ? (found[0]?.id ?? null) : null)
          if (found.length === 0) return <p className="muted">{t.noHosts}</p>
          return (
            <>
              <Panel title={t.whereGoes}>
                {/* Another address is another question. */}
                <TraceForm key={search.toString()} hosts={found} asked={{ ...asked, host }} />
              </Panel>
              {host !== null && asked.did ? <TraceResult host={host} asked={asked} /> : null}
              {host === null ? null : <RuleList key={host} host={host} />}
            </>
          )
        }}
      </Asked>
    </>
  )
}
