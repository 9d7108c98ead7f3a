/** `npm start` as a newcomer meets it: the lines it prints are pasted, Ctrl-C ends it, the mail is there the next time. */
import assert from 'node:assert/strict'
import { cp, mkdtempDisposable, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { greetSmtp, openMaildrop } from '../support/dialogue.ts'
import { runProgram } from '../support/process.ts'
import { Terminal } from '../support/terminal.ts'

const tree = join(import.meta.dirname, '../..')
/** The defaults: `npm start` has no others. */
const ports = [2525, 2587, 2465, 2110, 2995]

/** The tree as it comes from the repository, but for what is installed, which is shared. */
async function copyTree(folder: string): Promise<void> {
  for (const name of ['src', 'scripts', 'package.json', 'package-lock.json', '.npmrc']) {
    await cp(join(tree, name), join(folder, name), { recursive: true, preserveTimestamps: true })
  }
  await symlink(join(tree, 'node_modules'), join(folder, 'node_modules'))
}

async function mustBeFree(port: number): Promise<void> {
  await using server = createServer()
  await new Promise<void>((resolve, reject) => {
    const taken = () =>
      reject(new Error(`Port ${port} is taken, and npm start needs it; end what listens there first.`))
    server.once('error', taken).listen({ port, host: '127.0.0.1' }, resolve)
  })
}

/** The lines that are meant to be pasted: those that are indented. */
function pasted(shown: string): string[] {
  return shown.split(/\r?\n/).flatMap(line => (line.startsWith('  ') ? [line.trim()] : []))
}

async function pressCtrlC(terminal: Terminal): Promise<void> {
  terminal.type('\x03')
  await terminal.shows('stopped')
  assert.equal(await terminal.ended, 0, terminal.shown)
}

test('npm start, three times', async () => {
  for (const port of ports) await mustBeFree(port)
  await using folder = await mkdtempDisposable(join(tmpdir(), 'porchlight-'))
  await copyTree(folder.path)
  let password = ''
  {
    await using terminal = new Terminal('npm start', folder.path)
    const shown = await terminal.shows('info  ready')
    password = /first account is alice; its password, shown only now: (\S+)/.exec(shown)?.[1] ?? ''
    assert.notEqual(password, '', shown)
    const lines = pasted(shown)
    assert.equal(lines.length, 6, shown)
    const expected = [
      /^/,
      /\r\n\r\nIt works\.\r\n$/,
      /^/,
      // What was handed in with a login was mended on its way.
      /\r\nMessage-ID: <.+>\r\n\r\nIt works\.\r\n$/,
      /^\{\}\n$/,
      /^3 messages, the last:\n[\s\S]*\nIt works\.\n$/,
    ]
    for (const [i, line] of lines.entries()) {
      // As a shell reads it that a person has open: one line after the other, from its input.
      const { exit, out, complaint } = await runProgram(['bash', '--norc'], `${line}\n`)
      assert.equal(exit, 0, `${line}\n${complaint}`)
      assert.match(out, expected[i] ?? /^$/, line)
    }
    await pressCtrlC(terminal)
  }
  {
    await using terminal = new Terminal('npm start', folder.path)
    const shown = await terminal.shows('info  ready')
    assert.doesNotMatch(shown, /shown only now/)
    assert.equal(pasted(shown).length, 6)
    assert.ok(!shown.includes(password), 'nobody but its owner has it now')
    using pop3 = await openMaildrop(2995, 'alice', password)
    assert.match(await pop3.say('STAT'), /^\+OK 3 /)
    assert.match(await pop3.say('QUIT'), /^\+OK /)
    await pressCtrlC(terminal)
  }
  // Who closes the window without Ctrl-C leaves no server behind that nobody sees.
  const terminal = new Terminal('npm start', folder.path)
  await terminal.shows('info  ready')
  using smtp = await greetSmtp(2525)
  await terminal[Symbol.asyncDispose]()
  assert.match(await smtp.answer(), /^421 4\.3\.2 /)
  assert.equal(await smtp.answer(), 'closed')
  for (const port of ports) await mustBeFree(port)
})
