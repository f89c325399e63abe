/** What a symbol of the PBX means, and what to do. */
export type Warning = { message: string; advice: string | null }

const XAPI: Readonly<Record<string, readonly [string, string?]>> = {
  REQUIRED: ['is required', 'Send a value.'],
  CAN_NOT_BE_EMPTY_STRING: ['must not be empty', 'Send a text, or leave the field out.'],
  DUPLICATE: ['exists already', 'Choose another name or number, or change the existing one.'],
  ALREADY_IN_USE: ['is in use already', 'Choose another number, or free this one first.'],
  NOT_FOUND: ['does not exist on this PBX', 'Read the list again; ids differ from PBX to PBX.'],
  FILE_NOT_FOUND: ['the file is gone', 'It was deleted or archived; there is nothing to fetch.'],
  FILE_NOT_ACCESSIBLE: ['the file cannot be read', 'Look at the disk and the storage settings of the PBX.'],
  OUT_OF_THE_RANGE: ['is out of range', 'Look at the number ranges of the PBX and its departments.'],
  FORBIDDEN_CHANGE: [
    'may not be changed',
    'Leave the field out; delete and create anew where it must differ.',
  ],
  NOT_SUPPORTED: ['is not supported by this PBX'],
  INVALID_LICENSE_TYPE: ['is not part of the licence', 'Look at the edition of the licence.'],
  TOO_MANY_ITEMS_IN_LIST: ['has too many items', 'Send fewer at a time.'],
  TOO_MANY_TRUNKS: ['the licence allows no more trunks', 'Delete one, or raise the licence.'],
  OUTBOUND_RULES_LIMIT_REACHED: ['the PBX allows no more outbound rules', 'Delete one first.'],
  INVALID_TIMEZONE: ['is no time zone of this PBX', 'Take an id of its list of time zones.'],
  INVALID_PATH: ['is no usable path', 'Check the spelling and that the PBX may write there.'],
  INVALID_CREDENTIALS: ['user or password are refused there', 'Check both with the remote side.'],
  CANNOT_CONNECT_FTP: ['the FTP server cannot be reached', 'Check address, port and firewall from the PBX.'],
  CANNOT_CONNECT_SFTP: [
    'the SFTP server cannot be reached',
    'Check address, port and firewall from the PBX.',
  ],
  CANNOT_CONNECT_SMB: ['the network share cannot be reached', 'Check its path and user from the PBX.'],
  CANNOT_CONNECT_GOOGLE_BUCKET: ['the Google bucket cannot be reached', 'Check its name and key.'],
  CANNOT_CONNECT_AMAZON_S3_BUCKET: ['the S3 bucket cannot be reached', 'Check its name, region and key.'],
  SFTP_INVALID_HOST_KEY: ['the SFTP server shows another host key', 'Compare it, then store the new one.'],
  NON_EXISTENT_EXT_NUMBER: ['is no extension of this PBX', 'Create the extension first, or choose another.'],
  NUMBER_IGNORED: ['the number is ignored by this PBX', 'Check how it is written.'],
  MCM_MODE_REQUIRED: ['needs the multi-company mode', 'The PBX does not run in it.'],
}

const OTHERS: Readonly<Record<string, readonly [string, string?]>> = {
  TOO_MANY_BACKUPS: ['there are too many backups', 'Delete old ones, or raise the number that is kept.'],
  BACKUP_LOCATION_CONFIG_ERROR: ['the place for backups is set up wrongly', 'Check the backup settings.'],
  BACKUP_NOT_FOUND_OR_INVALID: ['the backup is gone or damaged', 'List the backups again.'],
  LIMIT_REACHED: ['a limit of the PBX is reached', 'Delete something first, or raise the licence.'],
  LICENSE_NOT_FOUND: ['the licence key is not known', 'Check the key.'],
  INVALID: ['is not valid', 'Check the value.'],
  INVALID_PASSWORD: ['the password does not fulfil the rules of the PBX', 'Choose a longer, mixed one.'],
  CANNOT_BE_DELETED: ['cannot be deleted', 'Something still uses it, or it is part of the PBX.'],
  GROUP_WITH_MEMBERS_CANNOT_BE_DELETED: ['the department still has members', 'Move its members first.'],
  OPERATOR_CANNOT_BE_DELETED: ['the operator extension cannot be deleted', 'Name another operator first.'],
  CSV_INVALID_FILE_FORMAT: ['the file is no readable CSV', 'Check separator and encoding.'],
  CSV_LINE_CORRUPTED: ['a line of the CSV cannot be read', 'Look at the line that is named.'],
  CSV_IMPORT_LIMIT_REACHED: ['the CSV has too many lines', 'Split it.'],
  WRONG_CSV_FILE_REQUIRED_COLUMNS_NOT_FOUND: ['the CSV lacks columns', 'Compare its header with an export.'],
  BLACKLIST_NUMBER_LIMIT_EXCEEDED: ['the list of blocked numbers is full', 'Delete entries first.'],
  STRING_TOO_LONG: ['is too long', 'Shorten it.'],
}

/** The meaning of a symbol, with or without `WARNINGS.` and `XAPI.` before it. Unknown ones are told in their own words. */
export function explainWarning(symbol: string): Warning {
  const bare = symbol.replace(/^WARNINGS\./, '')
  const name = bare.replace(/^XAPI\./, '')
  const [message, advice] =
    own(bare.startsWith('XAPI.') ? XAPI : OTHERS, name) ?? own(XAPI, name) ?? own(OTHERS, name) ?? []
  return { message: message ?? name.toLowerCase().replaceAll(/[._]/g, ' '), advice: advice ?? null }
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
