import { readLiteral } from '../odata/literal.ts'
import { notFound, refuseField } from '../odata/refusal.ts'
import type { Pbx, Row, SetDefinition, SingletonDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import type { FoundContact } from '../template/outputs.ts'
import { readTemplate, type Template } from '../template/read.ts'
import { runTemplate } from '../template/template.ts'
import { textOf } from '../model/text.ts'

shape('CrmSelectableValue', { s: 'Id Name' })
shape('CrmChoice', { s: 'Key Value' })
const INTEGRATION = shape('CrmIntegration', {
  s: 'Country Id Name',
  b: 'EnabledForDidCalls EnabledForExternalCalls PhonebookSynchronization',
  PhonebookPriorityOptions: 'PhonebookPriorityOptions',
  '[CrmSelectableValue]': 'PossibleValues',
  '[CrmChoice]': 'VariableChoices',
})
const CONTACT = shape('CrmContact', {
  s: 'CompanyName ContactRawData ContactUrl Department Email FaxBusiness FirstName LastName Pager PhoneBusiness PhoneBusiness2 PhoneHome PhoneMobile PhoneMobile2 PhoneOther PhotoUrl Title',
  ContactType: 'ContactType',
})
const TEST_RESULT = shape('CrmTestResult', { s: 'Log Message', b: 'IsError', '[CrmContact]': 'SearchResult' })
const TEMPLATE = shape('CrmTemplate', { s: 'Name', any: 'Authentication Parameters' })
const SOURCE = shape('CrmTemplateSource', { s: 'Value' })

/** Uploads a template, as an administrator does in the console. Throws when it cannot be read. */
export function uploadTemplate(pbx: Pbx, xml: string): Template {
  const template = readTemplate(xml)
  pbx.store.put('crm templates', template.name, { Name: template.name, xml })
  return template
}

/** The template in use, with what the administrator typed for its parameters. */
export function templateInUse(pbx: Pbx): { xml: string; parameters: Record<string, string> } | null {
  const settings = pbx.store.single('CrmIntegration')
  const kept = pbx.store.get('crm templates', settings.Name)
  if (!kept) return null
  const choices = Array.isArray(settings.VariableChoices) ? (settings.VariableChoices as Row[]) : []
  return {
    xml: String(kept.xml),
    parameters: Object.fromEntries(choices.map(({ Key, Value }) => [String(Key), textOf(Value)])),
  }
}

/** Templates that were uploaded. The plain list of them is no address, as on the PBX. */
export const CRM_TEMPLATES: SetDefinition = {
  name: 'CrmTemplates',
  shape: TEMPLATE,
  about: 'CRM templates that were uploaded.',
  key: 'Name',
  can: ['read', 'delete'],
  rows: (pbx) => pbx.store.rows('crm templates').map(({ Name }) => ({ Name })),
  deleting: (pbx, row) => pbx.store.remove('crm templates', row.Name),
}

const QUESTIONS = { PhoneExact: 'number', Search: 'search', Email: 'email' } as const

const contactRow = (contact: FoundContact): Row =>
  Object.fromEntries(
    [...CONTACT.fields.keys()]
      .map((field) => [field, contact[field] ?? null])
      .concat([['ContactType', 'Company']]),
  )

export const CRM_INTEGRATION: SingletonDefinition = {
  name: 'CrmIntegration',
  shape: INTEGRATION,
  about: 'Which template the PBX asks for callers with.',
  can: ['read', 'update'],
  initial: () => ({
    Name: '',
    Country: '',
    EnabledForExternalCalls: true,
    EnabledForDidCalls: false,
    PhonebookSynchronization: false,
    PhonebookPriorityOptions: 'AlwaysQuery',
    VariableChoices: [],
  }),
  view: (pbx, row) => ({
    ...row,
    PossibleValues: pbx.store.rows('crm templates').map(({ Name }) => ({ Id: Name, Name })),
  }),
  check: (pbx, row) => {
    if (row.Name && !pbx.store.get('crm templates', row.Name)) throw refuseField('Name', 'XAPI.NOT_FOUND')
  },
  operations: [
    {
      on: 'CrmIntegration',
      name: 'Pbx.Test',
      kind: 'action',
      params: [
        ['mode', 'CrmTestMode'],
        ['query', 's'],
      ],
      answers: 'CrmTestResult',
      about: 'Asks the template in use once and says what came of it.',
      run: async ({ pbx, body }) => {
        const inUse = templateInUse(pbx)
        if (!inUse) throw refuseField('Name', 'XAPI.REQUIRED')
        const mode = QUESTIONS[String(body.mode) as keyof typeof QUESTIONS]
        if (mode === undefined) throw refuseField('mode', 'INVALID')
        const result = await runTemplate(
          inUse.xml,
          { [mode]: textOf(body.query) },
          { parameters: inUse.parameters },
        )
        const row = {
          IsError: result.error !== null,
          Message: result.error ?? `${result.contacts.length} found`,
          Log: result.log.join('\n'),
          SearchResult: result.contacts.map(contactRow),
        }
        return { kind: 'one', row, shape: TEST_RESULT, context: 'Pbx.CrmTestResult' }
      },
    },
    {
      on: 'CrmIntegration',
      name: 'Pbx.GetCrmTemplateSource',
      kind: 'function',
      params: [['name', 's']],
      answers: 'CrmTemplateSource',
      about: 'The XML of a template.',
      run: ({ pbx, values }) => {
        const kept = pbx.store.get('crm templates', readLiteral(values.get('name') ?? ''))
        if (!kept) throw notFound('the template')
        return { kind: 'one', row: { Value: kept.xml }, shape: SOURCE, context: 'Pbx.CrmTemplateSource' }
      },
    },
    {
      on: 'CrmTemplates',
      name: 'Pbx.GeCrmtTemplates',
      kind: 'function',
      answers: '[CrmTemplate]',
      about: 'The templates there are.',
      run: ({ pbx }) => ({
        kind: 'list',
        rows: pbx.store
          .rows('crm templates')
          .map(({ Name, xml }) => ({ Name, Parameters: readTemplate(String(xml)).parameters })),
        shape: TEMPLATE,
        context: 'Collection(Pbx.CrmTemplate)',
      }),
    },
  ],
}
