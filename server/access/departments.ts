import { invalid } from '../platform/errors.ts'

/** Whoever administers a tenant could give himself what he does not see. 422 on `departments`. */
export function checkDepartments(isAdmin: boolean): void {
  if (isAdmin) throw invalid({ departments: ['An administrator sees all calls.'] })
}
