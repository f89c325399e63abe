import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { pretendApi, pretendYaml } from './testing/description.ts'
import { openClient, openPretendPbx, type Heard } from './testing/pbx.ts'
import { isXapiError, type Download, type OperationInput, type XapiError } from './xapi.ts'

async function world(t: Parameters<typeof openPretendPbx>[0]) {
  const pbx = await openPretendPbx(t)
  pbx.on('', { body: { value: [] } })
  const client = openClient(t, pbx)
  await client.operations()
  return { pbx, client, last: () => pbx.heard.at(-1) as Heard }
}

test('every operation of the description is there, with its parameters and its body', async (t) => {
  const { client } = await world(t)
  const operations = await client.operations()
  const described = Object.values(pretendApi().paths).flatMap((item) =>
    Object.entries(item).filter(([method]) => method !== 'parameters'),
  )
  assert.equal(operations.length, described.length)
  const update = operations.find(({ id }) => id === 'UpdateExtension')
  assert.deepEqual(
    [
      update?.method,
      update?.path,
      update?.parameters.map((one) => one.name),
      Object.keys(update?.body?.content ?? {}),
    ],
    ['PATCH', '/Users({Id})', ['Id'], ['application/json']],
  )
})

test('keys, functions and queries are written as OData wants them', async (t) => {
  const { client, last } = await world(t)
  for (const [id, input, url] of [
    ['GetExtension', { Id: 5 }, '/Users(5)'],
    ['GetExtensionByNumber', { Number: '100' }, "/Users(Number='100')"],
    ['GetExtensionByNumber', { Number: "O'Brien/a b+c" }, "/Users(Number='O''Brien%2Fa%20b%2Bc')"],
    ['GetExtensionByNumber', { Number: '' }, "/Users(Number='')"],
    ['GetExtensionByNumber', { Number: null }, '/Users(Number=null)'],
    ['GetBackupFile', { FileName: 'nightly (1).zip' }, "/Backups('nightly%20(1).zip')"],
    ['GetCanCreateBackup', {}, '/Backups/Pbx.GetCanCreateBackup()'],
    ['GetNote', { At: new Date(0) }, '/Notes(1970-01-01T00:00:00.000Z)'],
    [
      'ListExtension',
      {
        $top: 5,
        $filter: "FirstName eq 'a+b & c'",
        $orderby: ['Number desc', 'Id'],
        $select: 'Id,Number',
        $count: true,
      },
      "/Users?$top=5&$filter=FirstName%20eq%20'a%2Bb%20%26%20c'&$count=true&$orderby=Number%20desc,Id&$select=Id,Number",
    ],
  ] as const) {
    await client.call(id, input)
    assert.equal(last().url, `/xapi/v1${url}`)
  }
})

test('parameters of a function keep their declared order, in whatever order they are given', async (t) => {
  const { client, last } = await world(t)
  const given = {
    hidePcalls: true,
    callTimeFilterTo: '0:00:0',
    callTimeFilterFrom: '0:00:0',
    callTimeFilterType: 0,
    callsType: 0,
    destinationFilter: '',
    destinationType: 0,
    sourceFilter: "it's",
    sourceType: 0,
    periodTo: '2026-03-05T00:00:00Z',
    periodFrom: '2026-03-04T00:00:00Z',
  }
  await client.call('GetCallLogData', given)
  assert.equal(
    last().url,
    "/xapi/v1/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-03-04T00:00:00Z,periodTo=2026-03-05T00:00:00Z,sourceType=0,sourceFilter='it''s',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)",
  )
  const { hidePcalls: _default, ...without } = given
  await client.call('GetCallLogData', without)
  assert.match(last().url, /,hidePcalls=false\)$/)
})

const circle: Record<string, unknown> = {}
circle.Deputy = circle

