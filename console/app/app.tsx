import { QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { RouterProvider } from 'react-router'
import { newQueryClient } from './api/query-client.ts'
import { newRouter } from './routes.tsx'
import { TextsProvider } from './texts/texts.tsx'

export function App() {
  const [queryClient] = useState(newQueryClient)
  const [router] = useState(newRouter)
  return (
    <QueryClientProvider client={queryClient}>
      <TextsProvider>
        <RouterProvider router={router} />
      </TextsProvider>
    </QueryClientProvider>
  )
}
