import type { FieldCheck, Text } from '../platform/field-check.ts'

/** The columns of a party that say where its calls should go. */
export const HINTS = ['direct_line', 'queue_position', 'route_identifier', 'backend_link'] as const

type HintFields = {
  direct_line?: Text
  queue_position?: number | null
  route_identifier?: Text
  backend_link?: Text
}

/** The routing hints of a write as columns; fields not written stay undefined. */
export function hintColumns(check: FieldCheck, input: HintFields) {
  return {
    direct_line: check.text('direct_line', input.direct_line),
    queue_position: input.queue_position,
    route_identifier: check.text('route_identifier', input.route_identifier),
    backend_link: check.link('backend_link', input.backend_link),
  }
}
