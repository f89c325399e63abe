import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClient, openPretendPbx } from './testing/pbx.ts'
import { explainWarning, XapiError, type XapiErrorKind } from './xapi.ts'

const said = (message: string, more: object = {}) => ({ error: { code: '', message, ...more } })

for (const [what, status, body, kind, field, code] of [
  [
    'a number in use',
    400,
    said('Number:\nWARNINGS.XAPI.ALREADY_IN_USE'),
    'conflict',
    'Number',
    'XAPI.ALREADY_IN_USE',
  ],
  [
    'a detail with a target',
    400,
    said('wrong', { details: [{ code: '', message: 'WARNINGS.XAPI.REQUIRED', target: 'RuleName' }] }),
    'validation',
    'RuleName',
    'XAPI.REQUIRED',
  ],
  [
    'a detail with its field in the text',
    400,
    said('', { details: [{ message: "Trunk.Number 'WARNINGS.XAPI.OUT_OF_THE_RANGE'" }] }),
    'validation',
    'Trunk.Number',
    'XAPI.OUT_OF_THE_RANGE',
  ],
  ['a name that exists', 400, said('WARNINGS.XAPI.DUPLICATE'), 'conflict', null, 'XAPI.DUPLICATE'],
  [
    'a recording that is gone',
    400,
    said('WARNINGS.XAPI.FILE_NOT_FOUND'),
    'not_found',
    null,
    'XAPI.FILE_NOT_FOUND',
  ],
  ['a symbol without XAPI', 400, said('WARNINGS.TOO_MANY_BACKUPS'), 'validation', null, 'TOO_MANY_BACKUPS'],
  ['plain words', 400, said('The query is not valid.'), 'validation', null, 'refused'],
  ['an empty body', 400, '', 'validation', null, null],
  ['no right', 403, '', 'permission', null, null],
  ['nothing there', 404, said('gone', { code: 'x' }), 'not_found', null, 'x'],
  ['a change meanwhile', 412, '', 'conflict', null, null],
  ['a PBX that failed without a word', 500, '', 'server', null, null],
  ['a PBX that failed with a page', 502, '<html>', 'server', null, null],
  ['another place', 302, '', 'server', null, null],
] as const) {
  test(`${what} is an error of kind ${kind}`, async (t) => {
    const pbx = await openPretendPbx(t)
    pbx.on('/callcontrol', { status, body })
    const error: unknown = await openClient(t, pbx)
      .callControl.state()
      .catch((thrown: unknown) => thrown)
    assert.ok(error instanceof XapiError)
    assert.equal(error.kind, kind satisfies XapiErrorKind)
    assert.equal(error.status, status)
    assert.deepEqual([error.problems[0]?.field ?? null, error.problems[0]?.code ?? null], [field, code])
  })
}

test('a symbol is told in words with what to do, also one nobody knows', () => {
  assert.deepEqual(explainWarning('WARNINGS.XAPI.ALREADY_IN_USE'), {
    message: 'is in use already',
    advice: 'Choose another number, or free this one first.',
  })
  assert.deepEqual(explainWarning('WARNINGS.XAPI.MOON_IS_FULL'), { message: 'moon is full', advice: null })
  assert.equal(explainWarning('constructor').message, 'constructor')
})

test('the message names the field and says what is wrong', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/Users', { status: 400, body: said('Number: WARNINGS.XAPI.ALREADY_IN_USE') })
  const client = openClient(t, pbx)
  await assert.rejects(
    client.call('CreateExtension', { body: { Number: '100' } }),
    /^XapiError: CreateExtension: Number is in use already \(400\)$/,
  )
})
