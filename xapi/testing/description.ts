import { stringify } from 'yaml'

type Json = { [key: string]: unknown }

const USERS = '/Users'
const integer = { type: 'integer', format: 'int32', minimum: -2147483648, maximum: 2147483647 }
const text = { type: 'string', nullable: true }
const list = (items: Json) => ({ type: 'array', items })
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: Json) => ({ 'application/json': { schema } })
const answers = (schema?: Json) => ({
  [schema ? '200' : '204']: { description: 'done', ...(schema ? { content: json(schema) } : {}) },
})
const inPath = (name: string, schema: Json) => ({ name, in: 'path', required: true, schema })
const option = (name: string, schema: Json) => ({ name, in: 'query', explode: false, schema })
const page = ['top', 'skip', 'filter', 'count'].map((name) => ({ $ref: `#/components/parameters/${name}` }))
const shape = [option('$select', list({ type: 'string' })), option('$expand', list({ type: 'string' }))]
const order = option('$orderby', list({ type: 'string' }))
const listOf = (schema: Json) => ({
  allOf: [ref('Counted'), { type: 'object', properties: { value: list(schema) } }],
})

function set(name: string, entity: string, key: Json, id = 'Id') {
  const one = `/${name}({${id}})`
  return {
    [`/${name}`]: {
      get: {
        operationId: `List${entity}`,
        tags: [name],
        parameters: [...page, order, ...shape],
        responses: answers(listOf(ref(entity))),
      },
      post: {
        operationId: `Create${entity}`,
        tags: [name],
        requestBody: { required: true, content: json(ref(entity)) },
        responses: answers(ref(entity)),
      },
    },
    [one]: {
      parameters: [inPath(id, key)],
      get: { operationId: `Get${entity}`, tags: [name], parameters: shape, responses: answers(ref(entity)) },
      patch: {
        operationId: `Update${entity}`,
        tags: [name],
        requestBody: { required: true, content: json(ref(entity)) },
        responses: answers(),
      },
      delete: {
        operationId: `Delete${entity}`,
        tags: [name],
        parameters: [{ name: 'If-Match', in: 'header', schema: { type: 'string' } }],
        responses: answers(),
      },
    },
  }
}

const CALL_LOG: [string, Json][] = [
  ['periodFrom', { type: 'string', format: 'date-time' }],
  ['periodTo', { type: 'string', format: 'date-time' }],
  ['sourceType', integer],
  ['sourceFilter', text],
  ['destinationType', integer],
  ['destinationFilter', text],
  ['callsType', integer],
  ['callTimeFilterType', integer],
  ['callTimeFilterFrom', text],
  ['callTimeFilterTo', text],
  ['hidePcalls', { type: 'boolean', default: false }],
]

function report(id: string) {
  const inside = CALL_LOG.map(([name]) => `${name}={${name}}`).join(',')
  return {
    [`/ReportCallLogData/Pbx.${id}(${inside})`]: {
      get: {
        operationId: id,
        tags: ['ReportCallLogData'],
        parameters: [...CALL_LOG.map(([name, schema]) => inPath(name, schema)), ...page],
        responses: answers(listOf({ type: 'object' })),
      },
    },
  }
}

