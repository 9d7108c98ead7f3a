/** Takes the chosen modules, and what they depend on, out of the kernel's package and lays them into a root. */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Build } from './build.ts'
import { aliasTable, dependencyTable, type Module, moduleName, order, readModule } from './kmod.ts'
import { moduleNames } from './modules.ts'
import { run } from './tool.ts'

export type Modules = ReadonlyMap<string, Module>

/** Unpacks what is wanted, and what that asks for, below `folder`. Modules that are part of the kernel are not files. */
export async function readModules(build: Build, folder: string): Promise<Modules> {
  const source = modulesOf(build)
  const paths = new Map(globSync('kernel/**/*.ko.xz', { cwd: source }).map(path => [moduleName(path), path]))
  const builtIn = readFileSync(join(source, 'modules.builtin'), 'utf8').split('\n').map(moduleName)
  const set = new Map<string, Module>()
  let names = moduleNames(build.arch)
  const absent = names.filter(name => !paths.has(name) && !builtIn.includes(name))
  if (absent.length > 0) throw new Error(`This kernel has no ${absent.join(' ')}: see scripts/image/modules.ts`)
  while (names.length > 0) {
    const found = [...new Set(names)].flatMap(name => paths.get(name) ?? [])
    await unpack(source, found, folder)
    for (const packed of found) {
      const path = packed.replace(/\.xz$/, '')
      set.set(moduleName(path), readModule(path, readFileSync(join(folder, path))))
    }
    const asked = [...set.values()].flatMap(({ depends, before }) => [...depends, ...before.map(moduleName)])
    names = asked.filter(name => paths.has(name) && !set.has(name))
  }
  return set
}

/** The part of `all` that the initramfs needs. */
export function startModules({ arch }: Build, all: Modules): Modules {
  const wanted = moduleNames(arch, 'start').flatMap(name => all.get(name) ?? [])
  return new Map(wanted.flatMap(module => order(module, all)).map(module => [module.name, module]))
}

/** Lays `set`, from where `readModules` put it, into a root, with the tables that modprobe reads. */
export function layModules(build: Build, set: Modules, from: string, root: string): void {
  const to = join(root, 'usr/lib/modules', build.kernel)
  for (const { path } of set.values()) {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(from, path), join(to, path))
  }
  writeFileSync(join(to, 'modules.dep'), dependencyTable(set))
  writeFileSync(join(to, 'modules.alias'), aliasTable(set))
  copyFileSync(join(modulesOf(build), 'modules.builtin'), join(to, 'modules.builtin'))
}

function modulesOf(build: Build): string {
  return join(build.unpacked(`linux-image-${build.kernel}`), 'usr/lib/modules', build.kernel)
}

// Unpacked because busybox's modprobe may not know the format; the squashfs packs them again.
async function unpack(source: string, paths: readonly string[], folder: string): Promise<void> {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    rmSync(join(folder, path.replace(/\.xz$/, '')), { force: true })
    copyFileSync(join(source, path), join(folder, path))
  }
  if (paths.length > 0) await run('xz', ['--decompress', '--', ...paths], { cwd: folder })
}
