/** One console: greets, lets a person in, and does what they type until they leave. */
import { Failure } from '../base/failure.ts'
import { closedWords } from '../commands/closed.ts'
import type { Call, Household, Transport } from '../commands/command.ts'
import { Seen } from '../commands/configuration.ts'
import type { Asking } from '../commands/dialogue.ts'
import { GivenUp } from '../commands/dialogue.ts'
import { askChosenPassword } from '../commands/newpassword.ts'
import { parseCall } from '../commands/parse.ts'
import { isSetUp, stepOf } from '../commands/setup-state.ts'
import { completions, explain } from './completion.ts'
import { consoleCommands, inConsoleWords } from './consolecommands.ts'
import type { Screen } from './control.ts'
import type { Desk } from './desk.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { Shell } from './shell.ts'
import { splitWords } from './split.ts'
import { Terminal } from './terminal.ts'

/** What all consoles share. */
export type Office = {
  readonly desk: Desk
  readonly doorkeeper: Doorkeeper
  readonly version: string
  /** Tells of what a person should know at once. @returns stops it */
  alerts(listener: (line: string) => void): () => void
  /** Aborts when the process stops. */
  readonly stopping: AbortSignal
}

/** Lines in a row that make no sense, after which it is no person who types: another machine's echo, or noise. */
const mostNonsense = 10

const leaving: readonly string[] = ['logout', 'exit', 'quit']

/**
 * Serves a serial line, one person after the other, until it is gone.
 * @param tty the name of the line
 */
export async function serveLine(transport: Transport, office: Office, tty = ''): Promise<void> {
  const settings = () => office.desk.house.config.console
  const shell = new Shell({ charset: settings().charset })
  const terminal = new Terminal({ shell, transport, idleMs: () => settings().idle })
  await attended(terminal, transport, office, async () => {
    while (terminal.left !== 'gone') await inWords(terminal, () => visit(terminal, office, tty))
  })
}

/**
 * Serves whoever has come over the control socket, which only its owner can open.
 * @param words one command to do, and no more; without them a prompt
 */
export async function serveVisitor(
  transport: Transport,
  screen: Screen,
  words: readonly string[],
  office: Office,
): Promise<void> {
  const { columns, rows, escapes, unicode, paged } = screen
  const shell = new Shell({ charset: unicode ? 'utf-8' : 'ascii', columns, rows, escapes })
  const terminal = new Terminal({ shell, transport, idleMs: () => 0, paged })
  await attended(terminal, transport, office, () =>
    inWords(terminal, async () => {
      using session = new Session(terminal, office)
      await (words.length > 0 ? session.perform(words) : session.work())
    }),
  )
}

/** Reads what is typed while somebody is served. */
async function attended(
  terminal: Terminal,
  transport: Transport,
  { stopping }: Office,
  serve: () => Promise<void>,
): Promise<void> {
  const stop = () => {
    terminal.leave('gone')
    transport.close()
  }
  stopping.addEventListener('abort', stop)
  // It ends with the line, which may come later: over the socket the other side closes, too.
  void terminal.run()
  try {
    await serve()
    await terminal.flush()
  } finally {
    stopping.removeEventListener('abort', stop)
    stop()
  }
}

/** Talks, and says what somebody is refused: the server may just be started anew. That they stop it, or go, is no matter. */
async function inWords(terminal: Terminal, talk: () => Promise<void>): Promise<void> {
  const refusal = await refusalOf(talk)
  if (refusal !== undefined) await refusalOf(() => say(terminal, refusal))
}

/** @returns why it could not be done; undefined when it was, or was given up */
async function refusalOf(talk: () => Promise<void>): Promise<string | undefined> {
  try {
    await talk()
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.code === 'GIVEN_UP' ? undefined : error.message
  }
}

/** From the greeting to the good-bye. */
async function visit(terminal: Terminal, office: Office, tty: string): Promise<void> {
  const { desk, doorkeeper, version } = office
  const farewell = terminal.left === 'idle' ? ['', 'Logged out: nobody has typed for a while.'] : []
  terminal.vacate()
  await say(terminal, ...farewell, '', `Porchlight ${version}, ${desk.house.config.hostname}`, 'Press Enter.')
  while (!(await pressesEnter(terminal)));
  terminal.begin()
  await terminal.probe()
  const { household } = desk.house
  // The password lies in the store. Whoever is let in without one has nothing else, either, also when the store is open again.
  const within = household.closed ? household : undefined
  if (!within && !(await doorkeeper.admit(terminal, desk.house, tty))) return
  using session = new Session(terminal, office, within)
  await session.work()
  await say(terminal, 'Good-bye.')
}

/** Waits for a key: whatever else comes, noise or Ctrl-C, is not answered. */
async function pressesEnter(terminal: Terminal): Promise<boolean> {
  try {
    const key = await terminal.key()
    return key?.kind === 'named' && key.name === 'enter'
  } catch (error) {
    if (!(error instanceof GivenUp) || terminal.left) throw error
    terminal.endCommand()
    return false
  }
}