/** A small API of a PBX in the manner of the real one, as an object. Every test may change it. */
export function pretendApi(): {
  openapi: string
  info: Json
  paths: Record<string, Json>
  components: { schemas: Record<string, Json>; parameters: Json }
} {
  return {
    openapi: '3.0.4',
    info: { title: 'A pretended PBX', version: '1.0.0' },
    paths: {
      ...set('Users', 'Extension', integer),
      '/Users(Number={Number})': {
        get: {
          operationId: 'GetExtensionByNumber',
          tags: ['Users'],
          parameters: [inPath('Number', text), ...shape],
          responses: answers(ref('Extension')),
        },
      },
      [USERS + '/Pbx.BatchDelete']: {
        post: {
          operationId: 'BatchDelete',
          tags: ['Users'],
          requestBody: {
            required: true,
            content: json({ type: 'object', properties: { ids: list(integer) } }),
          },
          responses: answers(listOf({ type: 'object' })),
        },
      },
      ...set('InboundRules', 'Rule', integer),
      ...set('Backups', 'BackupFile', { type: 'string' }, 'FileName'),
      '/Backups/Pbx.GetCanCreateBackup()': {
        get: {
          operationId: 'GetCanCreateBackup',
          tags: ['Backups'],
          responses: answers({ type: 'object', properties: { value: { type: 'boolean' } } }),
        },
      },
      '/Recordings': {
        get: {
          operationId: 'ListRecording',
          tags: ['Recordings'],
          parameters: [...page],
          responses: answers(listOf({ type: 'object' })),
        },
      },
      '/Recordings/Pbx.DownloadRecording(recId={recId})': {
        get: {
          operationId: 'DownloadRecording',
          tags: ['Recordings'],
          parameters: [inPath('recId', integer)],
          responses: answers({ type: 'object' }),
        },
      },
      '/SystemStatus': {
        get: {
          operationId: 'GetSystemStatus',
          tags: ['SystemStatus'],
          responses: answers({ type: 'object' }),
        },
      },
      '/ActiveCalls': {
        get: {
          operationId: 'ListActiveCall',
          tags: ['ActiveCalls'],
          parameters: page,
          responses: answers(listOf({ type: 'object' })),
        },
      },
      '/Prompts/Pbx.Upload': {
        post: {
          operationId: 'UploadPrompt',
          tags: ['Prompts'],
          requestBody: {
            required: true,
            content: {
              'multipart/form-data': {
                schema: {
                  type: 'object',
                  required: ['file'],
                  properties: {
                    file: { type: 'string', format: 'binary' },
                    title: { type: 'string' },
                    order: integer,
                  },
                },
              },
            },
          },
          responses: answers(),
        },
      },
      '/Notes({At})': {
        get: {
          operationId: 'GetNote',
          tags: ['Notes'],
          parameters: [inPath('At', { type: 'string', format: 'date-time' })],
          responses: answers({ type: 'object' }),
        },
      },
      ...report('GetCallLogData'),
    },
    components: {
      parameters: {
        top: { name: '$top', in: 'query', schema: { type: 'integer', minimum: 0 } },
        skip: { name: '$skip', in: 'query', schema: { type: 'integer', minimum: 0 } },
        filter: { name: '$filter', in: 'query', schema: { type: 'string' } },
        count: { name: '$count', in: 'query', schema: { type: 'boolean' } },
      },
      schemas: {
        Counted: { type: 'object', properties: { '@odata.count': { type: 'integer', nullable: true } } },
        Dialled: { type: 'object', properties: { Id: integer, Number: text } },
        Extension: {
          allOf: [
            ref('Dialled'),
            {
              type: 'object',
              properties: {
                FirstName: { type: 'string', nullable: true, maxLength: 20 },
                Enabled: { type: 'boolean', nullable: true },
                Mood: { allOf: [ref('Mood')], nullable: true },
                Rights: {
                  type: 'string',
                  enum: ['See', 'Hear', 'Speak'],
                  'x-ms-enum-flags': { isFlags: true },
                },
                Rate: {
                  oneOf: [
                    { type: 'number', format: 'double', nullable: true },
                    { type: 'string', nullable: true },
                  ],
                },
                Since: { type: 'string', format: 'date-time', nullable: true },
                Deputy: { allOf: [ref('Extension')], nullable: true },
              },
            },
          ],
        },
        Mood: { type: 'string', enum: ['Cheerful', 'Busy', 'No'] },
        Target: {
          type: 'object',
          properties: {
            To: { type: 'string', enum: ['Extension', 'Queue', 'External'] },
            Number: text,
            External: text,
          },
        },
        Rule: {
          type: 'object',
          required: ['RuleName'],
          properties: {
            Id: integer,
            RuleName: { type: 'string' },
            Data: text,
            OfficeHoursDestination: ref('Target'),
          },
        },
        BackupFile: { type: 'object', properties: { FileName: { type: 'string' }, DownloadLink: text } },
      },
    },
  }
}

export function pretendYaml(api: unknown = pretendApi()): string {
  return stringify(api, { aliasDuplicateObjects: false, lineWidth: 0 })
}

/** The same kind of API as OData metadata tells it. */
export const PRETEND_METADATA = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Pbx" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EnumType Name="Mood"><Member Name="Cheerful" Value="0"/><Member Name="Busy" Value="1"/></EnumType>
  <EntityType Name="Dialled" Abstract="true"><Key><PropertyRef Name="Id"/></Key>
    <Property Name="Id" Type="Edm.Int32" Nullable="false"/><Property Name="Number" Type="Edm.String"/></EntityType>
  <EntityType Name="Extension" BaseType="Pbx.Dialled"><Property Name="Mood" Type="Pbx.Mood"/></EntityType>
  <EntityType Name="BackupFile"><Key><PropertyRef Name="FileName"/></Key><Property Name="FileName" Type="Edm.String" Nullable="false"/></EntityType>
  <ComplexType Name="Greeting"><Property Name="Text" Type="Edm.String"/></ComplexType>
  <Action Name="BatchDelete" IsBound="true"><Parameter Name="bindingParameter" Type="Collection(Pbx.Extension)"/>
    <Parameter Name="ids" Type="Collection(Edm.Int32)" Nullable="false"/></Action>
  <Function Name="Greet" IsBound="true"><Parameter Name="bindingParameter" Type="Pbx.Extension"/>
    <Parameter Name="since" Type="Edm.DateTimeOffset" Nullable="false"/><Parameter Name="name" Type="Edm.String"/>
    <ReturnType Type="Pbx.Greeting"/></Function>
  <Function Name="GetUpdates"><ReturnType Type="Collection(Edm.String)"/></Function>
  <EntityContainer Name="Container">
    <EntitySet Name="Users" EntityType="Pbx.Extension"/><EntitySet Name="Backups" EntityType="Pbx.BackupFile"/>
    <Singleton Name="OfficeHours" Type="Pbx.Greeting"/>
    <FunctionImport Name="GetUpdates" Function="Pbx.GetUpdates"/>
  </EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`
