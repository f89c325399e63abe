import type { ReactNode } from 'react'

/** Something to know before anything else. `urgent` is read out at once. */
export function Banner({
  kind,
  urgent = false,
  children,
}: {
  kind: 'info' | 'good' | 'warning' | 'danger'
  urgent?: boolean
  children: ReactNode
}) {
  return (
    <div className={`banner banner-${kind}`} role={urgent ? 'alert' : 'status'}>
      {children}
    </div>
  )
}
