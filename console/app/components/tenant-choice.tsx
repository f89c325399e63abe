import { useSession } from '../api/session.ts'
import { chooseTenant } from '../api/tenant.ts'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { hasUnsaved } from './unsaved.ts'

/** In which tenant one acts, for whoever belongs to several. */
export function TenantChoice() {
  const t = useTexts()
  const { data: session } = useSession()
  if (!session || session.tenants.length < 2) return null
  const choose = (id: number) => {
    // The browser asks by itself before it leaves what is not saved; the choice waits for its answer.
    if (hasUnsaved() && !window.confirm(t.leaveUnsaved)) return
    chooseTenant(id)
    location.assign(paths.pop())
  }
  return (
    <select
      className="tenant"
      aria-label={t.tenant}
      value={session.tenant.id}
      onChange={({ target }) => choose(Number(target.value))}
    >
      {session.tenants.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}
