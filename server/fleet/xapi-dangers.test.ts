import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../xapi/xapi.ts'
import { needsConfirm } from './xapi-dangers.ts'
import { maskedCopy } from './xapi-masking.ts'

const operation = (line: string): Operation => {
  const [method = '', path = '', id = path] = line.split(' ')
  const answer = { status: 200, content: {} }
  return { id, method, path, tag: null, summary: null, parameters: [], body: null, answer }
}

for (const line of [
  'POST /Services/Pbx.Restart Restart',
  'POST /Services/Pbx.RestartOperatingSystem RestartOperatingSystem',
  'POST /Services/Pbx.Stop Stop',
  "POST /Backups('{FileName}')/Pbx.Restore Restore",
  'POST /EventLogs/Pbx.PurgeEventLog PurgeEventLog',
  'POST /PurgeAllLogs',
  'POST /Queues/Pbx.BatchDelete BatchDelete',
  'POST /Contacts/Pbx.DeleteContactsByType DeleteContactsByType',
  'POST /VoicemailSettings/Pbx.DeleteAllUserVoicemails DeleteAllUserVoicemails',
  'DELETE /Widgets DeleteWidgets',
  'POST /Widgets/Acme.WipeThem NobodyHasSeen',
  'POST /FaxServerSettings/Pbx.CleanUpFax CleanUpFax',
  'POST /InstallUpdates InstallUpdates',
  'POST /SipDevices/Pbx.PushFirmware PushFirmware',
  'POST /LicenseStatus/Pbx.ReplaceLicenseKey ReplaceLicenseKey',
])
  test(`must be confirmed: ${line}`, () => assert.equal(needsConfirm(operation(line)), true))

for (const line of [
  'GET /Backups/Pbx.GetRestoreSettings() GetRestoreSettings',
  'POST /Backups/Pbx.SetRestoreSettings SetRestoreSettings',
  'DELETE /Users({Id}) DeleteUser',
  'PATCH /Users({Id}) UpdateUser',
  'POST /Users CreateUser',
  'POST /Services/Pbx.Start Start',
  'POST /Firewall/Pbx.StopCheck StopCheck',
  'POST /ActiveCalls({Id})/Pbx.DropCall DropCall',
  'PATCH /CallParkingSettings UpdateCallParkingSettings',
  'POST /Queues/Pbx.GetMultiEditGreetings GetMultiEditGreetings',
])
  test(`goes without: ${line}`, () => assert.equal(needsConfirm(operation(line)), false))

test('what is kept of a change has no secrets and no end', () => {
  const kept = maskedCopy({
    Number: '100',
    AuthPassword: 'a',
    VMPIN: 1234,
    Forward: [{ WebhookSecret: 'b', ApiKey: 'c', IsPinRequired: true, PinProtectTimeout: 5 }],
    Empty: { Password: null },
    Parameters: [
      { Name: 'SMTP_PASSWORD', Value: 'd' },
      { name: 'MAXCALLS', value: 'e' },
    ],
  })
  assert.deepEqual(kept, {
    Number: '100',
    AuthPassword: '********',
    VMPIN: '********',
    Forward: [{ WebhookSecret: '********', ApiKey: '********', IsPinRequired: true, PinProtectTimeout: 5 }],
    Empty: { Password: null },
    Parameters: [
      { Name: 'SMTP_PASSWORD', Value: '********' },
      { name: 'MAXCALLS', value: 'e' },
    ],
  })
  assert.deepEqual(maskedCopy('x'.repeat(200_000)), { too_long: 200_002 })
})
