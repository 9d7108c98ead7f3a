/** The log: pino's levels and fields, written as JSON lines or as lines a person reads. Never bodies, passwords or AUTH lines. */
import { type Logger, pino } from 'pino'
import { budget } from './budget.ts'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'child' | 'level'>

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export const logFormats = ['text', 'json'] as const

type LogOptions = { level: (typeof logLevels)[number]; format: (typeof logFormats)[number] }

/** Where lines go beside standard error. */
type Sink = { write(line: string): void }

/** Fields that no line has. Should one come to have them, by mistake, it says only that it had. */
const secrets = [
  'password',
  'pass',
  'passphrase',
  'secret',
  'auth',
  'authorization',
  'credentials',
  'token',
  'privateKey',
]
const redact = secrets.flatMap(name => [name, `*.${name}`])

/**
 * Opens the log on standard error.
 * @param settings whose format is looked at for each line, so that it may change
 * @param sink gets each line, too: JSON with LF, whatever the format
 * @returns a pino logger that writes synchronously: nothing is lost when the process is killed
 */
export function openLog(settings: Readonly<LogOptions>, sink?: Sink): Log {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: budget.log })
  // A full disk or a closed terminal must not end the server. What could not be written waits for the next line.
  destination.on('error', () => {})
  const options = { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact }
  return pino(options, {
    write: line => {
      const json = escaped(line)
      destination.write(settings.format === 'json' ? json : escaped(readable(json)))
      sink?.write(json)
    },
  })
}

/** A log that says nothing, for tests and for commands that print their own words. */
export const silentLog: Log = pino({ level: 'silent' })

const names: Record<number, string> = { 20: 'debug', 30: 'info ', 40: 'WARN ', 50: 'ERROR' }

/** Turns `{"level":30,"time":…,"msg":"message accepted","id":"x"}` into `2026-01-02 03:04:05 info  message accepted  id=x`. */
function readable(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line)
  const stamp = String(time).slice(0, 19).replace('T', ' ')
  const rest = Object.entries(fields).map(([key, value]) => `  ${key}=${plain(value)}`)
  return `${stamp} ${names[level] ?? level} ${msg}${rest.join('')}\n`
}

function plain(value: unknown): string {
  if (value !== null && typeof value === 'object') {
    return 'message' in value ? JSON.stringify(value.message) : JSON.stringify(value)
  }
  const text = String(value)
  return /^[\x21-\x7e]+$/.test(text) ? text : JSON.stringify(text)
}

/** What of strangers' words JSON leaves as it is and a terminal may act on: controls, and marks that turn the direction of text. */
function escaped(line: string): string {
  return line.replace(/[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--\n]/gv, character =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
