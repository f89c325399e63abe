import type { Phone } from '../../../contract/users.ts'
import { actingTenant } from './tenant.ts'

const placeOf = () => `cordboard.phone.${actingTenant() ?? ''}`

export const phoneKey = ({ host_id, extension }: Phone) => `${host_id} ${extension}`

/** Which of one's phones rings: the only one, or the one called from last; null when that is not said. */
export function keptPhone(phones: readonly Phone[]): Phone | null {
  if (phones.length === 1) return phones[0] ?? null
  const kept = localStorage.getItem(placeOf())
  return phones.find((phone) => phoneKey(phone) === kept) ?? null
}

export function keepPhone(phone: Phone): void {
  localStorage.setItem(placeOf(), phoneKey(phone))
}
