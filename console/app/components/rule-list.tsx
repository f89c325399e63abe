import { useState } from 'react'
import { Link } from 'react-router'
import type { InboundRule } from '../../../contract/pbx-inbound-rules.ts'
import { useInboundRules } from '../api/inbound.ts'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'
import { Panel } from '../ui/panel.tsx'
import { Asked } from './asked.tsx'

/** The inbound rules of a PBX in its order. */
export function RuleList({ host }: { host: number }) {
  const t = useTexts()
  const [page, setPage] = useState(1)
  const rules = useInboundRules(host, page)
  return (
    <Panel title={t.inboundRules}>
      <Asked query={rules}>
        {({ data, current_page, last_page }) =>
          data.length === 0 ? (
            <p className="muted">{t.noRules}</p>
          ) : (
            <>
              <ul className="rules">
                {data.map((rule) => (
                  <Rule key={rule.id} rule={rule} host={host} />
                ))}
              </ul>
              {last_page > 1 ? (
                <div className="form-actions">
                  <Button disabledReason={page > 1 ? null : t.firstPage} onClick={() => setPage(page - 1)}>
                    {t.previous}
                  </Button>
                  <span>{t.pageOf(current_page, last_page)}</span>
                  <Button
                    disabledReason={page < last_page ? null : t.lastPage}
                    onClick={() => setPage(page + 1)}
                  >
                    {t.next}
                  </Button>
                </div>
              ) : null}
            </>
          )
        }
      </Asked>
    </Panel>
  )
}

function Rule({ rule, host }: { rule: InboundRule; host: number }) {
  const t = useTexts()
  const isNumber = rule.condition === 'BasedOnDID'
  // Where nothing else is said, calls go there at any time.
  const isAlways =
    !rule.alter_destination_during_out_of_office_hours && !rule.alter_destination_during_holidays
  const ways: [string, InboundRule['office_hours_destination'], boolean][] = [
    [isAlways ? t.ruleAlways : t.ruleInHours, rule.office_hours_destination, true],
    [
      t.ruleOutOfHours,
      rule.out_of_office_hours_destination,
      rule.alter_destination_during_out_of_office_hours,
    ],
    [t.ruleOnHolidays, rule.holidays_destination, rule.alter_destination_during_holidays],
  ]
  return (
    <li>
      <div>
        <p>
          <strong>{rule.rule_name ?? rule.data}</strong>
        </p>
        <p className="muted">
          {isNumber ? t.numberCalled : t.numberCalling}: {rule.data}
          {rule.trunk_dn?.name ? ` · ${rule.trunk_dn.name}` : ''}
        </p>
      </div>
      <dl className="rule-ways">
        {ways
          .filter(([, , isOwn]) => isOwn)
          .map(([when, to]) => (
            <div key={when}>
              <dt>{when}</dt>
              <dd>
                <Destination to={to} />
              </dd>
            </div>
          ))}
      </dl>
      {isNumber && rule.data && !rule.data.includes('*') ? (
        <Link to={paths.inbound({ host, did: rule.data })} className="button button-quiet button-small">
          {t.whereGoes} <span className="visually-hidden">{rule.data}</span>
        </Link>
      ) : null}
    </li>
  )
}

function Destination({ to }: { to: InboundRule['office_hours_destination'] }) {
  const t = useTexts()
  if (to === null || to.to === 'None') return <span className="muted">{t.nowhere}</span>
  return (
    <>
      {t.destinations[to.to] ?? to.to} {to.number ?? to.external} {to.name}
    </>
  )
}
