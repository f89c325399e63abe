import type { FieldCheck, Text } from '../platform/field-check.ts'
import { languageTag } from '../platform/language-tags.ts'

/** The columns of a party that say where its calls should go. */
export const HINTS = [
  'direct_line',
  'queue_position',
  'route_identifier',
  'backend_link',
  'outbound_number',
  'language',
] as const

type HintFields = {
  direct_line?: Text
  queue_position?: number | null
  route_identifier?: Text
  backend_link?: Text
  outbound_number?: Text
  language?: Text
}

/** A number as it is dialled from anywhere: a plus, the country and at most fifteen digits in all. */
export const E164 = /^\+[1-9]\d{6,14}$/

/** 422 on the field for a number of ours that is not written out. */
function outboundNumber(check: FieldCheck, value: Text): Text {
  const text = check.text('outbound_number', value)
  if (text && !E164.test(text))
    check.refuse('outbound_number', 'Is no number in E.164: write it like +33199001000.')
  return text
}

/** In its usual spelling; 422 on the field for what is no tag. */
function language(check: FieldCheck, value: Text): Text {
  const text = check.text('language', value)
  const tag = text ? languageTag(text) : text
  if (text && tag === null) check.refuse('language', 'Is no language tag: write it like fr or pt-BR.')
  return tag
}

/** The routing hints of a write as columns; fields not written stay undefined. */
export function hintColumns(check: FieldCheck, input: HintFields) {
  return {
    direct_line: check.text('direct_line', input.direct_line),
    queue_position: input.queue_position,
    route_identifier: check.text('route_identifier', input.route_identifier),
    backend_link: check.link('backend_link', input.backend_link),
    outbound_number: outboundNumber(check, input.outbound_number),
    language: language(check, input.language),
  }
}
