import type { Identified, Lookup } from '../../../directory/directory.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { AskingOf } from '../../asking.ts'
import { isOn, type Parameters } from '../../parameters.ts'
import { subjectOf } from './parameters.ts'

export type Question = {
  path: string
  by: 'number' | 'account'
  summary: string
  result(identified: Identified): boolean
}

const isKnown = (identified: Identified) => identified.known
const isVip = (identified: Identified) => identified.vip
const isOnCall = (identified: Identified) => identified.on_call_duty

const question = (
  route: string,
  by: Question['by'],
  result: Question['result'],
  summary: string,
): Question => ({
  path: `/api/${route}`,
  by,
  result,
  summary,
})

/** The six questions of the 3CX Call Flow Designer. */
export const QUESTIONS: readonly Question[] = [
  question('isKnownPhoneNumber', 'number', isKnown, 'Is this number in the directory?'),
  question('isKnownCustomerAccount', 'account', isKnown, 'Is this account in the directory?'),
  question('isVipByPhoneNumber', 'number', isVip, 'Does this number belong to a VIP?'),
  question('isVipByCustomerAccount', 'account', isVip, 'Is this account a VIP?'),
  question(
    'hasOnCallDutyContractByPhoneNumber',
    'number',
    isOnCall,
    'Does the owner of this number have an on-call contract today?',
  ),
  question(
    'hasOnCallDutyContractByCustomerAccount',
    'account',
    isOnCall,
    'Does this account have an on-call contract today?',
  ),
]

export type Answer = { status: number; type: string; body: string }

const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'
const json = (body: string): Answer => ({ status: 200, type: JSON_TYPE, body })
const text = (body: string): Answer => ({ status: 200, type: TEXT_TYPE, body })

/** Answers a question for a tenant; null when no parameter says whom it is about. */
export type AnswerQuestion = (
  asked: Question,
  parameters: Parameters,
  tenantId: number,
  hostId: number | null,
) => Answer | null

type AnswerDeps = {
  lookup: Pick<Lookup, 'byNumber' | 'byAccount' | 'details'>
  metrics: Pick<Metrics, 'lookup'>
  askingOf: AskingOf
}

export function openAnswers({ lookup, metrics, askingOf }: AnswerDeps): AnswerQuestion {
  return (asked, parameters, tenantId, hostId) => {
    const subject = subjectOf(parameters, asked.by)
    if (subject === null) return null
    const identified =
      asked.by === 'number'
        ? lookup.byNumber(tenantId, subject, askingOf(tenantId, parameters, hostId))
        : lookup.byAccount(tenantId, subject)
    const { known, customer, contact } = identified
    metrics.lookup(identified.ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
    if (!known && parameters.get('miss') === '404')
      return { status: 404, type: JSON_TYPE, body: '"not found"' }
    const result = asked.result(identified)
    switch (parameters.get('format')?.toLowerCase() ?? 'json') {
      case 'bool':
        return json(result ? 'true' : 'false')
      case 'raw':
        return text(result ? '1' : '0')
      case 'text':
        return text(result ? 'true' : 'false')
    }
    const answer = { result, known, customer, contact }
    if (!isOn(parameters, 'full')) return json(JSON.stringify(answer))
    return json(JSON.stringify({ ...answer, ...lookup.details(tenantId, identified) }))
  }
}