for (const [what, id, input, field, code] of [
  ['a parameter that is missing', 'GetExtension', {}, 'Id', 'missing'],
  ['a parameter of the wrong type', 'GetExtension', { Id: '5' }, 'Id', 'wrong_type'],
  ['a number that is out of range', 'GetExtension', { Id: 3e9 }, 'Id', 'out_of_range'],
  ['a number that is not whole', 'GetExtension', { Id: 1.5 }, 'Id', 'wrong_type'],
  ['a parameter nobody knows', 'GetExtension', { Id: 1, id: 2 }, 'id', 'unknown_field'],
  [
    'a parameter named as something every object has',
    'GetExtension',
    { Id: 1, constructor: 2 },
    'constructor',
    'unknown_field',
  ],
  ['a query option of the wrong type', 'ListExtension', { $top: 'all' }, '$top', 'wrong_type'],
  ['a body where none goes', 'GetExtension', { Id: 1, body: {} }, 'body', 'unknown_field'],
  ['no body where one is needed', 'CreateExtension', {}, 'body', 'missing'],
  ['a body that is no object', 'CreateExtension', { body: [] }, 'body', 'wrong_type'],
  ['an unknown field', 'CreateExtension', { body: { FristName: 'x' } }, 'body.FristName', 'unknown_field'],
  [
    'an unknown field deep within',
    'CreateExtension',
    { body: { Deputy: { Deputy: { Nick: 'x' } } } },
    'body.Deputy.Deputy.Nick',
    'unknown_field',
  ],
  [
    'a wrong value of an enumeration',
    'CreateExtension',
    { body: { Mood: 'Grumpy' } },
    'body.Mood',
    'wrong_value',
  ],
  [
    'a wrong flag among right ones',
    'CreateExtension',
    { body: { Rights: 'See, Smell' } },
    'body.Rights',
    'wrong_value',
  ],
  [
    'a text that is too long',
    'CreateExtension',
    { body: { FirstName: 'x'.repeat(21) } },
    'body.FirstName',
    'too_long',
  ],
  ['a text with a NUL', 'CreateExtension', { body: { FirstName: 'a\0b' } }, 'body.FirstName', 'wrong_value'],
  ['a date that is none', 'CreateExtension', { body: { Since: 'yesterday' } }, 'body.Since', 'wrong_format'],
  [
    'null where there must be something',
    'CreateExtension',
    { body: { Id: null } },
    'body.Id',
    'not_nullable',
  ],
  ['a shape that fits none', 'CreateExtension', { body: { Rate: true } }, 'body.Rate', 'wrong_type'],
  ['a list item of the wrong type', 'BatchDelete', { body: { ids: [1, '2'] } }, 'body.ids[1]', 'wrong_type'],
  ['a required field that is missing', 'CreateRule', { body: { Data: '1' } }, 'body.RuleName', 'missing'],
  [
    'a wrong value within an object',
    'CreateRule',
    { body: { RuleName: 'a', OfficeHoursDestination: { To: 'Moon' } } },
    'body.OfficeHoursDestination.To',
    'wrong_value',
  ],
  ['an object that holds itself', 'CreateExtension', { body: circle }, null, 'too_deep'],
  ['a header of two lines', 'DeleteExtension', { Id: 1, 'If-Match': 'a\r\nX: y' }, 'If-Match', 'wrong_value'],
] as const) {
  test(`${what} is told before anything is sent`, async (t) => {
    const { pbx, client } = await world(t)
    const before = pbx.heard.length
    const error: unknown = await client.call(id, input as OperationInput).catch((thrown: unknown) => thrown)
    assert.ok(isXapiError(error, 'validation'), String(error))
    const found = error.problems.find((one) => one.code === code)
    assert.ok(found, JSON.stringify(error.problems))
    if (field !== null) assert.equal(found.field, field)
    assert.equal(error.status, null)
    assert.equal(pbx.heard.length, before)
  })
}

test('every problem is told at once, and what was meant', async (t) => {
  const { client } = await world(t)
  const call = client.call('UpdateExtension', { body: { FristName: 'x', Mood: 'Bussy' } })
  await assert.rejects(call, (error: XapiError) => {
    const fields = new Set(error.problems.map(({ field }) => field))
    assert.deepEqual(fields, new Set(['Id', 'body.FristName', 'body.Mood']))
    assert.match(JSON.stringify(error.problems), /Did you mean FirstName\?/)
    return true
  })
  await assert.rejects(
    client.call('ListExtention'),
    /no operation ListExtention; did you mean ListExtension\?/,
  )
})

test('a body may hold what the description allows: null, flags, one of several shapes, itself, and annotations', async (t) => {
  const { client, last } = await world(t)
  const body = {
    '@odata.type': '#Pbx.Extension',
    Number: '100',
    Mood: null,
    Rights: 'See, Hear',
    Rate: 1.5,
    Since: new Date(0),
    Deputy: { FirstName: 'Ann', Mood: 'No', Deputy: null },
    Enabled: undefined,
  }
  await client.call('CreateExtension', { body })
  const { Enabled: _left, ...sent } = body
  assert.deepEqual(JSON.parse(last().body), { ...sent, Since: '1970-01-01T00:00:00.000Z' })
  assert.equal(last().headers['content-type'], 'application/json')
  await client.call('DeleteExtension', { Id: 1, 'If-Match': '"7"' })
  assert.deepEqual([last().method, last().headers['if-match'], last().body], ['DELETE', '"7"', ''])
})

