import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Page } from '../../../contract/common.ts'
import type { Contact } from '../../../contract/contacts.ts'
import type { Customer } from '../../../contract/customers.ts'
import { ask } from './client.ts'

const PAUSE_MS = 200
const SHORTEST = 2
const MOST = 6

export type Found = { customers: Customer[]; contacts: Contact[] }

/** What was last typed, once the typing pauses. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** Customers and contacts whose words begin so, a few of each. */
export function useDirectorySearch(text: string) {
  const term = useSettled(text.trim())
  return useQuery({
    queryKey: ['search', term],
    enabled: term.length >= SHORTEST,
    queryFn: async ({ signal }): Promise<Found> => {
      const query = { 'filter[term_match]': term, per_page: MOST, sort: 'name' }
      const [customers, contacts] = await Promise.all([
        ask<Page<Customer>>('/api/v1/customers', { query, signal }),
        ask<Page<Contact>>('/api/v1/contacts', { query: { ...query, sort: null }, signal }),
      ])
      return { customers: customers.data.data, contacts: contacts.data.data }
    },
  })
}
