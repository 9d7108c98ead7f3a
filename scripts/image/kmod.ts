/**
 * Reads what a kernel module says of itself (its `.modinfo`) and writes the tables that modprobe reads. depmod does the
 * same from the symbols; here soft dependencies are put in too, for busybox's modprobe does not know them.
 */

export type Module = {
  readonly name: string
  /** Below /lib/modules/VERSION. */
  readonly path: string
  /** Names of modules that must be there before it. */
  readonly depends: readonly string[]
  /** Names or aliases that it asks for before itself, and can do without. */
  readonly before: readonly string[]
  /** Patterns of what it drives. */
  readonly aliases: readonly string[]
}

/** A module's name: file names have either of two characters where names have one. */
export function moduleName(path: string): string {
  return path
    .replace(/^.*\//, '')
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_')
}

/** Reads `.modinfo` of a 64-bit little-endian ELF file. Throws when there is none. */
export function readModule(path: string, elf: Buffer): Module {
  const words = section(elf, '.modinfo').toString('utf8').split('\0')
  const all = (key: string) => words.flatMap(word => (word.startsWith(`${key}=`) ? [word.slice(key.length + 1)] : []))
  const list = (text: string) => text.split(/[ ,]+/).filter(word => word !== '')
  return {
    name: moduleName(path),
    path,
    depends: all('depends').flatMap(list).map(moduleName),
    before: all('softdep').flatMap(text => list(/pre: (.*?)(?: post:|$)/.exec(text)?.[1] ?? '')),
    aliases: all('alias'),
  }
}

function section(elf: Buffer, name: string): Buffer {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2) throw new Error('not a 64-bit ELF file')
  const table = Number(elf.readBigUInt64LE(0x28))
  const size = elf.readUInt16LE(0x3a)
  const count = elf.readUInt16LE(0x3c)
  const at = (i: number) => {
    const header = elf.subarray(table + i * size, table + (i + 1) * size)
    const offset = Number(header.readBigUInt64LE(0x18))
    return { name: header.readUInt32LE(0), body: elf.subarray(offset, offset + Number(header.readBigUInt64LE(0x20))) }
  }
  const names = at(elf.readUInt16LE(0x3e)).body
  for (let i = 0; i < count; i++) {
    const one = at(i)
    if (names.subarray(one.name, names.indexOf(0, one.name)).toString() === name) return one.body
  }
  throw new Error(`no section ${name}`)
}

/** Whether `alias` is one that `wanted` (a name, no pattern) matches. */
function answersTo({ name, aliases }: Module, wanted: string): boolean {
  return name === wanted.replaceAll('-', '_') || aliases.includes(wanted)
}

/** What must be loaded for `module`, each before those that need it. Leaves out what the set does not have. */
export function order(module: Module, set: ReadonlyMap<string, Module>): readonly Module[] {
  const done: Module[] = []
  const begun = new Set<Module>() // A soft dependency may lead back to where it came from.
  const visit = (one: Module) => {
    if (begun.has(one)) return
    begun.add(one)
    for (const need of needs(one, set)) visit(need)
    done.push(one)
  }
  visit(module)
  return done
}

function needs({ depends, before }: Module, set: ReadonlyMap<string, Module>): readonly Module[] {
  const hard = depends.flatMap(name => set.get(name) ?? [])
  const soft = before.flatMap(wanted => [...set.values()].filter(one => answersTo(one, wanted)))
  return [...hard, ...soft]
}

/** The text of modules.dep: modprobe loads from the right to the left. */
export function dependencyTable(set: ReadonlyMap<string, Module>): string {
  return sorted(set)
    .map(module => {
      const first = order(module, set).slice(0, -1).reverse()
      return `${module.path}:${first.map(({ path }) => ` ${path}`).join('')}\n`
    })
    .join('')
}

/** The text of modules.alias. */
export function aliasTable(set: ReadonlyMap<string, Module>): string {
  return sorted(set)
    .flatMap(({ name, aliases }) => aliases.map(alias => `alias ${alias} ${name}\n`))
    .join('')
}

function sorted(set: ReadonlyMap<string, Module>): readonly Module[] {
  return [...set.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}
