import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'
import { noteEndedSession } from './session.ts'

/** Worth asking again by itself: nobody answered, or the hub could not. */
const mayPass = (error: unknown) => !(error instanceof ApiError) || error.status === 0 || error.status >= 500

/** The one path of errors: whoever asked shows it; that a session has ended is everybody's matter. */
export function newQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => noteEndedSession(client, error) }),
    mutationCache: new MutationCache({ onError: (error) => noteEndedSession(client, error) }),
    defaultOptions: {
      queries: { retry: (failures, error) => failures < 2 && mayPass(error), staleTime: 5_000 },
      mutations: { retry: false },
    },
  })
  return client
}
