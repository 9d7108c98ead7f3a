/**
 * The control protocol: how a command reaches the running server over the Unix socket in the data directory. One command a
 * connection: a line of JSON with its words goes in, lines of JSON with what it prints and how it ended come out. Where the
 * line says what terminal the person has, the octets of that terminal follow it in both directions, as on a serial line.
 */
import * as v from 'valibot'
import { budget } from '../base/budget.ts'
import { Failure } from '../base/failure.ts'
import { Pace } from '../base/pace.ts'
import type { Answer, ExitCode, Transport, Voice } from '../commands/command.ts'
import { Input } from '../wire/input.ts'

const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))
const screen = v.strictObject({
  columns: side,
  rows: side,
  escapes: v.boolean(),
  unicode: v.boolean(),
  /** Whether somebody reads along, who turns the pages. */
  paged: v.boolean(),
})
const request = v.strictObject({
  words: v.array(v.string()),
  password: v.optional(v.string()),
  terminal: v.optional(screen),
})
/** `print` and `complain` are lines for the person, and may come many times; `exit` is the last. */
const response = v.union([
  v.strictObject({ print: v.string() }),
  v.strictObject({ complain: v.string() }),
  v.strictObject({ exit: v.picklist([0, 1, 2]) }),
  v.strictObject({ terminal: v.literal('open') }),
])

export type Request = v.InferOutput<typeof request>
export type Screen = v.InferOutput<typeof screen>
/** Serves a terminal whose octets follow. */
export type Attend = (transport: Transport, screen: Screen, words: readonly string[]) => Promise<void>
type Response = v.InferOutput<typeof response>

const misunderstood: Answer = { exit: 2, printed: [], complaint: 'The server did not understand this command.' }

type Services = {
  answer(request: Request, voice: Voice): Promise<Answer>
  readonly attend?: Attend
  /** @returns why no more terminals can be served now; undefined where one can */
  full?(): string | undefined
  /** Aborts when the server stops: a command that takes long ends then, as it does when the person has gone. */
  readonly stopping?: AbortSignal
}

/** Serves the one command of a connection, or its terminal, and closes it. Whatever the other side sends, this throws nothing of its own. */
export async function serveControl(transport: Transport, { answer, attend, full, stopping }: Services): Promise<void> {
  const gone = new AbortController()
  const pace = new Pace()
  const print = async (line: string) => {
    await write(transport, { print: line })
    // A fast reader takes everything at once.
    await pace.step()
    if (!transport.open) gone.abort()
  }
  const finish = async ({ exit, printed, complaint }: Answer) => {
    for (const line of printed) await print(line)
    if (complaint !== undefined) await write(transport, { complain: complaint })
    await write(transport, { exit })
  }
  const signal = stopping ? AbortSignal.any([gone.signal, stopping]) : gone.signal
  try {
    const input = new Input()
    const asked = v.safeParse(request, readJson(await readLine(transport, input)))
    if (!asked.success) return await finish(misunderstood)
    const { terminal, words } = asked.output
    const refusal = terminal && full?.()
    if (refusal !== undefined) return await finish({ exit: 1, printed: [], complaint: refusal })
    if (!terminal || !attend) {
      void untilEnded(transport).then(() => gone.abort())
      return await finish(await answer(asked.output, { print, signal }))
    }
    await write(transport, { terminal: 'open' })
    await attend(from(input, transport), terminal, words)
  } finally {
    transport.close()
  }
}

/** What else comes is thrown away. Whoever ends their side has gone: a command that says nothing would not find out. */
async function untilEnded(transport: Transport): Promise<void> {
  while ((await transport.read()) !== undefined);
}

/**
 * Has the running server do a command.
 * @param say gets the lines as they come
 * @returns the exit code
 * @throws Failure NETWORK when the server ends before the command does
 */
export async function askControl(
  transport: Transport,
  command: Request,
  say: { print(line: string): void; complain(line: string): void },
): Promise<ExitCode> {
  try {
    await write(transport, command)
    const input = new Input()
    for (;;) {
      const told = v.safeParse(response, readJson(await readLine(transport, input)))
      if (!told.success) throw new Failure('NETWORK', 'Porchlight stopped before the command was done.')
      const line = told.output
      if ('exit' in line) return line.exit
      if ('print' in line) say.print(line.print)
      if ('complain' in line) say.complain(line.complain)
    }
  } finally {
    transport.close()
  }
}

/**
 * Has the running server open a console for a terminal.
 * @returns the transport for its octets
 * @throws Failure REFUSED why the server cannot
 */
export async function askConsole(transport: Transport, words: readonly string[], terminal: Screen): Promise<Transport> {
  await write(transport, { words: [...words], terminal })
  const input = new Input()
  const told = v.safeParse(response, readJson(await readLine(transport, input)))
  if (told.success && 'terminal' in told.output) return from(input, transport)
  transport.close()
  if (told.success && 'complain' in told.output) throw new Failure('REFUSED', told.output.complain)
  throw new Failure('REFUSED', 'The running server is another release, which has no console. Start it anew.')
}

/** The transport, with what of it was read beyond a line before everything else. */
function from(input: Input, transport: Transport): Transport {
  let rest = input.octets(Number.MAX_SAFE_INTEGER)
  return {
    get open() {
      return transport.open
    },
    read: async () => {
      const chunk = rest.length > 0 ? rest : await transport.read()
      rest = nothing
      return chunk
    },
    write: octets => transport.write(octets),
    close: () => transport.close(),
  }
}

const nothing = Buffer.alloc(0)

async function write(transport: Transport, line: Request | Response): Promise<void> {
  await transport.write(Buffer.from(`${JSON.stringify(line)}\r\n`))
}

/** @returns undefined when the other side has ended, or the line is longer than the budget */
async function readLine(transport: Transport, input: Input): Promise<string | undefined> {
  for (;;) {
    const line = input.line(budget.controlRequest)
    if (line) return line.tooLong ? undefined : line.octets.toString('utf8')
    const chunk = await transport.read()
    if (chunk === undefined) return undefined
    input.feed(chunk)
  }
}

function readJson(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '')
  } catch {
    return undefined
  }
}
