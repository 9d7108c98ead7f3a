/** Loads LevelDB's native addon inside the executable, where it is an asset and no file. From source this does nothing. */
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRawAsset, isSea } from 'node:sea'
import { Failure, sentence } from '../base/failure.ts'

/** Name of the asset; `build.mjs` puts the addon of the executable's own architecture under it. */
const asset = 'classic-level.node'

/** Linux's O_TMPFILE, which node:fs does not name: a file that never gets a name and is gone with its descriptor. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY

/**
 * What classic-level gets for its binding: `build.mjs` puts this object in place of `node-gyp-build`. It is empty until
 * `loadAddon` has filled it in, which the first use of a database comes after.
 */
export const binding: object = {}

let loaded = false

/**
 * Loads the addon, once a process. The dynamic linker wants a file, so the asset becomes one for a moment: in `folder`
 * first, else where any Linux lets a program write. A folder that is read-only, missing or mounted noexec is passed over.
 * @param folder the data folder, which should exist by now
 * @throws Failure STORE_IO when no folder allows it; the message says what each of them answered
 */
export function loadAddon(folder: string): void {
  if (loaded || !isSea()) return
  loadFrom(new Uint8Array(getRawAsset(asset)), [folder, '/dev/shm', '/run', tmpdir()])
  loaded = true
}

function loadFrom(octets: Uint8Array, folders: readonly string[]): void {
  const problems = new Map<string, string>()
  for (const folder of folders) {
    for (const load of [fromAnonymousFile, fromNamedFile]) {
      try {
        load(octets, folder)
        return
      } catch (error) {
        problems.set(folder, `${folder}: ${sentence(error)}`)
      }
    }
  }
  throw new Failure('STORE_IO', `no folder lets LevelDB's addon be loaded (${[...problems.values()].join('; ')})`)
}

function fromAnonymousFile(octets: Uint8Array, folder: string): void {
  const file = openSync(folder, O_TMPFILE | constants.O_RDWR, 0o700)
  try {
    writeFileSync(file, octets)
    link(`/proc/self/fd/${file}`)
  } finally {
    closeSync(file)
  }
}

/** For file systems without O_TMPFILE, or no /proc. Only we can write into what mkdtemp makes: mode 0700, a name not to guess. */
function fromNamedFile(octets: Uint8Array, folder: string): void {
  const own = mkdtempSync(join(folder, 'porchlight-addon-'))
  try {
    const file = join(own, asset)
    writeFileSync(file, octets, { mode: 0o700, flag: 'wx' })
    link(file)
  } finally {
    rmSync(own, { recursive: true, force: true }) // What is mapped stays mapped.
  }
}

/** Node-API fills the `exports` it is given, so that `binding` stays the object classic-level holds already. */
function link(path: string): void {
  process.dlopen({ exports: binding }, path)
}
