import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Page } from '../../../contract/common.ts'
import type { InboundRule } from '../../../contract/pbx-inbound-rules.ts'
import type { Trace } from '../../../contract/pbx-trace.ts'
import type { InboundAddress } from '../paths.ts'
import { ask, askText } from './client.ts'

type Host = { id: number; host_name: string | null; code: string }

const MOST_HOSTS = 200
const RULES_A_PAGE = 100

/** The PBXs one may look at. */
export function useHosts() {
  return useQuery({
    queryKey: ['hosts'],
    queryFn: async () =>
      (await ask<Page<Host>>('/api/v1/pbx3cx-hosts', { query: { page: 1, per_page: MOST_HOSTS } })).data.data,
  })
}

/** The inbound rules of a PBX, read from it just now. */
export function useInboundRules(host: number, page: number) {
  return useQuery({
    queryKey: ['inbound-rules', host, page],
    queryFn: async () =>
      (
        await ask<Page<InboundRule>>(`/api/v1/pbx3cx/${host}/inbound-rules`, {
          query: { page, per_page: RULES_A_PAGE },
        })
      ).data,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  })
}

const queryOf = ({ did, caller, at, fresh }: InboundAddress) => ({ did, caller, at, fresh })

/** Where a call goes, and why. */
export function useTrace(host: number, asked: InboundAddress) {
  return useQuery({
    queryKey: ['trace', host, asked],
    queryFn: async () => (await ask<Trace>(`/api/v1/pbx3cx/${host}/trace`, { query: queryOf(asked) })).data,
    staleTime: 60_000,
  })
}

/** The same as a picture, as an address that shows it; asked for once there is a way to show. */
export function useTracePicture(host: number, asked: InboundAddress, enabled: boolean) {
  return useQuery({
    queryKey: ['trace-picture', host, asked],
    enabled,
    queryFn: async () => {
      const query = { ...queryOf(asked), format: 'svg' }
      const svg = await askText(`/api/v1/pbx3cx/${host}/trace`, { query })
      return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
    },
    staleTime: 60_000,
  })
}
