/** scripts/board-tools.sh names a package for whatever the build of an image runs. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../support/process.ts'

const scripts = join(import.meta.dirname, '../../scripts')

/** Which package brings a program. `base` is on every Debian. */
const packages: Readonly<Record<string, string>> = {
  bmaptool: 'bmap-tools',
  cp: 'base',
  cpio: 'cpio',
  debugfs: 'e2fsprogs',
  'dpkg-deb': 'base',
  e2fsck: 'e2fsprogs',
  git: 'base', // It can do without.
  mcopy: 'mtools',
  mdel: 'mtools',
  mdir: 'mtools',
  mke2fs: 'e2fsprogs',
  'mkfs.vfat': 'dosfstools',
  mksquashfs: 'squashfs-tools',
  mtype: 'mtools',
  'qemu-img': 'qemu-utils',
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-system-x86_64': 'qemu-system-x86',
  xz: 'xz-utils',
}

async function listed(): Promise<readonly string[]> {
  const { exit, out } = await runProgram([join(scripts, 'board-tools.sh'), '--list'])
  assert.equal(exit, 0)
  return [...out.matchAll(/^([a-z0-9.-]+) {2,}\S.*$/gm)].flatMap(([, name]) => name ?? [])
}

async function programs(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder, { recursive: true })).filter(name => name.endsWith('.ts'))
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))
  const calls = texts.flatMap(text => [...text.matchAll(/\b(?:run|runTool|tool|spawn)\(\[?'([^']+)'/g)])
  return calls.flatMap(([, program]) => (program === undefined ? [] : basename(program)))
}

test('every program that builds an image or looks into one has its package in the list', async () => {
  const names = new Set([...(await listed()), 'base'])
  for (const folder of [join(scripts, 'image'), join(import.meta.dirname, '../appliance')]) {
    const called = await programs(folder)
    assert.ok(called.length > 0, folder)
    for (const program of called) {
      const owner = packages[program]
      assert.ok(owner !== undefined && names.has(owner), `${program}: its package is not in scripts/board-tools.sh`)
    }
  }
})

test('a word that it does not know installs nothing', async () => {
  const { exit, complaint } = await runProgram([join(scripts, 'board-tools.sh'), '--lst'])
  assert.equal(exit, 2)
  assert.equal(complaint, 'It takes nothing, or --list.\n')
})
