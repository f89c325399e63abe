import { Type } from 'typebox'
import { Nullable, ShortText } from './common.ts'

/** Where the PBX should send a party's calls, as a client writes it. */
export const hintInputs = {
  /** Number or extension that rings first. */
  direct_line: Type.Optional(Nullable(ShortText)),
  /** 0-100, 100 first in line. */
  queue_position: Type.Optional(Nullable(Type.Integer({ minimum: 0, maximum: 100 }))),
  route_identifier: Type.Optional(Nullable(ShortText)),
  /** An http or https address, which may hold placeholders. */
  backend_link: Type.Optional(Nullable(Type.String({ maxLength: 2_000 }))),
  /** Which of our numbers it is called from, in E.164, such as `+33199001000`. */
  outbound_number: Type.Optional(Nullable(ShortText)),
  /** What is spoken with it: a BCP 47 tag, such as `fr` or `pt-BR`. */
  language: Type.Optional(Nullable(ShortText)),
}

/** The same as it is answered. */
export const hints = {
  direct_line: Nullable(Type.String()),
  queue_position: Nullable(Type.Integer()),
  route_identifier: Nullable(Type.String()),
  backend_link: Nullable(Type.String()),
  outbound_number: Nullable(Type.String()),
  language: Nullable(Type.String()),
}
