/** The system itself: what is taken out of Debian's packages, ours beside it, packed read-only as root.sqs. */
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { applets } from './applets.ts'
import { type Build, executables } from './build.ts'
import { licences } from './licences.ts'
import { layModules, type Modules } from './load-modules.ts'
import { wantedFor } from './packages.ts'
import { run } from './tool.ts'
import { copy, level, take, write } from './tree.ts'

const folders = [
  ...['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'etc/porchlight', 'root'],
  ...['proc', 'sys', 'dev', 'run', 'tmp', 'mnt', 'media', 'slot', 'select', 'data'],
] as const

/** Where a program may look for a folder that Debian has below usr. `var` is for a moment only: nothing in it is kept. */
const links = {
  bin: 'usr/bin',
  sbin: 'usr/sbin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  var: 'run/var',
  'usr/sbin/init': '../bin/busybox',
} as const

/** What a tree of ours may replace. Nobody has a password: nothing asks for one. */
const texts = {
  'etc/passwd':
    'root:*:0:0:root:/:/bin/false\nporchlight:*:990:990:Porchlight:/data/porchlight:/bin/false\ninstaller:*:991:991:Installer:/:/bin/false\nnobody:*:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:*:0:\ntty:*:5:\nporchlight:*:990:\ninstaller:*:991:\nnogroup:*:65534:\n',
  'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
} as const

/** Makes root.sqs below the build's folder and returns its path. */
export async function rootFileSystem(build: Build, modules: Modules, unpackedModules: string): Promise<string> {
  const root = join(build.work, 'root')
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path))
  for (const { name, take: patterns } of wantedFor(build.arch)) take(patterns, build.unpacked(name), root)
  for (const applet of applets) {
    if (!existsSync(join(root, 'usr/bin', applet)) && !existsSync(join(root, 'usr/sbin', applet)))
      symlinkSync('busybox', join(root, 'usr/bin', applet))
  }
  layModules(build, modules, unpackedModules, root)
  for (const [path, text] of Object.entries(texts)) write(join(root, path), text)
  symlinkSync('../run/resolv.conf', join(root, 'etc/resolv.conf'))
  symlinkSync('../proc/self/mounts', join(root, 'etc/mtab'))
  copyOurs(build, root)
  write(join(root, 'usr/share/doc/licences.gz'), gzipSync(licences(build), { level: 9 }))
  level(root, build.epoch)
  return pack(build, root)
}

function copyOurs(build: Build, root: string): void {
  copy(join(build.dist, executables[build.arch]), join(root, 'usr/bin/porchlight'))
  copy(join(build.dist, 'update.pub'), join(root, 'etc/porchlight/update.pub'))
  for (const key of ['version', 'arch'] as const) write(join(root, 'etc/porchlight', key), `${build[key]}\n`)
  write(join(root, 'etc/porchlight/built'), `${build.epoch}\n`)
  copyThrough(join(build.root, 'board/root'), root)
}

/** `sbin` and such are links in the root: what our tree has there goes to where they lead. */
function copyThrough(from: string, root: string): void {
  for (const name of ['bin', 'sbin', 'lib'] as const) {
    if (existsSync(join(from, name))) copy(join(from, name), join(root, links[name]))
  }
  const staged = `${root}.ours`
  copy(from, staged)
  for (const name of ['bin', 'sbin', 'lib']) rmSync(join(staged, name), { recursive: true, force: true })
  copy(staged, root)
  rmSync(staged, { recursive: true })
}

/** Large blocks of zstd: half the size of the files, and quick to read on a slow board. */
async function pack({ work, epoch }: Build, root: string): Promise<string> {
  const file = join(work, 'root.sqs')
  const owner = ['-all-root', '-no-xattrs', '-no-exports']
  const size = ['-comp', 'zstd', '-Xcompression-level', '15', '-b', '256K']
  await run('mksquashfs', [root, file, '-noappend', '-quiet', '-no-progress', ...owner, ...size], {
    env: { SOURCE_DATE_EPOCH: `${epoch}` },
  })
  return file
}
