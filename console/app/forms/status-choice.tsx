import { useId, type Ref } from 'react'
import type { DispositionCode } from '../../../contract/dispositions.ts'
import { useTexts } from '../texts/texts.tsx'

type Props = {
  ref: Ref<HTMLFieldSetElement>
  codes: DispositionCode[]
  chosen: string
  onChoose: (code: string) => void
  error: string | null
}

/** The statuses there are, the first nine with the key that chooses them. */
export function StatusChoice({ ref, codes, chosen, onChoose, error }: Props) {
  const t = useTexts()
  const id = useId()
  // A status that was deleted since is still what was saved.
  const all =
    chosen === '' || codes.some(({ code }) => code === chosen)
      ? codes
      : [...codes, { id: null, code: chosen, label: chosen, labels: {} }]
  return (
    <fieldset ref={ref} className="statuses" aria-describedby={error ? `${id}-error` : undefined}>
      <legend className="visually-hidden">{t.disposition}</legend>
      {all.map(({ code, label }, i) => (
        <label key={code} className="status">
          <input
            type="radio"
            name={id}
            value={code}
            checked={chosen === code}
            onChange={() => onChoose(code)}
            aria-keyshortcuts={i < 9 ? String(i + 1) : undefined}
          />
          <span>{label}</span>
          {i < 9 ? <kbd aria-hidden="true">{i + 1}</kbd> : null}
        </label>
      ))}
      {error ? (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      ) : null}
    </fieldset>
  )
}
