/** The archive for the kernel: the host's cpio reads it back, and nothing of the machine is in it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cpio } from '../../scripts/image/cpio.ts'

/** A folder with one of each kind, under a umask. */
function tree(parent: string, umask: number): string {
  const before = process.umask(umask)
  const folder = join(parent, `tree-${umask}`)
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'bin/one'), 'x'.repeat(4097))
  writeFileSync(join(folder, 'two'), 'abc')
  chmodSync(join(folder, 'bin/one'), 0o700)
  symlinkSync('bin/one', join(folder, 'link'))
  process.umask(before)
  return folder
}

test('cpio unpacks what was packed; rights of the builder and order of the disk stay out', () => {
  const parent = mkdtempSync(join(tmpdir(), 'porchlight-cpio-'))
  try {
    const archive = cpio(tree(parent, 0o022), 1_700_000_000)
    assert.deepEqual(cpio(tree(parent, 0o077), 1_700_000_000), archive)
    const out = join(parent, 'out')
    mkdirSync(out)
    execFileSync('cpio', ['--extract', '--quiet', '--preserve-modification-time'], { cwd: out, input: archive })
    assert.equal(readFileSync(join(out, 'bin/one'), 'utf8'), 'x'.repeat(4097))
    assert.equal(readFileSync(join(out, 'two'), 'utf8'), 'abc')
    assert.equal(readlinkSync(join(out, 'link')), 'bin/one')
    assert.equal(lstatSync(join(out, 'bin/one')).mode & 0o777, 0o755)
    assert.equal(lstatSync(join(out, 'two')).mtimeMs, 1_700_000_000_000)
    assert.match(
      execFileSync('cpio', ['--list', '--verbose', '--quiet', '--numeric-uid-gid'], {
        input: archive,
        encoding: 'utf8',
      }),
      /-rwxr-xr-x +1 0 +0 /,
    )
  } finally {
    rmSync(parent, { recursive: true })
  }
})