/** Says it whatever is pressed meanwhile. @throws GivenUp when nobody is there any more */
async function say(terminal: Terminal, ...lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    terminal.endCommand()
    await terminal.print(line)
  }
}

/** Somebody who has been let in, with all that they may see: what the log says at once, too. */
class Session implements Disposable {
  readonly #terminal: Terminal
  readonly #office: Office
  readonly #silence: () => void
  /** All that this person may have. */
  readonly #within: Household | undefined
  /** The settings as this person has last seen them. */
  readonly #seen = new Seen()
  #nonsense = 0

  constructor(terminal: Terminal, office: Office, within?: Household) {
    this.#within = within
    this.#terminal = terminal
    this.#office = office
    this.#silence = office.alerts(line => terminal.alert(line))
  }

  [Symbol.dispose](): void {
    this.#silence()
  }

  /** @throws GivenUp when nobody is there any more, REFUSED while the server is started anew */
  async work(): Promise<void> {
    const { configuration } = this.#household
    if (configuration) this.#seen.note(configuration)
    await say(this.#terminal, ...closedWords(this.#household))
    if (this.#isNew) await this.perform(['setup'])
    else
      await say(this.#terminal, 'Type help for what can be done, ? at any place for what may follow, logout to leave.')
    while (this.#nonsense < mostNonsense) {
      const line = await this.#nextLine()
      if (line === undefined || leaving.includes(line)) return
      if (this.#isOver) return await say(this.#terminal, 'Porchlight is running again. Press Enter to come in anew.')
      if (line !== '') await this.#performLine(line)
    }
    await say(this.#terminal, 'This makes no sense to me. I leave this line alone for a moment.')
    await this.#office.doorkeeper.leaveAlone(this.#terminal)
  }

  /** Whether nobody lives here yet, or the first set-up was begun and left. */
  get #isNew(): boolean {
    if (this.#household.closed) return false
    const { settings, accounts } = this.#household
    return !isSetUp(settings) && (accounts.list().length === 0 || stepOf(settings) !== '')
  }

  /** Whether the store, which was closed when this person came, is open again. */
  get #isOver(): boolean {
    return this.#within !== undefined && !this.#office.desk.house.household.closed
  }

  get #household() {
    return this.#within ?? this.#office.desk.house.household
  }

  /** @returns undefined when the person wants to leave */
  async #nextLine(): Promise<string | undefined> {
    const asking: Asking = {
      remembered: true,
      complete: line => completions(line, this.#household),
      help: line => explain(line),
    }
    // Ctrl-C while nothing was under way stops nothing.
    this.#terminal.endCommand()
    try {
      return (await this.#terminal.ask('porchlight> ', asking)).trim()
    } catch (error) {
      if (!(error instanceof GivenUp) || this.#terminal.left) throw error
      return error.how === 'end' ? undefined : ''
    }
  }

  async #performLine(line: string): Promise<void> {
    await this.#attempt(() => splitWords(line))
  }

  /** Does one command, and says how it ended. @throws GivenUp when nobody is there any more */
  perform(words: readonly string[]): Promise<void> {
    return this.#attempt(() => words)
  }

  async #attempt(words: () => readonly string[]): Promise<void> {
    const terminal = this.#terminal
    const complaint = await this.#complaint(words)
    if (terminal.left) throw new GivenUp(terminal.left)
    terminal.endCommand()
    await say(terminal, ...linesOf(inConsoleWords(complaint)))
  }

  /** @returns why it was not done; empty when it was */
  async #complaint(words: () => readonly string[]): Promise<string> {
    try {
      const call = parseCall(words(), consoleCommands)
      this.#terminal.beginCommand()
      await this.#carryOut(call)
      this.#nonsense = 0
      return ''
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#nonsense = error.code === 'USAGE' ? this.#nonsense + 1 : 0
      return error.code === 'GIVEN_UP' ? 'Stopped.' : error.message
    }
  }

  async #carryOut(call: Call): Promise<void> {
    const terminal = this.#terminal
    const { command } = call
    const print = async (text: string) => {
      for (const line of text.split('\n')) await terminal.print(inConsoleWords(line))
    }
    const asks = command.runs === 'inside' && command.password && !call.options.generate
    if (asks) command.ready?.(call, this.#household)
    const password = asks ? await askChosenPassword(terminal) : undefined
    const within = this.#within
    const told = { password, dialogue: terminal, signal: terminal.signal, print, seen: this.#seen, within }
    for (const line of await this.#office.desk.carryOut(call, told)) await print(line)
  }
}

function linesOf(complaint: string): readonly string[] {
  return complaint.split('\n').filter(line => line !== '')
}
