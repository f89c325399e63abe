import { Type, type Static } from 'typebox'
import { Id, Nullable, PageOf } from './common.ts'

export const QUALITY_KINDS = ['unparseable', 'shared', 'duplicate', 'wrong_country'] as const
export const QualityKind = Type.Enum([...QUALITY_KINDS])
export type QualityKind = Static<typeof QualityKind>

/** How many findings there are of each kind. */
export const QualityCounts = Type.Object({
  /** Numbers kept as written because nobody could read them. */
  unparseable: Type.Integer(),
  /** Numbers that parties of different customers have. */
  shared: Type.Integer(),
  /** Numbers twice at one party, people twice at one customer, customers with the same name. */
  duplicate: Type.Integer(),
  /** Numbers of another country than they were read with, and national ones without any. */
  wrong_country: Type.Integer(),
})
export type QualityCounts = Static<typeof QualityCounts>

/** Somebody a finding is about, with the number as this party has it. */
export const QualityParty = Type.Object({
  party: Type.Enum(['customer', 'contact']),
  id: Id,
  name: Type.String(),
  /** The customer of a contact. */
  customer_id: Nullable(Id),
  customer_name: Nullable(Type.String()),
  /** The number as it was written; null when the finding is about names. */
  written: Nullable(Type.String()),
  /** E.164, national digits, or the text that only matches itself. */
  read: Nullable(Type.String()),
  /** The country in whose national form it was read. */
  country: Nullable(Type.String()),
})
export type QualityParty = Static<typeof QualityParty>

export const QualityFinding = Type.Object({
  why: Type.Enum([
    'unreadable',
    'shared_number',
    'number_twice',
    'same_person',
    'same_name',
    'other_country',
    'no_country',
  ]),
  /** What they have in common, or what is wrong: a number as read, or a folded name. */
  subject: Type.String(),
  /** At most 50 of them. */
  parties: Type.Array(QualityParty),
  /** How many there are. */
  parties_total: Type.Integer(),
  /** What a person can do about it. */
  advice: Type.String(),
})
export type QualityFinding = Static<typeof QualityFinding>
export const QualityPage = PageOf(QualityFinding)
