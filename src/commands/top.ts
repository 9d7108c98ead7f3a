/** The command top: the server at work, one screen that is drawn anew every two seconds. */
import { memoryInUse } from '../base/memory.ts'
import { columns } from '../base/words.ts'
import { readSensors, type Sensors } from '../board/sensors.ts'
import { type Call, type Context, type Household, type Lines, refuse } from './command.ts'
import { connectionTable, countedByService } from './connections.ts'
import type { Dialogue, Key } from './dialogue.ts'
import { type Measured, Meter } from './meter.ts'
import { cut, moment } from './shown.ts'
import { boardStatus, memoryWords, queueStatus } from './status.ts'

/** Milliseconds between two screens, and before the first one: nothing can be said of no time at all. */
const refreshMs = 2000
const firstMs = 500
/** Lines that the log keeps where there are many connections. */
const fewestEvents = 5

export async function watchTop(_call: Call, { household, dialogue, signal }: Context): Promise<Lines> {
  if (!dialogue) refuse('top needs a terminal. What it shows is in status, connections and log, too.')
  const meter = new Meter(household.outbound)
  await meter.look()
  for (let waitMs: number = firstMs; !signal.aborted; waitMs = refreshMs) {
    if (isQuit(await dialogue.key(waitMs))) break
    const lines = await screen(household, await meter.look(), dialogue)
    // A printer on paper gets one screen, as from any command.
    if (!dialogue.escapes) return lines
    await dialogue.draw(lines)
  }
  return []
}

function isQuit(key: Key | undefined): boolean {
  return key?.kind === 'character' && key.text.toLowerCase() === 'q'
}

/** As many lines as the terminal has rows, none wider than it. */
export async function screen(
  household: Household,
  measured: Measured,
  { columns: width, rows }: Pick<Dialogue, 'columns' | 'rows'>,
): Promise<Lines> {
  const guests = household.server?.guests ?? []
  const head = [
    `${household.config.hostname}  ${moment(household.now())}  (q leaves)`,
    ...columns(await figures(household, measured)),
    '',
    countedByService(guests),
  ]
  const table = guests.length === 0 ? [] : connectionTable(guests)
  const tableRows = Math.max(0, Math.min(table.length, rows - head.length - fewestEvents - 2))
  const eventRows = rows - head.length - tableRows - 2
  const events = await newestEvents(household, eventRows)
  const below = events.length === 0 ? [] : ['', 'The log, newest first:', ...events]
  return [...head, ...table.slice(0, tableRows), ...below].slice(0, rows).map(line => cut(line, width))
}

async function figures(household: Household, measured: Measured): Promise<readonly (readonly string[])[]> {
  const [memory, board] = await Promise.all([memoryInUse(), readSensors()])
  return [
    ...(household.board?.clockSet === false ? [['clock', 'not set yet']] : []),
    ['load', loadWords(measured, board)],
    ...(memory ? [['memory', memoryWords(memory)]] : []),
    ...boardStatus(board).filter(([label]) => label !== 'board'),
    ['mail', `${measured.rate.toFixed(1)} messages a second`],
    ...(await queueStatus(household)),
  ]
}

function loadWords({ busy }: Measured, { load }: Sensors): string {
  const own = `Porchlight is busy for ${Math.round(busy * 100)}% of the time`
  return load ? `${own}, load of the board ${load[0].toFixed(2)}` : own
}

async function newestEvents({ journal }: Household, most: number): Promise<Lines> {
  const lines: string[] = []
  if (!journal || most <= 0) return lines
  for await (const line of journal.recent({})) {
    lines.push(`${moment(line.time)}  ${journal.words(line)}`)
    if (lines.length >= most) break
  }
  return lines
}
