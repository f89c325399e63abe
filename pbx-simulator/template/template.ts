import type { Scope } from './expression.ts'
import { evaluate } from './expression.ts'
import { allowsEmpty, carriesNumber, nextOf, readRecords, type FoundContact } from './outputs.ts'
import { readTemplate, type Scenario, type Template } from './read.ts'
import { prepare, readAnswer, send, type Exchange } from './request.ts'

/** What a template is asked: exactly one of these. Reports and new contacts bring their own variables. */
export type Question = {
  number?: string
  email?: string
  search?: string
  report?: Readonly<Record<string, string>>
  reportChat?: Readonly<Record<string, string>>
  createContact?: Readonly<Record<string, string>>
  /** Id of any other scenario, with its variables. */
  scenario?: string
  variables?: Readonly<Record<string, string>>
}

export type TemplateOptions = { parameters?: Readonly<Record<string, string>>; timeoutMs?: number }

export type TemplateResult = {
  contacts: FoundContact[]
  requests: Exchange[]
  log: string[]
  error: string | null
}

const TIMEOUT_MS = 10_000
const MOST_SCENARIOS = 20

/** A number as the template's `Number` element wants it. */
export function spell(
  template: Pick<Template, 'prefix' | 'maxLength'>,
  number: string,
  scope: Scope,
): string {
  const digits = number.replaceAll(/\D/g, '')
  const bare = number.trim().startsWith('+') ? digits : digits.replace(/^00/, '')
  const isInternational = number.trim().startsWith('+') || digits.startsWith('00')
  const spelled = {
    Off: bare,
    Plus: isInternational ? `+${bare}` : digits,
    Zeros: isInternational ? `00${bare}` : digits,
  }[template.prefix]
  const length = Number(evaluate(template.maxLength, scope))
  const text = spelled ?? number
  return length > 0 ? text.replaceAll(/[^\d+]/g, '').slice(-length) : text
}

type Run = {
  template: Template
  result: TemplateResult
  signIn: Map<string, string>
  timeoutMs: number
  left: number
}

/**
 * Runs a CRM template as a PBX's server would: picks the scenario, fills in variables (those without a value are
 * empty), asks over HTTP, and reads contacts out of the answers. Nothing is thrown: `error` says what went wrong.
 */
export async function runTemplate(
  xml: string,
  question: Question,
  options: TemplateOptions = {},
): Promise<TemplateResult> {
  const result: TemplateResult = { contacts: [], requests: [], log: [], error: null }
  try {
    const template = readTemplate(xml)
    const scope = new Map<string, string>([['LineBreak', '\n']])
    for (const parameter of template.parameters)
      scope.set(parameter.name, options.parameters?.[parameter.name] ?? parameter.default)
    const run = {
      template,
      result,
      signIn: new Map<string, string>(),
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      left: MOST_SCENARIOS,
    }
    await signIn(run, scope)
    for (const id of scenariosFor(template, question)) {
      const inner = new Map([...scope, ...variablesFor(template, question, scope)])
      result.contacts.push(...(await runScenario(run, id, inner, inner.get('Number') ?? '')))
    }
    if (question.number !== undefined) {
      const wanted = question.number
      const kept = result.contacts.filter((contact) => carriesNumber(contact, wanted))
      if (kept.length < result.contacts.length) result.log.push('discarded: the number is in no phone output')
      result.contacts = kept
    }
  } catch (error) {
    result.error = error instanceof Error ? error.message : String(error)
    result.log.push(result.error)
  }
  return result
}

function scenariosFor(template: Template, question: Question): Scenario[] {
  const wanted =
    question.scenario ??
    (question.number !== undefined
      ? ''
      : question.email !== undefined
        ? 'LookupByEmail'
        : question.search !== undefined
          ? 'SearchContacts'
          : question.report
            ? 'ReportCall'
            : question.reportChat
              ? 'ReportChat'
              : 'CreateContactRecord')
  const found = template.scenarios.filter(
    ({ id }) => id === wanted || (wanted === 'SearchContacts' && id.startsWith('SearchContacts_')),
  )
  const first = found.length > 0 ? found : template.scenarios.filter(({ id }) => id === `${wanted}FromClient`)
  if (first.length === 0) throw new Error(`The template has no scenario "${wanted}".`)
  return wanted === '' ? first.slice(0, 1) : first
}

function variablesFor(template: Template, question: Question, scope: Scope): [string, string][] {
  const given = {
    ...question.variables,
    ...question.report,
    ...question.reportChat,
    ...question.createContact,
  }
  const values = new Map(Object.entries(given))
  const number = question.number ?? values.get('Number')
  if (number !== undefined) values.set('Number', spell(template, number, scope))
  if (question.email !== undefined) values.set('Email', question.email)
  if (question.search !== undefined) {
    values.set('SearchText', question.search)
    values.set('EscapedSearchText', encodeURIComponent(question.search))
  }
  return [...values]
}

async function signIn(run: Run, scope: Map<string, string>): Promise<void> {
  const { type, value } = run.template.authentication
  if (type === 'Basic') {
    const words = evaluate(value, scope, 1)
    run.signIn.set('authorization', `Basic ${Buffer.from(words).toString('base64')}`)
  } else if (type === 'Scenario') {
    const scenario = run.template.scenarios.find(({ id }) => id === value)
    if (!scenario) throw new Error(`The template has no scenario "${value}" to sign in with.`)
    const [contact] = await runScenario(run, scenario, scope, '')
    if (!contact?.HeaderName) throw new Error('Signing in gave no header.')
    run.signIn.set(contact.HeaderName.toLowerCase(), contact.HeaderValue ?? '')
  }
}

async function runScenario(
  run: Run,
  scenario: Scenario,
  scope: Map<string, string>,
  wanted: string,
): Promise<FoundContact[]> {
  const { result } = run
  run.left -= 1
  if (run.left < 0) throw new Error('The scenarios lead to each other without end.')
  const name = scenario.id || 'lookup'
  const prepared = scenario.request ? prepare(name, scenario.request, scope, run.signIn) : null
  let answer: unknown = {}
  if (prepared) {
    result.requests.push(prepared)
    await send(prepared, run.timeoutMs)
    result.log.push(`${name}: ${prepared.method} ${prepared.url} answered ${prepared.status}`)
    if ((prepared.status ?? 500) >= 400) return []
    answer = readAnswer(prepared.answer ?? '')
  } else result.log.push(`${name}: skipped`)
  const records = readRecords(scenario, answer, scope, wanted)
  if (records.length === 0) result.log.push(`${name}: no rule matches`)
  const next = nextOf(scenario)
  const following = next === null ? undefined : run.template.scenarios.find(({ id }) => id === next)
  if (next !== null && !following) throw new Error(`The template has no scenario "${next}".`)
  const found: FoundContact[] = []
  for (const { scope: inner, contact } of records) {
    if (Object.keys(contact).length === 0 && !allowsEmpty(scenario) && scenario.outputs) continue
    if (!following) {
      if (Object.keys(contact).length > 0) found.push(contact)
    } else
      for (const more of await runScenario(
        run,
        following,
        new Map([...inner, ...Object.entries(contact)]),
        wanted,
      ))
        found.push({ ...contact, ...more })
  }
  return found
}
