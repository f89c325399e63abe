import type { Row } from './pbx.ts'

/** The zones this PBX knows, by ids of its own. */
export const ZONES: readonly Row[] = [
  { Id: '44', Name: '(UTC+00:00) London', IanaName: 'Europe/London' },
  { Id: '51', Name: '(UTC+01:00) Budapest', IanaName: 'Europe/Budapest' },
  { Id: '52', Name: '(UTC+01:00) Paris', IanaName: 'Europe/Paris' },
  { Id: '15', Name: '(UTC-05:00) New York', IanaName: 'America/New_York' },
  { Id: '78', Name: '(UTC+05:30) Kolkata', IanaName: 'Asia/Kolkata' },
  { Id: '96', Name: '(UTC+10:30) Lord Howe', IanaName: 'Australia/Lord_Howe' },
  { Id: '99', Name: '(UTC+12:00) Auckland', IanaName: 'Pacific/Auckland' },
]

/** The zone of an id; null for one that is not known. */
export const zoneNamed = (id: unknown): string | null => {
  const zone = ZONES.find((row) => row.Id === id)
  return typeof zone?.IanaName === 'string' ? zone.IanaName : null
}
