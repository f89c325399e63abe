import { useId, useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { paths, type InboundAddress } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

type Props = {
  hosts: readonly { id: number; host_name: string | null; code: string }[]
  asked: InboundAddress
}

/** Asks where a call would go; the question is the address of the page. */
export function TraceForm({ hosts, asked }: Props) {
  const t = useTexts()
  const navigate = useNavigate()
  const hostId = useId()
  const host = asked.host ?? null
  const [did, setDid] = useState(asked.did ?? '')
  const [caller, setCaller] = useState(asked.caller ?? '')
  const [at, setAt] = useState(asked.at ?? '')
  const [fresh, setFresh] = useState(asked.fresh === '1')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (host === null) return
    const question = { did: did.trim(), caller: caller.trim(), at, fresh: fresh ? ('1' as const) : null }
    void navigate(paths.inbound({ host, ...question }))
  }
  return (
    <form onSubmit={submit} className="form">
      <div className="form-row">
        <div className="field">
          <label htmlFor={hostId}>{t.pbx}</label>
          <select
            id={hostId}
            value={host ?? ''}
            onChange={({ target }) => void navigate(paths.inbound({ host: Number(target.value) }))}
          >
            {host === null ? <option value="">{t.choosePbx}</option> : null}
            {hosts.map(({ id, host_name, code }) => (
              <option key={id} value={id}>
                {host_name ?? code}
              </option>
            ))}
          </select>
        </div>
        <TextField
          label={t.numberCalled}
          type="tel"
          value={did}
          onChange={({ target }) => setDid(target.value)}
          maxLength={100}
          required
        />
        <TextField
          label={t.numberCalling}
          hint={t.emptyWithheld}
          type="tel"
          value={caller}
          onChange={({ target }) => setCaller(target.value)}
          maxLength={100}
        />
        <TextField
          label={t.momentOfCall}
          hint={t.emptyNow}
          type="datetime-local"
          value={at}
          onChange={({ target }) => setAt(target.value)}
        />
      </div>
      <label className="check">
        <input type="checkbox" checked={fresh} onChange={({ target }) => setFresh(target.checked)} />
        {t.readAnew}
      </label>
      <div className="form-actions">
        <Button type="submit" kind="primary" disabledReason={host === null ? t.choosePbx : null}>
          {t.whereGoes}
        </Button>
      </div>
    </form>
  )
}
