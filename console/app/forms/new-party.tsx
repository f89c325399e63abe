import { useState, type FormEvent } from 'react'
import { useUnsaved } from '../components/unsaved.ts'
import { fieldError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import type { Whom } from './attach.tsx'

type Props = {
  /** The company the person belongs to; null: one may be named, too. */
  of: { id: number; name: string } | null
  error: Error | null
  busy: boolean
  onCreate: (whom: Whom) => void
  onCancel: () => void
}

/** A person, a company, or both, made on the spot. */
export function NewPartyForm({ of, error, busy, onCreate, onCancel }: Props) {
  const t = useTexts()
  const [first, setFirst] = useState('')
  const [last, setLast] = useState('')
  const [email, setEmail] = useState('')
  const [company, setCompany] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const person = { first_name: first.trim(), last_name: last.trim(), email: email.trim() }
  const given = Object.fromEntries(Object.entries(person).filter(([, value]) => value !== ''))
  const hasPerson = Object.keys(given).length > 0
  useUnsaved(hasPerson || company.trim() !== '')

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!hasPerson && company.trim() === '') return setProblem(t.nameNeeded)
    setProblem(null)
    return onCreate({
      ...(of ? { customer_id: of.id } : {}),
      ...(hasPerson ? { contact: given } : {}),
      ...(of === null && company.trim() !== '' ? { customer: { name: company.trim() } } : {}),
    })
  }
  return (
    <form className="form" onSubmit={submit}>
      {of ? <p>{t.ofCustomer(of.name)}</p> : null}
      <div className="form-row">
        <TextField
          label={t.firstName}
          value={first}
          maxLength={255}
          autoComplete="off"
          autoFocus
          onChange={(event) => setFirst(event.target.value)}
          error={problem ?? fieldError(error, 'contact.first_name')}
        />
        <TextField
          label={t.lastName}
          value={last}
          maxLength={255}
          autoComplete="off"
          onChange={(event) => setLast(event.target.value)}
          error={fieldError(error, 'contact.last_name')}
        />
      </div>
      <TextField
        label={t.email}
        type="email"
        value={email}
        maxLength={255}
        autoComplete="off"
        onChange={(event) => setEmail(event.target.value)}
        error={fieldError(error, 'contact.email')}
      />
      {of ? null : (
        <TextField
          label={t.companyNew}
          value={company}
          maxLength={255}
          autoComplete="off"
          onChange={(event) => setCompany(event.target.value)}
          error={fieldError(error, 'customer.name')}
        />
      )}
      <div className="form-actions">
        <Button type="submit" kind="primary" busy={busy}>
          {t.create}
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          {t.cancel}
        </Button>
      </div>
    </form>
  )
}
