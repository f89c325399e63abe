import { firstOf, type Parameters } from '../../parameters.ts'

/** Names by which the number may be given, `cid` last: it is only context when another number is the question. */
const NUMBER_NAMES = ['phonenumber', 'phone_number', 'number', 'phone', 'telephone', 'caller', 'cid']
const ACCOUNT_NAMES = ['customeraccount', 'customer_account', 'account', 'code', 'accountnumber']

/** The question's subject; null when no parameter names one, which is the only mistake a caller can make. */
export function subjectOf(parameters: Parameters, by: 'number' | 'account'): string | null {
  return firstOf(parameters, by === 'number' ? NUMBER_NAMES : ACCOUNT_NAMES)
}
