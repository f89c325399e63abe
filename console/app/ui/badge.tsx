import type { ReactNode } from 'react'

export function Badge({
  kind = 'plain',
  children,
}: {
  kind?: 'plain' | 'vip' | 'good' | 'danger' | 'accent'
  children: ReactNode
}) {
  return <span className={`badge badge-${kind}`}>{children}</span>
}
