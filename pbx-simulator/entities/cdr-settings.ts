import { refuseField } from '../odata/refusal.ts'
import { CDR_FIELDS } from '../calls/cdr-line.ts'
import type { Row, SingletonDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

shape('CDRSettingsField', { i32: 'Length', s: 'Name' })

const MOST_PORTS = 65_535

export const CDR_SETTINGS: SingletonDefinition = {
  name: 'CDRSettings',
  shape: shape('CDRSettings', {
    i32: 'LogSize SocketPort',
    s: 'SocketIpAddress',
    b: 'Enabled RemoveCommaDelimiters',
    '[CDRSettingsField]': 'EnabledFields',
    TypeOfCDRLog: 'LogType',
    '[s]': 'PossibleFields',
  }),
  about: 'Where the record of every ended call is sent.',
  can: ['read', 'update'],
  area: 'system',
  initial: () => ({
    Enabled: false,
    LogType: 'SingleFileForAllCalls',
    LogSize: 100,
    SocketIpAddress: '',
    SocketPort: 0,
    RemoveCommaDelimiters: false,
    EnabledFields: CDR_FIELDS.map((Name) => ({ Name, Length: 0 })),
    PossibleFields: CDR_FIELDS,
  }),
  check: (_pbx, row) => {
    const port = Number(row.SocketPort)
    if (!(port >= 0 && port <= MOST_PORTS)) throw refuseField('SocketPort', 'XAPI.OUT_OF_THE_RANGE')
    if (row.Enabled === true && row.LogType === 'ActiveSocket') {
      if (!row.SocketIpAddress) throw refuseField('SocketIpAddress', 'XAPI.REQUIRED')
      if (port === 0) throw refuseField('SocketPort', 'XAPI.REQUIRED')
    }
    for (const field of Array.isArray(row.EnabledFields) ? (row.EnabledFields as Row[]) : [])
      if (!CDR_FIELDS.includes(String(field.Name))) throw refuseField('EnabledFields', 'INVALID')
  },
}
