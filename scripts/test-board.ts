/**
 * Boots the image in QEMU and tries it: `npm run test:board`, or with `-- --all` everything there is, which takes the better part
 * of an hour. Words behind it choose files by a part of their names: `npm run test:board -- update`.
 */
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
/** What every change is tried with. */
const usual = ['first.board', 'writes.board']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false } },
})
const wanted = positionals.length > 0 ? positionals : usual
const files = globSync('test/appliance/*.board.ts', { cwd: root }).sort()
const chosen = values.all ? files : files.filter(file => wanted.some(word => file.includes(word)))
if (chosen.length === 0) throw new Error(`No file of test/appliance is called ${wanted.join(' or ')}.`)

/** A card that was set up once is the start of many tests. */
const shared = mkdtempSync(join(tmpdir(), 'porchlight-furnished-'))
const environment = { ...process.env, PORCHLIGHT_FURNISHED: shared }
// One machine at a time: each has two processors that are emulated.
const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...chosen], {
  cwd: root,
  env: environment,
  stdio: 'inherit',
})
child.on('close', code => {
  rmSync(shared, { recursive: true, force: true })
  process.exitCode = code ?? 1
})
