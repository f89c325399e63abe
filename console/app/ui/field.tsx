import { useId, type InputHTMLAttributes, type ReactNode, type Ref, type TextareaHTMLAttributes } from 'react'

type About = { label: ReactNode; hint?: ReactNode; error?: string | null; labelHidden?: boolean }

type Described = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined }

/** A label, a control, what helps to fill it in, and what is wrong with it. */
function Labelled({
  label,
  hint,
  error,
  labelHidden,
  children,
}: About & { children: (described: Described) => ReactNode }) {
  const id = useId()
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  return (
    <div className="field">
      <label htmlFor={id} className={labelHidden ? 'visually-hidden' : undefined}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': error ? true : undefined,
      })}
      {hint ? (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      ) : null}
    </div>
  )
}

type TextProps = About & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }

export function TextField({ label, hint, error, labelHidden, ...rest }: TextProps) {
  return (
    <Labelled {...{ label, hint, error, labelHidden }}>
      {(described) => <input type="text" {...rest} {...described} />}
    </Labelled>
  )
}

type LongProps = About & TextareaHTMLAttributes<HTMLTextAreaElement> & { ref?: Ref<HTMLTextAreaElement> }

export function LongTextField({ label, hint, error, labelHidden, ...rest }: LongProps) {
  return (
    <Labelled {...{ label, hint, error, labelHidden }}>
      {(described) => <textarea rows={3} {...rest} {...described} />}
    </Labelled>
  )
}
