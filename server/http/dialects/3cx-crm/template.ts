import { XMLBuilder } from 'fast-xml-parser'

export type TemplateOptions = {
  /** Where the hub is reached from the PBX. */
  publicUrl: string
  /** The PBX it is for; null: whichever the token belongs to. */
  host: { id: number; name: string } | null
  /** Whether callers nobody knows are answered with a placeholder, unless the PBX's administrator says otherwise. */
  placeholder: boolean
}

/** Raised when the template changes: a PBX takes it for a newer one then. */
const VERSION = '1'
/** Lookups take less than a millisecond; reports come when calls end together. */
const MOST_REQUESTS = '8'

type Node = Record<string, unknown>

/** `Passes` 0 replaces variables and nothing within them, whatever a caller wrote; 1 also what is called on them. */
const value = (key: string, text: string, passes: '0' | '1' = '0'): Node => ({
  '@_Key': key,
  '@_Passes': passes,
  '@_Type': 'String',
  '#text': text,
})
const variable = (name: string) => value(name, `[${name}]`)
/** The one form of a date that is the same in every language of a PBX. */
const instant = (name: string) => value(name, `[[${name}].ToString("s")]`, '1')

const parameter = (name: string, type: string, title: string, preset: string): Node => ({
  '@_Name': name,
  '@_Type': type,
  '@_Parent': 'General Configuration',
  '@_Editor': 'String',
  '@_Title': title,
  '@_Default': preset,
})

const authorization = { Value: { ...value('Authorization', 'Bearer [ApiKey]') } }

function request(method: 'Get' | 'Post', path: string, values: Node[], skipIf?: string): Node {
  return {
    ...(skipIf === undefined ? {} : { '@_SkipIf': skipIf }),
    '@_Url': `[HubUrl]${path}`,
    '@_MessagePasses': '0',
    '@_Message': '',
    '@_RequestContentType': '',
    '@_RequestEncoding': method === 'Get' ? 'UrlEncoded' : 'Json',
    '@_RequestType': method,
    '@_ResponseType': 'Json',
    Headers: authorization,
    [method === 'Get' ? 'QueryParams' : 'PostValues']: { Value: values },
  }
}

/** A contact without phone or id is one all the same: its kind is always there. */
const FOUND = { Rule: { '@_Type': 'Any', '@_Ethalon': '', '#text': 'contacts.entity_type' } }
const FIELDS = {
  FirstName: 'first_name',
  LastName: 'last_name',
  CompanyName: 'company_name',
  Email: 'email',
  PhoneBusiness: 'phone',
  ContactUrl: 'url',
  EntityId: 'id',
  EntityType: 'entity_type',
}
const CONTACTS = {
  Rules: FOUND,
  Variables: {
    Variable: Object.entries(FIELDS).map(([output, field]) => ({
      '@_Name': `Found${output}`,
      '@_LookupValue': '',
      '@_Path': `contacts.${field}`,
      Filter: '',
    })),
  },
  Outputs: {
    '@_Next': '',
    '@_AllowEmpty': 'false',
    Output: Object.keys(FIELDS).map((output) => ({
      '@_Type': output,
      '@_Passes': '0',
      '@_Value': `[Found${output}]`,
    })),
  },
}

const scenario = (id: string, asking: Node, answer: Node = {}): Node => ({
  '@_Id': id,
  '@_Type': 'REST',
  Request: asking,
  ...answer,
})

function scenarios(host: Node[]): Node[] {
  const get = (path: string, values: Node[]) => request('Get', `/3cx/crm/${path}`, [...values, ...host])
  const post = (path: string, values: Node[], flag: string) =>
    request('Post', `/3cx/crm/${path}`, [...values, ...host], `[${flag}]!=True`)
  const agent = ['Agent', 'AgentFirstName', 'AgentLastName', 'AgentEmail', 'QueueExtension'].map(variable)
  const entity = ['Number', 'Name', 'EntityId', 'EntityType'].map(variable)
  const cfd = (name: string, path: string, values: Node[]) =>
    scenario(`LookupFromCFD_Contacts_${name}`, get(path, values), { Rules: FOUND })
  return [
    scenario(
      '',
      get('lookup', [variable('Number'), value('placeholder', '[PlaceholderContacts]')]),
      CONTACTS,
    ),
    scenario('LookupByEmail', get('email', [variable('Email')]), CONTACTS),
    scenario('SearchContacts', get('search', [value('text', '[SearchText]')]), CONTACTS),
    scenario(
      'CreateContactRecordFromClient',
      post(
        'contacts',
        ['Number', 'FirstName', 'LastName', 'Company', 'Email'].map(variable),
        'CreateContactEnabled',
      ),
      CONTACTS,
    ),
    scenario(
      'ReportCall',
      post(
        'report-call',
        [
          ...['CallType', 'CallDirection', 'Duration', 'DateTime'].map(variable),
          ...['CallStartTimeUTC', 'CallStartTimeLocal', 'CallEndTimeUTC'].map(instant),
          ...entity,
          ...agent,
        ],
        'ReportCallEnabled',
      ),
    ),
    scenario(
      'ReportChat',
      post(
        'report-chat',
        [
          variable('ChatMessages'),
          ...['ChatStartTimeUTC', 'ChatEndTimeUTC'].map(instant),
          ...entity,
          variable('Email'),
          ...agent,
        ],
        'ReportChatEnabled',
      ),
    ),
    cfd('LookupNumber', 'cfd/number', [variable('Number')]),
    // Under which name a flow's input comes is not written down: the first that says something counts.
    cfd('LookupID', 'cfd/id', ['EntityId', 'ContactID', 'SearchText', 'Number'].map(variable)),
    cfd('LookupFreeQuery', 'cfd/query', ['SearchText', 'Query', 'FreeQuery'].map(variable)),
  ]
}

const builder = new XMLBuilder({
  ignoreAttributes: false,
  suppressBooleanAttributes: false,
  format: true,
  suppressEmptyNode: true,
})

/** The XML that a PBX's administrator uploads. It holds no secret: the token is typed into the PBX. */
export function crmTemplate({ publicUrl, host, placeholder }: TemplateOptions): string {
  const name = host === null ? 'Cordboard' : `Cordboard ${host.name}`
  const body = builder.build({
    Crm: {
      '@_xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      '@_xmlns:xsd': 'http://www.w3.org/2001/XMLSchema',
      '@_Country': 'Global',
      '@_Name': name,
      '@_Version': VERSION,
      '@_SupportsEmojis': 'true',
      '@_ListPageSize': '20',
      Number: { '@_Prefix': 'Plus', '@_MaxLength': '' },
      Connection: { '@_MaxConcurrentRequests': MOST_REQUESTS },
      Parameters: {
        Parameter: [
          parameter('HubUrl', 'String', 'Address of the hub', publicUrl),
          parameter('ApiKey', 'Password', 'Token of the hub', ''),
          parameter(
            'PlaceholderContacts',
            'Boolean',
            'Unknown callers get a placeholder, so that their calls are reported',
            placeholder ? 'True' : 'False',
          ),
          parameter('ReportCallEnabled', 'Boolean', 'Report calls', 'True'),
          parameter('ReportChatEnabled', 'Boolean', 'Report chats', 'True'),
          parameter('CreateContactEnabled', 'Boolean', 'Create contacts from the apps', 'True'),
        ],
      },
      Authentication: { '@_Type': 'No' },
      Scenarios: { Scenario: scenarios(host === null ? [] : [value('host', String(host.id))]) },
    },
  })
  return `<?xml version="1.0" encoding="utf-8"?>\n${body}`
}
