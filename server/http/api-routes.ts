import { backOfficeRoutes } from './api/back-office.ts'
import { bulkRoutes } from './api/bulk.ts'
import { callbackRoutes } from './api/callbacks.ts'
import { categoryRoutes } from './api/categories.ts'
import { contactRoutes } from './api/contacts.ts'
import { contractRoutes } from './api/contracts.ts'
import { customerFileRoutes } from './api/customer-files.ts'
import { customerRoutes } from './api/customers.ts'
import { dispositionRoutes } from './api/dispositions.ts'
import { doNotCallRoutes } from './api/do-not-call.ts'
import { eraseRoutes } from './api/erase.ts'
import { eventRoutes } from './api/events.ts'
import { exportRoutes } from './api/export.ts'
import { helperRoutes } from './api/helpers.ts'
import { importRoutes } from './api/imports.ts'
import { keyRoutes } from './api/keys.ts'
import { liveRoutes } from './api/live.ts'
import { lookupRoutes } from './api/lookup.ts'
import { mergeRoutes } from './api/merge.ts'
import { noteRoutes } from './api/notes.ts'
import { pbxEventRoutes } from './api/pbx-events.ts'
import { phoneCallRoutes } from './api/phone-calls.ts'
import { popRoutes } from './api/pop.ts'
import { popLinkRoutes, popLinkSettingRoutes } from './api/pop-links.ts'
import { profileRoutes } from './api/profiles.ts'
import { profileCalendarRoutes } from './api/profile-calendars.ts'
import { pbx3cxAuditRoutes } from './api/pbx3cx-audits.ts'
import { pbx3cxCallLogRoutes, pbx3cxCallLogStateRoute, pbx3cxCallRoutes } from './api/pbx3cx-calls.ts'
import { pbx3cxHostRoutes } from './api/pbx3cx-hosts.ts'
import { pbxInboundRuleRoutes } from './api/pbx-inbound-rules.ts'
import { pbxRulePlanRoutes } from './api/pbx-rule-plans.ts'
import { pbxSnapshotRoutes } from './api/pbx-snapshots.ts'
import { pbxTraceRoutes } from './api/pbx-trace.ts'
import { pbx3cxOriginRoutes } from './api/pbx3cx-origins.ts'
import { qualityRoutes } from './api/quality.ts'
import { renormaliseRoutes } from './api/renormalise.ts'
import { routeRoutes } from './api/route.ts'
import { tenantRoutes } from './api/tenants.ts'
import { sessionRoutes } from './api/session.ts'
import { userRoutes } from './api/users.ts'
import { webhookRoutes } from './api/webhooks.ts'
import { workRoutes } from './api/work.ts'
import { tokenRoutes } from './api/tokens.ts'
import { xapiRoutes } from './api/xapi.ts'
import type { App } from './app.ts'
import type { ServerDeps } from './server.ts'

const isSecure = ({ tls, publicUrl }: ServerDeps) => tls !== null || publicUrl?.startsWith('https:') === true

/** The API's version 1: one place that lists every resource. */
export function apiRoutes(app: App, deps: ServerDeps): void {
  const { access, directory, fleet, journal, routing, keyring, settle, renewSnapshot, log, work } = deps
  tenantRoutes(app, { access, settle })
  userRoutes(app, { access, settle })
  sessionRoutes(app, { access, settle, secure: isSecure(deps) })
  tokenRoutes(app, { access, fleet, settle })
  categoryRoutes(app, { categories: directory.categories, settle })
  contractRoutes(app, { contracts: directory.contracts, settle })
  customerRoutes(app, { customers: directory.customers, settle })
  customerFileRoutes(app, { customerFiles: directory.customerFiles, settle })
  contactRoutes(app, { contacts: directory.contacts, settle })
  mergeRoutes(app, { ...directory, settle })
  eraseRoutes(app, { ...directory, settle, renewSnapshot, flush: routing.decisions.flush })
  qualityRoutes(app, directory)
  renormaliseRoutes(app, directory)
  lookupRoutes(app, { lookup: directory.lookup })
  importRoutes(app, { imports: directory.imports })
  workRoutes(app, { work, settle })
  keyRoutes(app, { access, keyring })
  bulkRoutes(app, { bulk: directory.bulk, settle, log })
  exportRoutes(app, { exportBook: directory.exportBook })
  pbx3cxHostRoutes(app, { fleet, settle })
  xapiRoutes(app, fleet)
  pbx3cxCallRoutes(app, { ...journal, settle })
  pbx3cxCallLogRoutes(app, { ...journal, settle })
  pbxInboundRuleRoutes(app, fleet)
  pbxRulePlanRoutes(app, { rulePlans: fleet.rulePlans, settle })
  pbxSnapshotRoutes(app, { snapshots: fleet.snapshots, settle })
  pbxTraceRoutes(app, fleet)
  pbx3cxCallLogStateRoute(app, journal)
  pbx3cxOriginRoutes(app, fleet)
  pbx3cxAuditRoutes(app, { audits: fleet.audits, settle })
  backOfficeRoutes(app, directory)
  helperRoutes(app, { access, destinations: fleet.destinations, settle })
  dispositionRoutes(app, { ...journal, settle })
  callbackRoutes(app, { ...journal, settle })
  doNotCallRoutes(app, { ...journal, settle })
  noteRoutes(app, { ...journal, settle })
  popRoutes(app, { ...journal, attach: directory.attach, settle })
  phoneCallRoutes(app, { ...journal, fleet, settle })
  popLinkSettingRoutes(app, { ...journal, settle })
  popLinkRoutes(app, { ...journal, access, settle })
  pbxEventRoutes(app, journal)
  eventRoutes(app, journal)
  webhookRoutes(app, { ...journal, settle })
  profileRoutes(app, { ...routing, settle })
  profileCalendarRoutes(app, { ...routing, settle })
  routeRoutes(app, routing)
  liveRoutes(app, deps)
}
