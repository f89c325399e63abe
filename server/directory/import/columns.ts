/** Column of a customer book → other header names that mean it. Spelling is compared by `headerKey`. */
export const COLUMNS = {
  customer_account: [
    'account',
    'account number',
    'customer number',
    'customer code',
    'customer id',
    'code client',
    'numero client',
    'compte',
  ],
  customer_name: [
    'customer',
    'company',
    'company name',
    'name of company',
    'client',
    'societe',
    'raison sociale',
    'nom client',
  ],
  customer_phone: [
    'phone',
    'telephone',
    'tel',
    'company phone',
    'main phone',
    'customer telephone',
    'standard',
    'telephone client',
  ],
  extensions: ['extension', 'ext', 'customer extensions', 'poste', 'postes'],
  category: ['customer category', 'categorie'],
  vip: ['is vip', 'customer vip'],
  on_call_duty: ['on call', 'oncall', 'on duty', 'astreinte'],
  on_call_from: ['on call start', 'on call since', 'astreinte debut', 'debut astreinte'],
  on_call_to: ['on call end', 'on call until', 'astreinte fin', 'fin astreinte'],
  contact_id: ['contact external id', 'contact number', 'person id'],
  first_name: ['firstname', 'given name', 'contact first name', 'prenom'],
  last_name: ['lastname', 'surname', 'family name', 'contact last name', 'nom'],
  contact_phones: [
    'contact phone',
    'mobile',
    'mobile phone',
    'cell phone',
    'cell',
    'contact telephone',
    'portable',
    'telephone contact',
  ],
  email: ['e-mail', 'mail', 'email address', 'contact email', 'courriel'],
  direct_line: ['direct', 'direct number', 'ligne directe'],
  queue_position: ['queue priority', 'priority', 'position file', 'priorite'],
  route_identifier: ['route', 'route id', 'routing', 'identifiant route'],
  backend_link: ['backend url', 'link', 'url', 'lien'],
  outbound_number: ['outbound caller id', 'call from', 'numero sortant'],
  language: ['lang', 'spoken language', 'langue'],
} as const satisfies Record<string, readonly string[]>

export type Column = keyof typeof COLUMNS
/** Header name of the file → our column, or null for a column to ignore. */
export type Mapping = Record<string, Column | null>

/** Where our columns stand in the file. */
export type ColumnPlan = {
  at: Partial<Record<Column, number>>
  /** Cells every row must have. */
  width: number
  /** Headers nobody knows. */
  ignored: string[]
}

export function isColumn(name: string): name is Column {
  return Object.hasOwn(COLUMNS, name)
}

/** A header as headers are compared: case, accents, blanks and punctuation off. */
export function headerKey(header: string): string {
  return header
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}

const KNOWN = new Map<string, Column>()
for (const [column, aliases] of Object.entries(COLUMNS)) {
  for (const name of [column, ...aliases]) KNOWN.set(headerKey(name), column as Column)
}

/** Finds our columns in a header line; answers what is wrong with the file as text for a person. */
export function planColumns(header: string[], mapping: Mapping | null): ColumnPlan | { problem: string } {
  const given = new Map(
    Object.entries(mapping ?? {}).map(([name, column]) => [headerKey(name), { name, column }]),
  )
  const plan: ColumnPlan = { at: {}, width: header.length, ignored: [] }
  const seen = new Set<string>()
  for (const [i, name] of header.entries()) {
    const key = headerKey(name)
    // Spreadsheets leave empty columns at the right; they hold nothing that could be meant.
    if (name.trim() === '') continue
    if (seen.has(name.trim().toLowerCase()))
      return { problem: `The header names the column "${name}" twice.` }
    seen.add(name.trim().toLowerCase())
    const column = given.has(key) ? given.get(key)?.column : KNOWN.get(key)
    given.delete(key)
    if (column === undefined) plan.ignored.push(name)
    if (column === undefined || column === null) continue
    if (plan.at[column] !== undefined) {
      return {
        problem: `The columns "${header[plan.at[column]]}" and "${name}" both mean ${column}: map one of them to null.`,
      }
    }
    plan.at[column] = i
  }
  const [missing] = given.values()
  if (missing) return { problem: `The mapping names a column "${missing.name}" that the file does not have.` }
  if (Object.keys(plan.at).length > 0) return plan
  const found = header.slice(0, 10).join(', ').slice(0, 200)
  return {
    problem: `No column of the file is known (found: ${found}). Known: ${Object.keys(COLUMNS).join(', ')}.`,
  }
}