test('a multipart body carries files beside fields', async (t) => {
  const { client, last } = await world(t)
  const file = { fileName: 'hello.wav', contentType: 'audio/wav', data: Buffer.from('RIFF') }
  await client.call('UploadPrompt', { body: { file, title: 'Ünnep', order: 2 } })
  const form = await new Response(last().body, {
    headers: { 'content-type': last().headers['content-type'] ?? '' },
  }).formData()
  const sent = form.get('file') as File
  assert.deepEqual(
    [sent.name, sent.type, await sent.text(), form.get('title'), form.get('order')],
    ['hello.wav', 'audio/wav', 'RIFF', 'Ünnep', '2'],
  )
  const wrong = client.call('UploadPrompt', { body: { title: 'x', order: 'two' } })
  await assert.rejects(wrong, (error: XapiError) => {
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      ['body.file', 'body.order'],
    )
    return true
  })
})

test('an answer is a value, nothing, or a stream when it is no JSON, whatever the description says', async (t) => {
  const { pbx, client } = await world(t)
  pbx.on('/Users', { body: { Id: 5 } })
  assert.deepEqual(await client.call('GetExtension', { Id: 5 }), { Id: 5 })
  pbx.on('/Users', { status: 204 })
  assert.equal(await client.call('DeleteExtension', { Id: 5 }), null)
  pbx.on('/Recordings', {
    headers: {
      'content-type': 'audio/x-wav',
      'content-disposition': `attachment; filename*=UTF-8''%C3%9C.wav`,
    },
    body: Buffer.from([1, 0, 255]),
  })
  const download = (await client.call('DownloadRecording', { recId: 1 })) as Download
  assert.equal(download.fileName, 'Ü.wav')
  assert.deepEqual([...(await buffer(download.body))], [1, 0, 255])
  pbx.on('/Recordings', { headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
  const forced = await client.download('DownloadRecording', { recId: 1 })
  assert.equal((await buffer(forced.body)).toString(), '{"a":1}')
  pbx.on('/Users', { headers: { 'content-type': 'text/html' }, body: '<h1>Hello</h1>' })
  await assert.rejects(client.call('GetExtension', { Id: 5 }), /a web page answered/)
})

test('a list may be given for an option that the description calls a text', async (t) => {
  const pbx = await openPretendPbx(t)
  const api = pretendApi()
  const users = api.paths['/Users'] as { get: { parameters: { name?: string; schema: object }[] } }
  for (const one of users.get.parameters) if (one.name === '$expand') one.schema = { type: 'string' }
  pbx.description.yaml = pretendYaml(api)
  pbx.on('/Users', { body: { value: [] } })
  await openClient(t, pbx).call('ListExtension', { $expand: ['Groups($select=Id,Name)', 'Phones'] })
  assert.equal(pbx.heard.at(-1)?.url, '/xapi/v1/Users?$expand=Groups($select=Id,Name),Phones')
})

test('a text key that the description puts in quotes itself is quoted once', async (t) => {
  const pbx = await openPretendPbx(t)
  const api = pretendApi()
  api.paths["/Users(Number='{Number}')"] = api.paths['/Users(Number={Number})'] ?? {}
  delete api.paths['/Users(Number={Number})']
  pbx.description.yaml = pretendYaml(api)
  pbx.on('/Users', { body: {} })
  const client = openClient(t, pbx)
  await client.call('GetExtensionByNumber', { Number: '$&' })
  assert.equal(pbx.heard.at(-1)?.url, "/xapi/v1/Users(Number='%24%26')")
})

test('an exchange tells status and headers, and when it goes out', async (t) => {
  const { pbx, client } = await world(t)
  pbx.on('/Users', { status: 201, headers: { etag: 'W/"7"' }, body: { Id: 7 } })
  let sent = 0
  const onSend = () => sent++
  const { status, header, value } = await client.exchange(
    'CreateExtension',
    { body: { Number: '7' } },
    { onSend },
  )
  assert.deepEqual(
    [status, header('ETag'), header('location'), value, sent],
    [201, 'W/"7"', null, { Id: 7 }, 1],
  )
  await assert.rejects(client.exchange('CreateExtension', { body: { Numbr: '7' } }, { onSend }))
  assert.equal(sent, 1)
})
