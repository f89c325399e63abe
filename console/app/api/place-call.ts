import { useMutation } from '@tanstack/react-query'
import type { ClickToCall, PlacedCall } from '../../../contract/live.ts'
import { ask } from './client.ts'
import { newKey } from './new-key.ts'

/** Has one's own phone call a number. */
export function usePlaceCall() {
  return useMutation({
    mutationFn: async (body: ClickToCall) =>
      (await ask<PlacedCall>('/api/v1/click-to-call', { method: 'POST', body, idempotencyKey: newKey() }))
        .data,
  })
}
