import { useId, type ButtonHTMLAttributes, type ReactNode } from 'react'

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> & {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger'
  /** Why it cannot be pressed: it stays in reach of the keyboard and says so. */
  disabledReason?: string | null
  busy?: boolean
  children: ReactNode
}

export function Button({ kind = 'plain', disabledReason, busy = false, children, onClick, ...rest }: Props) {
  const reasonId = useId()
  const isOff = Boolean(disabledReason) || busy
  return (
    <>
      <button
        type="button"
        {...rest}
        className={`button button-${kind} ${rest.className ?? ''}`}
        aria-disabled={isOff || undefined}
        aria-busy={busy || undefined}
        aria-describedby={disabledReason ? reasonId : rest['aria-describedby']}
        title={disabledReason ?? rest.title}
        onClick={(event) => {
          if (isOff) event.preventDefault()
          else onClick?.(event)
        }}
      >
        {children}
      </button>
      {disabledReason ? (
        <span id={reasonId} className="visually-hidden">
          {disabledReason}
        </span>
      ) : null}
    </>
  )
}
