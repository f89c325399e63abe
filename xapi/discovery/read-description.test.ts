import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pretendApi, pretendYaml } from '../testing/description.ts'
import { readDescription } from './read-description.ts'
import type { Source } from './sources.ts'

const read = (text: string | Uint8Array, source: Source = 'swagger.yaml') =>
  readDescription(typeof text === 'string' ? new TextEncoder().encode(text) : text, source)

const bomb = () => {
  const levels = Array.from(
    { length: 30 },
    (_, i) =>
      `a${i}: &a${i} [${
        i === 0
          ? '1'
          : Array(9)
              .fill(`*a${i - 1}`)
              .join(',')
      }]`,
  )
  return `openapi: 3.0.4\n${levels.join('\n')}\npaths: *a29\n`
}

function withItselfAsParameter(): string {
  const api = pretendApi()
  api.components.parameters.top = { $ref: '#/components/parameters/top' }
  return pretendYaml(api)
}

for (const [what, text, reason] of [
  ['is empty', '', /no OpenAPI 3 description/],
  ['is no YAML', 'a: [1, 2\nb: "', /./],
  ['is something else', 'just: a\nfile: of YAML\n', /no OpenAPI 3 description/],
  ['is of an older kind', 'swagger: "2.0"\npaths: {}\n', /no OpenAPI 3 description/],
  ['has no paths', 'openapi: 3.0.4\n', /no paths/],
  ['multiplies its aliases', bomb(), /alias/i],
  ['nests a hundred thousand lists', `openapi: 3.0.4\npaths: ${'['.repeat(100_000)}`, /./],
  [
    'nests three thousand maps',
    `openapi: 3.0.4\npaths:\n${Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i + 1)}a:`).join('\n')}`,
    /./,
  ],
  ['has a parameter that leads to itself', withItselfAsParameter(), /in a circle/],
  ['is no text', new Uint8Array([0xff, 0xfe, 0]), /not valid for encoding/],
] as const) {
  test(`a description that ${what} is refused clearly`, () => {
    assert.throws(() => read(text), reason)
  })
}

for (const [what, metadata, reason] of [
  [
    'declares entities',
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Edmx/>',
    /declares a document type/,
  ],
  ['ends too early', '<Edmx><DataServices>', /ends too early/],
  ['closes what is not open', '<Edmx></DataServices></Edmx>', /closes nothing/],
  ['nests a hundred thousand elements', '<a>'.repeat(100_000), /nested deeper/],
  ['is a web page', '<html><body>Hello</body></html>', /no OData metadata/],
] as const) {
  test(`metadata that ${what} is refused clearly`, () => {
    assert.throws(() => read(metadata, '$metadata'), reason)
  })
}

/** What is read, without what it was read from. */
function parts(text: string, source?: Source) {
  const { operations, schemas } = read(text, source)
  return { operations, schemas }
}

test('a long description is the same read in pieces, as JSON, and with anchors across it', () => {
  const api = pretendApi()
  for (let i = 0; i < 150; i++) {
    api.paths[`/Set${i}({Id})`] = structuredClone(api.paths['/Users({Id})'] ?? {})
    api.components.schemas[`Shape${i}`] = {
      ...api.components.schemas.Rule,
      title: `Line one\n\n  # line ${i}: 'two'\n`,
    }
  }
  const yaml = pretendYaml(api)
  assert.ok(yaml.length > 130_000)
  const inPieces = parts(yaml)
  const withAnchor = `x-anchor: &shared {type: string}\n${yaml}`.replace(
    / {4}Mood:\n {6}type: string\n/,
    '    Alias: *shared\n    Mood:\n      type: string\n',
  )
  const whole = parts(withAnchor)
  const asJson = parts(JSON.stringify(api), 'swagger.json')
  assert.equal(inPieces.operations.length, 150 * 3 + parts(pretendYaml()).operations.length)
  assert.deepEqual(inPieces, asJson)
  const { Alias, ...others } = whole.schemas
  assert.deepEqual(Alias, { type: 'string' })
  assert.deepEqual(others, asJson.schemas)
})
